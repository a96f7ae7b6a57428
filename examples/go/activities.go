package main

import (
	"fmt"
	"strconv"

	"reweft.dev/reweft"
)

// The work itself. A real shop would talk to its systems here; this one has a fixed stock, so that the
// example needs nothing else.

// What is in stock.
var stock = map[string]uint32{"paperclips": 100, "cars": 10, "computers": 100}

// What suppliers ask for a car, in dollars.
var prices = map[string]uint64{"north": 9500, "south": 9000, "east": 9200}

// The supplier who never answers the phone.
const silent = "west"

// In dollars: what the bank doesn't pay out at once.
const paymentLimit = 1_000_000

// Notify tells the customer something.
var Notify = reweft.Activity("NotifyActivity",
	func(ctx *reweft.ActivityContext, message string) (reweft.None, error) {
		ctx.Log(reweft.LevelInfo, message)
		return nil, nil
	})

// ReserveInventory puts the items of an order aside, if there are enough of them.
var ReserveInventory = reweft.Activity("ReserveInventoryActivity",
	func(ctx *reweft.ActivityContext, wanted Items) (Reservation, error) {
		inStock := stock[wanted.Name]
		ctx.Log(reweft.LevelInfo, fmt.Sprintf("%d %s wanted, %d in stock", wanted.Quantity, wanted.Name, inStock))
		return Reservation{wanted.Quantity <= inStock, inStock}, nil
	})

// RequestApproval asks the managers to approve an order. They answer with the event ManagerApproval.
var RequestApproval = reweft.Activity("RequestApprovalActivity",
	func(ctx *reweft.ActivityContext, order Order) (reweft.None, error) {
		id, cost := ctx.Info().InstanceID, dollars(order.TotalCost)
		ctx.Log(reweft.LevelInfo,
			fmt.Sprintf("please approve order %s: %d %s at %s", id, order.Quantity, order.Name, cost))
		return nil, nil
	})

// ProcessPayment takes the customer's money. A bank would be given the idempotency key, so that a second
// attempt doesn't take it twice.
var ProcessPayment = reweft.Activity("ProcessPaymentActivity",
	func(ctx *reweft.ActivityContext, payment Payment) (reweft.None, error) {
		amount := dollars(payment.Amount)
		if payment.Amount > paymentLimit {
			message := "the bank declined a payment of " + amount
			return nil, &reweft.Failure{Type: "payment-declined", Message: message, NonRetriable: true}
		}
		key := ctx.Info().IdempotencyKey
		ctx.Log(reweft.LevelInfo, fmt.Sprintf("%s paid for order %s, under key %s", amount, payment.OrderID, key))
		return nil, nil
	})

// UpdateInventory ships what was reserved, or gives it back.
var UpdateInventory = reweft.Activity("UpdateInventoryActivity",
	func(ctx *reweft.ActivityContext, update InventoryUpdate) (reweft.None, error) {
		items, what := update.Ship, "shipped"
		if items == nil {
			items, what = update.Release, "given back"
		}
		ctx.Log(reweft.LevelInfo, fmt.Sprintf("%d %s %s", items.Quantity, items.Name, what))
		return nil, nil
	})

// Quote asks one supplier for a price.
var Quote = reweft.Activity("QuoteActivity",
	func(_ *reweft.ActivityContext, request QuoteRequest) (Offer, error) {
		supplier := request.Supplier
		if supplier == silent {
			return Offer{}, &reweft.Failure{Type: "unavailable", Message: supplier + " does not answer"}
		}
		price, found := prices[supplier]
		if !found {
			message := "there is no supplier named " + supplier
			return Offer{}, &reweft.Failure{Type: "unknown-supplier", Message: message, NonRetriable: true}
		}
		return Offer{supplier, price}, nil
	})

// dollars writes an amount in its shortest form: $20.5.
func dollars(amount float64) string { return "$" + strconv.FormatFloat(amount, 'f', -1, 64) }
