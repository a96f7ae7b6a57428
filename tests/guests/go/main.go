// Command guest is a module for tests only: whatever Go does by itself, a host must make durable.
package main

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"reweft.dev/reweft"
)

func main() {}

// Workflows.
var (
	_ = reweft.Workflow("go.sleep", sleep)
	_ = reweft.Workflow("go.clock", clock)
	_ = reweft.Workflow("go.random", random)
	_ = reweft.Workflow("go.print", printAround)
	_ = reweft.Workflow("go.wait", wait)
	_ = reweft.Workflow("go.throw", throw)
	_ = reweft.Workflow("go.throw-activity", throwActivity)
	_ = reweft.Workflow("go.call", call)
	_ = reweft.Workflow("go.echo", echoed)
	_ = reweft.Workflow("go.gather", gather)
	_ = reweft.Workflow("go.stuck", stuck)
	_ = reweft.Workflow("go.idioms", idioms)
)

// Activities.
var (
	echo = reweft.Activity("echo", func(_ *reweft.ActivityContext, input any) (any, error) {
		return input, nil
	})
	explodes = reweft.Activity("explode", func(_ *reweft.ActivityContext, reason string) (reweft.None, error) {
		explode(reason)
		return nil, nil
	})
	_ = reweft.Activity("environment", func(_ *reweft.ActivityContext, name string) (*string, error) {
		if value, found := os.LookupEnv(name); found {
			return &value, nil
		}
		return nil, nil
	})
	_ = reweft.Activity("slow", func(_ *reweft.ActivityContext, milliseconds int) (reweft.None, error) {
		time.Sleep(time.Duration(milliseconds) * time.Millisecond)
		return nil, nil
	})
)

func sleep(_ *reweft.Context, milliseconds int) (int64, error) {
	start := time.Now()
	time.Sleep(time.Duration(milliseconds) * time.Millisecond)
	return time.Since(start).Milliseconds(), nil
}

func clock(*reweft.Context, any) ([]int64, error) {
	before := time.Now().UnixMilli()
	sum := 0
	for number := range 1_000_000 {
		sum ^= number * number
	}
	if sum < 0 {
		return nil, errors.New("a sum of bits has a sign")
	}
	return []int64{before, time.Now().UnixMilli()}, nil
}

func random(*reweft.Context, any) ([]any, error) {
	bytes := make([]byte, 4)
	if _, err := crand.Read(bytes); err != nil {
		return nil, err
	}
	numbers := map[int]bool{}
	for number := range 100 {
		numbers[number] = true
	}
	order := fmt.Sprint(slices.Collect(maps.Keys(numbers)))
	return []any{rand.Float64(), binary.LittleEndian.Uint32(bytes), order}, nil
}

func printAround(ctx *reweft.Context, _ any) (any, error) {
	fmt.Println("before")
	payload, err := ctx.Event[any]("Go").Get()
	fmt.Println("after")
	return payload, err
}

func wait(ctx *reweft.Context, _ any) (any, error) { return ctx.Event[any]("Go").Get() }

func throw(_ *reweft.Context, reason string) (reweft.None, error) {
	explode(reason)
	return nil, nil
}

func throwActivity(ctx *reweft.Context, reason string) (reweft.None, error) {
	return explodes.Call(ctx, reason).Get()
}

func explode(reason string) { panic("boom: " + reason) }

type callee struct {
	Activity string `json:"activity"`
	Child    string `json:"child"`
	Input    any    `json:"input"`
}

type answers struct {
	Activity any `json:"activity"`
	Child    any `json:"child"`
}

func call(ctx *reweft.Context, callee callee) (*answers, error) {
	activity := ctx.Call[any](callee.Activity, callee.Input)
	child := ctx.CallWorkflow[any](callee.Child, callee.Input)
	fromActivity, err := activity.Get()
	if err != nil {
		return nil, err
	}
	fromChild, err := child.Get()
	return &answers{fromActivity, fromChild}, err
}

func echoed(_ *reweft.Context, input any) (any, error) { return input, nil }

func gather(ctx *reweft.Context, count int) ([]any, error) {
	results := make([]any, count)
	failed := make([]error, count)
	done := make(chan int)
	for number := range count {
		go func() {
			results[number], failed[number] = echo.Call(ctx, number).Get()
			done <- number
		}()
	}
	for range count {
		<-done
	}
	return results, errors.Join(failed...)
}

func stuck(*reweft.Context, any) (reweft.None, error) {
	<-make(chan int)
	return nil, nil
}

// idioms is what Go has for waiting.
func idioms(ctx *reweft.Context, _ any) ([]any, error) {
	var told []any
	numbers := make(chan int)
	go func() {
		defer close(numbers)
		for number := range 3 {
			time.Sleep(10 * time.Millisecond)
			result, _ := ctx.Call[int]("echo", number).Get()
			numbers <- result
		}
	}()
	for number := range numbers {
		told = append(told, number)
	}

	limited, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	select {
	case <-ctx.Event[any]("Never").Done():
	case <-limited.Done():
		told = append(told, "timeout")
	}

	sleepers := map[string]time.Duration{"fast": 10 * time.Millisecond, "slow": time.Hour}
	asleep := len(sleepers)
	awake := make(chan string)
	for name, duration := range sleepers {
		go func() {
			time.Sleep(duration)
			asleep--
			awake <- name
		}()
	}
	return append(told, <-awake, asleep), nil
}
