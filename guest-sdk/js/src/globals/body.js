// Bodies, of requests and of responses: bytes that can be had once.

import { URLSearchParams } from "./url-search-params.js";

/** Returns the bytes of what a program gives as a body, and their type; nothing if it gives none. */
export function encodeBody(body) {
  if (body === undefined || body === null) return undefined;
  if (body instanceof ArrayBuffer) return { bytes: new Uint8Array(body.slice()) };
  if (ArrayBuffer.isView(body)) {
    return { bytes: new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice() };
  }
  const encode = (text) => new TextEncoder().encode(text);
  if (body instanceof URLSearchParams) {
    return { bytes: encode(String(body)), type: "application/x-www-form-urlencoded;charset=UTF-8" };
  }
  // Others would send "[object Object]", which nobody means.
  if (typeof body === "object") throw new TypeError("a body is a string, bytes, or URLSearchParams");
  return { bytes: encode(String(body)), type: "text/plain;charset=UTF-8" };
}

/** Takes the function that reads a body out of what has it; nothing if it has none. */
export let takeReader;

/** Gives a copy the same body, and returns it. */
export let shareBody;

export class Body {
  #read;
  #isUsed = false;

  static {
    takeReader = (of) => {
      if (of.#isUsed) throw new TypeError("the body has been read already");
      of.#isUsed = of.#read !== undefined;
      return of.#read;
    };
    shareBody = (of, copy) => {
      if (of.#isUsed) throw new TypeError("the body has been read already");
      const read = of.#read;
      if (!read) return copy;
      let bytes;
      // Each has bytes of its own, since they may be changed.
      of.#read = copy.#read = async () => (await (bytes ??= read())).slice();
      return copy;
    };
  }

  /** A body that a function reads; none without it. */
  constructor(read) {
    this.#read = read;
  }

  get bodyUsed() {
    return this.#isUsed;
  }

  async bytes() {
    const read = takeReader(this);
    return read ? read() : new Uint8Array();
  }

  async arrayBuffer() {
    return (await this.bytes()).buffer;
  }

  async text() {
    return new TextDecoder().decode(await this.bytes());
  }

  async json() {
    return JSON.parse(await this.text());
  }
}
