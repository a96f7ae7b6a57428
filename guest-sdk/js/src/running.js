// What is run when the host asks for it.

import { ActivityContext } from "./activity-context.js";
import { Context } from "./context.js";
import { activityNamed, workflowNamed } from "./definitions.js";
import { Failure } from "./failure.js";
import { allowFetch, refuseFetch } from "./globals/fetch.js";
import { startEnvironment } from "./globals/process.js";
import { runToEnd } from "./loop.js";
import { decodeInput, encode } from "./payload.js";
import { waitForDelivery } from "./task.js";
import { after, useDurableTimers, useOrdinaryTimers, waitForWorld } from "./timers.js";

/** The context of what is running. */
let current;

export function runWorkflow(name, input) {
  startEnvironment();
  useDurableTimers();
  refuseFetch();
  const main = () => {
    const definition = found("workflow", workflowNamed(name), name);
    current = new Context();
    return definition.body(current, decodeInput(definition, "workflow", input));
  };
  return runToEnd(main, waitForDelivery, encode);
}

export function executeActivity(name, input) {
  startEnvironment();
  useOrdinaryTimers();
  allowFetch();
  const main = () => {
    const definition = found("activity", activityNamed(name), name);
    current = new ActivityContext();
    return definition.body(current, decodeInput(definition, "activity", input));
  };
  return runToEnd(main, waitForWorld, encode);
}

function found(kind, definition, name) {
  if (definition) return definition;
  throw new Failure(`${kind}-not-found`, `this module has no ${kind} "${name}"`, { nonRetriable: true });
}

export function sleep(ms, options) {
  if (current instanceof Context) return current.sleep(ms, options);
  return new Promise((resolve, reject) => {
    const stop = after(ms, resolve);
    options?.signal?.addEventListener("abort", () => {
      stop();
      reject(options.signal.reason);
    });
  });
}
