/** Durable workflows and activities for Reweft. */

import "./wasi";

export { Activity, ActivityOptions, activity, externalActivity } from "./activity";
export { ActivityInfo, activityContext } from "./activity-context";
export { Box } from "./json/box";
export { InstanceInfo, context } from "./context";
export { Failure } from "./failure";
export { Json, JsonKind } from "./json/json";
export { JsonFields } from "./json/fields";
export { Level } from "./level";
export { RetryPolicy } from "./retry-policy";
export { AnyTask, Task, select, waitForAll } from "./task";
export { DAY, HOUR, MINUTE, SECOND } from "./durations";
export { ChildOptions, Workflow, externalWorkflow, workflow } from "./workflow";
