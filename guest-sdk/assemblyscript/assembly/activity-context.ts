import * as host from "./abi/host";
import { Utf8, takeOptionalStringFrom, takeStringFrom } from "./abi/memory";
import { Json, toJson } from "./json/json";
import { Level } from "./level";

/** Where the host writes the record `activity-info`. */
const INFO = memory.data(40, 8);
/** Where the host writes a text that may be absent. */
const TEXT = memory.data(12, 4);

/** What is being done, and for whom. */
export class ActivityInfo {
  constructor(
    /** The instance that asked for it. */
    readonly instanceId: string,
    /** The activity's name. */
    readonly activityName: string,
    /** From 1; more than 1 when a retry policy is at work. */
    readonly attempt: u32,
    /**
     * The same for every attempt of this call, different for every other call: what to give a
     * payment service so that it pays once.
     */
    readonly idempotencyKey: string,
    /** When this attempt is stopped, in milliseconds since 1970. */
    readonly deadline: u64,
  ) {}
}

/** What an activity may ask of its host. To call it from a workflow ends that. */
export namespace activityContext {
  /** Returns what is being done, and for whom. */
  export function info(): ActivityInfo {
    host.activityInfo(INFO);
    return new ActivityInfo(
      takeStringFrom(INFO),
      takeStringFrom(INFO + 8),
      load<u32>(INFO, 16),
      takeStringFrom(INFO + 20),
      load<u64>(INFO, 32),
    );
  }

  /**
   * Says that the attempt gets on, and how far it is: the next attempt can read it with
   * `lastProgress`. Returns true once the attempt is no longer wanted: it should clean up and
   * return, and is stopped if it does not soon.
   */
  export function heartbeat<T>(progress: T): bool {
    const text = new Utf8(toJson<T>(progress));
    return host.heartbeat(text.at, text.length);
  }

  /**
   * Returns what the attempt before this one said last; null if it said nothing, or if this is the
   * first.
   */
  export function lastProgress(): Json | null {
    host.lastProgress(TEXT);
    const text = takeOptionalStringFrom(TEXT);
    return text === null ? null : Json.parse(text);
  }

  /** Writes a line to the host's log. */
  export function log(level: Level, message: string): void {
    const text = new Utf8(message);
    host.logFromActivity(level, text.at, text.length);
  }
}
