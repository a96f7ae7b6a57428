// JSON, and what is wrong with it.

import { Failure } from "./failure.js";

/** Returns a value as JSON; nothing is null. */
export function encode(value) {
  return JSON.stringify(value) ?? "null";
}

/** Reads JSON; nothing is undefined. */
export function decode(text, type, what) {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure(type, `${what} is not JSON: ${error.message}`, { nonRetriable: true });
  }
}

/** Reads the input of a definition, and lets that check it. */
export function decodeInput(definition, kind, text) {
  const value = decode(text, "invalid-input", `the input of ${kind} "${definition.name}"`);
  if (!definition.parse) return value;
  try {
    return definition.parse(value);
  } catch (error) {
    const message = error?.message ?? String(error);
    throw new Failure("invalid-input", message, { nonRetriable: true, cause: error });
  }
}

/** Returns a length of time as the host takes it: whole milliseconds, rounded up. */
export function milliseconds(what, ms) {
  if (typeof ms !== "number" || !(ms >= 0) || ms > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(`${what} is a number of milliseconds, not ${String(ms)}`);
  }
  return Math.ceil(ms);
}

export function optionalMilliseconds(what, ms) {
  return ms === undefined || ms === null ? undefined : milliseconds(what, ms);
}

/** Returns a retry policy as the host takes it. */
export function retryPolicy(retry) {
  if (retry === undefined || retry === null) return undefined;
  const { maxAttempts, firstInterval, backoffCoefficient = 1, maxInterval, timeout } = retry;
  if (!Number.isInteger(maxAttempts) || maxAttempts < 0 || maxAttempts > 0xffffffff) {
    throw new RangeError(`retry.maxAttempts is a whole number, not ${String(maxAttempts)}`);
  }
  if (typeof backoffCoefficient !== "number") {
    throw new RangeError(`retry.backoffCoefficient is a number, not ${String(backoffCoefficient)}`);
  }
  return [
    maxAttempts,
    milliseconds("retry.firstInterval", firstInterval),
    backoffCoefficient,
    optionalMilliseconds("retry.maxInterval", maxInterval),
    optionalMilliseconds("retry.timeout", timeout),
  ];
}
