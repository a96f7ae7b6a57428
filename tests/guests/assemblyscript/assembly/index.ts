/**
 * Workflows and activities for tests.
 *
 * What other languages' guests have and this one lacks, AssemblyScript has no words for: it has no
 * sleep of its own, so `sleep` is the helper's and the activity `slow` is left out; it has neither
 * promises nor coroutines, so there is nothing that `idioms` and `stuck` could be made of.
 */

import {
  Json, JsonFields, Task, activity, context, externalActivity, externalWorkflow, workflow,
} from "reweft-assemblyscript";

export * from "reweft-assemblyscript/exports";

const echo = activity<Json, Json>("echo", (input) => input);

const explodeActivity = activity<string, void>("explode", (input) => explode(input));

activity<string, string | null>("environment", (name) =>
  process.env.has(name) ? process.env.get(name) : null);

workflow<u64, i64>("assemblyscript.sleep", (delay) => {
  const begin = Date.now();
  context.sleep(delay);
  return Date.now() - begin;
});

workflow<Json, i64[]>("assemblyscript.clock", () => {
  const first = Date.now();
  let sum = 0;
  for (let number = 0; number < 1_000_000; number++) sum ^= number;
  return [first, Date.now() + (sum & 0)];
});

workflow<Json, f64[]>("assemblyscript.random", () => {
  const bytes = new Uint8Array(4);
  crypto.getRandomValues(bytes);
  return [Math.random(), Math.random(), <f64>load<u32>(bytes.dataStart)];
});

workflow<Json, Json>("assemblyscript.print", () => {
  console.log("before");
  const payload = context.waitEvent<Json>("Go").result();
  console.log("after");
  return payload;
});

workflow<Json, Json>("assemblyscript.wait", () => context.waitEvent<Json>("Go").result());

workflow<string, void>("assemblyscript.throw", (input) => explode(input));

workflow<string, void>("assemblyscript.throw-activity", (input) => explodeActivity.call(input));

workflow<Both, Results>("assemblyscript.call", (both) => {
  const activity = externalActivity<Json, Json>(both.activity).start(both.input);
  const child = externalWorkflow<Json, Json>(both.child).start(both.input);
  return new Results(activity.result(), child.result());
});

workflow<Json, Json>("assemblyscript.echo", (input) => input);

workflow<i32, Json[]>("assemblyscript.gather", (count) => {
  const calls = new Array<Task<Json>>();
  for (let number = 0; number < count; number++) calls.push(echo.start(Json.of(number)));
  return calls.map<Json>((call) => call.result());
});

function explode(input: string): void {
  throw new Error("boom: " + input);
}

/** What to call at the same time. */
class Both {
  constructor(
    public activity: string = "",
    public child: string = "",
    public input: Json = new Json(),
  ) {}

  fields(json: JsonFields): void {
    this.activity = json.required("activity", this.activity);
    this.child = json.required("child", this.child);
    this.input = json.required("input", this.input);
  }
}

/** What came of both. */
class Results {
  constructor(
    public activity: Json,
    public child: Json,
  ) {}

  fields(json: JsonFields): void {
    this.activity = json.required("activity", this.activity);
    this.child = json.required("child", this.child);
  }
}
