// A greeting that waits for an answer, for a day at most.

import {
  ActivityOptions, DAY, RetryPolicy, SECOND, activity, context, workflow,
} from "reweft-assemblyscript";

// Every module ends up with these: the functions that the host calls.
export * from "reweft-assemblyscript/exports";

/** An activity does the work. It may fail, and be tried again. */
const say = activity<string, string>("say", (text) => `said: ${text}`);

/** A workflow says what is done when. Whatever happens to the host, each step is done once. */
workflow<string, string>("{{name}}", (name) => {
  say.call(`Hello, ${name}!`, new ActivityOptions(new RetryPolicy(2, 5 * SECOND)));
  const answer = context.waitEvent<string>("Answer");
  if (!answer.waitFor(DAY)) return "no answer";
  return say.call(`Thanks for '${answer.result()}'.`);
});
