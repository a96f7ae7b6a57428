//! Functions that are workflows and activities.

const std = @import("std");
const payload = @import("payload.zig");
const options = @import("options.zig");
const ActivityContext = @import("activity_context.zig").ActivityContext;
const Context = @import("context.zig").Context;
const Error = @import("failure.zig").Error;
const Task = @import("task.zig").Task;

/// Makes a workflow of a function `fn (ctx: *Context, input: Input) !Output`, or of one without an input.
pub fn Workflow(comptime workflow_name: []const u8, comptime function: anytype) type {
    const signature: Signature = .of(workflow_name, *Context, function);
    return struct {
        pub const name = workflow_name;
        pub const Input = signature.Input;
        pub const Output = signature.Output;

        /// Starts it as a child of the workflow that is running.
        pub fn start(ctx: *Context, input: Input, asked: options.ChildOptions) Error!Task(Output) {
            return ctx.startChild(Output, name, input, asked);
        }

        /// Starts it as a child, and waits for it.
        pub fn call(ctx: *Context, input: Input, asked: options.ChildOptions) Error!Output {
            const task = try start(ctx, input, asked);
            return task.wait();
        }

        /// What the host calls: from JSON to JSON.
        pub fn run(ctx: *Context, text: []const u8) anyerror![]const u8 {
            return signature.run(function, name, ctx, text);
        }
    };
}

/// Makes an activity of a function `fn (ctx: *ActivityContext, input: Input) !Output`, or of one without an input.
pub fn Activity(comptime activity_name: []const u8, comptime function: anytype) type {
    const signature: Signature = .of(activity_name, *ActivityContext, function);
    return struct {
        pub const name = activity_name;
        pub const Input = signature.Input;
        pub const Output = signature.Output;

        /// Starts it: the result may arrive later.
        pub fn start(ctx: *Context, input: Input, asked: options.ActivityOptions) Error!Task(Output) {
            return ctx.startActivity(Output, name, input, asked);
        }

        /// Starts it, and waits for it.
        pub fn call(ctx: *Context, input: Input, asked: options.ActivityOptions) Error!Output {
            const task = try start(ctx, input, asked);
            return task.wait();
        }

        /// What the host calls: from JSON to JSON.
        pub fn run(ctx: *ActivityContext, text: []const u8) anyerror![]const u8 {
            return signature.run(function, name, ctx, text);
        }
    };
}

/// What a function takes and gives.
const Signature = struct {
    Input: type,
    Output: type,
    takes_input: bool,

    fn of(comptime name: []const u8, comptime ContextPointer: type, comptime function: anytype) Signature {
        const info = @typeInfo(@TypeOf(function)).@"fn";
        const parameters = info.param_types;
        if (parameters.len == 0 or parameters.len > 2 or parameters[0] != ContextPointer) {
            @compileError(name ++ " must take a " ++ @typeName(ContextPointer) ++ ", and at most one input");
        }
        const Returned = info.return_type.?;
        return .{
            .Input = if (parameters.len == 2) parameters[1].? else void,
            .Output = switch (@typeInfo(Returned)) {
                .error_union => |fallible| fallible.payload,
                else => Returned,
            },
            .takes_input = parameters.len == 2,
        };
    }

    fn run(
        comptime signature: Signature,
        comptime function: anytype,
        comptime name: []const u8,
        ctx: anytype,
        text: []const u8,
    ) anyerror![]const u8 {
        const input = try payload.decode(ctx, signature.Input, text, "invalid-input", "the input of " ++ name);
        const returned = if (signature.takes_input) function(ctx, input) else function(ctx);
        const output: signature.Output = switch (@typeInfo(@TypeOf(returned))) {
            .error_union => try returned,
            else => returned,
        };
        return payload.encode(ctx.allocator, output);
    }
};
