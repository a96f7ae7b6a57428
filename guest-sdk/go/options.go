package reweft

import "time"

// CallOption says how an activity is to be run: a [Retry], a [Timeout] or a [HeartbeatTimeout].
type CallOption interface {
	applyToCall(*callOptions)
}

// ChildOption says how a child workflow is to be run: a [Retry] or an [InstanceID].
type ChildOption interface {
	applyToChild(*childOptions)
}

// Retry says when to try again after a failure. Delays are durable timers. Zero fields but the first
// two are absent. The host ends a run whose policy breaks the rules, with type "invalid-argument".
type Retry struct {
	// MaxAttempts includes the first one, so 1 means no retry. Zero is refused.
	MaxAttempts uint32
	// FirstInterval is the delay before the second attempt. Zero is refused.
	FirstInterval time.Duration
	// Backoff is at least 1: each delay is the one before times this. Absent: 1.
	Backoff float64
	// MaxInterval is what no delay is longer than.
	MaxInterval time.Duration
	// Timeout is how long after the call the last attempt may start.
	Timeout time.Duration
}

// Timeout is how long one attempt may take; it then counts as failed, with type "timeout". Without it
// an attempt may take as long as the host allows.
type Timeout time.Duration

// HeartbeatTimeout is how long an attempt may go without a heartbeat; it then counts as failed, with
// type "heartbeat-timeout". Without it an activity need not send any.
type HeartbeatTimeout time.Duration

// InstanceID is the ID that a child gets: 1 to 200 bytes without control characters. Without it the
// child's ID is its parent's with something behind it, another in each attempt.
type InstanceID string

type callOptions struct {
	retry            Retry
	timeout          time.Duration
	heartbeatTimeout time.Duration
}

type childOptions struct {
	instanceID string
	retry      Retry
	detached   bool
}

func (r Retry) applyToCall(options *callOptions)   { options.retry = r.complete() }
func (r Retry) applyToChild(options *childOptions) { options.retry = r.complete() }
func (t Timeout) applyToCall(options *callOptions) { options.timeout = time.Duration(t) }
func (t HeartbeatTimeout) applyToCall(options *callOptions) {
	options.heartbeatTimeout = time.Duration(t)
}
func (id InstanceID) applyToChild(options *childOptions) { options.instanceID = string(id) }

func (r Retry) complete() Retry {
	if r.Backoff == 0 {
		r.Backoff = 1
	}
	return r
}

// isGiven returns whether there is a policy: a complete one has a coefficient.
func (r Retry) isGiven() bool { return r.Backoff != 0 }

// wholeMilliseconds rounds up: nothing is ever early. What is negative is over at once.
func wholeMilliseconds(d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	return uint64((d-1)/time.Millisecond) + 1
}
