//! How activities and children are to be run.

const std = @import("std");
const Duration = std.Io.Duration;

/// When a failed activity or child is tried again.
pub const RetryPolicy = struct {
    /// The first attempt included, so 1 means no retry.
    max_attempts: u32,
    /// The delay before the second attempt.
    first_interval: Duration,
    /// Each delay is the one before times this. At least 1.
    backoff_coefficient: f64 = 1,
    /// No delay is longer than this.
    max_interval: ?Duration = null,
    /// No attempt starts later than this after the first one was asked for.
    timeout: ?Duration = null,
};

/// How an activity is to be run.
pub const ActivityOptions = struct {
    /// Null: a single attempt.
    retry: ?RetryPolicy = null,
    /// How long one attempt may take.
    timeout: ?Duration = null,
    /// How long an attempt may go without a heartbeat.
    heartbeat_timeout: ?Duration = null,
};

/// How a child workflow is to be run.
pub const ChildOptions = struct {
    /// The ID of its instance. Null: one made from that of this instance.
    instance_id: ?[]const u8 = null,
    /// Null: a single attempt.
    retry: ?RetryPolicy = null,
};

/// Returns whole milliseconds, rounded up: nothing is ever early.
pub fn milliseconds(duration: Duration) u64 {
    const whole = std.math.divCeil(i96, duration.nanoseconds, std.time.ns_per_ms) catch unreachable;
    return std.math.lossyCast(u64, whole);
}

test "milliseconds round up" {
    try std.testing.expectEqual(0, milliseconds(.zero));
    try std.testing.expectEqual(1, milliseconds(.fromNanoseconds(1)));
    try std.testing.expectEqual(7, milliseconds(.fromMilliseconds(7)));
    try std.testing.expectEqual(8, milliseconds(.fromMicroseconds(7_001)));
    try std.testing.expectEqual(0, milliseconds(.fromSeconds(-1)));
}
