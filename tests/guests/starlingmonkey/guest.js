// The contract from JavaScript as StarlingMonkey runs it, without a helper of ours: what componentize-js
// makes of this is a component of its own kind, with an event loop that waits by WASI.

import * as context from "reweft:workflow/context@0.1.0";

const outcomeOf = (task) => {
  while (context.select([task]) !== 0);
  const { tag, val } = task.outcome();
  if (tag === "err") throw val;
  return JSON.parse(val);
};

const call = (name, input) => context.callActivity(name, JSON.stringify(input), {});

const named = {
  async mixed(input) {
    console.log("begun");
    const before = Date.now();
    const slept = await new Promise((resolve) => setTimeout(() => resolve("slept"), 30));
    return {
      input,
      slept,
      passed: Date.now() - before,
      random: [Math.random(), crypto.randomUUID()],
      said: outcomeOf(call("guest-js/echo", "hello")),
    };
  },
  echo: (value) => value,
  wait() {
    return outcomeOf(context.waitEvent("Go"));
  },
  throw(why) {
    throw new RangeError(`boom: ${why}`);
  },
  refuse(why) {
    throw Object.assign(new Error(why), { payload: { errorType: "refused", message: why, nonRetriable: true } });
  },
};

const PREFIX = "starlingmonkey.";

export const workflows = {
  names: () => Object.keys(named).map((name) => PREFIX + name),
  run: async (name, input) => JSON.stringify(await named[name.slice(PREFIX.length)](JSON.parse(input))),
};
