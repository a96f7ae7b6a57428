const std = @import("std");
const reweft = @import("reweft");

pub fn build(b: *std.Build) void {
    _ = reweft.addModule(b, .{ .name = "{{name}}", .root_source_file = b.path("src/module.zig") });
}
