// What `import … from "reweft"` gives. Everything is described in index.d.ts.

export { activity, workflow } from "./definitions.js";
export { Failure, TimeoutError } from "./failure.js";
export { sleep } from "./running.js";
export { Task } from "./task.js";
