/** Owns what a module holds: its workflows and activities by name, called from text to text. */

import { readPayload } from "./json/payload";
import { toJson } from "./json/json";

/** A workflow or an activity whose types are forgotten. */
export abstract class Definition {
  constructor(
    /** Its name. */
    readonly name: string,
  ) {}

  /** Runs it on the JSON text of its input, and returns that of its output. */
  abstract run(input: string): string;
}

/** The workflows of this module. */
export const workflows = new Array<Definition>();
/** The activities of this module. */
export const activities = new Array<Definition>();

/** Returns the one with this name; null if there is none. */
export function find(definitions: Definition[], name: string): Definition | null {
  for (let index = 0; index < definitions.length; index++) {
    if (definitions[index].name == name) return definitions[index];
  }
  return null;
}

/** Runs the body of `what`, for example `activity "Charge"`. */
export function runBody<I, O>(body: (input: I) => O, input: string, what: string): string {
  const payload = readPayload<I>(input, "invalid-input", `the input of ${what}`);
  const failure = payload.failure;
  if (failure !== null) return failure.raise<string>();
  if (isVoid<O>()) {
    body(payload.value);
    return "null";
  } else {
    return toJson<O>(body(payload.value));
  }
}
