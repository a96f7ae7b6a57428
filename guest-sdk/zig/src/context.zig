//! What a workflow may ask of the host.

const std = @import("std");
const contract = @import("contract.zig");
const failure = @import("failure.zig");
const options = @import("options.zig");
const payload = @import("payload.zig");
const Task = @import("task.zig").Task;
const Error = failure.Error;
const imports = contract.context;

/// Who is running.
pub const InstanceInfo = struct {
    /// The ID the instance was started with.
    instance_id: []const u8,
    /// The name it was started by.
    workflow_name: []const u8,
    /// The module that holds this workflow.
    module_name: []const u8,
    /// The SHA-256 of that module's bytes, in hexadecimal: its version.
    module_digest: []const u8,
    /// When this run began.
    started_at: std.Io.Timestamp,
    /// The instance that called this one as its child, if one did.
    parent_instance_id: ?[]const u8,
    /// True while the host replays what an earlier turn has done already.
    is_replaying: bool,
};

/// What becomes of events that no wait has taken when a run continues as new.
pub const UnreadEvents = enum { drop, keep };

/// What a workflow may ask of the host. Everything here is recorded in the history of the run, and answered from
/// it when the run is replayed.
pub const Context = struct {
    /// Its memory lives as long as the run: there is no need to free it.
    allocator: std.mem.Allocator,
    /// Time, randomness and output, all as a replay would see them again: a sleep is a durable timer.
    io: std.Io,
    /// What `error.Failed` was last returned for.
    failure: failure.Failure,

    pub const fail = failure.fail;
    pub const failureOf = failure.failureOf;
    pub const print = failure.print;

    /// Starts an activity by its name: one of this module, or `module/activity`. For one of this program prefer
    /// its own `start` and `call`, which know its types.
    pub fn startActivity(
        ctx: *Context,
        comptime Output: type,
        name: []const u8,
        input: anytype,
        asked: options.ActivityOptions,
    ) Error!Task(Output) {
        const text = try payload.encode(ctx.allocator, input);
        const retry = Retry.of(asked.retry);
        return .{
            .ctx = ctx,
            .what = try ctx.print("the output of activity {s}", .{name}),
            .handle = imports.@"call-activity"(
                name.ptr,
                name.len,
                text.ptr,
                text.len,
                asked.retry != null,
                retry.policy.max_attempts,
                retry.first_interval,
                retry.policy.backoff_coefficient,
                retry.policy.max_interval != null,
                retry.max_interval,
                retry.policy.timeout != null,
                retry.timeout,
                asked.timeout != null,
                optionalMilliseconds(asked.timeout),
                asked.heartbeat_timeout != null,
                optionalMilliseconds(asked.heartbeat_timeout),
            ),
        };
    }

    /// Starts another workflow of this host as a child, by its name.
    pub fn startChild(
        ctx: *Context,
        comptime Output: type,
        name: []const u8,
        input: anytype,
        asked: options.ChildOptions,
    ) Error!Task(Output) {
        const text = try payload.encode(ctx.allocator, input);
        return .{
            .ctx = ctx,
            .what = try ctx.print("the output of workflow {s}", .{name}),
            .handle = callWorkflow(name, text, asked, false),
        };
    }

    /// Starts another workflow of this host, and lets it go: it outlives this one. The task gives its instance
    /// ID, once it has been started.
    pub fn startDetached(
        ctx: *Context,
        name: []const u8,
        input: anytype,
        asked: options.ChildOptions,
    ) Error!Task([]const u8) {
        const text = try payload.encode(ctx.allocator, input);
        return .{ .ctx = ctx, .what = "an instance ID", .handle = callWorkflow(name, text, asked, true) };
    }

    /// Begins to wait for an event, and gives its payload. Names are compared without regard to case.
    pub fn waitEvent(ctx: *Context, comptime Payload: type, name: []const u8) Error!Task(Payload) {
        return .{
            .ctx = ctx,
            .what = try ctx.print("the payload of event {s}", .{name}),
            .error_type = "invalid-event",
            .handle = imports.@"wait-event"(name.ptr, name.len),
        };
    }

    /// Starts a timer, in whole milliseconds, rounded up.
    pub fn startTimer(ctx: *Context, delay: std.Io.Duration) Task(void) {
        const handle = imports.@"start-timer"(options.milliseconds(delay));
        return .{ .ctx = ctx, .what = "a timer", .handle = handle };
    }

    /// Sleeps, as `ctx.io.sleep` does.
    pub fn sleep(ctx: *Context, duration: std.Io.Duration) void {
        // A timer can't fail but by being cancelled.
        ctx.startTimer(duration).wait() catch unreachable;
    }

    /// Waits until one of these has its result, and returns its index. There must be at least one.
    pub fn select(_: *Context, tasks: []const contract.Handle) usize {
        return imports.select(tasks.ptr, tasks.len);
    }

    /// Waits until any task has a result that was not read yet, and returns its number.
    pub fn selectAny(_: *Context) u32 {
        return imports.@"select-any"();
    }

    /// Raises an event to another instance. One that has ended gets nothing.
    pub fn raiseEvent(
        ctx: *Context,
        instance_id: []const u8,
        name: []const u8,
        value: anytype,
    ) error{OutOfMemory}!void {
        const text = try payload.encode(ctx.allocator, value);
        imports.@"raise-event"(instance_id.ptr, instance_id.len, name.ptr, name.len, text.ptr, text.len);
    }

    /// Ends this run, and begins another with this input under the same instance ID.
    pub fn continueAsNew(ctx: *Context, input: anytype, unread: UnreadEvents) error{OutOfMemory}!noreturn {
        const text = try payload.encode(ctx.allocator, input);
        imports.@"continue-as-new"(text.ptr, text.len, unread == .keep);
        unreachable;
    }

    /// Returns whether the code behind a change is to go its new way: false in a run that was beyond it.
    pub fn isPatched(_: *Context, patch: []const u8) bool {
        return imports.@"is-patched"(patch.ptr, patch.len);
    }

    /// Shows a status with the instance.
    pub fn setCustomStatus(_: *Context, status: []const u8) void {
        imports.@"set-custom-status"(status.ptr, status.len);
    }

    /// Returns workflow time: when the last thing that this workflow waited for was recorded. The clocks of
    /// `ctx.io` show the same.
    pub fn now(_: *Context) std.Io.Timestamp {
        return timestamp(imports.now());
    }

    /// Returns a random number that is the same in every replay. `ctx.io.random` does the same.
    pub fn randomU64(_: *Context) u64 {
        return imports.@"random-u64"();
    }

    /// Returns a random UUID (version 4) that is the same in every replay.
    pub fn newUuid(_: *Context) []const u8 {
        var uuid: contract.Text = undefined;
        imports.@"new-uuid"(&uuid);
        return uuid.slice();
    }

    /// Returns who is running.
    pub fn info(_: *Context) InstanceInfo {
        var received: contract.InstanceInfo = undefined;
        imports.info(&received);
        return .{
            .instance_id = received.instance_id.slice(),
            .workflow_name = received.workflow_name.slice(),
            .module_name = received.module_name.slice(),
            .module_digest = received.module_digest.slice(),
            .started_at = timestamp(received.started_at),
            .parent_instance_id = received.parent_instance_id.slice(),
            .is_replaying = received.replaying,
        };
    }
};

