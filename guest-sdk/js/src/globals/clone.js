// structuredClone

import { defineGlobals } from "./define.js";

const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const BOXES = [Boolean, Number, String];
const UNIQUE = [Promise, WeakMap, WeakSet, WeakRef];

function refuse(value) {
  throw new DOMException(`${Object.prototype.toString.call(value)} can't be cloned`, "DataCloneError");
}

function clone(value, known) {
  if (typeof value === "function" || typeof value === "symbol") refuse(value);
  if (value === null || typeof value !== "object") return value;
  if (known.has(value)) return known.get(value);
  const remember = (copy) => {
    known.set(value, copy);
    return copy;
  };
  if (BOXES.some((box) => value instanceof box)) return remember(Object(value.valueOf()));
  if (value instanceof Date) return remember(new Date(value));
  if (value instanceof RegExp) return remember(new RegExp(value.source, value.flags));
  if (value instanceof ArrayBuffer) return remember(value.slice());
  if (ArrayBuffer.isView(value)) return remember(cloneView(value, known));
  if (value instanceof Map) {
    const copy = remember(new Map());
    for (const [key, part] of [...value]) copy.set(clone(key, known), clone(part, known));
    return copy;
  }
  if (value instanceof Set) {
    const copy = remember(new Set());
    for (const part of [...value]) copy.add(clone(part, known));
    return copy;
  }
  if (value instanceof Error) return cloneError(value, known, remember);
  if (UNIQUE.some((unique) => value instanceof unique)) refuse(value);
  const copy = remember(Array.isArray(value) ? new Array(value.length) : {});
  for (const key of Object.keys(value)) copy[key] = clone(value[key], known);
  return copy;
}

function cloneView(view, known) {
  const buffer = clone(view.buffer, known);
  const length = view instanceof DataView ? view.byteLength : view.length;
  return new view.constructor(buffer, view.byteOffset, length);
}

function cloneError(error, known, remember) {
  const type = ERRORS[error.name] ?? Error;
  const copy = remember(Object.create(type.prototype));
  for (const key of ["message", "stack", "cause"]) {
    if (!Object.hasOwn(error, key)) continue;
    const value = clone(error[key], known);
    Object.defineProperty(copy, key, { value, configurable: true, writable: true });
  }
  return copy;
}

defineGlobals({ structuredClone: (value) => clone(value, new Map()) });
