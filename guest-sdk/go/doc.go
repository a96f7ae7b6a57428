// Package reweft writes durable workflows and activities for Reweft in Go.
//
// A workflow is a function that orchestrates: it calls activities and other workflows, sleeps, waits
// for events. The host writes down every step, so that the workflow survives any crash, and goes on
// exactly where it was. An activity is an ordinary function that does the work.
//
//	package main
//
//	import (
//		"errors"
//		"time"
//
//		"reweft.dev/reweft"
//	)
//
//	// Charge takes the customer's money.
//	var Charge = reweft.Activity("Charge", func(ctx *reweft.ActivityContext, price float64) (string, error) {
//		// The same key in every attempt, so that the payment service charges once.
//		return "receipt " + ctx.Info().IdempotencyKey, nil
//	})
//
//	// Purchase charges a price, once somebody has approved it.
//	var Purchase = reweft.Workflow("Purchase", func(ctx *reweft.Context, price float64) (string, error) {
//		approved, err := ctx.Event[bool]("Approval").GetWithin(24 * time.Hour)
//		if errors.Is(err, reweft.ErrTimeout) {
//			return "nobody cared", nil
//		}
//		if err != nil || !approved {
//			return "rejected", err
//		}
//		return Charge.Call(ctx, price, reweft.Retry{MaxAttempts: 3, FirstInterval: 2 * time.Second}).Get()
//	})
//
//	func main() {}
//
// # Ordinary Go
//
// A workflow is replayed after a crash, and must then ask for the same things again. It does so by
// construction: a module sees nothing that could differ, and its goroutines take turns in an order that
// is the same each time. So a workflow may use goroutines, channels, select, sync, maps, math/rand and
// package time as any program does. [time.Now] reads workflow time. [time.Sleep], [time.After],
// [context.WithTimeout] and all that package time makes wait durably: a sleep of a year survives any
// restart. What is printed becomes the workflow's log. Whatever touches the world goes into an activity.
//
// # Failures
//
// Any error that a workflow or an activity returns becomes its [Failure], with the error's text as
// message; return a [*Failure] to give it a type. A panic becomes one of type "panic", with its stack
// trace. Beside those of the host, a failure that this package makes has one of these types:
//
//	invalid-input        the input of a workflow or an activity is not what it takes
//	invalid-output       the output of an activity or a child is not what its caller takes
//	invalid-event        the payload of an event is not what the workflow takes
//	invalid-progress     what LastProgress reads is not what it was asked for
//	cancelled            an activity has found that it is no longer wanted
//	workflow-not-found   the module has no workflow of this name
//	activity-not-found   the module has no activity of this name
//	deadlock             all goroutines wait, but for nothing that the host could give
//	panic                the code panicked
//	error                any other error
//
// A panic in a goroutine that the workflow has started can be caught by that goroutine only: otherwise it
// ends the run with type "trap", and what Go printed about it as stack trace.
//
// # Building a module
//
// Make it a program (package main, with an empty func main), build it with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -buildvcs=false -o module.wasm .
//
// and upload the file as it is.
package reweft
