import { activity, TimeoutError, workflow } from "reweft";

const DAY = 24 * 60 * 60 * 1_000;

/** An activity does the work. It may fail, and be tried again. */
const say = activity("say", (_ctx, text: string) => `said: ${text}`);

/** A workflow says what is done when. Whatever happens to the host, each step is done once. */
workflow("{{name}}", async (ctx, name: string) => {
  await ctx.activity(say, `Hello, ${name}!`, { retry: { maxAttempts: 2, firstInterval: 5_000 } });
  try {
    const answer = await ctx.timeout(DAY, ctx.event<string>("Answer"));
    return await ctx.activity(say, `Thanks for '${answer}'.`);
  } catch (error) {
    if (error instanceof TimeoutError) return "no answer";
    throw error;
  }
});
