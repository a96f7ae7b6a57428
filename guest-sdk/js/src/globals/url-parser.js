// URLs as the URL Standard reads them.

import { parseHost } from "./url-host.js";

/** The schemes that are read in a way of their own, each with its usual port. */
const SPECIAL = new Map([
  ["http:", "80"],
  ["https:", "443"],
  ["ws:", "80"],
  ["wss:", "443"],
  ["ftp:", "21"],
  ["file:", ""],
]);

// What has to be encoded in each part, beside what is not in ASCII.
const CONTROL = /[\0-\x1f\x7f]/;
const FRAGMENT = /[\0-\x20"<>`\x7f]/;
const QUERY = /[\0-\x20"#<>\x7f]/;
const SPECIAL_QUERY = /[\0-\x20"#<>'\x7f]/;
const PATH = /[\0-\x20"#<>?^`{}\x7f]/;
const USER = /[\0-\x20"#<>?^`{}/:;=@[\\\]|\x7f]/;

function encode(text, unwanted) {
  let encoded = "";
  for (const character of text.toWellFormed()) {
    const isFine = character < "\x80" && !unwanted.test(character);
    encoded += isFine ? character : encodeBytes(character);
  }
  return encoded;
}

function encodeBytes(character) {
  const bytes = new TextEncoder().encode(character);
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

export const isSpecial = (url) => SPECIAL.has(url.protocol);

const isDriveLetter = (part) => /^[A-Za-z][:|]$/.test(part);

function refuse(text) {
  throw new TypeError(`Invalid URL: '${text}'`);
}

/** Reads a URL, by itself or as another has it. */
export function parse(input, base) {
  const text = input.replace(/^[\0-\x20]+|[\0-\x20]+$/g, "").replace(/[\t\n\r]/g, "");
  const [, beforeHash, hash] = /^([^#]*)(?:#(.*))?$/s.exec(text);
  const [, scheme] = /^([A-Za-z][A-Za-z0-9+.-]*:)/.exec(beforeHash) ?? [];
  if (!scheme && (!base || (base.isOpaque && !text.startsWith("#")))) refuse(input);
  const protocol = scheme ? scheme.toLowerCase() : base.protocol;
  const url = {
    protocol,
    username: "",
    password: "",
    host: null,
    port: "",
    path: [],
    isOpaque: false,
    query: null,
    hash: null,
  };
  const body = scheme ? beforeHash.slice(scheme.length) : beforeHash;
  const isRelated = base && base.protocol === protocol && (!scheme || (isSpecial(url) && !/^[/\\]{2}/.test(body)));
  if (isRelated && !(base.isOpaque && body !== "")) parseRelated(url, body, base);
  else parseWhole(url, body, input);
  if (hash !== undefined) url.hash = encode(hash, FRAGMENT);
  return url;
}

function cutQuery(url, body) {
  const at = body.indexOf("?");
  if (at < 0) return body;
  setQuery(url, body.slice(at + 1));
  return body.slice(0, at);
}

export function setQuery(url, text) {
  url.query = encode(text, isSpecial(url) ? SPECIAL_QUERY : QUERY);
}

export function setHash(url, text) {
  url.hash = encode(text, FRAGMENT);
}

function parseWhole(url, body, input) {
  const rest = cutQuery(url, body);
  if (url.protocol === "file:") return parseFile(url, rest, undefined);
  const authority = isSpecial(url) ? /^[/\\]*([^/\\]*)(.*)$/s.exec(rest) : /^\/\/([^/]*)(.*)$/s.exec(rest);
  if (authority) {
    setAuthority(url, authority[1], input);
    setPath(url, authority[2]);
  } else if (rest.startsWith("/")) {
    setPath(url, rest);
  } else {
    url.isOpaque = true;
    url.path = [encode(rest, CONTROL)];
  }
}

function parseRelated(url, body, base) {
  const rest = cutQuery(url, body);
  if (url.protocol === "file:") return parseFile(url, rest, base, body);
  const slash = isSpecial(url) ? /[/\\]/ : /\//;
  const authority = isSpecial(url) ? /^[/\\]{2}[/\\]*([^/\\]*)(.*)$/s.exec(rest) : /^\/\/([^/]*)(.*)$/s.exec(rest);
  if (authority) {
    setAuthority(url, authority[1], body);
    return setPath(url, authority[2]);
  }
  const { username, password, host, port } = base;
  Object.assign(url, { username, password, host, port });
  if (slash.test(rest[0] ?? "")) return setPath(url, rest);
  follow(url, rest, body, base);
}

/** Takes the path of another, and goes on from there. */
function follow(url, rest, body, base) {
  url.isOpaque = base.isOpaque;
  url.path = [...base.path];
  if (rest === "") {
    if (!body.includes("?")) url.query = base.query;
    return;
  }
  shorten(url);
  addToPath(url, rest);
}

function parseFile(url, rest, base, body = rest) {
  url.host = "";
  const [, slashes, after] = /^([/\\]*)(.*)$/s.exec(rest);
  if (slashes.length >= 2) {
    const [, host, path] = /^([^/\\]*)(.*)$/s.exec(rest.slice(2));
    if (isDriveLetter(host)) return setPath(url, rest.slice(2));
    const parsed = host === "" ? "" : parseHost(host, true);
    url.host = parsed === "localhost" ? "" : parsed;
    return setPath(url, path);
  }
  if (!base) return setPath(url, rest);
  url.host = base.host;
  const beginsWithDrive = /^[A-Za-z][:|]([/\\]|$)/.test(after);
  if (slashes.length === 1) {
    const drive = base.path[0];
    if (!beginsWithDrive && drive && /^[A-Za-z]:$/.test(drive)) url.path = [drive];
    return addToPath(url, after);
  }
  if (!beginsWithDrive) return follow(url, rest, body, base);
  addToPath(url, rest);
}

function setAuthority(url, authority, input) {
  const at = authority.lastIndexOf("@");
  if (at >= 0) {
    const [, user, password] = /^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, at));
    url.username = encode(user, USER);
    url.password = encode(password ?? "", USER);
  }
  const host = authority.slice(at + 1);
  if (at >= 0 && host === "") refuse(input);
  setHost(url, host);
}

/** Reads a host and a port. */
export function setHost(url, text) {
  const [, name, port] = /^((?:\[[^\]]*\]?|[^:])*)(?::(.*))?$/s.exec(text) ?? refuse(text);
  if (name === "" && (isSpecial(url) || port !== undefined)) refuse(text);
  url.host = name === "" ? "" : parseHost(name, isSpecial(url), (host) => encode(host, CONTROL));
  if (port !== undefined) setPort(url, port);
}

export function setPort(url, text) {
  if (!/^\d*$/.test(text) || Number(text) > 65535) refuse(text);
  const port = text === "" ? "" : String(Number(text));
  url.port = port === SPECIAL.get(url.protocol) ? "" : port;
}

export function setUser(url, name, text) {
  url[name] = encode(text, USER);
}

/** Reads a path that begins anew. */
export function setPath(url, text) {
  url.path = [];
  if (text === "" && !isSpecial(url)) return;
  addToPath(url, /^[/\\]/.test(text) && (isSpecial(url) || text[0] === "/") ? text.slice(1) : text);
}

function addToPath(url, text) {
  const parts = text.split(isSpecial(url) ? /[/\\]/ : "/");
  parts.forEach((part, index) => {
    const isLast = index === parts.length - 1;
    const dots = part.replace(/%2e/gi, ".");
    if (dots === "..") {
      shorten(url);
      if (isLast) url.path.push("");
    } else if (dots === ".") {
      if (isLast) url.path.push("");
    } else if (url.protocol === "file:" && url.path.length === 0 && isDriveLetter(part)) {
      url.path.push(`${part[0]}:`);
    } else {
      url.path.push(encode(part, PATH));
    }
  });
}

function shorten(url) {
  const isDrive = url.protocol === "file:" && url.path.length === 1 && /^[A-Za-z]:$/.test(url.path[0]);
  if (!isDrive) url.path.pop();
}

export function writePath(url) {
  return url.isOpaque ? url.path[0] : url.path.map((part) => `/${part}`).join("");
}

export function write(url) {
  let text = url.protocol;
  if (url.host !== null) {
    const password = url.password && `:${url.password}`;
    const user = url.username || password ? `${url.username}${password}@` : "";
    text += `//${user}${url.host}${url.port && `:${url.port}`}`;
  } else if (!url.isOpaque && url.path.length > 1 && url.path[0] === "") {
    text += "/.";
  }
  text += writePath(url);
  if (url.query !== null) text += `?${url.query}`;
  if (url.hash !== null) text += `#${url.hash}`;
  return text;
}
