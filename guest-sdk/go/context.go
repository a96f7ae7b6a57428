package reweft

import (
	"context"
	"fmt"
	"time"
)

// Level is how much a line of log matters.
type Level uint32

// The levels of a log.
const (
	LevelTrace Level = iota
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
)

// UnreadEvents says what becomes of events that no wait has taken when a run continues as new.
type UnreadEvents bool

// What may become of them.
const (
	DropEvents UnreadEvents = false
	KeepEvents UnreadEvents = true
)

// Info is who is running.
type Info struct {
	// InstanceID is what the instance was started with.
	InstanceID string
	// WorkflowName is what it was started by.
	WorkflowName string
	// ModuleName is the module that holds this workflow.
	ModuleName string
	// ModuleDigest is the SHA-256 of the module's bytes, in hexadecimal: its version.
	ModuleDigest string
	// StartedAt is when this run began.
	StartedAt time.Time
	// ParentInstanceID is the instance that called this one as its child; empty if none did.
	ParentInstanceID string
	// Replaying is true while the host replays what an earlier turn has done already.
	Replaying bool
}

// Context is what a workflow may ask of its host. Everything here is recorded in the history of the run,
// and answered from it when the run is replayed.
//
// It is a [context.Context] as well, which is never cancelled by itself: for what wants one.
type Context struct {
	context.Context
	run *run
}

func newContext(host workflowHost) *Context {
	return &Context{Context: context.Background(), run: newRun(host)}
}

// Call calls an activity by its name: at least once, and exactly once unless the host crashes meanwhile.
// The name is that of an activity of this module, or "module/activity". One that nobody has makes the
// task fail, with type "activity-not-found". For an activity of this program prefer
// [ActivityDefinition.Call], which knows its types.
//
//	total, err := ctx.Call[float64]("pricing/Quote", order, reweft.Timeout(time.Minute)).Get()
func (ctx *Context) Call[Out any](activity string, input any, options ...CallOption) *Task[Out] {
	var asked callOptions
	for _, option := range options {
		option.applyToCall(&asked)
	}
	callee := fmt.Sprintf("activity %q", activity)
	return start[Out](ctx.run, callee, input, func(host workflowHost, input string) taskHandle {
		return host.callActivity(activity, input, asked)
	})
}

// CallWorkflow calls another workflow as a child, by its name: an instance of its own, started exactly
// once in each attempt, of any module of the host. The task fails as the child does; or with type
// "workflow-not-found", "instance-exists", "terminated" if somebody terminates the child, or
// "limit-exceeded" if children are nested too deeply.
//
//	receipt, err := ctx.CallWorkflow[string]("Billing", customer).Get()
func (ctx *Context) CallWorkflow[Out any](workflow string, input any, options ...ChildOption) *Task[Out] {
	return callWorkflow[Out](ctx, workflow, input, options, false)
}

// StartWorkflow starts another workflow, by its name, and lets it go: it outlives this one, which never
// hears of its end. The task gives its instance ID, once it has been started.
func (ctx *Context) StartWorkflow(workflow string, input any, options ...ChildOption) *Task[string] {
	return callWorkflow[string](ctx, workflow, input, options, true)
}

func callWorkflow[Out any](
	ctx *Context, workflow string, input any, options []ChildOption, detached bool,
) *Task[Out] {
	asked := childOptions{detached: detached}
	for _, option := range options {
		option.applyToChild(&asked)
	}
	callee := fmt.Sprintf("workflow %q", workflow)
	return start[Out](ctx.run, callee, input, func(host workflowHost, input string) taskHandle {
		return host.callWorkflow(workflow, input, asked)
	})
}

func start[Out any](
	run *run, callee string, input any, ask func(workflowHost, string) taskHandle,
) *Task[Out] {
	decodeOutput := func(text string) (Out, *Failure) {
		return decode[Out](text, typeInvalidOutput, "the output of "+callee)
	}
	text, failure := encode(input, typeInvalidInput, "the input of "+callee)
	if failure != nil {
		return &Task[Out]{run.known(failure), decodeOutput}
	}
	begun := run.begin(func(host workflowHost) taskHandle { return ask(host, text) })
	return &Task[Out]{begun, decodeOutput}
}

