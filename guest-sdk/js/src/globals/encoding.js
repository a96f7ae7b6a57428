// Text and its bytes.

import { decodeText, encodeText } from "reweft:host";
import { defineGlobals } from "./define.js";

const REPLACEMENT = "\ufffd";
const BYTE_ORDER_MARK = "\ufeff";

class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    return new Uint8Array(encodeText(String(text)));
  }

  encodeInto(text, target) {
    let read = 0;
    let written = 0;
    for (const character of String(text)) {
      const bytes = this.encode(character);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
}

// What the first byte of a character says: how many follow, and in which range the next one is.
function lead(byte) {
  if (byte >= 0xc2 && byte <= 0xdf) return [1, 0x80, 0xbf];
  if (byte >= 0xe0 && byte <= 0xef) return [2, byte === 0xe0 ? 0xa0 : 0x80, byte === 0xed ? 0x9f : 0xbf];
  if (byte >= 0xf0 && byte <= 0xf4) return [3, byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf];
  return undefined;
}

/** Returns one character at a position, its length in bytes, and whether it is one and all of it is there. */
function characterAt(bytes, position) {
  const first = bytes[position];
  if (first < 0x80) return { code: first, length: 1, isValid: true, isWhole: true };
  const expected = lead(first);
  if (!expected) return { length: 1, isValid: false, isWhole: true };
  const [following, low, high] = expected;
  let code = first & (0x3f >> following);
  for (let i = 1; i <= following; i++) {
    if (position + i >= bytes.length) return { length: i, isValid: false, isWhole: false };
    const byte = bytes[position + i];
    const [least, most] = i === 1 ? [low, high] : [0x80, 0xbf];
    if (byte < least || byte > most) return { length: i, isValid: false, isWhole: true };
    code = (code << 6) | (byte & 0x3f);
  }
  return { code, length: following + 1, isValid: true, isWhole: true };
}

class TextDecoder {
  #fatal;
  #ignoreBOM;
  #rest = new Uint8Array();
  #isAtBegin = true;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) {
      throw new RangeError(`the encoding '${label}' is not known here: UTF-8 is`);
    }
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
  }

  get encoding() {
    return "utf-8";
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input = new Uint8Array(), { stream = false } = {}) {
    const bytes = this.#joined(input);
    // All at once if nothing is wrong with it: the engine is hundreds of times as fast.
    const whole = stream || !this.#isAtBegin ? undefined : decodeText(bytes);
    if (whole !== undefined) {
      this.#rest = new Uint8Array();
      return whole.startsWith(BYTE_ORDER_MARK) && !this.#ignoreBOM ? whole.slice(1) : whole;
    }
    const parts = [];
    let position = 0;
    while (position < bytes.length) {
      const { code, length, isValid, isWhole } = characterAt(bytes, position);
      if (!isWhole && stream) break;
      if (!isValid && this.#fatal) throw new TypeError("the bytes are not UTF-8");
      if (!isValid) parts.push(REPLACEMENT);
      else if (code !== 0xfeff || this.#ignoreBOM || !this.#isAtBegin) parts.push(String.fromCodePoint(code));
      this.#isAtBegin = false;
      position += length;
    }
    this.#rest = stream ? bytes.slice(position) : new Uint8Array();
    if (!stream) this.#isAtBegin = true;
    return parts.join("");
  }

  #joined(input) {
    const view = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    if (this.#rest.length === 0) return view;
    const bytes = new Uint8Array(this.#rest.length + view.length);
    bytes.set(this.#rest);
    bytes.set(view, this.#rest.length);
    return bytes;
  }
}

defineGlobals({ TextEncoder, TextDecoder });
