package reweft

import "time"

// moduleHost is the host that runs this module.
type moduleHost struct{}

func (moduleHost) info() Info {
	info := new(instanceInfo)
	contextInfo(info)
	parent, _ := info.parentInstanceID.take()
	return Info{
		InstanceID:       info.instanceID.take(),
		WorkflowName:     info.workflowName.take(),
		ModuleName:       info.moduleName.take(),
		ModuleDigest:     info.moduleDigest.take(),
		StartedAt:        timeOf(info.startedAt),
		ParentInstanceID: parent,
		Replaying:        info.replaying,
	}
}

func (moduleHost) callActivity(name, input string, options callOptions) taskHandle {
	retry := options.retry
	maxInterval, retryTimeout := optional(retry.MaxInterval), optional(retry.Timeout)
	timeout, heartbeatTimeout := optional(options.timeout), optional(options.heartbeatTimeout)
	return contextCallActivity(
		name, input,
		retry.isGiven(), retry.MaxAttempts, wholeMilliseconds(retry.FirstInterval), retry.Backoff,
		maxInterval.isThere, maxInterval.milliseconds, retryTimeout.isThere, retryTimeout.milliseconds,
		timeout.isThere, timeout.milliseconds, heartbeatTimeout.isThere, heartbeatTimeout.milliseconds,
	)
}

func (moduleHost) callWorkflow(name, input string, options childOptions) taskHandle {
	retry := options.retry
	maxInterval, retryTimeout := optional(retry.MaxInterval), optional(retry.Timeout)
	return contextCallWorkflow(
		name, input,
		options.instanceID != "", options.instanceID,
		retry.isGiven(), retry.MaxAttempts, wholeMilliseconds(retry.FirstInterval), retry.Backoff,
		maxInterval.isThere, maxInterval.milliseconds, retryTimeout.isThere, retryTimeout.milliseconds,
		options.detached,
	)
}

func (moduleHost) startTimer(milliseconds uint64) taskHandle { return contextStartTimer(milliseconds) }

func (moduleHost) waitEvent(name string) taskHandle { return contextWaitEvent(name) }

func (moduleHost) number(task taskHandle) uint32 { return taskNumber(task) }

func (moduleHost) outcome(task taskHandle) (string, *Failure) {
	outcome := new(outcome)
	taskOutcome(task, outcome)
	return outcome.take()
}

func (moduleHost) cancel(task taskHandle) { taskCancel(task) }

func (moduleHost) drop(task taskHandle) { taskDrop(task) }

func (moduleHost) raiseEvent(instanceID, name, payload string) {
	contextRaiseEvent(instanceID, name, payload)
}

func (moduleHost) continueAsNew(input string, unread UnreadEvents) {
	contextContinueAsNew(input, bool(unread))
}

func (moduleHost) isPatched(patch string) bool { return contextIsPatched(patch) }

func (moduleHost) setCustomStatus(status string) { contextSetCustomStatus(status) }

func (moduleHost) now() time.Time { return timeOf(contextNow()) }

func (moduleHost) newUUID() string {
	uuid := new(text)
	contextNewUUID(uuid)
	return uuid.take()
}

func (moduleHost) randomUint64() uint64 { return contextRandomU64() }

func (moduleHost) log(level Level, message string) { contextLog(level, message) }

// moduleActivityHost is the host that makes an attempt of an activity.
type moduleActivityHost struct{}

func (moduleActivityHost) info() ActivityInfo {
	info := new(activityInfo)
	activityContextInfo(info)
	return ActivityInfo{
		InstanceID:     info.instanceID.take(),
		ActivityName:   info.activityName.take(),
		Attempt:        info.attempt,
		IdempotencyKey: info.idempotencyKey.take(),
		Deadline:       timeOf(info.deadline),
	}
}

func (moduleActivityHost) heartbeat(progress string) bool { return activityContextHeartbeat(progress) }

func (moduleActivityHost) lastProgress() (string, bool) {
	progress := new(optionalText)
	activityContextLastProgress(progress)
	return progress.take()
}

func (moduleActivityHost) log(level Level, message string) { activityContextLog(level, message) }

type optionalDuration struct {
	isThere      bool
	milliseconds uint64
}

// optional returns a duration that is absent if it is zero.
func optional(d time.Duration) optionalDuration {
	return optionalDuration{d != 0, wholeMilliseconds(d)}
}

func timeOf(milliseconds uint64) time.Time { return time.UnixMilli(int64(milliseconds)) }
