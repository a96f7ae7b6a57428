/**
 * Durable workflows and their activities.
 *
 * A workflow is an ordinary async function. What it awaits is recorded by the host, so that it goes on where it
 * was after a crash, a restart or a year: `Promise.all`, `setTimeout` and the rest mean what they always do.
 */

/** A promise of what the host will deliver. */
export interface Task<T> extends Promise<T> {
  /**
   * Stops wanting it: an activity is told to stop, a child is terminated, a timer and a wait are given up. It
   * then rejects with a {@link Failure} of type `cancelled`, which need not be handled. Does nothing to a task
   * that has settled.
   */
  cancel(): void;
}

/** The class of all tasks. */
export const Task: { prototype: Task<unknown>; [Symbol.hasInstance](value: unknown): boolean };

declare const typed: unique symbol;

/** A workflow of this module, as a child to be called. */
export interface Workflow<Input, Output> {
  /** The name it is started by. */
  readonly name: string;
  readonly [typed]?: (input: Input) => Output;
}

/** An activity of this module. */
export interface Activity<Input, Output> {
  /** The name it is called by. */
  readonly name: string;
  readonly [typed]?: (input: Input) => Output;
}

/** What a definition may say beside its name and its function. */
export interface DefinitionOptions<Input> {
  /**
   * Checks an input and returns it as the function takes it; the `parse` of a schema will do. What it throws
   * fails the call, with type `invalid-input`, and is not retried.
   */
  input?: (value: unknown) => Input;
}

/**
 * Defines a workflow. Definitions are at the top level of modules.
 *
 * What the function returns is the output; what it throws makes the workflow fail. So does a promise that
 * rejects and that nobody handles.
 *
 * ```js
 * workflow("Greeting", async (ctx, name) => {
 *   await ctx.activity(greet, name, { retry: { maxAttempts: 3, firstInterval: 1_000 } });
 *   const answer = await ctx.event("Answer");
 *   return `${name}: ${answer}`;
 * });
 * ```
 */
export function workflow<Input = any, Output = unknown>(
  name: string,
  body: (ctx: Context, input: Input) => Output | PromiseLike<Output>,
  options?: DefinitionOptions<Input>,
): Workflow<Input, Output>;

/**
 * Defines an activity: what talks to the world. It runs at least once for each call, and each attempt in a guest
 * of its own; nothing is remembered between two.
 *
 * ```js
 * const greet = activity("Greet", (ctx, name) => {
 *   ctx.log.info(`Hello, ${name}!`);
 * });
 * ```
 */
export function activity<Input = any, Output = unknown>(
  name: string,
  body: (ctx: ActivityContext, input: Input) => Output | PromiseLike<Output>,
  options?: DefinitionOptions<Input>,
): Activity<Input, Output>;

/**
 * Resolves when this many milliseconds have passed. In a workflow it is a durable timer, which costs nothing
 * while it runs; in an activity an ordinary one.
 */
export function sleep(ms: number, options?: { signal?: AbortSignal }): Promise<void>;

/** Why something failed: thrown by a program, or what a failed activity or child rejects with. */
export class Failure extends Error {
  /**
   * @param type Stable and machine-readable, for example `insufficient-funds`.
   * @param message What happened, for a person to read.
   */
  constructor(type: string, message: string, options?: { nonRetriable?: boolean; cause?: unknown });

  /** Stable and machine-readable. That of an error that was not thrown as a failure is its class. */
  readonly type: string;

  /** True: no retry policy tries again. */
  readonly nonRetriable: boolean;
}

/** What {@link Context.timeout} rejects with. */
export class TimeoutError extends Error {}

/** When to try what failed again. Delays are durable timers. All times are in milliseconds. */
export interface RetryPolicy {
  /** The first attempt included, so 1 means no retry. */
  maxAttempts: number;
  /** The delay before the second attempt. */
  firstInterval: number;
  /** Each delay is the one before times this; 1 if absent. */
  backoffCoefficient?: number;
  /** No delay is longer than this. */
  maxInterval?: number;
  /** No attempt starts later than this after the first one was asked for. */
  timeout?: number;
}

/** How an activity is to be run. All times are in milliseconds. */
export interface ActivityOptions {
  /** Absent: a single attempt. */
  retry?: RetryPolicy;
  /** How long one attempt may take; it then fails, with type `timeout`. */
  timeout?: number;
  /** How long an attempt may go without a heartbeat; it then fails, with type `heartbeat-timeout`. */
  heartbeatTimeout?: number;
  /** Cancels the call when it is aborted. */
  signal?: AbortSignal;
}

/** How a child is to be run. */
export interface ChildOptions {
  /** The ID of its instance; absent: one that is made up. */
  instanceId?: string;
  /** Absent: a single attempt. */
  retry?: RetryPolicy;
  /** Cancels the child when it is aborted. */
  signal?: AbortSignal;
}

