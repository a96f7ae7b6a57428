// Randomness. In a workflow the host draws it from a seed in the history, so it is the same in every replay.

import { fillRandom, randomNumber } from "reweft:host";
import { defineGlobals } from "./define.js";

const BYTES_MAX = 65536;

function getRandomValues(array) {
  if (!ArrayBuffer.isView(array) || array instanceof DataView || /^Float/.test(array.constructor.name)) {
    throw new TypeError("getRandomValues takes an array of integers");
  }
  if (array.byteLength > BYTES_MAX) {
    throw new DOMException(`at most ${BYTES_MAX} bytes at a time`, "QuotaExceededError");
  }
  fillRandom(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return array;
}

function randomUUID() {
  const bytes = getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = bytes.toHex();
  const ends = [8, 12, 16, 20, 32];
  return ends.map((end, index) => digits.slice(ends[index - 1] ?? 0, end)).join("-");
}

Object.defineProperty(Math, "random", { value: () => randomNumber(), configurable: true, writable: true });
defineGlobals({ crypto: { getRandomValues, randomUUID } });
