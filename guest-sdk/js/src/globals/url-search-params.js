// The parameters in the query of a URL.

const encode = (text) =>
  encodeURIComponent(text.toWellFormed())
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");

// Whatever is no encoding stands for itself.
function decode(text) {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  const bytes = new TextEncoder().encode(spaced);
  const decoded = [];
  for (let i = 0; i < bytes.length; i++) {
    const digits = String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0);
    const isEncoding = bytes[i] === 0x25 && /^[\da-f]{2}$/i.test(digits);
    decoded.push(isEncoding ? parseInt(digits, 16) : bytes[i]);
    if (isEncoding) i += 2;
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(decoded));
}

function parse(text) {
  const parts = text.split("&").filter((part) => part !== "");
  return parts.map((part) => {
    const [, name, value] = /^([^=]*)=?(.*)$/s.exec(part);
    return [decode(name), decode(value)];
  });
}

function entriesOf(init) {
  if (typeof init !== "object" || init === null) return parse(String(init).replace(/^\?/, ""));
  const pairs = Symbol.iterator in init ? Array.from(init, (pair) => [...pair]) : Object.entries(init);
  if (pairs.some((pair) => pair.length !== 2)) throw new TypeError("each parameter has a name and a value");
  return pairs.map(([name, value]) => [String(name), String(value)]);
}

let connect;

/** Returns parameters that follow a query, and tell it when they change. */
export function followParameters(changed) {
  const parameters = new URLSearchParams();
  return { parameters, read: connect(parameters, changed) };
}

export class URLSearchParams {
  #entries;
  #changed = () => {};

  static {
    connect = (parameters, changed) => {
      parameters.#changed = () => changed(parameters.toString());
      return (query) => (parameters.#entries = parse(query));
    };
  }

  constructor(init = "") {
    this.#entries = entriesOf(init);
  }

  get size() {
    return this.#entries.length;
  }

  append(name, value) {
    this.#entries.push([String(name), String(value)]);
    this.#changed();
  }

  delete(name, value) {
    const isMeant = ([key, other]) => key === String(name) && (value === undefined || other === String(value));
    this.#entries = this.#entries.filter((entry) => !isMeant(entry));
    this.#changed();
  }

  get(name) {
    return this.#entries.find(([key]) => key === String(name))?.[1] ?? null;
  }

  getAll(name) {
    return this.#entries.filter(([key]) => key === String(name)).map(([, value]) => value);
  }

  has(name, value) {
    const isMeant = ([key, other]) => key === String(name) && (value === undefined || other === String(value));
    return this.#entries.some(isMeant);
  }

  set(name, value) {
    const first = this.#entries.find(([key]) => key === String(name));
    if (!first) return this.append(name, value);
    first[1] = String(value);
    this.#entries = this.#entries.filter((entry) => entry === first || entry[0] !== String(name));
    this.#changed();
  }

  sort() {
    this.#entries.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
    this.#changed();
  }

  forEach(callback, self) {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries() {
    for (let i = 0; i < this.#entries.length; i++) yield [...this.#entries[i]];
  }

  *keys() {
    for (const [name] of this) yield name;
  }

  *values() {
    for (const [, value] of this) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  toString() {
    return this.#entries.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
  }
}
