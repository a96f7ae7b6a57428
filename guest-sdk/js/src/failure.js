// Failures, on their way between JavaScript and the host.

import { modules } from "reweft:host";
import { originalPosition } from "./source-map.js";

export class Failure extends Error {
  constructor(type, message, { nonRetriable = false, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.type = String(type);
    this.nonRetriable = Boolean(nonRetriable);
  }
}
define(Failure.prototype, "name", "Failure");

export class TimeoutError extends Error {}
define(TimeoutError.prototype, "name", "TimeoutError");

// As the language defines what errors have: there, but not among what they are made of.
function define(object, name, value) {
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
}

export function failureFromHost({ type, message, stack, nonRetriable }) {
  const failure = new Failure(type, message, { nonRetriable });
  // Where it happened says more than where it arrived.
  if (stack !== undefined) define(failure, "stack", stack);
  return failure;
}

export function failureToHost(thrown) {
  if (!(thrown instanceof Error)) {
    return { type: "thrown", message: describeValue(thrown), nonRetriable: false };
  }
  const isFailure = thrown instanceof Failure;
  return {
    type: isFailure ? thrown.type : className(thrown),
    message: messageOf(thrown),
    stack: stackOf(thrown) || undefined,
    nonRetriable: isFailure && thrown.nonRetriable,
  };
}

// For a person who builds a program.
export function describe(thrown) {
  if (!(thrown instanceof Error)) return describeValue(thrown);
  return `${className(thrown)}: ${messageOf(thrown)}\n${stackOf(thrown)}`.trimEnd();
}

// An error that stands for several says what they say.
function messageOf(error) {
  const message = String(error.message);
  if (message !== "" || !(error instanceof AggregateError)) return message;
  return error.errors.map((inner) => (inner instanceof Error ? messageOf(inner) : describeValue(inner))).join("; ");
}

// A class of errors that gives itself no name inherits the one of all errors.
function className(error) {
  const name = error.name;
  return String(name && name !== "Error" ? name : error.constructor?.name || "Error");
}

function describeValue(value) {
  try {
    if (value !== null && typeof value === "object") return JSON.stringify(value) ?? String(value);
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

const FRAME = /^(\s*at (?:.*? \()?)(.+?):(\d+)(?::(\d+))?(\)?)$/;

// Returns the call stack, with positions in the author's sources and without what only Reweft knows.
function stackOf(error, depth = 0) {
  const lines = String(error.stack ?? "").split("\n").map(frame).filter(Boolean);
  const cause = error.cause;
  if (cause instanceof Error && depth < 8) {
    lines.push(`caused by ${className(cause)}: ${cause.message}`, stackOf(cause, depth + 1));
  }
  return lines.join("\n").trimEnd();
}

function frame(line) {
  const parts = FRAME.exec(line);
  if (!parts) return line.includes("(native)") ? "" : line;
  const [, before, name, row, column, after] = parts;
  if (name.startsWith("reweft:")) return "";
  const mappings = modules()[name]?.mappings;
  if (mappings === undefined) return line;
  const [originalRow, originalColumn] = originalPosition(mappings, Number(row), Number(column ?? 1));
  return `${before}${name}:${originalRow}:${originalColumn}${after}`;
}
