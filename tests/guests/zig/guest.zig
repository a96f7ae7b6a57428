//! What the tests of all languages ask of a guest, in Zig. It leaves out what Zig has no words for here: its
//! `std.Io` has futures, queues and groups, but in WebAssembly, without threads, each runs to its end at once, so
//! nothing can be `stuck`, and `idioms` has nothing to show.

const std = @import("std");
const reweft = @import("reweft");

pub const panic = reweft.panic;
pub const std_options = reweft.std_options;

pub const workflows = .{
    reweft.Workflow("zig.sleep", sleep),
    reweft.Workflow("zig.clock", clock),
    reweft.Workflow("zig.random", random),
    reweft.Workflow("zig.print", print),
    reweft.Workflow("zig.wait", wait),
    reweft.Workflow("zig.throw", throw),
    reweft.Workflow("zig.throw-activity", throwActivity),
    reweft.Workflow("zig.call", call),
    reweft.Workflow("zig.echo", echoInput),
    reweft.Workflow("zig.gather", gather),
};

pub const activities = .{
    Echo,
    Explode,
    reweft.Activity("environment", environment),
    reweft.Activity("slow", slow),
};

comptime {
    reweft.exportModule(@This());
}

const Any = std.json.Value;

const Echo = reweft.Activity("echo", echo);
const Explode = reweft.Activity("explode", explodeInActivity);

fn sleep(ctx: *reweft.Context, ms: u32) !i64 {
    const began: std.Io.Timestamp = .now(ctx.io, .awake);
    try ctx.io.sleep(.fromMilliseconds(ms), .awake);
    return began.untilNow(ctx.io, .awake).toMilliseconds();
}

fn clock(ctx: *reweft.Context) [2]i64 {
    const first: std.Io.Timestamp = .now(ctx.io, .real);
    var sum: u64 = 0;
    for (0..1_000_000) |number| sum ^= number *% number;
    std.mem.doNotOptimizeAway(sum);
    return .{ first.toMilliseconds(), std.Io.Timestamp.now(ctx.io, .real).toMilliseconds() };
}

fn random(ctx: *reweft.Context) !struct { f64, u32, []const u8 } {
    var source: std.Random.IoSource = .{ .io = ctx.io };
    var bytes: [4]u8 = undefined;
    try ctx.io.randomSecure(&bytes);
    return .{ source.interface().float(f64), @bitCast(bytes), ctx.newUuid() };
}

fn print(ctx: *reweft.Context) !Any {
    try std.Io.File.stdout().writeStreamingAll(ctx.io, "before\n");
    const payload = try wait(ctx);
    try std.Io.File.stdout().writeStreamingAll(ctx.io, "after\n");
    return payload;
}

fn wait(ctx: *reweft.Context) !Any {
    const event = try ctx.waitEvent(Any, "Go");
    return event.wait();
}

noinline fn explode(why: []const u8) noreturn {
    std.debug.panic("boom: {s}", .{why});
}

fn throw(_: *reweft.Context, why: []const u8) void {
    explode(why);
}

fn explodeInActivity(_: *reweft.ActivityContext, why: []const u8) void {
    explode(why);
}

fn throwActivity(ctx: *reweft.Context, why: []const u8) !void {
    try Explode.call(ctx, why, .{});
}

const Callees = struct { activity: []const u8, child: []const u8, input: Any };
const Answers = struct { activity: Any, child: Any };

fn call(ctx: *reweft.Context, callees: Callees) !Answers {
    const activity = try ctx.startActivity(Any, callees.activity, callees.input, .{});
    const child = try ctx.startChild(Any, callees.child, callees.input, .{});
    return .{ .activity = try activity.wait(), .child = try child.wait() };
}

fn echoInput(_: *reweft.Context, input: Any) Any {
    return input;
}

fn gather(ctx: *reweft.Context, count: u16) ![]const Any {
    const calls = try ctx.allocator.alloc(reweft.Task(Any), count);
    for (calls, 0..) |*started, number| started.* = try Echo.start(ctx, .{ .integer = @intCast(number) }, .{});
    const results = try ctx.allocator.alloc(Any, count);
    for (results, calls) |*result, started| result.* = try started.wait();
    return results;
}

fn echo(_: *reweft.ActivityContext, input: Any) Any {
    return input;
}

fn environment(ctx: *reweft.ActivityContext, name: []const u8) !?[]const u8 {
    const variables = try ctx.environ.createMap(ctx.allocator);
    return variables.get(name);
}

fn slow(ctx: *reweft.ActivityContext, ms: u32) !void {
    try ctx.io.sleep(.fromMilliseconds(ms), .awake);
}
