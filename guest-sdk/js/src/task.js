// What the host will deliver, as promises.

import { cancelTask, dropTask, selectAny, taskNumber, taskOutcome } from "reweft:host";
import { failureFromHost } from "./failure.js";
import { letAlone } from "./loop.js";

/** What to do with a delivery, by the number of its task. */
const waiting = new Map();

/** Waits for a delivery, if there can be one. */
export function waitForDelivery() {
  if (waiting.size === 0) return false;
  const number = selectAny();
  const deliver = waiting.get(number);
  waiting.delete(number);
  deliver?.();
  return true;
}

/** Calls a function with the outcome of a task, and returns one that stops waiting for it. */
export function expect(handle, deliver) {
  const number = taskNumber(handle);
  waiting.set(number, () => deliver(take(handle)));
  return () => {
    if (!waiting.delete(number)) return undefined;
    cancelTask(handle);
    return take(handle);
  };
}

function take(handle) {
  const outcome = taskOutcome(handle);
  dropTask(handle);
  return outcome;
}

/** A promise that can be cancelled. */
export class Task extends Promise {
  #stop;
  #reject;

  // What `then` returns is a promise like any other.
  static get [Symbol.species]() {
    return Promise;
  }

  static of(handle, read, signal) {
    let resolve, reject;
    const task = new Task((...settle) => ([resolve, reject] = settle));
    const deliver = (outcome) => {
      try {
        if (typeof outcome !== "string") throw failureFromHost(outcome);
        resolve(read(outcome));
      } catch (error) {
        reject(error);
      }
    };
    task.#reject = reject;
    task.#stop = expect(handle, deliver);
    if (signal?.aborted) task.cancel();
    else signal?.addEventListener("abort", () => task.cancel());
    return task;
  }

  cancel() {
    const outcome = this.#stop?.();
    if (outcome === undefined) return;
    const failure = failureFromHost(outcome);
    // Who cancels it knows, and need not handle it.
    letAlone(failure);
    this.#reject(failure);
  }
}
