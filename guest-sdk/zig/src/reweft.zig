//! Durable workflows and activities for Reweft, in Zig.
//!
//! A workflow is a function that orchestrates: it calls activities and other workflows, sets timers, waits for
//! events. The host writes down every step, so that the workflow survives any crash and goes on where it was. An
//! activity is an ordinary function that does the work.
//!
//!     const std = @import("std");
//!     const reweft = @import("reweft");
//!
//!     pub const panic = reweft.panic;
//!     pub const std_options = reweft.std_options;
//!
//!     pub const workflows = .{Hello};
//!     pub const activities = .{Say};
//!
//!     comptime {
//!         reweft.exportModule(@This());
//!     }
//!
//!     const Say = reweft.Activity("Say", say);
//!     const Hello = reweft.Workflow("Hello", hello);
//!
//!     fn say(_: *reweft.ActivityContext, text: []const u8) void {
//!         std.log.info("{s}", .{text});
//!     }
//!
//!     fn hello(ctx: *reweft.Context, name: []const u8) ![]const u8 {
//!         try Say.call(ctx, try ctx.print("Hello, {s}!", .{name}), .{});
//!         const answer = try ctx.waitEvent([]const u8, "Answer");
//!         return try answer.waitWithin(.fromSeconds(24 * 60 * 60)) orelse "no answer";
//!     }
//!
//! Inputs and outputs are JSON, read and written by `std.json`. Any error that a workflow or an activity returns
//! becomes its failure, with the error's name as type; `ctx.fail` gives it a type and a message of your own. The
//! failure of an activity or a child arrives as `error.Failed`, with the reason in `ctx.failure`.

const contract = @import("contract.zig");
const activity_context = @import("activity_context.zig");
const context = @import("context.zig");
const definition = @import("definition.zig");
const failure = @import("failure.zig");
const module = @import("module.zig");
const options = @import("options.zig");
const task = @import("task.zig");

pub const exportModule = module.exportModule;
pub const panic = module.panic;
pub const std_options = module.std_options;
pub const log = module.log;

pub const Workflow = definition.Workflow;
pub const Activity = definition.Activity;

pub const Context = context.Context;
pub const InstanceInfo = context.InstanceInfo;
pub const UnreadEvents = context.UnreadEvents;
pub const Task = task.Task;
pub const Handle = contract.Handle;
pub const ActivityOptions = options.ActivityOptions;
pub const ChildOptions = options.ChildOptions;
pub const RetryPolicy = options.RetryPolicy;

pub const ActivityContext = activity_context.ActivityContext;
pub const ActivityInfo = activity_context.ActivityInfo;

pub const Failure = failure.Failure;
pub const Error = failure.Error;

test {
    _ = failure;
    _ = options;
    _ = @import("payload.zig");
}