/// A retry policy in milliseconds.
const Retry = struct {
    policy: options.RetryPolicy,
    first_interval: u64,
    max_interval: u64,
    timeout: u64,

    fn of(asked: ?options.RetryPolicy) Retry {
        const policy = asked orelse options.RetryPolicy{ .max_attempts = 0, .first_interval = .zero };
        return .{
            .policy = policy,
            .first_interval = options.milliseconds(policy.first_interval),
            .max_interval = optionalMilliseconds(policy.max_interval),
            .timeout = optionalMilliseconds(policy.timeout),
        };
    }
};

fn optionalMilliseconds(duration: ?std.Io.Duration) u64 {
    return if (duration) |known| options.milliseconds(known) else 0;
}

fn callWorkflow(
    name: []const u8,
    input: []const u8,
    asked: options.ChildOptions,
    detached: bool,
) contract.Handle {
    const retry = Retry.of(asked.retry);
    const instance_id = asked.instance_id orelse "";
    return imports.@"call-workflow"(
        name.ptr,
        name.len,
        input.ptr,
        input.len,
        asked.instance_id != null,
        instance_id.ptr,
        instance_id.len,
        asked.retry != null,
        retry.policy.max_attempts,
        retry.first_interval,
        retry.policy.backoff_coefficient,
        retry.policy.max_interval != null,
        retry.max_interval,
        retry.policy.timeout != null,
        retry.timeout,
        detached,
    );
}

/// Returns a time from milliseconds since 1970.
pub fn timestamp(ms: u64) std.Io.Timestamp {
    return .fromNanoseconds(@as(i96, ms) * std.time.ns_per_ms);
}
