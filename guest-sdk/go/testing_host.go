//go:build !wasip1

package reweft

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// simulatedHost answers what the workflow of a Test asks.
type simulatedHost struct {
	test *Test
}

func (h simulatedHost) info() Info {
	return Info{InstanceID: h.test.instanceID, StartedAt: h.test.startedAt}
}

func (h simulatedHost) callActivity(name, input string, options callOptions) taskHandle {
	test := h.test
	test.mutex.Lock()
	test.calls[name] = append(test.calls[name], input)
	test.mutex.Unlock()
	key := fmt.Sprintf("%s-%d", test.instanceID, test.lastTask+1)
	return test.add(simulatedTask{}, func(task *simulatedTask) (string, *Failure) {
		var progress *string
		return attempt(task, options.retry, func(number uint32) (string, *Failure) {
			deadline := time.Now().Add(time.Hour)
			if options.timeout != 0 {
				deadline = time.Now().Add(options.timeout)
			}
			host := &simulatedActivityHost{task: task, last: progress, about: ActivityInfo{
				InstanceID:     test.instanceID,
				ActivityName:   name,
				Attempt:        number,
				IdempotencyKey: key,
				Deadline:       deadline,
			}}
			ctx, release := newActivityContext(host)
			defer release()
			text, failure := test.execute(name, ctx, input)
			if host.said != nil {
				progress = host.said
			}
			return text, failure
		})
	})
}

// execute makes an attempt of an activity, or of its stand-in.
func (t *Test) execute(name string, ctx *ActivityContext, input string) (string, *Failure) {
	if code := t.activities[name]; code != nil {
		return guard(func() (string, *Failure) { return code(ctx, input) })
	}
	return activities.execute(name, ctx, input)
}

func (h simulatedHost) callWorkflow(name, input string, options childOptions) taskHandle {
	return h.test.add(simulatedTask{}, func(task *simulatedTask) (string, *Failure) {
		once := func(number uint32) (string, *Failure) {
			id := options.instanceID
			if id == "" {
				id = fmt.Sprintf("%s:%04x", h.test.instanceID, rand.Uint32N(1<<16))
			}
			child := NewTest(id)
			child.activities = h.test.activities
			if options.detached {
				go workflows.execute(name, child.Context(), input)
				return encode(id, typeInvalidOutput, "the ID of a child")
			}
			return workflows.execute(name, child.Context(), input)
		}
		return attempt(task, options.retry, once)
	})
}

func (h simulatedHost) startTimer(milliseconds uint64) taskHandle {
	return h.test.add(simulatedTask{}, func(task *simulatedTask) (string, *Failure) {
		ctx, release := context.WithTimeout(task, time.Duration(milliseconds)*time.Millisecond)
		defer release()
		<-ctx.Done()
		return "null", nil
	})
}

func (h simulatedHost) waitEvent(name string) taskHandle {
	test := h.test
	handle := test.add(simulatedTask{event: name}, nil)
	test.mutex.Lock()
	defer test.mutex.Unlock()
	first := slices.IndexFunc(test.events, func(event simulatedEvent) bool {
		return strings.EqualFold(event.name, name)
	})
	if first >= 0 {
		event := test.events[first]
		test.events = slices.Delete(test.events, first, first+1)
		test.offer(event, true)
	}
	return handle
}

func (h simulatedHost) number(task taskHandle) uint32 { return uint32(task) }

func (h simulatedHost) outcome(handle taskHandle) (string, *Failure) {
	h.test.mutex.Lock()
	defer h.test.mutex.Unlock()
	task := h.test.tasks[handle]
	return task.text, task.failure
}

func (h simulatedHost) cancel(handle taskHandle) {
	test := h.test
	test.mutex.Lock()
	defer test.mutex.Unlock()
	cancelled := &Failure{Type: typeCancelled, Message: "the workflow cancelled this task", NonRetriable: true}
	task := test.tasks[handle]
	if !task.done {
		test.resolve(handle, "", cancelled)
	} else if task.taken != nil {
		task.text, task.failure = "", cancelled
		test.offer(*task.taken, true)
	}
}

func (h simulatedHost) drop(handle taskHandle) {
	h.test.mutex.Lock()
	defer h.test.mutex.Unlock()
	delete(h.test.tasks, handle)
}

func (h simulatedHost) raiseEvent(instanceID, name, payload string) {
	h.test.mutex.Lock()
	defer h.test.mutex.Unlock()
	if instanceID == h.test.instanceID {
		h.test.offer(simulatedEvent{name, payload}, false)
	}
}

func (h simulatedHost) continueAsNew(input string, _ UnreadEvents) {
	h.test.mutex.Lock()
	defer h.test.mutex.Unlock()
	h.test.next, h.test.continued = input, true
}

func (h simulatedHost) setCustomStatus(status string) {
	h.test.mutex.Lock()
	defer h.test.mutex.Unlock()
	h.test.status = status
}

func (simulatedHost) isPatched(string) bool { return true }

func (simulatedHost) now() time.Time { return time.Now() }

func (simulatedHost) newUUID() string {
	high, low := rand.Uint64(), rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x",
		high>>32, high>>16&0xffff, high&0xfff, low>>48&0x3fff|0x8000, low&0xffffffffffff)
}

func (simulatedHost) randomUint64() uint64 { return rand.Uint64() }

func (simulatedHost) log(level Level, message string) {}

// simulatedActivityHost answers what an attempt of an activity asks.
type simulatedActivityHost struct {
	task  *simulatedTask
	about ActivityInfo
	// What the attempt before has said last, and what this one has.
	last, said *string
}

func (h *simulatedActivityHost) info() ActivityInfo { return h.about }

func (h *simulatedActivityHost) heartbeat(progress string) bool {
	h.said = &progress
	return h.task.Err() != nil
}

func (h *simulatedActivityHost) lastProgress() (string, bool) {
	if h.last == nil {
		return "", false
	}
	return *h.last, true
}

func (h *simulatedActivityHost) log(level Level, message string) {}
