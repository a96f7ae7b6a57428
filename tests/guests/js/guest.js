// What the tests of all languages ask of a guest, in JavaScript.

import { activity, TimeoutError, workflow } from "reweft";

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

workflow("js.sleep", async (_, ms) => {
  const began = Date.now();
  await wait(ms);
  return Date.now() - began;
});

workflow("js.clock", () => {
  const first = Date.now();
  let sum = 0;
  for (let number = 0; number < 100_000; number++) sum += number;
  return [first, Date.now() + Math.min(sum, 0)];
});

workflow("js.random", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [Math.random(), crypto.randomUUID(), bytes.toHex()];
});

workflow("js.print", async (ctx) => {
  console.log("before");
  const payload = await ctx.event("Go");
  console.log("after");
  return payload;
});

workflow("js.wait", (ctx) => ctx.event("Go"));

function explode(why) {
  throw new RangeError(`boom: ${why}`);
}

workflow("js.throw", (_, why) => explode(why));

workflow("js.throw-activity", (ctx, why) => ctx.activity("explode", why));

workflow("js.call", async (ctx, { activity: name, child, input }) => {
  const [one, other] = await Promise.all([ctx.activity(name, input), ctx.child(child, input)]);
  return { activity: one, child: other };
});

workflow("js.echo", (_, value) => value);

workflow("js.gather", (ctx, count) =>
  Promise.all(Array.from({ length: count }, (_, number) => ctx.activity(echo, number))),
);

workflow("js.idioms", async (ctx) => {
  const told = [];
  async function* answers() {
    for (let number = 0; number < 3; number++) {
      await wait(10);
      yield await ctx.activity(echo, number);
    }
  }
  for await (const answer of answers()) told.push(answer);
  try {
    await ctx.timeout(10, ctx.event("Never"));
  } catch (error) {
    if (error instanceof TimeoutError) told.push("timeout");
  }
  const racing = new Set(["fast", "slow"]);
  const runners = [wait(10).then(() => "fast"), ctx.sleep(3_600_000).then(() => "slow")];
  const first = await Promise.race(runners);
  racing.delete(first);
  told.push(first, racing.size);
  return told;
});

workflow("js.stuck", () => new Promise(() => {}));

workflow("js.fetch", async (_, url) => (await fetch(url)).text());

const echo = activity("echo", (_, value) => value);

activity("explode", (_, why) => explode(why));

activity("environment", (_, name) => process.env[name] ?? null);

activity("slow", async (_, ms) => {
  await wait(ms);
});

activity("fetch", async (_, { url, bytes, ...init }) => {
  if (bytes) init.body = new Uint8Array(bytes).fill(0x78);
  const response = await fetch(url, init);
  const { status, ok, redirected, headers } = response;
  return { status, ok, redirected, url: response.url, answered: headers.get("X-Answered"), text: await response.text() };
});

activity("fetch-all", (_, urls) => Promise.all(urls.map(async (url) => (await fetch(url)).json())));

activity("fetch-late", async (_, url) => {
  try {
    await fetch(url, { signal: AbortSignal.timeout(50) });
  } catch (error) {
    return error.name;
  }
});
