/**
 * Owns the imports of the contract, as the canonical ABI passes them: a text as its address and
 * length, an optional value as a number that says whether it is there and the value, and a result
 * that is more than a number through an address, `to`. What they mean is said in the contract.
 */

@external("reweft:workflow/context@0.1.0", "[method]task.outcome")
export declare function taskOutcome(task: i32, to: usize): void;

@external("reweft:workflow/context@0.1.0", "[method]task.number")
export declare function taskNumber(task: i32): u32;

@external("reweft:workflow/context@0.1.0", "[method]task.cancel")
export declare function taskCancel(task: i32): void;

@external("reweft:workflow/context@0.1.0", "[resource-drop]task")
export declare function taskDrop(task: i32): void;

@external("reweft:workflow/context@0.1.0", "info")
export declare function workflowInfo(to: usize): void;

@external("reweft:workflow/context@0.1.0", "call-activity")
export declare function callActivity(
  name: usize, nameLength: usize,
  input: usize, inputLength: usize,
  hasRetry: bool, maxAttempts: u32, firstInterval: u64, backoffCoefficient: f64,
  hasMaxInterval: bool, maxInterval: u64, hasRetryTimeout: bool, retryTimeout: u64,
  hasTimeout: bool, timeout: u64,
  hasHeartbeatTimeout: bool, heartbeatTimeout: u64,
): i32;

@external("reweft:workflow/context@0.1.0", "call-workflow")
export declare function callWorkflow(
  name: usize, nameLength: usize,
  input: usize, inputLength: usize,
  hasInstanceId: bool, instanceId: usize, instanceIdLength: usize,
  hasRetry: bool, maxAttempts: u32, firstInterval: u64, backoffCoefficient: f64,
  hasMaxInterval: bool, maxInterval: u64, hasRetryTimeout: bool, retryTimeout: u64,
  detached: bool,
): i32;

@external("reweft:workflow/context@0.1.0", "raise-event")
export declare function raiseEvent(
  instanceId: usize, instanceIdLength: usize,
  name: usize, nameLength: usize,
  payload: usize, payloadLength: usize,
): void;

@external("reweft:workflow/context@0.1.0", "start-timer")
export declare function startTimer(delay: u64): i32;

@external("reweft:workflow/context@0.1.0", "wait-event")
export declare function waitEvent(name: usize, nameLength: usize): i32;

@external("reweft:workflow/context@0.1.0", "select")
export declare function select(tasks: usize, count: usize): u32;

@external("reweft:workflow/context@0.1.0", "now")
export declare function now(): u64;

@external("reweft:workflow/context@0.1.0", "random-u64")
export declare function randomU64(): u64;

@external("reweft:workflow/context@0.1.0", "new-uuid")
export declare function newUuid(to: usize): void;

@external("reweft:workflow/context@0.1.0", "set-custom-status")
export declare function setCustomStatus(status: usize, statusLength: usize): void;

@external("reweft:workflow/context@0.1.0", "continue-as-new")
export declare function continueAsNew(
  input: usize, inputLength: usize, keepUnreadEvents: bool,
): void;

@external("reweft:workflow/context@0.1.0", "is-patched")
export declare function isPatched(patch: usize, patchLength: usize): bool;

@external("reweft:workflow/context@0.1.0", "log")
export declare function logFromWorkflow(level: i32, message: usize, messageLength: usize): void;

@external("reweft:workflow/context@0.1.0", "fail")
export declare function failWorkflow(
  errorType: usize, errorTypeLength: usize,
  message: usize, messageLength: usize,
  hasStackTrace: bool, stackTrace: usize, stackTraceLength: usize,
  nonRetriable: bool,
): void;

@external("reweft:workflow/activity-context@0.1.0", "info")
export declare function activityInfo(to: usize): void;

@external("reweft:workflow/activity-context@0.1.0", "heartbeat")
export declare function heartbeat(progress: usize, progressLength: usize): bool;

@external("reweft:workflow/activity-context@0.1.0", "last-progress")
export declare function lastProgress(to: usize): void;

@external("reweft:workflow/activity-context@0.1.0", "log")
export declare function logFromActivity(level: i32, message: usize, messageLength: usize): void;

@external("reweft:workflow/activity-context@0.1.0", "fail")
export declare function failActivity(
  errorType: usize, errorTypeLength: usize,
  message: usize, messageLength: usize,
  hasStackTrace: bool, stackTrace: usize, stackTraceLength: usize,
  nonRetriable: bool,
): void;
