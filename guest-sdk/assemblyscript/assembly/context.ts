import * as host from "./abi/host";
import { Utf8, takeOptionalStringFrom, takeStringFrom } from "./abi/memory";
import { toJson } from "./json/json";
import { Level } from "./level";
import { Task } from "./task";

/** Where the host writes the record `instance-info`. */
const INFO = memory.data(56, 8);
/** Where the host writes the address and the length of a text. */
const TEXT = memory.data(8, 4);

/** Who is running. */
export class InstanceInfo {
  constructor(
    /** The ID the instance was started with. */
    readonly instanceId: string,
    /** The name it was started by. */
    readonly workflowName: string,
    /** The module that holds this workflow. */
    readonly moduleName: string,
    /** The SHA-256 of that module's bytes, in hexadecimal: its version. */
    readonly moduleDigest: string,
    /** When this run began, in milliseconds since 1970. */
    readonly startedAt: u64,
    /** The instance that called this one as its child, if one did. */
    readonly parentInstanceId: string | null,
    /** True while the host replays what an earlier turn has done already. */
    readonly isReplaying: bool,
  ) {}
}

/**
 * What a workflow may ask of its host, beside running activities and children. All of it is
 * recorded in the history of the run, and answered from it when the run is replayed. To call it
 * from an activity ends that.
 */
export namespace context {
  /** Returns who is running. */
  export function info(): InstanceInfo {
    host.workflowInfo(INFO);
    return new InstanceInfo(
      takeStringFrom(INFO),
      takeStringFrom(INFO + 8),
      takeStringFrom(INFO + 16),
      takeStringFrom(INFO + 24),
      load<u64>(INFO, 32),
      takeOptionalStringFrom(INFO + 40),
      load<u8>(INFO, 52) != 0,
    );
  }

  /** Returns the ID that the instance was started with. */
  export function instanceId(): string {
    return info().instanceId;
  }

  /**
   * Starts a timer that is settled after so many milliseconds, never earlier. It survives restarts.
   */
  export function startTimer(delay: u64): Task<void> {
    return new Task<void>(host.startTimer(delay), "", "");
  }

  /** Waits for so many milliseconds, which costs nothing, however long it takes. */
  export function sleep(delay: u64): void {
    startTimer(delay).result();
  }

  /**
   * Waits, from now on, for an event that is raised to this instance under this name. The result is
   * its payload; one that is no `T` is a failure with error type `invalid-event`. Events are kept
   * from the start of the run until a wait takes them; each wait takes one.
   */
  export function waitEvent<T>(name: string): Task<T> {
    const text = new Utf8(name);
    const handle = host.waitEvent(text.at, text.length);
    return new Task<T>(handle, `the payload of event "${name}"`, "invalid-event");
  }

  /** Raises an event to another instance, when this workflow waits next or ends. */
  export function raiseEvent<T>(instanceId: string, name: string, payload: T): void {
    const instance = new Utf8(instanceId);
    const event = new Utf8(name);
    const text = new Utf8(toJson<T>(payload));
    host.raiseEvent(instance.at, instance.length, event.at, event.length, text.at, text.length);
  }

  /**
   * Returns workflow time, in milliseconds since 1970: when the last thing this workflow waited for
   * was recorded. It stands still between two waits. `Date.now()` tells the same.
   */
  export function now(): u64 {
    return host.now();
  }

  /** Returns a random number, the same in every replay. */
  export function randomU64(): u64 {
    return host.randomU64();
  }

  /** Returns a random UUID (version 4), the same in every replay. */
  export function newUuid(): string {
    host.newUuid(TEXT);
    return takeStringFrom(TEXT);
  }

  /** Shows a status with the instance, when this workflow waits next or ends. */
  export function setCustomStatus(status: string): void {
    const text = new Utf8(status);
    host.setCustomStatus(text.at, text.length);
  }

  /**
   * Ends this run, and begins another with this input under the same instance ID: the call never
   * returns. What this run still waits for is cancelled, but for children. The type is what the
   * surrounding function would have to return: `return context.continueAsNew<u32, void>(day + 1)`.
   */
  export function continueAsNew<I, O>(input: I, keepUnreadEvents: bool = true): O {
    const text = new Utf8(toJson<I>(input));
    host.continueAsNew(text.at, text.length, keepUnreadEvents);
    return unreachable();
  }

  /**
   * Returns whether the code behind a change is to go its new way: true where this point is reached
   * for the first time, which is then remembered, and false in a run that was beyond it before the
   * change.
   */
  export function isPatched(patch: string): bool {
    const text = new Utf8(patch);
    return host.isPatched(text.at, text.length);
  }

  /** Writes a line to the host's log; silent while replaying. */
  export function log(level: Level, message: string): void {
    const text = new Utf8(message);
    host.logFromWorkflow(level, text.at, text.length);
  }
}
