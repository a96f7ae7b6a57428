const std = @import("std");
const reweft = @import("reweft");

pub fn build(b: *std.Build) void {
    _ = reweft.addModule(b, .{ .name = "guest", .root_source_file = b.path("guest.zig") });
}
