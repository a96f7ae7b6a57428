import * as host from "./abi/host";
import { Utf8 } from "./abi/memory";
import { Definition, runBody, workflows } from "./definitions";
import { toJson } from "./json/json";
import { NO_RETRY, RetryPolicy } from "./retry-policy";
import { Task } from "./task";

/** How a child workflow is to be run. */
export class ChildOptions {
  constructor(
    /** The ID of its instance; null for one made from this instance's. */
    public instanceId: string | null = null,
    /** When to try again; null for a single attempt. */
    public retry: RetryPolicy | null = null,
  ) {}
}

const DEFAULTS = new ChildOptions();

/** A workflow that takes an `I` and returns an `O`: what another workflow calls as its child. */
export class Workflow<I, O> {
  constructor(
    /** Its name. */
    readonly name: string,
  ) {}

  /**
   * Runs it as a child, and waits for its output. If it fails, the calling workflow fails with
   * that.
   */
  call(input: I, options: ChildOptions = DEFAULTS): O {
    return this.start(input, options).result();
  }

  /**
   * Starts it as a child, which is an instance of its own: exactly once in each attempt. It ends
   * with its parent when that is terminated.
   */
  start(input: I, options: ChildOptions = DEFAULTS): Task<O> {
    const handle = this.ask(input, options, false);
    return new Task<O>(handle, `the output of workflow "${this.name}"`, "invalid-output");
  }

  /**
   * Starts it so that it outlives the workflow that calls it. The result is the ID of its instance.
   */
  startDetached(input: I, options: ChildOptions = DEFAULTS): Task<string> {
    const handle = this.ask(input, options, true);
    return new Task<string>(handle, `the instance ID of workflow "${this.name}"`, "invalid-output");
  }

  private ask(input: I, options: ChildOptions, isDetached: bool): i32 {
    const name = new Utf8(this.name);
    const text = new Utf8(toJson<I>(input));
    const id = options.instanceId;
    const instanceId = new Utf8(id === null ? "" : id);
    const given = options.retry;
    const retry = given === null ? NO_RETRY : given;
    return host.callWorkflow(
      name.at, name.length,
      text.at, text.length,
      id !== null, instanceId.at, instanceId.length,
      given !== null, retry.maxAttempts, retry.firstInterval, retry.backoffCoefficient,
      retry.maxInterval > 0, retry.maxInterval, retry.timeout > 0, retry.timeout,
      isDetached,
    );
  }
}

class WorkflowDefinition<I, O> extends Definition {
  constructor(name: string, private body: (input: I) => O) {
    super(name);
  }

  run(input: string): string {
    return runBody<I, O>(this.body, input, `workflow "${this.name}"`);
  }
}

/**
 * Defines a workflow of this module: a function that says what is done when. It is run again from
 * its beginning whenever the host has to, and must do the same then: whatever it asks `context`
 * for, and whatever it asks the clock or `Math.random` for, is answered as before.
 *
 * ```ts
 * export const sumOfSquares = workflow<i32[], i32>("SumOfSquares", (numbers) => {
 *   const squares = numbers.map<Task<i32>>((number) => square.start(number));
 *   let sum = 0;
 *   for (let index = 0; index < squares.length; index++) sum += squares[index].result();
 *   return sum;
 * });
 * ```
 *
 * Names are unique among the workflows of a host.
 */
export function workflow<I, O>(name: string, body: (input: I) => O): Workflow<I, O> {
  workflows.push(new WorkflowDefinition<I, O>(name, body));
  return new Workflow<I, O>(name);
}

/**
 * Names a workflow that is defined in another module. If nobody has it, calls fail with error type
 * `workflow-not-found`.
 */
export function externalWorkflow<I, O>(name: string): Workflow<I, O> {
  return new Workflow<I, O>(name);
}
