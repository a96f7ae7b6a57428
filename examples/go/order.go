package main

import (
	"errors"
	"fmt"
	"time"

	"reweft.dev/reweft"
)

// In dollars: what costs more needs a manager's approval.
const approvalThreshold = 5000

// Tries after 2, 4 and 8 seconds again.
var paymentRetry = reweft.Retry{MaxAttempts: 4, FirstInterval: 2 * time.Second, Backoff: 2}

// OrderProcessing processes an order. Orders that a shop has to turn down are results, too: only what
// nobody planned for makes the workflow fail.
var OrderProcessing = reweft.Workflow("OrderProcessingWorkflow", processOrder)

func processOrder(ctx *reweft.Context, order Order) (OrderResult, error) {
	id := ctx.InstanceID()
	received := fmt.Sprintf("Received order %s for %d %s at %s",
		id, order.Quantity, order.Name, dollars(order.TotalCost))
	if _, err := Notify.Call(ctx, received).Get(); err != nil {
		return OrderResult{}, err
	}

	items := order.items()
	reservation, err := ReserveInventory.Call(ctx, items).Get()
	if err != nil {
		return OrderResult{}, err
	}
	if !reservation.Reserved {
		return turnDown(ctx, fmt.Sprintf("there are only %d %s in stock", reservation.InStock, order.Name))
	}

	// From here on, whatever goes wrong gives the reserved items back.
	if failure := approveAndPay(ctx, order); failure != nil {
		if _, err := UpdateInventory.Call(ctx, InventoryUpdate{Release: &items}).Get(); err != nil {
			return OrderResult{}, err
		}
		return turnDown(ctx, failure.Error())
	}

	if _, err := UpdateInventory.Call(ctx, InventoryUpdate{Ship: &items}).Get(); err != nil {
		return OrderResult{}, err
	}
	if _, err := Notify.Call(ctx, "Order "+id+" has completed!").Get(); err != nil {
		return OrderResult{}, err
	}
	return OrderResult{Processed: true}, nil
}

func approveAndPay(ctx *reweft.Context, order Order) error {
	if order.TotalCost > approvalThreshold {
		if err := approve(ctx, order); err != nil {
			return err
		}
	}
	payment := Payment{ctx.InstanceID(), order.TotalCost}
	_, err := ProcessPayment.Call(ctx, payment, paymentRetry).Get()
	return err
}

// approve asks a manager, and waits for the answer; but not for ever.
func approve(ctx *reweft.Context, order Order) error {
	if _, err := RequestApproval.Call(ctx, order).Get(); err != nil {
		return err
	}
	ctx.SetCustomStatus("waiting for approval")

	limit := milliseconds(order.ApprovalTimeoutMS, time.Hour)
	approved, err := ctx.Event[Approval]("ManagerApproval").GetWithin(limit)
	switch {
	case errors.Is(err, reweft.ErrTimeout):
		ctx.SetCustomStatus("approval timed out")
		return errors.New("no manager has answered in time")
	case err != nil:
		return err
	case !bool(approved):
		ctx.SetCustomStatus("rejected")
		return errors.New("a manager has rejected the order")
	}
	ctx.SetCustomStatus("approved")
	return nil
}

func turnDown(ctx *reweft.Context, reason string) (OrderResult, error) {
	message := fmt.Sprintf("Order %s was not processed: %s", ctx.InstanceID(), reason)
	_, err := Notify.Call(ctx, message).Get()
	return OrderResult{Reason: reason}, err
}

// milliseconds returns what was given, or else the usual.
func milliseconds(given *int64, usual time.Duration) time.Duration {
	if given == nil {
		return usual
	}
	return time.Duration(*given) * time.Millisecond
}
