const std = @import("std");

pub fn build(b: *std.Build) void {
    const reweft = b.addModule("reweft", .{ .root_source_file = b.path("src/reweft.zig") });

    const tests = b.addTest(.{ .root_module = b.createModule(.{
        .root_source_file = reweft.root_source_file,
        .target = b.graph.host,
    }) });
    b.step("test", "Run the tests").dependOn(&b.addRunArtifact(tests).step);
}

/// What `addModule` makes.
pub const ModuleOptions = struct {
    /// The module's file is named so, with `.wasm` behind it.
    name: []const u8,
    /// The file that calls `reweft.exportModule`.
    root_source_file: std.Build.LazyPath,
};

/// Adds a module to what `zig build` installs. Its code imports this package as `reweft`.
pub fn addModule(b: *std.Build, options: ModuleOptions) *std.Build.Step.Compile {
    const optimize = b.option(std.builtin.Optimize, "optimize", "What matters (default: safe)");
    const module = b.addExecutable(.{
        .name = options.name,
        .root_module = b.createModule(.{
            .root_source_file = options.root_source_file,
            .target = b.resolveTargetQuery(.{ .cpu_arch = .wasm32, .os_tag = .wasi }),
            // An overflow that nobody notices would be a wrong step in the history.
            .optimize = optimize orelse .safe,
            .strip = b.option(bool, "strip", "Leave out what stack traces are made of"),
            .imports = &.{.{
                .name = "reweft",
                .module = b.dependencyFromBuildZig(@This(), .{}).module("reweft"),
            }},
        }),
    });
    // A module has no main function, and is called by the names that it exports.
    module.wasi_exec_model = .reactor;
    module.entry = .disabled;
    module.rdynamic = true;
    module.stack_size = 128 * 1024;
    b.installArtifact(module);
    return module;
}
