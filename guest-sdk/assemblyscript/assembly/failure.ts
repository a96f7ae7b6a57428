import { end } from "./side";

/** Why a workflow or an activity failed. */
export class Failure {
  /** Returns a failure that no retry policy tries again. */
  static permanent(errorType: string, message: string): Failure {
    return new Failure(errorType, message, null, true);
  }

  /** Returns a failure that a retry policy may try again, unless it says otherwise. */
  constructor(
    /** Stable and machine-readable, for example `insufficient-funds`. */
    public errorType: string,
    /** What happened, for a person to read. */
    public message: string,
    /** Where it happened. */
    public stackTrace: string | null = null,
    /** True: no retry policy tries again. */
    public nonRetriable: bool = false,
  ) {}

  /** Whether it is the failure of a task that has been cancelled. */
  get isCancelled(): bool {
    return this.errorType == "cancelled";
  }

  /**
   * Ends the workflow, or the attempt of the activity, as failed with this: the call never returns.
   * The type is what the surrounding function would have to return:
   *
   * ```ts
   * if (amount > LIMIT) return Failure.permanent("declined", "that is too much").raise<Receipt>();
   * ```
   *
   * `throw` can't be used with it: AssemblyScript's `throw` takes nothing from an error but its
   * first argument.
   */
  raise<T>(): T {
    end(this);
    return unreachable();
  }

  /** Returns the error type and the message. */
  toString(): string {
    return `${this.errorType}: ${this.message}`;
  }
}
