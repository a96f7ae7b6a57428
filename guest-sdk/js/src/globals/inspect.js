// Values as a person reads them.

import { describe } from "../failure.js";

const DEPTH_MAX = 3;
const ENTRIES_MAX = 100;

const isName = (key) => /^[A-Za-z_$][\w$]*$/.test(key);

/** Returns a value as text, on one line unless it is an error. */
export function inspect(value, depth = 0, above = []) {
  switch (typeof value) {
    case "string": return JSON.stringify(value);
    case "bigint": return `${value}n`;
    case "symbol": return value.toString();
    case "function": return `[${/^class\b/.test(value) ? "class" : "Function"} ${value.name || "(anonymous)"}]`;
    case "object": return value === null ? "null" : inspectObject(value, depth, above);
    default: return Object.is(value, -0) ? "-0" : String(value);
  }
}

function inspectObject(value, depth, above) {
  if (above.includes(value)) return "[Circular]";
  if (value instanceof Error) return describe(value);
  if (value instanceof Date) return isNaN(value) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Promise) return "Promise {}";
  const inner = (part) => inspect(part, depth + 1, [...above, value]);
  const name = value.constructor?.name;
  const prefix = name && name !== "Object" && name !== "Array" ? `${name} ` : "";
  if (depth >= DEPTH_MAX) return Array.isArray(value) ? "[Array]" : `[${name ?? "Object"}]`;
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    return `${prefix}[${list(Array.from(value, inner))}]`;
  }
  if (value instanceof Map) {
    return `${prefix}{${list(Array.from(value, ([key, part]) => `${inner(key)} => ${inner(part)}`))}}`;
  }
  if (value instanceof Set) return `${prefix}{${list(Array.from(value, inner))}}`;
  const entry = ([key, part]) => `${isName(key) ? key : JSON.stringify(key)}: ${inner(part)}`;
  return `${prefix}{${list(Object.entries(value).map(entry))}}`;
}

function list(parts) {
  if (parts.length === 0) return "";
  const shown = parts.slice(0, ENTRIES_MAX);
  if (parts.length > ENTRIES_MAX) shown.push(`… ${parts.length - ENTRIES_MAX} more`);
  return ` ${shown.join(", ")} `;
}
