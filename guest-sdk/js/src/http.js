// One request and its response, over the HTTP of WASI. Knows nothing of redirects, nor of what `fetch` makes
// of it.

import * as host from "reweft:host";
import { ready } from "./polling.js";

/**
 * Sends a request, and returns its response as soon as that begins: its status, its headers, `read` for all the
 * bytes of its body, and `drop` for who doesn't want them.
 */
export async function exchange({ method, url, headers, bytes, signal }) {
  const said = (answer) => {
    // Paths and queries may hold secrets, and messages are kept.
    if (typeof answer === "string") throw new TypeError(`${method} ${url.origin}: ${answer}`);
    return answer;
  };
  const isSecure = url.protocol === "https:";
  const path = url.pathname + url.search;
  const hasBody = bytes !== undefined && bytes.length > 0;
  const sent = host.sendRequest(method, isSecure, url.host, path, writeHeaders(headers), hasBody);
  const [future, body, stream] = said(sent);
  // Why it could not be sent, the response says.
  if (hasBody) send(body, stream, bytes, signal).catch(() => {});
  try {
    let response;
    while (!(response = said(host.takeResponse(future)))) {
      await ready(host.subscribeResponse(future), signal);
    }
    const [status, fields, ...incoming] = response;
    const read = () => receive(...incoming, said, signal);
    return { status, headers: readHeaders(fields), read, drop: () => drop(...incoming) };
  } finally {
    host.dropFuture(future);
  }
}

async function send(body, stream, bytes, signal) {
  let isWhole = false;
  try {
    let position = 0;
    while (position < bytes.length) {
      const written = host.writeBody(stream, bytes, position);
      if (written === undefined) return;
      position += written;
      if (written === 0) await ready(host.subscribeOutput(stream), signal);
    }
    isWhole = true;
  } finally {
    host.dropOutput(stream);
    if (isWhole) host.finishBody(body);
    else host.dropOutgoingBody(body);
  }
}

async function receive(body, stream, said, signal) {
  const parts = [];
  try {
    let part;
    while ((part = said(host.readBody(stream))) !== undefined) {
      if (part.byteLength > 0) parts.push(new Uint8Array(part));
      else await ready(host.subscribeInput(stream), signal);
    }
    return joined(parts);
  } finally {
    drop(body, stream);
  }
}

function drop(body, stream) {
  host.dropInput(stream);
  host.dropIncomingBody(body);
}

function joined(parts) {
  if (parts.length === 1) return parts[0];
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

// As the engine takes them: names and values in turn, each with a zero behind it. A character is a byte.
function writeHeaders(headers) {
  const text = headers.map(([name, value]) => `${name}\0${value}\0`).join("");
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function readHeaders(fields) {
  const parts = Array.from(new Uint8Array(fields), (byte) => String.fromCharCode(byte)).join("").split("\0");
  const headers = [];
  for (let i = 0; i + 1 < parts.length; i += 2) headers.push([parts[i], parts[i + 1]]);
  return headers;
}
