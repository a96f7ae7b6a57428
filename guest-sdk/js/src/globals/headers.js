// Headers, of requests and of responses.

const NAME = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

// Whatever HTTP has no way to say is not taken.
function nameOf(name) {
  if (!NAME.test(name)) throw new TypeError(`'${String(name)}' is no name of a header`);
  return String(name).toLowerCase();
}

function valueOf(value, name) {
  const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (/[\0\n\r]|[^\0-\xff]/.test(text)) throw new TypeError(`the value of header '${name}' can't be sent`);
  return text;
}

function entriesOf(init) {
  if (init === undefined) return [];
  if (typeof init !== "object" || init === null) throw new TypeError("headers are an object or a list of pairs");
  const pairs = Symbol.iterator in init ? Array.from(init, (pair) => [...pair]) : Object.entries(init);
  if (pairs.some((pair) => pair.length !== 2)) throw new TypeError("each header has a name and a value");
  return pairs;
}

export class Headers {
  /** All values, by the name in small letters. */
  #values = new Map();

  constructor(init) {
    for (const [name, value] of entriesOf(init)) this.append(name, value);
  }

  append(name, value) {
    const known = this.#values.get(nameOf(name));
    if (known) known.push(valueOf(value, name));
    else this.set(name, value);
  }

  delete(name) {
    this.#values.delete(nameOf(name));
  }

  get(name) {
    return this.#values.get(nameOf(name))?.join(", ") ?? null;
  }

  getSetCookie() {
    return [...(this.#values.get("set-cookie") ?? [])];
  }

  has(name) {
    return this.#values.has(nameOf(name));
  }

  set(name, value) {
    this.#values.set(nameOf(name), [valueOf(value, name)]);
  }

  forEach(callback, self) {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries() {
    for (const name of [...this.#values.keys()].sort()) {
      // Cookies can't be told apart any more once they are joined.
      const values = name === "set-cookie" ? this.getSetCookie() : [this.get(name)];
      for (const value of values) yield [name, value];
    }
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
}
