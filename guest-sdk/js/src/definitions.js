// What a program defines: workflows and activities by their names.

class Definition {
  constructor(name, body, { input } = {}) {
    this.name = name;
    this.body = body;
    this.parse = input;
  }

  toString() {
    return this.name;
  }
}

const workflows = new Map();
const activities = new Map();
let isClosed = false;

function define(kind, definitions, name, body, options) {
  if (isClosed) throw new Error(`a ${kind} is defined at the top level of a module, not while one runs`);
  if (typeof name !== "string" || name === "") throw new TypeError(`a ${kind} has a name`);
  if (typeof body !== "function") throw new TypeError(`${kind} "${name}" has no function`);
  if (definitions.has(name)) throw new Error(`there are two of ${kind} "${name}"`);
  const definition = new Definition(name, body, options);
  definitions.set(name, definition);
  return definition;
}

export function workflow(name, body, options) {
  return define("workflow", workflows, name, body, options);
}

export function activity(name, body, options) {
  return define("activity", activities, name, body, options);
}

export const workflowNamed = (name) => workflows.get(name);
export const activityNamed = (name) => activities.get(name);
export const workflowNames = () => [...workflows.keys()];
export const activityNames = () => [...activities.keys()];

export function closeDefinitions() {
  isClosed = true;
  if (workflows.size + activities.size === 0) {
    throw new Error("the program defines neither a workflow nor an activity");
  }
}

/** Returns the name of what is called: a definition, or a name already. */
export function nameOf(kind, called) {
  if (typeof called === "string") return called;
  if (called instanceof Definition) return called.name;
  throw new TypeError(`what is called is neither a name nor ${kind}`);
}
