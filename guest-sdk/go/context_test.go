//go:build !wasip1

package reweft

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var double = Activity("double", func(_ *ActivityContext, number int) (int, error) { return 2 * number, nil })

var unlucky = Activity("unlucky", func(ctx *ActivityContext, luckyAt uint32) (uint32, error) {
	before, _, err := ctx.LastProgress[uint32]()
	if err != nil || ctx.Info().Attempt == luckyAt {
		return before, err
	}
	if err := ctx.Heartbeat(ctx.Info().Attempt); err != nil {
		return 0, err
	}
	return 0, &Failure{Type: "unlucky", Message: "try again"}
})

var greet = Workflow("greet", func(ctx *Context, name string) (string, error) {
	return "Hello, " + name + ", from " + ctx.InstanceID(), nil
})

// inTest runs a test in simulated time.
func inTest(t *testing.T, code func(*testing.T, *Test, *Context)) {
	synctest.Test(t, func(t *testing.T) {
		test := NewTest("instance")
		code(t, test, test.Context())
	})
}

func expect[T comparable](t *testing.T, what string, got, expected T) {
	t.Helper()
	if got != expected {
		t.Errorf("%s: %v instead of %v", what, got, expected)
	}
}

func TestCallsRunAtTheSameTime(t *testing.T) {
	inTest(t, func(t *testing.T, test *Test, ctx *Context) {
		var wait sync.WaitGroup
		results := make([]int, 5)
		for number := range results {
			wait.Go(func() {
				result, err := double.Call(ctx, number).Get()
				results[number] = result
				expect(t, "error", err, nil)
			})
		}
		wait.Wait()
		if !slices.Equal(results, []int{0, 2, 4, 6, 8}) {
			t.Error(results)
		}
		expect(t, "number of calls", len(test.Calls("double")), 5)
	})
}

func TestAnActivityIsTriedAgain(t *testing.T) {
	inTest(t, func(t *testing.T, _ *Test, ctx *Context) {
		start := ctx.Now()
		retry := Retry{MaxAttempts: 3, FirstInterval: time.Second, Backoff: 2}
		progress, err := unlucky.Call(ctx, 3, retry).Get()
		expect(t, "error", err, nil)
		expect(t, "what the second attempt has said", progress, 2)
		expect(t, "delay", time.Since(start), 3*time.Second)

		_, err = unlucky.Call(ctx, 4, retry).Get()
		var failure *Failure
		if !errors.As(err, &failure) || failure.Type != "unlucky" {
			t.Error(err)
		}
	})
}

func TestWhatNobodyHasFails(t *testing.T) {
	inTest(t, func(t *testing.T, _ *Test, ctx *Context) {
		var failure *Failure
		_, err := ctx.Call[int]("nothing", 1).Get()
		if !errors.As(err, &failure) || failure.Type != "activity-not-found" {
			t.Error(err)
		}
		_, err = ctx.CallWorkflow[int]("nothing", 1).Get()
		if !errors.As(err, &failure) || failure.Type != "workflow-not-found" {
			t.Error(err)
		}
		_, err = ctx.Call[string]("double", 1).Get()
		if !errors.As(err, &failure) || failure.Type != "invalid-output" {
			t.Error(err)
		}
		_, err = ctx.Call[int]("double", func() {}).Get()
		if !errors.As(err, &failure) || failure.Type != "invalid-input" {
			t.Error(err)
		}
	})
}

func TestChildrenAreInstances(t *testing.T) {
	inTest(t, func(t *testing.T, _ *Test, ctx *Context) {
		greeting, err := greet.Call(ctx, "Ada", InstanceID("child")).Get()
		expect(t, "error", err, nil)
		expect(t, "greeting", greeting, "Hello, Ada, from child")
		id, err := greet.Start(ctx, "Bob", InstanceID("detached")).Get()
		expect(t, "error", err, nil)
		expect(t, "ID", id, "detached")
	})
}

