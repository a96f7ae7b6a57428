// What an activity waits for beside time: pollables of WASI. A workflow has none.

import { dropPollable, poll } from "reweft:host";

/** Who waits for which pollable. */
const waiting = new Map();

/** Waits until a pollable is ready or a signal says to stop, and drops it then. */
export async function ready(pollable, signal) {
  let stop;
  try {
    signal?.throwIfAborted();
    await new Promise((resolve, reject) => {
      waiting.set(pollable, resolve);
      stop = () => reject(signal.reason);
      signal?.addEventListener("abort", stop);
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    waiting.delete(pollable);
    dropPollable(pollable);
  }
}

export function isAnythingPolled() {
  return waiting.size > 0;
}

/** Waits for all that is waited for at once, no longer than so long. Returns whether that time has passed. */
export function pollAll(ms) {
  const pollables = [...waiting.keys()];
  const found = poll(pollables, ms);
  for (const position of found) waiting.get(pollables[position])?.();
  return found.includes(pollables.length);
}
