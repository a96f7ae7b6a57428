import * as host from "./abi/host";
import { Utf8 } from "./abi/memory";
import { Definition, activities, runBody } from "./definitions";
import { toJson } from "./json/json";
import { NO_RETRY, RetryPolicy } from "./retry-policy";
import { Task } from "./task";

/** How an activity is to be run. Lengths of time are in milliseconds. */
export class ActivityOptions {
  constructor(
    /** When to try again; null for a single attempt. */
    public retry: RetryPolicy | null = null,
    /** How long one attempt may take; 0 for as long as the host allows. */
    public timeout: u64 = 0,
    /** How long an attempt may go without a heartbeat; 0 if it need not send any. */
    public heartbeatTimeout: u64 = 0,
  ) {}
}

const DEFAULTS = new ActivityOptions();

/** An activity that takes an `I` and returns an `O`: what a workflow calls. */
export class Activity<I, O> {
  constructor(
    /** Its name; for one of another module `module/activity`. */
    readonly name: string,
  ) {}

  /** Runs it, and waits for its output. If it fails, the workflow fails with that. */
  call(input: I, options: ActivityOptions = DEFAULTS): O {
    return this.start(input, options).result();
  }

  /**
   * Runs it, and goes on meanwhile. It is run at least once, and exactly once unless the host
   * crashes meanwhile.
   */
  start(input: I, options: ActivityOptions = DEFAULTS): Task<O> {
    const name = new Utf8(this.name);
    const text = new Utf8(toJson<I>(input));
    const given = options.retry;
    const retry = given === null ? NO_RETRY : given;
    const handle = host.callActivity(
      name.at, name.length,
      text.at, text.length,
      given !== null, retry.maxAttempts, retry.firstInterval, retry.backoffCoefficient,
      retry.maxInterval > 0, retry.maxInterval, retry.timeout > 0, retry.timeout,
      options.timeout > 0, options.timeout,
      options.heartbeatTimeout > 0, options.heartbeatTimeout,
    );
    return new Task<O>(handle, `the output of activity "${this.name}"`, "invalid-output");
  }
}

class ActivityDefinition<I, O> extends Definition {
  constructor(name: string, private body: (input: I) => O) {
    super(name);
  }

  run(input: string): string {
    return runBody<I, O>(this.body, input, `activity "${this.name}"`);
  }
}

/**
 * Defines an activity of this module: a function that does the work, and may be tried again when it
 * fails.
 *
 * ```ts
 * export const square = activity<i32, i32>("Square", (number) => number * number);
 * ```
 *
 * Names are unique among the activities of a module.
 */
export function activity<I, O>(name: string, body: (input: I) => O): Activity<I, O> {
  activities.push(new ActivityDefinition<I, O>(name, body));
  return new Activity<I, O>(name);
}

/**
 * Names an activity that is defined elsewhere, as `module/activity`. If nobody has it, calls fail
 * with error type `activity-not-found`.
 */
export function externalActivity<I, O>(name: string): Activity<I, O> {
  return new Activity<I, O>(name);
}
