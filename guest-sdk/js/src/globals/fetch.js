// fetch: requests with their redirects, for activities.

import { Failure } from "../failure.js";
import { exchange } from "../http.js";
import { takeReader } from "./body.js";
import { defineGlobals } from "./define.js";
import { Headers } from "./headers.js";
import { Request } from "./request.js";
import { arrivedResponse, Response } from "./response.js";

const REDIRECTS_MAX = 20;
const REDIRECTING = [301, 302, 303, 307, 308];

/** What the host says itself, or what is about a body that a redirect has dropped. */
const HOP_HEADERS =
  /^(connection|content-length|host|http2-settings|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/;
const CONTENT_HEADERS = ["content-encoding", "content-language", "content-location", "content-type"];

let refusal = "nothing is fetched at the top level of a module, which runs when that is built";

export function allowFetch() {
  refusal = undefined;
}

export function refuseFetch() {
  refusal = "a workflow can't fetch: what reaches out of it must be done in an activity";
}

async function fetch(input, init) {
  if (refusal) throw new Failure("not-in-workflow", refusal, { nonRetriable: true });
  const request = new Request(input, init);
  const { redirect, signal } = request;
  signal.throwIfAborted();
  const bytes = await takeReader(request)?.();
  let next = { method: request.method, url: new URL(request.url), headers: new Headers(request.headers), bytes };
  for (let redirects = 0; ; redirects++) {
    const { url } = next;
    const { status, headers, read, drop } = await exchange({ ...next, headers: sentHeaders(next), signal });
    const target = redirectTarget(status, headers, url);
    if (!target || redirect === "manual") {
      return arrivedResponse({ status, headers, read, url: withoutFragment(url), isRedirected: redirects > 0 });
    }
    drop();
    const refuse = (why) => {
      throw new TypeError(`${next.method} ${url.origin}: ${why}`);
    };
    if (redirect === "error") refuse("it is redirected, and must not be");
    if (redirects === REDIRECTS_MAX) refuse(`it is redirected more than ${REDIRECTS_MAX} times`);
    if (!isWeb(target)) refuse(`it is redirected to ${target.protocol}, which is not HTTP`);
    next = redirected(next, status, target);
  }
}

const isWeb = (url) => url.protocol === "http:" || url.protocol === "https:";

function withoutFragment(url) {
  const copy = new URL(url);
  copy.hash = "";
  return copy.href;
}

function sentHeaders({ method, url, headers, bytes }) {
  if (!isWeb(url)) throw new TypeError(`${url.protocol} can't be fetched: http: and https: can`);
  const sent = [...headers].filter(([name]) => !HOP_HEADERS.test(name));
  const hasLength = bytes !== undefined || method === "POST" || method === "PUT";
  if (hasLength) sent.push(["content-length", String(bytes?.length ?? 0)]);
  for (const [name, value] of [["accept", "*/*"], ["user-agent", "reweft"]]) {
    if (!headers.has(name)) sent.push([name, value]);
  }
  return sent;
}

function redirectTarget(status, headers, url) {
  const location = REDIRECTING.includes(status) && headers.find(([name]) => name.toLowerCase() === "location");
  return location ? new URL(location[1], url) : undefined;
}

/** Returns the request that follows a redirect: what browsers make of it. */
function redirected({ method, url, headers, bytes }, status, target) {
  const next = { method, url: target, headers, bytes };
  const isPostNoMore = (status === 301 || status === 302) && method === "POST";
  if (isPostNoMore || (status === 303 && method !== "GET" && method !== "HEAD")) {
    next.method = "GET";
    next.bytes = undefined;
    for (const name of CONTENT_HEADERS) headers.delete(name);
  }
  // Who is let in here must not be known elsewhere.
  if (target.origin !== url.origin) for (const name of ["authorization", "cookie"]) headers.delete(name);
  return next;
}

defineGlobals({ fetch, Headers, Request, Response });
