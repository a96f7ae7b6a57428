package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reweft.dev/reweft"
)

// inShop runs a test with a shop and an hour that passes in no time.
func inShop(t *testing.T, code func(t *testing.T, shop *reweft.Test)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { code(t, reweft.NewTest("order-1")) })
}

// expectResult processes an order, and checks what becomes of it.
func expectResult(t *testing.T, shop *reweft.Test, order Order, expected OrderResult) {
	t.Helper()
	result, err := processOrder(shop.Context(), order)
	if err != nil || result != expected {
		t.Errorf("%+v, %v instead of %+v", result, err, expected)
	}
}

func expectCalls(t *testing.T, shop *reweft.Test, activity string, expected ...string) {
	t.Helper()
	if calls := shop.Calls(activity); !slices.Equal(calls, expected) {
		t.Errorf("%s was called with %v instead of %v", activity, calls, expected)
	}
}

func car(quantity uint32, cost float64) Order {
	return Order{Name: "cars", Quantity: quantity, TotalCost: cost}
}

func TestACheapOrderIsProcessedAtOnce(t *testing.T) {
	inShop(t, func(t *testing.T, shop *reweft.Test) {
		start := time.Now()
		order := Order{Name: "paperclips", Quantity: 100, TotalCost: 20.5}
		expectResult(t, shop, order, OrderResult{Processed: true})
		if time.Since(start) != 0 || shop.CustomStatus() != "" {
			t.Error("it waited for something")
		}
		expectCalls(t, shop, "RequestApprovalActivity")
		expectCalls(t, shop, "UpdateInventoryActivity", `{"ship":{"name":"paperclips","quantity":100}}`)
		expectCalls(t, shop, "NotifyActivity",
			`"Received order order-1 for 100 paperclips at $20.5"`, `"Order order-1 has completed!"`)
	})
}

func TestWhatIsNotInStockIsNotSold(t *testing.T) {
	inShop(t, func(t *testing.T, shop *reweft.Test) {
		reason := "there are only 10 cars in stock"
		expectResult(t, shop, car(11, 1), OrderResult{Reason: reason})
		expectCalls(t, shop, "ProcessPaymentActivity")
		expectCalls(t, shop, "UpdateInventoryActivity")
		if last := shop.Calls("NotifyActivity")[1]; last != `"Order order-1 was not processed: `+reason+`"` {
			t.Error(last)
		}
	})
	inShop(t, func(t *testing.T, shop *reweft.Test) {
		order := Order{Name: "bicycles", Quantity: 1, TotalCost: 1}
		expectResult(t, shop, order, OrderResult{Reason: "there are only 0 bicycles in stock"})
	})
}

func TestAManagerMayApproveInEitherForm(t *testing.T) {
	for _, approval := range []any{map[string]bool{"approved": true}, true} {
		inShop(t, func(t *testing.T, shop *reweft.Test) {
			start := time.Now()
			time.AfterFunc(time.Minute, func() { shop.RaiseEvent("ManagerApproval", approval) })
			expectResult(t, shop, car(1, 7500), OrderResult{Processed: true})
			if time.Since(start) != time.Minute || shop.CustomStatus() != "approved" {
				t.Error(time.Since(start), shop.CustomStatus())
			}
		})
	}
}

func TestAManagerMayReject(t *testing.T) {
	for _, approval := range []any{map[string]bool{"approved": false}, false} {
		inShop(t, func(t *testing.T, shop *reweft.Test) {
			shop.RaiseEvent("managerapproval", approval)
			expectResult(t, shop, car(2, 7500), OrderResult{Reason: "a manager has rejected the order"})
			expectCalls(t, shop, "UpdateInventoryActivity", `{"release":{"name":"cars","quantity":2}}`)
			expectCalls(t, shop, "ProcessPaymentActivity")
			if shop.CustomStatus() != "rejected" {
				t.Error(shop.CustomStatus())
			}
		})
	}
}

func TestNobodyWaitsLongerThanAgreed(t *testing.T) {
	agreed := int64(1500)
	cases := []struct {
		timeout *int64
		limit   time.Duration
	}{{&agreed, 1500 * time.Millisecond}, {nil, time.Hour}}
	for _, c := range cases {
		inShop(t, func(t *testing.T, shop *reweft.Test) {
			start := time.Now()
			late := time.AfterFunc(2*time.Hour, func() { shop.RaiseEvent("ManagerApproval", true) })
			defer late.Stop()
			order := car(1, 7500)
			order.ApprovalTimeoutMS = c.timeout
			expectResult(t, shop, order, OrderResult{Reason: "no manager has answered in time"})
			if time.Since(start) != c.limit || shop.CustomStatus() != "approval timed out" {
				t.Error(time.Since(start), shop.CustomStatus())
			}
			expectCalls(t, shop, "UpdateInventoryActivity", `{"release":{"name":"cars","quantity":1}}`)
		})
	}
}

func TestAnAnswerThatIsNoneTurnsTheOrderDown(t *testing.T) {
	for _, answer := range []any{"maybe", map[string]string{"approved": "maybe"}, []int{}} {
		inShop(t, func(t *testing.T, shop *reweft.Test) {
			shop.RaiseEvent("ManagerApproval", answer)
			result, err := processOrder(shop.Context(), car(1, 7500))
			if err != nil || result.Processed || !strings.Contains(result.Reason, "ManagerApproval") {
				t.Error(result, err)
			}
			expectCalls(t, shop, "UpdateInventoryActivity", `{"release":{"name":"cars","quantity":1}}`)
		})
	}
}

func TestADeclinedPaymentIsNotTriedAgain(t *testing.T) {
	inShop(t, func(t *testing.T, shop *reweft.Test) {
		start := time.Now()
		shop.RaiseEvent("ManagerApproval", true)
		reason := "the bank declined a payment of $1000001"
		expectResult(t, shop, car(10, 1_000_001), OrderResult{Reason: reason})
		expectCalls(t, shop, "UpdateInventoryActivity", `{"release":{"name":"cars","quantity":10}}`)
		if time.Since(start) != 0 {
			t.Error("it was tried again")
		}
	})
}

func TestABankThatIsAwayIsTriedAgain(t *testing.T) {
	cases := []struct {
		awake  uint32
		waited time.Duration
		result OrderResult
	}{
		{3, (2 + 4) * time.Second, OrderResult{Processed: true}},
		{5, (2 + 4 + 8) * time.Second, OrderResult{Reason: "the bank is closed"}},
	}
	for _, c := range cases {
		inShop(t, func(t *testing.T, shop *reweft.Test) {
			start := time.Now()
			pay := func(ctx *reweft.ActivityContext, _ Payment) (reweft.None, error) {
				if ctx.Info().Attempt < c.awake {
					return nil, &reweft.Failure{Type: "unavailable", Message: "the bank is closed"}
				}
				return nil, nil
			}
			shop.Activity("ProcessPaymentActivity", pay)
			expectResult(t, shop, Order{Name: "computers", Quantity: 1, TotalCost: 900}, c.result)
			if time.Since(start) != c.waited {
				t.Error(time.Since(start))
			}
		})
	}
}

func TestTheInputIsWhatUsersOfDaprKnow(t *testing.T) {
	var order Order
	err := json.Unmarshal([]byte(`{"name":"cars","quantity":1,"totalCost":7500.0}`), &order)
	if err != nil || order != car(1, 7500) {
		t.Error(order, err)
	}
	output, _ := json.Marshal(OrderResult{Processed: true})
	if string(output) != `{"processed":true}` {
		t.Error(string(output))
	}
}
