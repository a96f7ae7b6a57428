//! What a module exports: the host's calls, led to the functions of the program.

const std = @import("std");
const contract = @import("contract.zig");
const failures = @import("failure.zig");
const ActivityContext = @import("activity_context.zig").ActivityContext;
const Context = @import("context.zig").Context;
const Failure = failures.Failure;

/// Nothing is freed: the host drops the guest after a run or an attempt. So there is no `cabi_post` either.
const allocator = std.heap.wasm_allocator;

/// Exports the `workflows` and the `activities` that a root file declares; it may have only one of them:
///
///     pub const workflows = .{ Hello, Goodbye };
///     pub const activities = .{Say};
///
///     comptime {
///         reweft.exportModule(@This());
///     }
pub fn exportModule(comptime root: type) void {
    @export(&reallocate, .{ .name = "cabi_realloc" });
    if (@hasDecl(root, "workflows")) {
        @export(&Workflows(root).names, .{ .name = contract.workflows ++ "#names" });
        @export(&Workflows(root).run, .{ .name = contract.workflows ++ "#run" });
    }
    if (@hasDecl(root, "activities")) {
        @export(&Activities(root).names, .{ .name = contract.activities ++ "#names" });
        @export(&Activities(root).execute, .{ .name = contract.activities ++ "#execute" });
    }
}

fn Workflows(comptime root: type) type {
    return struct {
        fn names() callconv(.c) *const contract.Names {
            return namesOf(root.workflows);
        }

        fn run(
            name: [*]const u8,
            name_len: usize,
            input: [*]const u8,
            input_len: usize,
        ) callconv(.c) *const contract.Result {
            var ctx: Context = .{
                .allocator = allocator,
                .io = std.Io.Threaded.global_single_threaded.io(),
                .failure = unknown,
            };
            const result = call(root.workflows, "workflow", &ctx, name[0..name_len], input[0..input_len]);
            return respond(&ctx, result);
        }
    };
}

fn Activities(comptime root: type) type {
    return struct {
        fn names() callconv(.c) *const contract.Names {
            return namesOf(root.activities);
        }

        fn execute(
            name: [*]const u8,
            name_len: usize,
            input: [*]const u8,
            input_len: usize,
        ) callconv(.c) *const contract.Result {
            side = .activity;
            var ctx: ActivityContext = .{
                .allocator = allocator,
                .io = std.Io.Threaded.global_single_threaded.io(),
                .environ = .{ .block = .global },
                .failure = unknown,
            };
            const result = call(root.activities, "activity", &ctx, name[0..name_len], input[0..input_len]);
            return respond(&ctx, result);
        }
    };
}

const unknown: Failure = .{ .error_type = "Failed", .message = "Failed" };

fn namesOf(comptime definitions: anytype) *const contract.Names {
    const list = comptime list: {
        var texts: [definitions.len]contract.Text = undefined;
        for (&texts, 0..) |*text, index| text.* = .from(definitions[index].name);
        break :list texts;
    };
    return &.{ .ptr = &list, .len = list.len };
}

fn call(
    comptime definitions: anytype,
    comptime kind: []const u8,
    ctx: anytype,
    name: []const u8,
    input: []const u8,
) anyerror![]const u8 {
    inline for (definitions) |definition| {
        if (std.mem.eql(u8, definition.name, name)) return definition.run(ctx, input);
    }
    return ctx.fail(.{
        .error_type = kind ++ "-not-found",
        .message = try ctx.print("the module has no {s} named '{s}'", .{ kind, name }),
        .non_retriable = true,
    });
}

var returned: contract.Result = undefined;

fn respond(ctx: anytype, result: anyerror![]const u8) *const contract.Result {
    if (result) |output| {
        returned = .{ .has_failed = false, .value = .{ .output = .from(output) } };
    } else |err| {
        const failure = ctx.failureOf(err);
        returned = .{ .has_failed = true, .value = .{ .failure = .{
            .error_type = .from(failure.error_type),
            .message = .from(failure.message),
            .stack_trace = .from(failure.stack_trace),
            .non_retriable = failure.non_retriable,
        } } };
    }
    return &returned;
}

/// What the host calls for room in the guest's memory.
fn reallocate(old: ?[*]u8, old_size: usize, alignment: usize, size: usize) callconv(.c) [*]u8 {
    const most: std.mem.Alignment = .@"16";
    std.debug.assert(alignment <= most.toByteUnits());
    const new = allocator.rawAlloc(@max(size, 1), most, @returnAddress()) orelse @panic("out of memory");
    if (old) |known| @memcpy(new[0..@min(old_size, size)], known[0..@min(old_size, size)]);
    return new;
}

// Nothing else tells on which side the guest is: a module with both has the imports of both.
var side: enum { workflow, activity } = .workflow;

/// What to name `panic` in the root file of a module, so that a panic ends the run or the attempt as failed, with
/// its message. The host adds the stack trace.
pub const panic = std.debug.FullPanic(endAsFailed);

fn endAsFailed(message: []const u8, _: ?usize) noreturn {
    const error_type = "panic";
    switch (side) {
        inline else => |known| sideImports(known).fail(
            error_type.ptr,
            error_type.len,
            message.ptr,
            message.len,
            false,
            error_type.ptr,
            0,
            false,
        ),
    }
    @trap();
}

/// What to name `std_options` in the root file of a module, so that `std.log` writes to the host's log.
pub const std_options: std.Options = .{ .logFn = log, .log_level = .debug };

/// Writes to the host's log. In a workflow it is silent while replaying.
pub fn log(
    comptime level: std.log.Level,
    comptime scope: @EnumLiteral(),
    comptime format: []const u8,
    args: anytype,
) void {
    const prefix = if (scope == .default) "" else "(" ++ @tagName(scope) ++ ") ";
    const message = std.fmt.allocPrint(allocator, prefix ++ format, args) catch return;
    // From the contract: trace, debug, info, warn, error.
    const number: u32 = switch (level) {
        .debug => 1,
        .info => 2,
        .warn => 3,
        .err => 4,
    };
    switch (side) {
        inline else => |known| sideImports(known).log(number, message.ptr, message.len),
    }
}

fn sideImports(comptime known: @TypeOf(side)) type {
    return switch (known) {
        .workflow => contract.context,
        .activity => contract.activity_context,
    };
}