func TestEventsAreTakenInOrder(t *testing.T) {
	inTest(t, func(t *testing.T, test *Test, ctx *Context) {
		test.RaiseEvent("Go", 1)
		test.RaiseEvent("go", 2)
		time.AfterFunc(time.Hour, func() { test.RaiseEvent("GO", 3) })
		for number := range 3 {
			payload, err := ctx.Event[int]("Go").Get()
			expect(t, "error", err, nil)
			expect(t, "payload", payload, number+1)
		}
		test.RaiseEvent("Go", "four")
		_, err := ctx.Event[int]("Go").Get()
		var failure *Failure
		if !errors.As(err, &failure) || failure.Type != "invalid-event" {
			t.Error(err)
		}
	})
}

func TestAnEventThatNobodyHasReadGoesBack(t *testing.T) {
	inTest(t, func(t *testing.T, test *Test, ctx *Context) {
		first := ctx.Event[int]("Go")
		test.RaiseEvent("Go", 1)
		test.RaiseEvent("Go", 2)
		<-first.Done()
		first.Cancel()
		_, err := first.Get()
		var failure *Failure
		if !errors.As(err, &failure) || failure.Type != "cancelled" {
			t.Error(err)
		}
		payload, _ := ctx.Event[int]("Go").Get()
		expect(t, "payload", payload, 1)
	})
}

func TestAResultIsWaitedForNoLongerThanAgreed(t *testing.T) {
	inTest(t, func(t *testing.T, test *Test, ctx *Context) {
		start := ctx.Now()
		_, err := ctx.Event[int]("Go").GetWithin(time.Minute)
		expect(t, "error", err, ErrTimeout)
		expect(t, "time", ctx.Now().Sub(start), time.Minute)
		time.AfterFunc(time.Minute, func() { test.RaiseEvent("Go", 7) })
		payload, err := ctx.Event[int]("Go").GetWithin(time.Hour)
		expect(t, "error", err, nil)
		expect(t, "payload", payload, 7)
		expect(t, "time", ctx.Now().Sub(start), 2*time.Minute)
	})
}

func TestATimerThatIsCancelledIsDone(t *testing.T) {
	inTest(t, func(t *testing.T, _ *Test, ctx *Context) {
		timer := ctx.Timer(time.Hour)
		expect(t, "done", timer.IsDone(), false)
		timer.Cancel()
		expect(t, "done", timer.IsDone(), true)
		start := ctx.Now()
		ctx.Sleep(time.Minute)
		expect(t, "time", ctx.Now().Sub(start), time.Minute)
	})
}

func TestAnActivityHearsThatItIsNoLongerWanted(t *testing.T) {
	inTest(t, func(t *testing.T, test *Test, ctx *Context) {
		var heard, cause error
		test.Activity("endless", func(ctx *ActivityContext, _ None) (None, error) {
			for heard == nil {
				time.Sleep(time.Second)
				heard = ctx.Heartbeat(nil)
			}
			<-ctx.Done()
			cause = ctx.Err()
			return nil, heard
		})
		endless := ctx.Call[None]("endless", nil)
		ctx.Sleep(time.Minute)
		endless.Cancel()
		ctx.Sleep(time.Minute)
		expect(t, "heard", heard, ErrCancelled)
		if cause == nil {
			t.Error("its context goes on")
		}
	})
}

func TestAStatusAndTheNextRunAreSeen(t *testing.T) {
	inTest(t, func(t *testing.T, test *Test, ctx *Context) {
		ctx.SetCustomStatus("busy")
		expect(t, "status", test.CustomStatus(), "busy")
		_, continued := test.NextInput()
		expect(t, "continued", continued, false)
		expect(t, "error", ctx.ContinueAsNew(order{"car", 1}, KeepEvents), nil)
		input, _ := test.NextInput()
		expect(t, "input", input, `{"name":"car","quantity":1}`)
	})
}
