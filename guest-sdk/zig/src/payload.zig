//! How values become JSON, and JSON becomes values.

const std = @import("std");
const failures = @import("failure.zig");

/// Writes a value as JSON, as `std.json` does, but leaves out fields that are null. Nothing is written as null.
pub fn encode(allocator: std.mem.Allocator, value: anytype) error{OutOfMemory}![]const u8 {
    if (@TypeOf(value) == void) return "null";
    return std.json.Stringify.valueAlloc(allocator, value, .{ .emit_null_optional_fields = false });
}

/// Reads a value from JSON, as `std.json` does, but ignores fields that the type has not. An empty text, which
/// stands for a body that was not given, is read as null.
pub fn decode(
    ctx: anytype,
    comptime T: type,
    text: []const u8,
    error_type: []const u8,
    what: []const u8,
) failures.Error!T {
    if (T == void) return;
    var scanner: std.json.Scanner = .initCompleteInput(ctx.allocator, if (text.len == 0) "null" else text);
    var place: std.json.Diagnostics = .{};
    scanner.enableDiagnostics(&place);
    return std.json.parseFromTokenSourceLeaky(T, ctx.allocator, &scanner, .{
        .ignore_unknown_fields = true,
    }) catch |err| {
        if (err == error.OutOfMemory) return error.OutOfMemory;
        return failures.fail(ctx, .{
            .error_type = error_type,
            .message = try failures.print(ctx, "{s} can't be read as {s}: {s} at line {d} column {d}", .{
                what, @typeName(T), @errorName(err), place.getLine(), place.getColumn(),
            }),
            .non_retriable = true,
        });
    };
}

const Example = struct { name: []const u8, limit: ?u64 = null };

test "null fields are left out, and fields that nobody knows ignored" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var ctx: struct { allocator: std.mem.Allocator, failure: failures.Failure } =
        .{ .allocator = arena.allocator(), .failure = undefined };
    const text = try encode(ctx.allocator, Example{ .name = "\"\n" });
    try std.testing.expectEqualStrings("{\"name\":\"\\\"\\n\"}", text);
    const example = try decode(&ctx, Example, "{\"name\":\"a\",\"limit\":5,\"more\":[]}", "", "");
    try std.testing.expectEqual(5, example.limit);
    try std.testing.expectEqual(null, try decode(&ctx, ?u64, "", "", ""));
}

test "what can't be read is a failure that says where" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var ctx: struct { allocator: std.mem.Allocator, failure: failures.Failure } =
        .{ .allocator = arena.allocator(), .failure = undefined };
    const result = decode(&ctx, Example, "{\n\"name\":5}", "invalid-input", "the input");
    try std.testing.expectError(error.Failed, result);
    try std.testing.expectEqualStrings("invalid-input", ctx.failure.error_type);
    try std.testing.expectEqualStrings(
        "the input can't be read as payload.Example: UnexpectedToken at line 2 column 8",
        ctx.failure.message,
    );
}
