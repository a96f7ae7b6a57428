// Timers: in a workflow the host's, which are durable; in an activity those of an ordinary clock.

import { startTimer } from "reweft:host";
import { callBack, soon } from "./loop.js";
import { milliseconds } from "./payload.js";
import { isAnythingPolled, pollAll } from "./polling.js";
import { expect } from "./task.js";

// Both return a function that takes back what has been asked for.
function startDurable(ms, fire) {
  return expect(startTimer(ms), fire);
}

/** When something is due, and what, ordered by time. */
const schedule = [];

function startOrdinary(ms, fire) {
  const entry = { due: Date.now() + ms, fire };
  const later = schedule.findIndex(({ due }) => due > entry.due);
  schedule.splice(later < 0 ? schedule.length : later, 0, entry);
  return () => {
    const position = schedule.indexOf(entry);
    if (position >= 0) schedule.splice(position, 1);
  };
}

/** Waits, in an activity, until something is due or has come, if anything will. */
export function waitForWorld() {
  const next = schedule[0];
  if (!next && !isAnythingPolled()) return false;
  const isDue = pollAll(next && Math.max(next.due - Date.now(), 0));
  if (!isDue) return true;
  schedule.shift();
  next.fire();
  return true;
}

let start;

export function useDurableTimers() {
  start = startDurable;
}

export function useOrdinaryTimers() {
  start = startOrdinary;
}

/** Calls a function later, and returns a function that takes it back. */
export function after(ms, fire) {
  if (!start) throw new Error("time passes only in a workflow or an activity, not at the top level of a module");
  if (ms > 0) return start(ms, fire);
  let isWanted = true;
  soon(() => isWanted && fire());
  return () => (isWanted = false);
}

const timeouts = new Map();
let lastId = 0;

/** What `setTimeout` returns: a number as in browsers, with the methods that Node has. */
class Timeout {
  #id;

  constructor(id) {
    this.#id = id;
  }

  ref() {
    return this;
  }

  unref() {
    return this;
  }

  hasRef() {
    return true;
  }

  [Symbol.toPrimitive]() {
    return this.#id;
  }
}

// As browsers do, whatever is no length of time is none.
const delay = (ms) => (ms > 0 && ms <= Number.MAX_SAFE_INTEGER ? milliseconds("a delay", Number(ms)) : 0);

function checkCallback(callback) {
  if (typeof callback !== "function") throw new TypeError("a timer needs a function");
}

export function setTimeout(callback, ms, ...values) {
  checkCallback(callback);
  const id = ++lastId;
  const fire = () => {
    timeouts.delete(id);
    callBack(callback, ...values);
  };
  timeouts.set(id, after(delay(ms), fire));
  return new Timeout(id);
}

export function setInterval(callback, ms, ...values) {
  checkCallback(callback);
  const id = ++lastId;
  const begin = () => timeouts.set(id, after(delay(ms) || 1, fire));
  const fire = () => {
    begin();
    callBack(callback, ...values);
  };
  begin();
  return new Timeout(id);
}

export function clearTimeout(timeout) {
  const id = Number(timeout);
  timeouts.get(id)?.();
  timeouts.delete(id);
}

export const clearInterval = clearTimeout;
export const clearImmediate = clearTimeout;

export function setImmediate(callback, ...values) {
  return setTimeout(callback, 0, ...values);
}
