// What is evaluated before a program: what it expects around it, and what the engine asks for.

import { setHooks } from "reweft:host";
import "./globals/abort.js";
import "./globals/clone.js";
import "./globals/console.js";
import "./globals/crypto.js";
import "./globals/encoding.js";
import "./globals/fetch.js";
import "./globals/process.js";
import "./globals/url.js";
import { activityNames, workflowNames } from "./definitions.js";
import { describe } from "./failure.js";
import { defineGlobals } from "./globals/define.js";
import { trackRejection } from "./loop.js";
import { executeActivity, runWorkflow } from "./running.js";
import { describeExports, require } from "./scripts.js";
import * as timers from "./timers.js";

const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = timers;
defineGlobals({ setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate });

setHooks({
  run: runWorkflow,
  execute: executeActivity,
  workflowNames,
  activityNames,
  trackRejection,
  describe,
  describeExports,
  require,
});
