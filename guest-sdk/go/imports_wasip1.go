package reweft

// What a module imports, flattened as the canonical ABI says: an option or a result is a number that
// tells which it is, with the parameters of each case behind it; and what doesn't fit into one number
// is written where the last parameter points to, in the layout of memory_wasip1.go. That place is on
// Go's heap, never on a stack: the host calls back for memory meanwhile, which may move the stack.

//go:wasmimport reweft:workflow/context@0.1.0 info
func contextInfo(into *instanceInfo)

//go:wasmimport reweft:workflow/context@0.1.0 call-activity
func contextCallActivity(
	name, input string,
	retries bool, maxAttempts uint32, firstInterval uint64, backoff float64,
	hasMaxInterval bool, maxInterval uint64, hasRetryTimeout bool, retryTimeout uint64,
	hasTimeout bool, timeout uint64, hasHeartbeatTimeout bool, heartbeatTimeout uint64,
) taskHandle

//go:wasmimport reweft:workflow/context@0.1.0 call-workflow
func contextCallWorkflow(
	name, input string,
	hasInstanceID bool, instanceID string,
	retries bool, maxAttempts uint32, firstInterval uint64, backoff float64,
	hasMaxInterval bool, maxInterval uint64, hasRetryTimeout bool, retryTimeout uint64,
	detached bool,
) taskHandle

//go:wasmimport reweft:workflow/context@0.1.0 start-timer
func contextStartTimer(milliseconds uint64) taskHandle

//go:wasmimport reweft:workflow/context@0.1.0 wait-event
func contextWaitEvent(name string) taskHandle

//go:wasmimport reweft:workflow/context@0.1.0 select-any
func contextSelectAny() uint32

//go:wasmimport reweft:workflow/context@0.1.0 [method]task.number
func taskNumber(taskHandle) uint32

//go:wasmimport reweft:workflow/context@0.1.0 [method]task.outcome
func taskOutcome(task taskHandle, into *outcome)

//go:wasmimport reweft:workflow/context@0.1.0 [method]task.cancel
func taskCancel(taskHandle)

//go:wasmimport reweft:workflow/context@0.1.0 [resource-drop]task
func taskDrop(taskHandle)

//go:wasmimport reweft:workflow/context@0.1.0 raise-event
func contextRaiseEvent(instanceID, name, payload string)

//go:wasmimport reweft:workflow/context@0.1.0 continue-as-new
func contextContinueAsNew(input string, keepUnreadEvents bool)

//go:wasmimport reweft:workflow/context@0.1.0 is-patched
func contextIsPatched(patch string) bool

//go:wasmimport reweft:workflow/context@0.1.0 set-custom-status
func contextSetCustomStatus(status string)

//go:wasmimport reweft:workflow/context@0.1.0 now
func contextNow() uint64

//go:wasmimport reweft:workflow/context@0.1.0 random-u64
func contextRandomU64() uint64

//go:wasmimport reweft:workflow/context@0.1.0 new-uuid
func contextNewUUID(into *text)

//go:wasmimport reweft:workflow/context@0.1.0 log
func contextLog(level Level, message string)

//go:wasmimport reweft:workflow/activity-context@0.1.0 info
func activityContextInfo(into *activityInfo)

//go:wasmimport reweft:workflow/activity-context@0.1.0 heartbeat
func activityContextHeartbeat(progress string) (unwanted bool)

//go:wasmimport reweft:workflow/activity-context@0.1.0 last-progress
func activityContextLastProgress(into *optionalText)

//go:wasmimport reweft:workflow/activity-context@0.1.0 log
func activityContextLog(level Level, message string)
