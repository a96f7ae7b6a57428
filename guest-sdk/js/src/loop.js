// The event loop: when nothing can go on, it waits for what comes next, and for nothing else. What it does
// depends on the program and on what comes, one thing at a time. So a replay goes the same way.

import { runJobs } from "reweft:host";
import { Failure, failureToHost } from "./failure.js";

/** What runs as soon as the jobs of all promises have run. */
const ready = [];

/** Rejected promises that nobody handles, each with its reason. */
const unhandled = new Map();

/** Reasons that need not be handled. */
const harmless = new WeakSet();

/** What has been thrown where nobody could catch it. */
let uncaught;

export function trackRejection(promise, reason, isHandled) {
  if (isHandled) unhandled.delete(promise);
  else if (!harmless.has(reason)) unhandled.set(promise, reason);
}

/** Lets promises reject with this although nobody handles it. */
export function letAlone(reason) {
  harmless.add(reason);
}

/** Calls a function as soon as everything before it has run. */
export function soon(callback) {
  ready.push(callback);
}

/** Calls a function of the program that nobody waits for. */
export function callBack(callback, ...values) {
  try {
    callback(...values);
  } catch (error) {
    uncaught ??= { error };
  }
}

function runReady() {
  runJobs();
  while (ready.length > 0 && !uncaught && unhandled.size === 0) {
    ready.shift()();
    runJobs();
  }
}

/** Returns what went wrong and was left alone, if anything. */
export function leftAlone() {
  if (uncaught) return uncaught;
  for (const [, error] of unhandled) return { error };
  return undefined;
}

/**
 * Runs a function and what comes of it to the end, and returns its result as the host takes it. `wait` waits
 * for what comes next, and says whether there is anything to wait for.
 */
export function runToEnd(main, wait, encode) {
  let ended;
  try {
    Promise.resolve(main()).then(
      (value) => (ended = { value }),
      (error) => (ended = { error }),
    );
    for (;;) {
      runReady();
      const failed = ended && "error" in ended ? ended : leftAlone();
      if (failed) return failureToHost(failed.error);
      if (ended) return encode(ended.value);
      if (!wait()) return failureToHost(deadlock());
    }
  } catch (error) {
    return failureToHost(error);
  }
}

function deadlock() {
  const message =
    "it waits for something that nothing can bring about: no activity, child, timer or event is under way";
  const failure = new Failure("deadlock", message, { nonRetriable: true });
  failure.stack = "";
  return failure;
}
