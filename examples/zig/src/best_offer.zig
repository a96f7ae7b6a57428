//! A fan-out with a limit: all suppliers are asked at once, and the best offer that comes in time wins.

const std = @import("std");
const reweft = @import("reweft");
const Quote = @import("activities.zig").Quote;
const model = @import("model.zig");

pub const BestOffer = reweft.Workflow("BestOfferWorkflow", bestOffer);

const half_a_minute_ms = 30 * 1_000;

/// A supplier who doesn't answer is asked again every minute.
const quote_retry: reweft.RetryPolicy = .{ .max_attempts = 5, .first_interval = .fromSeconds(60) };

/// What came of asking one supplier.
const Answer = union(enum) {
    offered: model.Offer,
    declined,
    late,
};

/// Asks all suppliers at once, and takes the lowest price of those who answer in time.
fn bestOffer(ctx: *reweft.Context, inquiry: model.Inquiry) !model.BestOffer {
    const calls = try ctx.allocator.alloc(reweft.Task(model.Offer), inquiry.suppliers.len);
    for (calls, inquiry.suppliers) |*call, supplier| {
        const request: model.QuoteRequest = .{ .item = inquiry.item, .supplier = supplier };
        call.* = try Quote.start(ctx, request, .{ .retry = quote_retry });
    }
    const limit_ms = inquiry.timeoutMs orelse half_a_minute_ms;
    const answers = try waitForAll(ctx, calls, .fromMilliseconds(limit_ms));

    var best: ?model.Offer = null;
    var declined: std.ArrayList([]const u8) = .empty;
    var late: std.ArrayList([]const u8) = .empty;
    for (answers, inquiry.suppliers) |answer, supplier| switch (answer) {
        .offered => |offer| if (best == null or offer.price < best.?.price) {
            best = offer;
        },
        .declined => try declined.append(ctx.allocator, supplier),
        .late => try late.append(ctx.allocator, supplier),
    };
    return .{ .best = best, .declined = declined.items, .late = late.items };
}

/// Waits for all calls, but not longer than this.
fn waitForAll(
    ctx: *reweft.Context,
    calls: []const reweft.Task(model.Offer),
    limit: std.Io.Duration,
) ![]const Answer {
    const answers = try ctx.allocator.alloc(Answer, calls.len);
    @memset(answers, .late);
    const deadline = ctx.startTimer(limit);
    for (calls) |_| {
        const number = ctx.selectAny();
        for (calls, answers) |call, *answer| {
            if (call.number() != number) continue;
            answer.* = if (call.outcome()) |offer| .{ .offered = offer.? } else |_| .declined;
            break;
        } else {
            for (calls, answers) |call, answer| if (answer == .late) call.cancel();
            return answers;
        }
    }
    deadline.cancel();
    return answers;
}
