import { Failure } from "../failure";
import { Parser, placeOf } from "./parser";
import { Reader, read } from "./read";

/** Whether a payload could be read. */
export class AnyPayload {
  constructor(
    /** Why it could not be. */
    readonly failure: Failure | null,
  ) {}
}

/** A payload that has been read, or why it could not be. */
export class Payload<T> extends AnyPayload {
  constructor(
    /** The payload, which is good for nothing if there is a failure. */
    readonly value: T,
    failure: Failure | null,
  ) {
    super(failure);
  }
}

/**
 * Reads the JSON text of a payload, which is `what`, for example `the input of activity "Charge"`.
 * An empty text, which stands for a body that was not given, is read as `null`.
 */
export function readPayload<T>(text: string, errorType: string, what: string): Payload<T> {
  const given = text.length == 0 ? "null" : text;
  const parser = new Parser(given);
  const json = parser.parse();
  const reader = new Reader(given);
  const value = read<T>(json, reader);

  let problem = reader.problem;
  if (parser.problem.length > 0) {
    problem = `${parser.problem} at ${placeOf(given, parser.position)}`;
  }
  let failure: Failure | null = null;
  if (problem.length > 0) {
    const hint = text.length == 0 ? " (none was given)" : "";
    const message = `can't read ${what} as ${nameof<T>()}${hint}: ${problem}`;
    failure = Failure.permanent(errorType, message);
  }
  return new Payload<T>(value, failure);
}