// Event waits, from now on, for an event that is raised to this instance under this name, and gives its
// payload. Names are compared without regard to case. Events are kept from the start of the run until a
// wait takes them, first come first served; each wait takes one.
//
//	approved, err := ctx.Event[bool]("Approval").Get()
func (ctx *Context) Event[T any](name string) *Task[T] {
	begun := ctx.run.begin(func(host workflowHost) taskHandle { return host.waitEvent(name) })
	return &Task[T]{begun, func(text string) (T, *Failure) {
		return decode[T](text, typeInvalidEvent, fmt.Sprintf("the payload of event %q", name))
	}}
}

// Timer starts a timer, now: it is done when this much time has passed, in whole milliseconds, rounded
// up, and never earlier. It survives restarts of the host. Unlike a timer of package time it can be
// seen in the history from now on, and until it is cancelled.
func (ctx *Context) Timer(delay time.Duration) *Task[None] {
	return &Task[None]{ctx.run.startTimer(delay), func(string) (None, *Failure) { return nil, nil }}
}

// After returns a channel that is closed when this much time has passed: a [Context.Timer] for a select
// that never cancels it.
func (ctx *Context) After(delay time.Duration) <-chan struct{} { return ctx.Timer(delay).Done() }

// Sleep waits for this long. [time.Sleep] does the same.
func (ctx *Context) Sleep(duration time.Duration) { <-ctx.After(duration) }

// RaiseEvent raises an event to another instance, as if from outside, when this workflow waits next or
// ends. An instance that doesn't exist, or has ended, gets nothing, and nobody is told. The error is
// that JSON has no words for the payload.
func (ctx *Context) RaiseEvent(instanceID, name string, payload any) error {
	text, failure := encode(payload, typeInvalidEvent, fmt.Sprintf("the payload of event %q", name))
	if failure != nil {
		return failure
	}
	ctx.run.host.raiseEvent(instanceID, name, text)
	return nil
}

// ContinueAsNew ends this run, and begins another with this input under the same instance ID. Its
// history begins anew, so that a workflow may go on for ever. What this run still waits for is
// cancelled, but for children, which go on. It returns only if JSON has no words for the input.
//
//	return nil, ctx.ContinueAsNew(day+1, reweft.KeepEvents)
func (ctx *Context) ContinueAsNew(input any, unread UnreadEvents) error {
	text, failure := encode(input, typeInvalidInput, "the input of the next run")
	if failure != nil {
		return failure
	}
	ctx.run.host.continueAsNew(text, unread)
	return nil
}

// IsPatched returns whether the code behind a change is to go its new way, so that a workflow can be
// changed while instances of it run: true where this point is reached for the first time, which is then
// remembered, and false in a run that was beyond it before the change. The answer is the same whenever
// it is asked again under this name.
func (ctx *Context) IsPatched(patch string) bool { return ctx.run.host.isPatched(patch) }

// SetCustomStatus shows a status with the instance, from the moment this workflow waits next or ends.
func (ctx *Context) SetCustomStatus(status string) { ctx.run.host.setCustomStatus(status) }

// Info returns who is running.
func (ctx *Context) Info() Info { return ctx.run.host.info() }

// InstanceID returns the ID the instance was started with.
func (ctx *Context) InstanceID() string { return ctx.Info().InstanceID }

// Now returns workflow time: when the last thing that this workflow waited for was recorded. It stands
// still between two waits, and is the same in every replay. [time.Now] does the same.
func (ctx *Context) Now() time.Time { return ctx.run.host.now() }

// NewUUID returns a random UUID (version 4) that is the same in every replay.
func (ctx *Context) NewUUID() string { return ctx.run.host.newUUID() }

// RandomUint64 returns a random number that is the same in every replay. Package math/rand does the
// same.
func (ctx *Context) RandomUint64() uint64 { return ctx.run.host.randomUint64() }

// Log writes a line to the host's log; silent while replaying.
func (ctx *Context) Log(level Level, message string) { ctx.run.host.log(level, message) }