/** A function for each level of the host's log. In a workflow they are silent while it is replayed. */
export interface Log {
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Who is running. */
export interface InstanceInfo {
  /** The ID the instance was started with. */
  readonly instanceId: string;
  /** The name it was started by. */
  readonly workflowName: string;
  /** The module that holds this workflow. */
  readonly moduleName: string;
  /** The SHA-256 of that module's bytes, in hexadecimal: its version. */
  readonly moduleDigest: string;
  /** When this run began. */
  readonly startedAt: Date;
  /** The instance that called this one as its child, if one did. */
  readonly parentInstanceId?: string;
}

/** A workflow's way to everything outside it. Calls start at once; awaiting them waits. */
export interface Context {
  /** Who is running. */
  readonly info: InstanceInfo;
  /** The ID the instance was started with. */
  readonly instanceId: string;
  /** True while the host repeats what an earlier turn has done already. */
  readonly isReplaying: boolean;
  /** Workflow time, as `new Date()` gives it: when the last thing that was awaited was recorded. */
  readonly now: Date;
  /** The host's log. `console` writes to it as well. */
  readonly log: Log;

  /**
   * Runs an activity: at least once, and exactly once unless the host crashes meanwhile. A name is that of one of
   * this module, or `module/activity`. Rejects with a {@link Failure}.
   */
  activity<Input, Output>(activity: Activity<Input, Output>, input: Input, options?: ActivityOptions): Task<Output>;
  activity<Output = any>(activity: string, input?: unknown, options?: ActivityOptions): Task<Output>;

  /** Starts another workflow of this host as a child. Rejects with a {@link Failure} as the child fails. */
  child<Input, Output>(workflow: Workflow<Input, Output>, input: Input, options?: ChildOptions): Task<Output>;
  child<Output = any>(workflow: string, input?: unknown, options?: ChildOptions): Task<Output>;

  /** Starts another workflow that outlives this one, and gives its instance ID when it has been started. */
  child(
    workflow: string | Workflow<any, unknown>,
    input: unknown,
    options: ChildOptions & { detached: true },
  ): Task<string>;

  /**
   * Waits for an event of this name, and gives its payload. Names are compared without regard to case. Events
   * wait for whoever wants them; each wait takes one.
   */
  event<Payload = any>(name: string, options?: { signal?: AbortSignal }): Task<Payload>;

  /** Raises an event to another instance. One that has ended gets nothing, and nobody is told. */
  raiseEvent(instanceId: string, name: string, payload?: unknown): void;

  /** Resolves when this many milliseconds have passed, however often the host is restarted meanwhile. */
  sleep(ms: number, options?: { signal?: AbortSignal }): Task<void>;

  /**
   * Gives a promise no longer than this many milliseconds: then it rejects with a {@link TimeoutError}, and what
   * can be cancelled is.
   */
  timeout<T>(ms: number, promise: PromiseLike<T>): Promise<T>;

  /** A random number from 0 up to 1, as `Math.random` gives it: the same in every replay. */
  random(): number;

  /** A random UUID, as `crypto.randomUUID` gives it: the same in every replay. */
  uuid(): string;

  /** Shows a text with the instance. */
  setCustomStatus(status: string): void;

  /**
   * Ends this run at once, and begins another with this input under the same instance ID. Its history begins
   * anew, so that a workflow may go on for ever. Nothing comes after it.
   */
  continueAsNew(input?: unknown, options?: { keepUnreadEvents?: boolean }): never;

  /**
   * Whether the code behind a change is to go its new way: false in a run that was beyond it before the change.
   */
  isPatched(patch: string): boolean;
}

/** What is being done, and for whom. */
export interface ActivityInfo {
  /** The instance that asked for it. */
  readonly instanceId: string;
  /** The activity's name. */
  readonly activityName: string;
  /** From 1; more than 1 when a retry policy is at work. */
  readonly attempt: number;
  /** The same for every attempt of a call, different for every other call. */
  readonly idempotencyKey: string;
  /** When this attempt is stopped. */
  readonly deadline: Date;
}

/** An activity's way to the host. */
export interface ActivityContext extends ActivityInfo {
  /** What is being done, and for whom. */
  readonly info: ActivityInfo;
  /** The host's log. `console` writes to it as well. */
  readonly log: Log;

  /**
   * Says that the attempt gets on, and how far it is. True once the attempt is no longer wanted: it should clean
   * up and return, and is stopped if it does not soon.
   */
  heartbeat(progress?: unknown): boolean;

  /** What the attempt before this one said last with {@link heartbeat}. */
  lastProgress<Progress = any>(): Progress | undefined;
}
