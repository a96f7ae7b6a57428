package reweft

import (
	"context"
	"time"
)

// ActivityInfo is what is being done, and for whom.
type ActivityInfo struct {
	// InstanceID is the instance that asked for it.
	InstanceID string
	// ActivityName is the activity's name.
	ActivityName string
	// Attempt counts from 1; it is more when a retry policy is at work.
	Attempt uint32
	// IdempotencyKey is the same for every attempt of this call, and different for every other call: what
	// to give a payment service so that it pays once.
	IdempotencyKey string
	// Deadline is when this attempt is stopped.
	Deadline time.Time
}

// ActivityContext is what an activity sees of its host. As a [context.Context] it ends at the deadline of
// the attempt, and when a heartbeat has found that the attempt is no longer wanted.
type ActivityContext struct {
	context.Context
	host activityHost
	end  context.CancelCauseFunc
}

func newActivityContext(host activityHost) (*ActivityContext, context.CancelFunc) {
	attempt, end := context.WithCancelCause(context.Background())
	attempt, release := context.WithDeadline(attempt, host.info().Deadline)
	return &ActivityContext{Context: attempt, host: host, end: end}, release
}

// Info returns what is being done, and for whom.
func (ctx *ActivityContext) Info() ActivityInfo { return ctx.host.info() }

// Heartbeat says that this attempt gets on, and how far it is: anything that JSON has words for, which
// the next attempt can read with [ActivityContext.LastProgress]. It returns [ErrCancelled] once the
// attempt is no longer wanted: clean up and return it. An activity that goes on all the same is soon
// stopped.
func (ctx *ActivityContext) Heartbeat(progress any) error {
	text, failure := encode(progress, typeInvalidProgress, "the progress")
	if failure != nil {
		return failure
	}
	if ctx.host.heartbeat(text) {
		ctx.end(ErrCancelled)
		return ErrCancelled
	}
	return nil
}

// LastProgress returns what the attempt before this one said last with [ActivityContext.Heartbeat], and
// whether it said anything. The error is that it is no T.
//
//	done, _, err := ctx.LastProgress[int]()
func (ctx *ActivityContext) LastProgress[T any]() (progress T, found bool, err error) {
	text, found := ctx.host.lastProgress()
	if !found {
		return progress, false, nil
	}
	progress, failure := decode[T](text, typeInvalidProgress, "the last progress")
	if failure != nil {
		return progress, true, failure
	}
	return progress, true, nil
}

// Log writes a line to the host's log.
func (ctx *ActivityContext) Log(level Level, message string) { ctx.host.log(level, message) }
