package reweft

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
)

// Types of the failures that this package makes.
const (
	typeInvalidInput     = "invalid-input"
	typeInvalidOutput    = "invalid-output"
	typeInvalidEvent     = "invalid-event"
	typeInvalidProgress  = "invalid-progress"
	typeCancelled        = "cancelled"
	typeWorkflowNotFound = "workflow-not-found"
	typeActivityNotFound = "activity-not-found"
	typeDeadlock         = "deadlock"
	typePanic            = "panic"
	typeError            = "error"
)

// ErrTimeout is what [Task.GetWithin] returns when the time is over.
var ErrTimeout = errors.New("it took longer than it may")

// ErrCancelled is what [ActivityContext.Heartbeat] returns once the attempt is no longer wanted. As a
// [Failure] it has the type "cancelled".
var ErrCancelled = errors.New("the attempt is no longer wanted")

// Failure is why a workflow or an activity failed. Return one as an error to say more than a message:
//
//	return &reweft.Failure{Type: "payment-declined", Message: "no money", NonRetriable: true}
//
// What has failed on the other side arrives as one again:
//
//	var failure *reweft.Failure
//	if errors.As(err, &failure) && failure.Type == "payment-declined" {
type Failure struct {
	// Type is stable and machine-readable. The host puts "failure" in the place of an empty one.
	Type string
	// Message says what happened, for a person to read.
	Message string
	// StackTrace says where it happened. Empty if nobody knows.
	StackTrace string
	// NonRetriable is true if no retry policy is to try again.
	NonRetriable bool
}

// Error returns the message.
func (f *Failure) Error() string { return f.Message }

// failureOf returns what an error is for the host. One that wraps a Failure keeps all of it but the
// message.
func failureOf(err error) *Failure {
	var failure *Failure
	switch {
	case errors.As(err, &failure):
		wrapped := *failure
		wrapped.Message = err.Error()
		return &wrapped
	case errors.Is(err, ErrCancelled):
		return &Failure{Type: typeCancelled, Message: err.Error()}
	default:
		return &Failure{Type: typeError, Message: err.Error()}
	}
}

// guard runs what an author has written, and returns a panic as a failure.
func guard(code func() (string, *Failure)) (text string, failure *Failure) {
	returned := false
	defer func() {
		if returned {
			return
		}
		cause := recover()
		if err, ok := cause.(error); ok && errors.As(err, &failure) {
			failure = failureOf(err)
			return
		}
		failure = &Failure{Type: typePanic, Message: fmt.Sprint(cause), StackTrace: panicStack()}
	}()
	text, failure = code()
	returned = true
	return text, failure
}

// panicStack returns the stack trace without the frames that have to do with catching the panic.
func panicStack() string {
	stack := string(debug.Stack())
	header, frames, _ := strings.Cut(stack, "\n")
	_, thrower, found := strings.Cut(frames, "\npanic(")
	if !found {
		return stack
	}
	// Of the frame of panic itself, its place is left.
	_, thrower, _ = strings.Cut(thrower, "\n")
	_, thrower, _ = strings.Cut(thrower, "\n")
	return header + "\n" + thrower
}
