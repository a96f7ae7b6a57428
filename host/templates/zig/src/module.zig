//! A greeting that waits for an answer, for a day at most.

const std = @import("std");
const reweft = @import("reweft");

// A panic is a failure, and std.log writes to the host's log.
pub const panic = reweft.panic;
pub const std_options = reweft.std_options;

pub const workflows = .{reweft.Workflow("{{name}}", hello)};
pub const activities = .{Say};

comptime {
    reweft.exportModule(@This());
}

const Say = reweft.Activity("say", say);

/// An activity does the work. It may fail, and be tried again.
fn say(ctx: *reweft.ActivityContext, text: []const u8) ![]const u8 {
    return ctx.print("said: {s}", .{text});
}

/// A workflow says what is done when. Whatever happens to the host, each step is done once.
fn hello(ctx: *reweft.Context, name: []const u8) ![]const u8 {
    const greeting = try ctx.print("Hello, {s}!", .{name});
    _ = try Say.call(ctx, greeting, .{ .retry = .{ .max_attempts = 2, .first_interval = .fromSeconds(5) } });
    const event = try ctx.waitEvent([]const u8, "Answer");
    const answer = try event.waitWithin(.fromSeconds(24 * 60 * 60)) orelse return "no answer";
    return Say.call(ctx, try ctx.print("Thanks for '{s}'.", .{answer}), .{});
}
