// Command orders is Dapr's order-processing quickstart as a Reweft module: an order is reserved, approved
// by a manager if it is dear, paid, and given back step by step if something goes wrong.
//
// Read order.go first: it is the whole story. inquiry.go is another: a fan-out with a limit.
package main

// Nobody calls it: what a module holds is in its variables.
func main() {}
