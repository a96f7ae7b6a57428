// What is asked of a server.

import { Body, encodeBody, shareBody, takeReader } from "./body.js";
import { Headers } from "./headers.js";

const REDIRECTS = ["follow", "error", "manual"];

function methodOf(method) {
  const name = String(method);
  if (!/^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/.test(name)) throw new TypeError(`'${name}' is no method`);
  if (/^(connect|trace|track)$/i.test(name)) throw new TypeError(`method ${name} can't be fetched`);
  return /^(delete|get|head|options|post|put)$/i.test(name) ? name.toUpperCase() : name;
}

function urlOf(input) {
  const url = new URL(input);
  if (url.username || url.password) throw new TypeError("a URL to fetch has no credentials: use a header");
  return url.href;
}

export class Request extends Body {
  #method;
  #url;
  #headers;
  #redirect;
  #signal;

  constructor(input, init) {
    init ??= {};
    const other = input instanceof Request ? input : undefined;
    const { method = other?.method ?? "GET", redirect = other?.redirect ?? "follow" } = init;
    const name = methodOf(method);
    const given = encodeBody(init.body);
    const isWithout = name === "GET" || name === "HEAD";
    if (given && isWithout) throw new TypeError(`a request with method ${name} has no body`);
    if (!REDIRECTS.includes(redirect)) throw new TypeError(`redirect is one of ${REDIRECTS.join(", ")}`);
    const url = other ? other.url : urlOf(input);
    super(given ? async () => given.bytes : other && !isWithout ? takeReader(other) : undefined);
    this.#url = url;
    this.#method = name;
    this.#redirect = redirect;
    this.#headers = new Headers(init.headers ?? other?.headers);
    if (given?.type && !this.#headers.has("content-type")) this.#headers.set("content-type", given.type);
    this.#signal = init.signal ?? other?.signal ?? new AbortController().signal;
  }

  get method() {
    return this.#method;
  }

  get url() {
    return this.#url;
  }

  get headers() {
    return this.#headers;
  }

  get redirect() {
    return this.#redirect;
  }

  get signal() {
    return this.#signal;
  }

  clone() {
    const { method, headers, redirect, signal } = this;
    return shareBody(this, new Request(this.url, { method, headers, redirect, signal }));
  }
}
