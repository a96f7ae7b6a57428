// Of Node's `process`, what libraries look for everywhere: the environment.

import { environment } from "reweft:host";
import { defineGlobals } from "./define.js";

// Read when it is first asked for while something runs: there is none when a program is built.
let variables;

function read() {
  const entries = environment();
  const found = Object.create(null);
  for (let i = 0; i < entries.length; i += 2) found[entries[i]] = entries[i + 1];
  return found;
}

const env = new Proxy(Object.create(null), {
  get: (_, name) => current()[name],
  has: (_, name) => name in current(),
  set: (_, name, value) => Reflect.set(current(), name, String(value)),
  deleteProperty: (_, name) => Reflect.deleteProperty(current(), name),
  ownKeys: () => Reflect.ownKeys(current()),
  getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(current(), name),
});

let isRunning = false;

export function startEnvironment() {
  isRunning = true;
}

function current() {
  if (!isRunning) return Object.create(null);
  return (variables ??= read());
}

function nextTick(callback, ...values) {
  queueMicrotask(() => callback(...values));
}

defineGlobals({ process: { env, argv: [], nextTick } });
