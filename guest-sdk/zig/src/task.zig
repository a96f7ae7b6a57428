//! Results that may arrive later.

const std = @import("std");
const contract = @import("contract.zig");
const payload = @import("payload.zig");
const options = @import("options.zig");
const Context = @import("context.zig").Context;
const failure = @import("failure.zig");
const Error = failure.Error;
const imports = contract.context;

/// A result that may arrive later: of an activity or a child, of a timer, or of a wait for an event. It is under
/// way from the moment you have it, whether somebody waits for it or not.
pub fn Task(comptime Output: type) type {
    return struct {
        const Self = @This();

        ctx: *Context,
        /// What `Context.select` takes.
        handle: contract.Handle,
        /// What its result is the result of.
        what: []const u8,
        error_type: []const u8 = "invalid-output",

        /// Waits for the result. The task is not to be used any more then.
        pub fn wait(task: Self) Error!Output {
            while (true) {
                if (try task.outcome()) |output| {
                    imports.@"[resource-drop]task"(task.handle);
                    return output;
                }
                _ = task.ctx.select(&.{task.handle});
            }
        }

        /// Waits for the result, but no longer than this: null then, and the task is cancelled. An event that
        /// comes later is for the next wait.
        pub fn waitWithin(task: Self, limit: std.Io.Duration) Error!?Output {
            const timer = task.ctx.startTimer(limit);
            const is_late = task.ctx.select(&.{ task.handle, timer.handle }) == 1;
            if (is_late) task.cancel() else timer.cancel();
            return if (is_late) null else try task.wait();
        }

        /// Returns the result if it is there, and null otherwise.
        pub fn outcome(task: Self) Error!?Output {
            var received: contract.OptionalResult = undefined;
            imports.@"[method]task.outcome"(task.handle, &received);
            if (!received.is_there) return null;
            const result = received.result;
            if (!result.has_failed) {
                const text = result.value.output.slice();
                return try payload.decode(task.ctx, Output, text, task.error_type, task.what);
            }
            const reason = result.value.failure;
            return task.ctx.fail(.{
                .error_type = reason.error_type.slice(),
                .message = reason.message.slice(),
                .stack_trace = reason.stack_trace.slice(),
                .non_retriable = reason.non_retriable,
            });
        }

        /// Returns the number of the task within its run, which `Context.selectAny` gives.
        pub fn number(task: Self) u32 {
            return imports.@"[method]task.number"(task.handle);
        }

        /// Stops wanting the result: a timer is removed, an activity is told to stop, a child is terminated, and
        /// a wait takes no event any more.
        pub fn cancel(task: Self) void {
            imports.@"[method]task.cancel"(task.handle);
        }
    };
}
