package reweft

import "time"

// taskHandle is what a host knows a task by, until it is dropped.
type taskHandle uint32

// workflowHost answers what a workflow asks: the real host, or a simulated one in a test. None of its
// functions waits.
type workflowHost interface {
	info() Info
	callActivity(name, input string, options callOptions) taskHandle
	callWorkflow(name, input string, options childOptions) taskHandle
	startTimer(milliseconds uint64) taskHandle
	waitEvent(name string) taskHandle

	number(taskHandle) uint32
	// outcome is asked only of a task that has been delivered or cancelled.
	outcome(taskHandle) (string, *Failure)
	cancel(taskHandle)
	drop(taskHandle)

	raiseEvent(instanceID, name, payload string)
	continueAsNew(input string, unread UnreadEvents)
	isPatched(patch string) bool
	setCustomStatus(status string)
	now() time.Time
	newUUID() string
	randomUint64() uint64
	log(level Level, message string)
}

// activityHost answers what an activity asks.
type activityHost interface {
	info() ActivityInfo
	heartbeat(progress string) (unwanted bool)
	lastProgress() (string, bool)
	log(level Level, message string)
}
