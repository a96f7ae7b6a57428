/**
 * Owns what a module exports: the contract, as the canonical ABI has it. `transform.js` gives these
 * functions the names of the contract.
 */

import { leaveString, leaveStrings, takeString } from "./abi/memory";
import { Definition, activities, find, workflows } from "./definitions";
import { Failure } from "./failure";
import { Side, enter } from "./side";

export { allocate } from "./abi/memory";

/** What is returned: a list of texts, or `result<string, failure>` which is a text. */
const RESULT = memory.data(12, 4);

/** `workflows.names` */
export function workflowNames(): usize {
  enter(Side.Workflow);
  return names(workflows);
}

/** `workflows.run` */
export function runWorkflow(
  name: usize, nameLength: usize, input: usize, inputLength: usize,
): usize {
  enter(Side.Workflow);
  return run("workflow", workflows, takeString(name, nameLength), takeString(input, inputLength));
}

/** `activities.names` */
export function activityNames(): usize {
  enter(Side.Activity);
  return names(activities);
}

/** `activities.execute` */
export function executeActivity(
  name: usize, nameLength: usize, input: usize, inputLength: usize,
): usize {
  enter(Side.Activity);
  return run("activity", activities, takeString(name, nameLength), takeString(input, inputLength));
}

function names(definitions: Definition[]): usize {
  const names = definitions.map<string>((definition) => definition.name);
  leaveStrings(names, RESULT);
  return RESULT;
}

function run(kind: string, definitions: Definition[], name: string, input: string): usize {
  const definition = find(definitions, name);
  if (definition === null) {
    const message = `this module has no ${kind} "${name}"`;
    return Failure.permanent(`${kind}-not-found`, message).raise<usize>();
  }
  // What fails does not get back here: it ends the guest where it fails.
  const output = definition.run(input);
  store<u8>(RESULT, 0);
  leaveString(output, RESULT + 4);
  return RESULT;
}
