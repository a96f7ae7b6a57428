// The console writes to the host's log.

import { writeLine } from "../log.js";
import { defineGlobals } from "./define.js";
import { inspect } from "./inspect.js";

const counts = new Map();
const timers = new Map();
let indentation = "";

function format(values) {
  let rest = values;
  let text = "";
  if (typeof values[0] === "string") {
    rest = values.slice(1);
    text = values[0].replace(/%[sdifjoOc%]/g, (mark) => {
      if (mark === "%%") return "%";
      if (rest.length === 0) return mark;
      const value = rest.shift();
      switch (mark) {
        case "%s": return typeof value === "string" ? value : inspect(value);
        case "%d": return String(Number(value));
        case "%i": return String(Math.trunc(Number(value)));
        case "%f": return String(parseFloat(value));
        case "%j": return JSON.stringify(value);
        case "%c": return "";
        default: return inspect(value);
      }
    });
  }
  const others = rest.map((value) => (typeof value === "string" ? value : inspect(value)));
  return (typeof values[0] === "string" ? [text, ...others] : others).join(" ");
}

function write(level, values) {
  writeLine(level, indentation + format(values).replaceAll("\n", `\n${indentation}`));
}

const elapsed = (label) => `${label}: ${(performance.now() - (timers.get(label) ?? NaN)).toFixed(3)}ms`;

defineGlobals({
  console: {
    log: (...values) => write("info", values),
    info: (...values) => write("info", values),
    debug: (...values) => write("debug", values),
    warn: (...values) => write("warn", values),
    error: (...values) => write("error", values),
    dir: (value) => write("info", [inspect(value)]),
    table: (value) => write("info", [inspect(value)]),
    trace: (...values) => write("debug", ["Trace:", ...values, new Error()]),
    assert: (condition, ...values) => condition || write("error", ["Assertion failed:", ...values]),
    count: (label = "default") => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      write("info", [`${label}: ${counts.get(label)}`]);
    },
    countReset: (label = "default") => counts.delete(label),
    time: (label = "default") => timers.set(label, performance.now()),
    timeLog: (label = "default", ...values) => write("info", [elapsed(label), ...values]),
    timeEnd: (label = "default") => {
      write("info", [elapsed(label)]);
      timers.delete(label);
    },
    group: (...values) => {
      if (values.length > 0) write("info", values);
      indentation += "  ";
    },
    groupEnd: () => (indentation = indentation.slice(2)),
  },
});
