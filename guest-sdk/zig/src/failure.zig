//! Why something failed.

const std = @import("std");

/// Why a workflow or an activity failed.
pub const Failure = struct {
    /// Stable and machine-readable, for example `insufficient-funds`.
    error_type: []const u8,
    /// What happened, for a person to read.
    message: []const u8,
    /// Where it happened, as far as the language it happened in tells.
    stack_trace: ?[]const u8 = null,
    /// True: no retry policy tries again.
    non_retriable: bool = false,
};

/// What may go wrong when something is asked for.
pub const Error = error{
    /// It failed, and the `failure` of the context says why.
    Failed,
    OutOfMemory,
};

// What both contexts can do.

/// Notes why, and returns the error that says so:
///
///     return ctx.fail(.{ .error_type = "declined", .message = "no money", .non_retriable = true });
pub fn fail(ctx: anytype, failure: Failure) error{Failed} {
    ctx.failure = failure;
    return error.Failed;
}

/// Returns why something failed with this error: what the context knows about `error.Failed`, and the name of
/// any other.
pub fn failureOf(ctx: anytype, err: anyerror) Failure {
    if (err == error.Failed) return ctx.failure;
    return .{ .error_type = @errorName(err), .message = @errorName(err) };
}

/// Returns a text that is formatted as by `std.fmt.allocPrint`, and lives as long as the context.
pub fn print(ctx: anytype, comptime format: []const u8, args: anytype) error{OutOfMemory}![]const u8 {
    return std.fmt.allocPrint(ctx.allocator, format, args);
}

test "an error is seen as the failure that was noted, or by its name" {
    var ctx: struct { failure: Failure } = .{ .failure = undefined };
    const err = fail(&ctx, .{ .error_type = "declined", .message = "no money" });
    try std.testing.expectEqualStrings("no money", failureOf(&ctx, err).message);
    try std.testing.expectEqualStrings("OutOfMemory", failureOf(&ctx, error.OutOfMemory).error_type);
}
