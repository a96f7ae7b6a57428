// The host's log.

import { log } from "reweft:host";

const LEVELS = ["trace", "debug", "info", "warn", "error"];

/** Writes a line of a level. */
export function writeLine(level, message) {
  log(LEVELS.indexOf(level), String(message));
}

/** A function for each level. */
export const levels = Object.freeze(
  Object.fromEntries(LEVELS.map((level) => [level, (message) => writeLine(level, message)])),
);
