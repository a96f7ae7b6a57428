package reweft

import (
	"sync"
	"time"
)

// Task is a result that may arrive later: of an activity or a child, of a timer, or of a wait for an
// event. It is under way from the moment you have it, whether somebody waits for it or not.
type Task[T any] struct {
	result *result
	decode func(text string) (T, *Failure)
}

// Get waits until the result is there, and returns it. Only the goroutine that calls it waits. The
// error is always a [*Failure].
func (t *Task[T]) Get() (T, error) {
	text, failure := t.result.get()
	var value T
	if failure == nil {
		value, failure = t.decode(text)
	}
	if failure != nil {
		return value, failure
	}
	return value, nil
}

// GetWithin is Get, but waits no longer than this: it then cancels the task, and returns [ErrTimeout].
// If both happen in one moment, the result wins.
func (t *Task[T]) GetWithin(limit time.Duration) (T, error) {
	timer := t.result.run.startTimer(limit)
	select {
	case <-t.Done():
	case <-timer.arrived:
	}
	if !t.IsDone() {
		t.Cancel()
		var none T
		return none, ErrTimeout
	}
	timer.cancel()
	return t.Get()
}

// Done returns a channel that is closed when the result is there: for a select.
//
//	select {
//	case <-approval.Done():
//	case <-deadline.Done():
//	}
func (t *Task[T]) Done() <-chan struct{} { return t.result.arrived }

// IsDone returns whether the result is there, so that Get would not wait.
func (t *Task[T]) IsDone() bool {
	select {
	case <-t.Done():
		return true
	default:
		return false
	}
}

// Cancel stops wanting the result: a timer is removed, an activity is told to stop and is not retried,
// a child is terminated, and a wait takes no event any more; an event that had reached it unread goes
// back to the front of its queue. The task is then done, with a [*Failure] of type "cancelled". Does
// nothing to a task whose result has been read by Get.
func (t *Task[T]) Cancel() { t.result.cancel() }

// result is where the text of a result arrives.
type result struct {
	run     *run
	handle  taskHandle
	number  uint32
	arrived chan struct{}
	// Whether text and failure are there. Read as late as can be: an event that nobody has read is
	// still to be had after a cancellation.
	read    bool
	text    string
	failure *Failure
}

func (r *result) get() (string, *Failure) {
	<-r.arrived
	r.run.mutex.Lock()
	defer r.run.mutex.Unlock()
	r.take()
	return r.text, r.failure
}

func (r *result) cancel() {
	r.run.mutex.Lock()
	defer r.run.mutex.Unlock()
	if r.read {
		return
	}
	r.run.host.cancel(r.handle)
	// Now there is an outcome in any case.
	r.take()
	r.run.arrive(r.number)
}

// take reads the outcome, and gives the handle back.
func (r *result) take() {
	if !r.read {
		r.read = true
		r.text, r.failure = r.run.host.outcome(r.handle)
		r.run.host.drop(r.handle)
	}
}

// run is a run of a workflow, with the results that it still waits for.
type run struct {
	host workflowHost
	// A module has no threads, but a test does.
	mutex   sync.Mutex
	waiting map[uint32]*result
}

func newRun(host workflowHost) *run {
	return &run{host: host, waiting: map[uint32]*result{}}
}

// begin makes a task by asking the host.
func (r *run) begin(ask func(workflowHost) taskHandle) *result {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	handle := ask(r.host)
	begun := &result{run: r, handle: handle, number: r.host.number(handle), arrived: make(chan struct{})}
	r.waiting[begun.number] = begun
	return begun
}

// known makes a result that the host has never heard of.
func (r *run) known(failure *Failure) *result {
	arrived := make(chan struct{})
	close(arrived)
	return &result{run: r, arrived: arrived, read: true, failure: failure}
}

func (r *run) startTimer(delay time.Duration) *result {
	return r.begin(func(host workflowHost) taskHandle {
		return host.startTimer(wholeMilliseconds(delay))
	})
}

// deliver wakes who waits for a task: its outcome can be read.
func (r *run) deliver(number uint32) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.arrive(number)
}

func (r *run) arrive(number uint32) {
	if waited := r.waiting[number]; waited != nil {
		delete(r.waiting, number)
		close(waited.arrived)
	}
}
