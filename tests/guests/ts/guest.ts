// What the tests of all languages ask of a guest, in TypeScript. What they ask of JavaScript besides is in the
// guest beside this one.

import { activity, Failure, TimeoutError, workflow, type Context } from "reweft";
import { Mood, type Call } from "./types.ts";

workflow("ts.sleep", async (_, ms: number) => {
  const began = Date.now();
  await wait(ms);
  return Date.now() - began;
});

workflow("ts.clock", (): [number, number] => {
  const first = Date.now();
  let sum = 0;
  for (let number = 0; number < 100_000; number++) sum += number;
  return [first, Date.now() + Math.min(sum, 0)];
});

workflow("ts.random", () => {
  const bytes: Uint8Array = crypto.getRandomValues(new Uint8Array(8));
  return [Math.random(), crypto.randomUUID(), [...bytes].join()];
});

workflow("ts.print", async (ctx) => {
  console.log("before");
  const payload = await ctx.event<unknown>("Go");
  console.log("after");
  return payload;
});

workflow("ts.wait", (ctx) => ctx.event("Go"));

workflow("ts.throw", (_, why: string) => explode(why));

workflow("ts.throw-activity", (ctx, why: string) => ctx.activity(explodeActivity, why));

workflow("ts.call", async (ctx: Context, { activity: name, child, input }: Call) => {
  const [one, other] = await Promise.all([ctx.activity(name, input), ctx.child(child, input)]);
  return { activity: one, child: other };
});

workflow("ts.echo", (_, value: unknown) => value);

workflow("ts.gather", (ctx, count: number) =>
  Promise.all(Array.from({ length: count }, (_, number) => ctx.activity(echo, number))),
);

workflow("ts.idioms", async (ctx) => {
  const told: unknown[] = [];
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

workflow("ts.stuck", () => new Promise<never>(() => {}));

/** What there is in TypeScript beside types. */
workflow("ts.language", () => {
  const point = new Point(3, 4);
  const moods = [Mood.Happy, Mood.Sad] as const;
  return { length: point.length, moods, name: Mood[Mood.Sad], checked: ({ a: 1 } satisfies object).a! };
});

class Point {
  constructor(
    private readonly x: number,
    private readonly y: number,
  ) {}

  get length(): number {
    return Math.hypot(this.x, this.y);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function explode(why: string): never {
  throw new RangeError(`boom: ${why}`);
}

const echo = activity("echo", <T>(_: unknown, value: T): T => value);

const explodeActivity = activity("explode", (_, why: string) => explode(why));

activity("environment", (_, name: string): string | null => process.env[name] ?? null);

activity("slow", async (_, ms: number) => {
  if (ms < 0) throw new Failure("invalid-input", "time goes on", { nonRetriable: true });
  await wait(ms);
});

activity("fetch", async (_, { url, ...init }: RequestInit & { url: string }) => {
  const request = new Request(url, init);
  const response: Response = await fetch(request, { headers: new Headers({ accept: "text/plain" }) });
  const { status, ok, redirected, headers } = response;
  return { status, ok, redirected, url: response.url, answered: headers.get("x-answered"), text: await response.text() };
});
