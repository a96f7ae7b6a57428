//! What an activity may ask of the host.

const std = @import("std");
const contract = @import("contract.zig");
const failure = @import("failure.zig");
const payload = @import("payload.zig");
const timestamp = @import("context.zig").timestamp;
const imports = contract.activity_context;

/// What is being done, and for whom.
pub const ActivityInfo = struct {
    /// The instance that asked for it.
    instance_id: []const u8,
    /// The activity's name.
    activity_name: []const u8,
    /// From 1.
    attempt: u32,
    /// The same for every attempt of this call, different for every other call.
    idempotency_key: []const u8,
    /// When this attempt is stopped.
    deadline: std.Io.Timestamp,
};

/// What an activity may ask of the host, beside all that Zig's standard library can do.
pub const ActivityContext = struct {
    /// Its memory lives as long as the attempt: there is no need to free it.
    allocator: std.mem.Allocator,
    /// What reaches the world.
    io: std.Io,
    /// The environment, as far as the operator lets the module see it.
    environ: std.process.Environ,
    /// What `error.Failed` was last returned for.
    failure: failure.Failure,

    pub const fail = failure.fail;
    pub const failureOf = failure.failureOf;
    pub const print = failure.print;

    /// Says how far the attempt is. True once it is no longer wanted: it should clean up and return.
    pub fn heartbeat(ctx: *ActivityContext, progress: anytype) error{OutOfMemory}!bool {
        const text = try payload.encode(ctx.allocator, progress);
        return imports.heartbeat(text.ptr, text.len);
    }

    /// Returns what the attempt before this one said last; null if there is nothing.
    pub fn lastProgress(ctx: *ActivityContext, comptime Progress: type) failure.Error!?Progress {
        var received: contract.OptionalText = undefined;
        imports.@"last-progress"(&received);
        const text = received.slice() orelse return null;
        return try payload.decode(ctx, Progress, text, "invalid-progress", "the progress of the attempt before");
    }

    /// Returns what is being done, and for whom.
    pub fn info(_: *ActivityContext) ActivityInfo {
        var received: contract.ActivityInfo = undefined;
        imports.info(&received);
        return .{
            .instance_id = received.instance_id.slice(),
            .activity_name = received.activity_name.slice(),
            .attempt = received.attempt,
            .idempotency_key = received.idempotency_key.slice(),
            .deadline = timestamp(received.deadline),
        };
    }
};
