/** Owns on which side of the contract the guest runs, and how it gives up there. */

import * as host from "./abi/host";
import { Utf8 } from "./abi/memory";
import { Failure } from "./failure";

/** What the host runs in this guest. */
export enum Side {
  Workflow,
  Activity,
}

// Nothing else tells: a module with both has the imports of both, and may call only one's. The host
// asks for the names of workflows first, so that is where something wrong at start-up shows.
let side = Side.Workflow;
let isEnding = false;

/** Notes what the host has called the guest for. */
export function enter(entered: Side): void {
  side = entered;
}

/** Ends what is running as failed: it never returns. */
export function end(failure: Failure): void {
  const errorType = new Utf8(failure.errorType);
  const message = new Utf8(failure.message);
  const stackTrace = failure.stackTrace;
  const stack = new Utf8(stackTrace === null ? "" : stackTrace);
  const hasStack = stackTrace !== null;
  const nonRetriable = failure.nonRetriable;
  if (side == Side.Activity) {
    host.failActivity(
      errorType.at, errorType.length, message.at, message.length,
      hasStack, stack.at, stack.length, nonRetriable,
    );
  } else {
    host.failWorkflow(
      errorType.at, errorType.length, message.at, message.length,
      hasStack, stack.at, stack.length, nonRetriable,
    );
  }
  unreachable();
}

/**
 * What the compiler calls for `throw`, for a failed `assert` and for an index that is out of range:
 * the configuration of this package puts it in the place of AssemblyScript's own.
 */
export function abort(
  message: string | null = null,
  fileName: string | null = null,
  lineNumber: u32 = 0,
  columnNumber: u32 = 0,
): void {
  // What goes wrong on the way out must not lead back to here.
  if (isEnding) unreachable();
  isEnding = true;
  // The compiler's own stack may be full, and nothing on it is needed any more. This function must
  // not need it either, so it passes addresses on.
  __stack_pointer = __heap_base;
  endAborted(
    changetype<usize>(message), changetype<usize>(fileName), lineNumber, columnNumber,
  );
}

function endAborted(message: usize, fileName: usize, lineNumber: u32, columnNumber: u32): void {
  const file = fileName == 0 ? "an unknown file" : changetype<string>(fileName);
  // Only the compiler's check of its stack comes from nowhere; the text that it gives may not be
  // there.
  if (file.length == 0) end(new Failure("abort", "stack overflow"));
  const what = message == 0 ? "assertion failed" : changetype<string>(message);
  end(new Failure("abort", what, `at ${file}:${lineNumber}:${columnNumber}`));
}
