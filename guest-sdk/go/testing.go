//go:build !wasip1

package reweft

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Test is a host for a test: it has one instance of a workflow, whose activities and children are those
// of this program, or stand-ins. In a bubble of package testing/synctest a year passes in no time:
//
//	synctest.Test(t, func(t *testing.T) {
//		test := reweft.NewTest("order-1")
//		time.AfterFunc(time.Minute, func() { test.RaiseEvent("Approval", true) })
//		receipt, err := purchase(test.Context(), 7500)
//		...
//	})
//
// It is there in tests only, not in a module. It does not check that a replay does the same, and events
// that the workflow raises to other instances are lost.
type Test struct {
	run *run

	mutex      sync.Mutex
	instanceID string
	startedAt  time.Time
	tasks      map[taskHandle]*simulatedTask
	lastTask   taskHandle
	events     []simulatedEvent
	activities map[string]function[*ActivityContext]
	calls      map[string][]string
	status     string
	next       string
	continued  bool
}

// simulatedTask is a task of a Test.
type simulatedTask struct {
	// Ends when the task is cancelled, or done.
	context.Context
	end   context.CancelFunc
	event string
	// What has arrived, of a task that waits for an event.
	taken   *simulatedEvent
	done    bool
	text    string
	failure *Failure
}

type simulatedEvent struct {
	name, payload string
}

// NewTest returns a host with an instance of this ID.
func NewTest(instanceID string) *Test {
	test := &Test{
		instanceID: instanceID,
		startedAt:  time.Now(),
		tasks:      map[taskHandle]*simulatedTask{},
		activities: map[string]function[*ActivityContext]{},
		calls:      map[string][]string{},
	}
	test.run = newRun(simulatedHost{test})
	return test
}

// Context returns what to call the workflow with.
func (t *Test) Context() *Context { return &Context{Context: context.Background(), run: t.run} }

// Activity puts a stand-in in the place of an activity, or of one of another module, whose name then is
// "module/activity".
func (t *Test) Activity[In, Out any](name string, code func(*ActivityContext, In) (Out, error)) {
	t.activities[name] = erase(activities.describe(name), code)
}

// RaiseEvent raises an event to the instance. It panics if JSON has no words for the payload.
func (t *Test) RaiseEvent(name string, payload any) {
	text, failure := encode(payload, typeInvalidEvent, fmt.Sprintf("the payload of event %q", name))
	if failure != nil {
		panic(failure)
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.offer(simulatedEvent{name, text}, false)
}

// Calls returns the inputs that an activity was called with, as JSON, in the order of the calls.
func (t *Test) Calls(activity string) []string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return append([]string(nil), t.calls[activity]...)
}

// CustomStatus returns what the workflow shows as its status.
func (t *Test) CustomStatus() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.status
}

// NextInput returns the input, as JSON, that the workflow has continued as new with, if it has.
func (t *Test) NextInput() (input string, continued bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.next, t.continued
}

// add makes a task, and lets a goroutine of its own work on it.
func (t *Test) add(task simulatedTask, work func(*simulatedTask) (string, *Failure)) taskHandle {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	task.Context, task.end = context.WithCancel(context.Background())
	t.lastTask++
	handle := t.lastTask
	t.tasks[handle] = &task
	if work != nil {
		go func() {
			text, failure := work(&task)
			t.mutex.Lock()
			defer t.mutex.Unlock()
			t.resolve(handle, text, failure)
		}()
	}
	return handle
}

// resolve says what a task has come to, unless it has come to something before.
func (t *Test) resolve(handle taskHandle, text string, failure *Failure) {
	task := t.tasks[handle]
	if task == nil || task.done {
		return
	}
	task.done, task.text, task.failure = true, text, failure
	task.end()
	// The workflow may hold the run's lock while it asks for this.
	go t.run.deliver(uint32(handle))
}

// offer gives an event to the first task that waits for it, or keeps it: before all others if it was
// given already once.
func (t *Test) offer(event simulatedEvent, again bool) {
	for handle := taskHandle(1); handle <= t.lastTask; handle++ {
		task := t.tasks[handle]
		if task != nil && !task.done && strings.EqualFold(task.event, event.name) {
			task.taken = &event
			t.resolve(handle, event.payload, nil)
			return
		}
	}
	if again {
		t.events = append([]simulatedEvent{event}, t.events...)
	} else {
		t.events = append(t.events, event)
	}
}

// attempt makes attempts as the policy says, until one succeeds. A single one, without a policy.
func attempt(
	task *simulatedTask, retry Retry, once func(attempt uint32) (string, *Failure),
) (string, *Failure) {
	start, interval := time.Now(), retry.FirstInterval
	for number := uint32(1); ; number++ {
		text, failure := once(number)
		isLate := retry.Timeout != 0 && time.Since(start)+interval > retry.Timeout
		if failure == nil || failure.NonRetriable || number >= retry.MaxAttempts || isLate {
			return text, failure
		}
		select {
		case <-time.After(interval):
		case <-task.Done():
			return "", failure
		}
		interval = time.Duration(float64(interval) * retry.Backoff)
		if retry.MaxInterval != 0 {
			interval = min(interval, retry.MaxInterval)
		}
	}
}
