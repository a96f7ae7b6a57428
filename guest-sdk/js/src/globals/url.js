// URL and URLSearchParams.

import { defineGlobals } from "./define.js";
import * as parser from "./url-parser.js";
import { followParameters, URLSearchParams } from "./url-search-params.js";

class URL {
  #url;
  #parameters;

  constructor(input, base) {
    this.#url = parser.parse(String(input), base === undefined ? undefined : parser.parse(String(base)));
    this.#parameters = followParameters((text) => (this.#url.query = text === "" ? null : text));
    this.#parameters.read(this.#url.query ?? "");
  }

  static canParse(input, base) {
    return URL.parse(input, base) !== null;
  }

  static parse(input, base) {
    try {
      return new URL(input, base);
    } catch {
      return null;
    }
  }

  // What can't be set stays as it is.
  #set(change) {
    const copy = structuredClone(this.#url);
    try {
      change(copy);
      this.#url = copy;
    } catch {}
  }

  get href() {
    return parser.write(this.#url);
  }

  set href(text) {
    this.#url = parser.parse(String(text));
    this.#parameters.read(this.#url.query ?? "");
  }

  get origin() {
    const { protocol } = this.#url;
    if (protocol === "blob:") return URL.parse(this.pathname)?.origin ?? "null";
    return parser.isSpecial(this.#url) && protocol !== "file:" ? `${protocol}//${this.host}` : "null";
  }

  get protocol() {
    return this.#url.protocol;
  }

  set protocol(text) {
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]*)(:|$)/.exec(String(text))?.[1];
    if (!scheme) return;
    this.#set((url) => {
      const wasSpecial = parser.isSpecial(url);
      const { port } = url;
      url.protocol = `${scheme.toLowerCase()}:`;
      const isFile = url.protocol === "file:" && (url.username || url.password || port);
      if (wasSpecial !== parser.isSpecial(url) || isFile) throw new TypeError("it is of another kind");
      parser.setPort(url, port);
    });
  }

  get username() {
    return this.#url.username;
  }

  set username(text) {
    if (this.#url.host) this.#set((url) => parser.setUser(url, "username", String(text)));
  }

  get password() {
    return this.#url.password;
  }

  set password(text) {
    if (this.#url.host) this.#set((url) => parser.setUser(url, "password", String(text)));
  }

  get host() {
    return this.hostname + (this.port && `:${this.port}`);
  }

  set host(text) {
    if (this.#url.isOpaque) return;
    this.#set((url) => parser.setHost(url, /^[^/\\?#]*/.exec(String(text))[0]));
  }

  get hostname() {
    return this.#url.host ?? "";
  }

  set hostname(text) {
    if (this.#url.isOpaque || /^[^[]*:/.test(String(text))) return;
    this.#set((url) => parser.setHost(url, /^[^/\\?#]*/.exec(String(text))[0]));
  }

  get port() {
    return this.#url.port;
  }

  set port(text) {
    if (!this.#url.host) return;
    const digits = /^\d*/.exec(String(text))[0];
    if (digits !== "" || String(text) === "") this.#set((url) => parser.setPort(url, digits));
  }

  get pathname() {
    return parser.writePath(this.#url);
  }

  set pathname(text) {
    if (!this.#url.isOpaque) this.#set((url) => parser.setPath(url, String(text)));
  }

  get search() {
    return this.#url.query ? `?${this.#url.query}` : "";
  }

  set search(text) {
    const query = String(text).replace(/^\?/, "");
    if (query === "") this.#url.query = null;
    else this.#set((url) => parser.setQuery(url, query));
    this.#parameters.read(this.#url.query ?? "");
  }

  get searchParams() {
    return this.#parameters.parameters;
  }

  get hash() {
    return this.#url.hash ? `#${this.#url.hash}` : "";
  }

  set hash(text) {
    const fragment = String(text).replace(/^#/, "");
    if (fragment === "") this.#url.hash = null;
    else this.#set((url) => parser.setHash(url, fragment));
  }

  toString() {
    return this.href;
  }

  toJSON() {
    return this.href;
  }
}

defineGlobals({ URL, URLSearchParams });
