import * as host from "./abi/host";
import { takeFailureFrom, takeStringFrom } from "./abi/memory";
import { Failure } from "./failure";
import { AnyPayload, Payload, readPayload } from "./json/payload";

/** Where the host writes an outcome: `option<result<string, failure>>`. */
const OUTCOME = memory.data(40, 4);

/**
 * A result that may arrive later, whatever it is: an activity or a child that has been started, a
 * timer, a wait for an event. It is under way from the moment you have it.
 */
export abstract class AnyTask {
  /** The number of the task within its run: the first one made is 1. */
  readonly number: u32;
  private failedWith: Failure | null = null;
  private taken: bool = false;

  constructor(
    /** The host's handle, which is gone once the result has been taken. */
    readonly handle: i32,
  ) {
    this.number = host.taskNumber(handle);
  }

  /** Whether the result has been taken from the host. */
  get isTaken(): bool {
    return this.taken;
  }

  /**
   * Whether the result is there, which takes it. Results arrive only while the workflow waits for
   * something.
   */
  get isSettled(): bool {
    if (this.taken) return true;
    host.taskOutcome(this.handle, OUTCOME);
    if (load<u8>(OUTCOME) == 0) return false;
    this.taken = true;
    host.taskDrop(this.handle);
    if (load<u8>(OUTCOME, 4) != 0) this.failedWith = takeFailureFrom(OUTCOME + 8);
    else this.failedWith = this.accept(takeStringFrom(OUTCOME + 8));
    return true;
  }

  /** Waits for the result. Returns why it failed, if it did. */
  wait(): Failure | null {
    while (!this.isSettled) {
      const tasks: AnyTask[] = [this];
      select(tasks);
    }
    return this.failedWith;
  }

  /**
   * Waits for the result for so many milliseconds at most. Returns whether it has come; if it has
   * not, the task is cancelled.
   */
  waitFor(limit: u64): bool {
    const tasks: AnyTask[] = [this];
    return waitForAll(tasks, limit);
  }

  /**
   * Stops wanting the result: a timer is removed, an activity is told to stop and is not retried, a
   * child is terminated, and a wait takes no event any more. A result that has not come by then is
   * a failure with error type `cancelled`.
   */
  cancel(): void {
    if (this.taken) return;
    host.taskCancel(this.handle);
    if (this.isSettled) return;
    this.taken = true;
    this.failedWith = Failure.permanent("cancelled", "the workflow cancelled this task");
    host.taskDrop(this.handle);
  }

  /** Takes the output; returns what is wrong with it. */
  protected abstract accept(output: string): Failure | null;
}

/** A result of type `T` that may arrive later. */
export class Task<T> extends AnyTask {
  /** A `Payload<T>`; there is none of nothing. */
  private payload: AnyPayload | null = null;

  constructor(
    handle: i32,
    /** What the result is, for example `the output of activity "Charge"`. */
    private what: string,
    /** The error type of a result that is no `T`. */
    private errorType: string,
  ) {
    super(handle);
  }

  /**
   * Waits for the result. If it is a failure, the workflow fails with that: `wait` tells it
   * beforehand.
   */
  result(): T {
    const failure = this.wait();
    if (failure !== null) return failure.raise<T>();
    if (!isVoid<T>()) return changetype<Payload<T>>(this.payload).value;
  }

  protected accept(output: string): Failure | null {
    if (isVoid<T>()) return null;
    const payload = readPayload<T>(output, this.errorType, this.what);
    this.payload = payload;
    return payload.failure;
  }
}

/**
 * Waits for the next result of these tasks, and takes it. Returns the index of its task: each comes
 * once, in the order in which the results arrive. Returns -1 if all have been taken already.
 */
export function select<T extends AnyTask>(tasks: T[]): i32 {
  const handles = new StaticArray<i32>(tasks.length);
  const indexes = new StaticArray<i32>(tasks.length);
  let count = 0;
  for (let index = 0; index < tasks.length; index++) {
    if (!tasks[index].isTaken) {
      handles[count] = tasks[index].handle;
      indexes[count++] = index;
    }
  }
  if (count == 0) return -1;
  const index = indexes[host.select(changetype<usize>(handles), count)];
  tasks[index].isSettled;
  return index;
}

/**
 * Waits for all of these tasks; with a limit, for so many milliseconds at most, and those that are
 * late are cancelled. Returns whether none was.
 */
export function waitForAll<T extends AnyTask>(tasks: T[], limit: u64 = u64.MAX_VALUE): bool {
  if (limit == u64.MAX_VALUE) {
    for (let index = 0; index < tasks.length; index++) tasks[index].wait();
    return true;
  }
  const timer = new Task<void>(host.startTimer(limit), "", "");
  let areInTime = true;
  for (let index = 0; index < tasks.length; index++) {
    const pair: AnyTask[] = [tasks[index], timer];
    while (!tasks[index].isSettled && !timer.isSettled) select(pair);
    if (!tasks[index].isSettled) {
      tasks[index].cancel();
      areInTime = false;
    }
  }
  timer.cancel();
  return areInTime;
}
