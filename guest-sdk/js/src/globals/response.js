// What a server answers.

import { Body, encodeBody, shareBody } from "./body.js";
import { Headers } from "./headers.js";

/** What a constructor is given to make a response that has come from a server. */
const ARRIVED = Symbol("arrived");

export class Response extends Body {
  #arrival;
  #statusText;
  #headers;

  constructor(body, { status = 200, statusText = "", headers, [ARRIVED]: arrival } = {}) {
    const given = encodeBody(body);
    super(arrival ? arrival.read : given && (async () => given.bytes));
    if (!arrival && !(status >= 200 && status <= 599)) {
      throw new RangeError(`a response has a status from 200 to 599, not ${status}`);
    }
    this.#arrival = arrival ?? { status: Number(status), url: "", isRedirected: false };
    this.#statusText = String(statusText);
    this.#headers = new Headers(headers);
    if (given?.type && !this.#headers.has("content-type")) this.#headers.set("content-type", given.type);
  }

  static json(value, init = {}) {
    const headers = new Headers(init.headers);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    return new Response(JSON.stringify(value), { ...init, headers });
  }

  get status() {
    return this.#arrival.status;
  }

  get statusText() {
    return this.#statusText;
  }

  get ok() {
    return this.status >= 200 && this.status <= 299;
  }

  get headers() {
    return this.#headers;
  }

  get url() {
    return this.#arrival.url;
  }

  get redirected() {
    return this.#arrival.isRedirected;
  }

  get type() {
    return "default";
  }

  clone() {
    const { statusText, headers } = this;
    const arrival = { ...this.#arrival, read: undefined };
    return shareBody(this, new Response(null, { statusText, headers, [ARRIVED]: arrival }));
  }
}

/** Makes the response that has come from a URL. */
export function arrivedResponse({ headers, ...arrival }) {
  return new Response(null, { headers, [ARRIVED]: arrival });
}
