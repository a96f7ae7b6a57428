// Events, as far as signals need them, and signals to stop.

import { after } from "../timers.js";
import { defineGlobals } from "./define.js";

class Event {
  type;
  target = null;
  defaultPrevented = false;

  constructor(type) {
    this.type = String(type);
  }

  preventDefault() {
    this.defaultPrevented = true;
  }
}

class EventTarget {
  #listeners = [];

  addEventListener(type, listener, options) {
    const isThere = this.#listeners.some((known) => known.type === type && known.listener === listener);
    if (!listener || isThere) return;
    this.#listeners.push({ type, listener, once: Boolean(options?.once) });
  }

  removeEventListener(type, listener) {
    this.#listeners = this.#listeners.filter((known) => known.type !== type || known.listener !== listener);
  }

  dispatchEvent(event) {
    event.target = this;
    for (const { type, listener, once } of [...this.#listeners]) {
      if (type !== event.type) continue;
      if (once) this.removeEventListener(type, listener);
      if (typeof listener === "function") listener.call(this, event);
      else listener.handleEvent(event);
    }
    return !event.defaultPrevented;
  }
}

let abort;

class AbortSignal extends EventTarget {
  #isAborted = false;
  #reason;
  onabort = null;

  static {
    abort = (signal, reason = new DOMException("it was aborted", "AbortError")) => {
      if (signal.#isAborted) return;
      signal.#isAborted = true;
      signal.#reason = reason;
      const event = new Event("abort");
      signal.onabort?.(event);
      signal.dispatchEvent(event);
    };
  }

  get aborted() {
    return this.#isAborted;
  }

  get reason() {
    return this.#reason;
  }

  throwIfAborted() {
    if (this.#isAborted) throw this.#reason;
  }

  static abort(reason) {
    const signal = new AbortSignal();
    abort(signal, reason);
    return signal;
  }

  static timeout(ms) {
    const signal = new AbortSignal();
    after(ms, () => abort(signal, new DOMException(`it took longer than ${ms} ms`, "TimeoutError")));
    return signal;
  }

  static any(signals) {
    const signal = new AbortSignal();
    for (const other of signals) {
      if (other.aborted) abort(signal, other.reason);
      else other.addEventListener("abort", () => abort(signal, other.reason));
    }
    return signal;
  }
}

class AbortController {
  #signal = new AbortSignal();

  get signal() {
    return this.#signal;
  }

  abort(reason) {
    abort(this.#signal, reason);
  }
}

defineGlobals({ AbortController, AbortSignal, Event, EventTarget });
