// A greeting that waits for an answer, for a day at most.
package main

import (
	"errors"
	"fmt"
	"time"

	"reweft.dev/reweft"
)

// Say is an activity: it does the work. It may fail, and be tried again.
var Say = reweft.Activity("say", func(ctx *reweft.ActivityContext, text string) (string, error) {
	return "said: " + text, nil
})

// Hello is a workflow: it says what is done when. Whatever happens to the host, each step is done once.
var Hello = reweft.Workflow("{{name}}", hello)

func hello(ctx *reweft.Context, name string) (string, error) {
	twice := reweft.Retry{MaxAttempts: 2, FirstInterval: 5 * time.Second}
	if _, err := Say.Call(ctx, "Hello, "+name+"!", twice).Get(); err != nil {
		return "", err
	}
	answer, err := ctx.Event[string]("Answer").GetWithin(24 * time.Hour)
	if errors.Is(err, reweft.ErrTimeout) {
		return "no answer", nil
	}
	if err != nil {
		return "", err
	}
	return Say.Call(ctx, fmt.Sprintf("Thanks for '%s'.", answer)).Get()
}

func main() {}
