//! How an order is processed, from the customer's click to the end.

const reweft = @import("reweft");
const activities = @import("activities.zig");
const model = @import("model.zig");
const Order = model.Order;
const OrderResult = model.OrderResult;

pub const OrderProcessing = reweft.Workflow("OrderProcessingWorkflow", orderProcessing);

/// In dollars: what costs more needs a manager's approval.
const approval_threshold = 5_000;

const one_hour_ms = 60 * 60 * 1_000;

/// Tries after 2, 4 and 8 seconds again.
const payment_retry: reweft.RetryPolicy = .{
    .max_attempts = 4,
    .first_interval = .fromSeconds(2),
    .backoff_coefficient = 2,
};

/// Processes an order. Orders that a shop has to turn down are results, too: only what nobody planned for makes
/// the workflow fail.
fn orderProcessing(ctx: *reweft.Context, order: Order) !OrderResult {
    const id = ctx.info().instance_id;
    const received = try ctx.print("Received order {s} for {d} {s} at ${d}", .{
        id, order.quantity, order.name, order.totalCost,
    });
    try activities.Notify.call(ctx, received, .{});

    const reservation = try activities.ReserveInventory.call(ctx, order.items(), .{});
    if (!reservation.reserved) {
        const reason = try ctx.print("there are only {d} {s} in stock", .{ reservation.inStock, order.name });
        return turnDown(ctx, reason);
    }

    // From here on, whatever goes wrong gives the reserved items back.
    approveAndPay(ctx, order) catch |err| {
        const reason = ctx.failureOf(err).message;
        try activities.UpdateInventory.call(ctx, .{ .release = order.items() }, .{});
        return turnDown(ctx, reason);
    };

    try activities.UpdateInventory.call(ctx, .{ .ship = order.items() }, .{});
    try activities.Notify.call(ctx, try ctx.print("Order {s} has completed!", .{id}), .{});
    return .{ .processed = true };
}

fn approveAndPay(ctx: *reweft.Context, order: Order) !void {
    if (order.totalCost > approval_threshold) try approve(ctx, order);
    const payment: model.Payment = .{ .orderId = ctx.info().instance_id, .amount = order.totalCost };
    try activities.ProcessPayment.call(ctx, payment, .{ .retry = payment_retry });
}

/// Asks a manager, and waits for the answer; but not for ever.
fn approve(ctx: *reweft.Context, order: Order) !void {
    try activities.RequestApproval.call(ctx, order, .{});
    ctx.setCustomStatus("waiting for approval");

    const answer = try ctx.waitEvent(model.Approval, "ManagerApproval");
    const limit_ms = order.approvalTimeoutMs orelse one_hour_ms;
    const approval = try answer.waitWithin(.fromMilliseconds(limit_ms)) orelse {
        ctx.setCustomStatus("approval timed out");
        return ctx.fail(.{ .error_type = "approval-timeout", .message = "no manager has answered in time" });
    };
    if (!approval.approved) {
        ctx.setCustomStatus("rejected");
        return ctx.fail(.{ .error_type = "rejected", .message = "a manager has rejected the order" });
    }
    ctx.setCustomStatus("approved");
}

fn turnDown(ctx: *reweft.Context, reason: []const u8) !OrderResult {
    const message = try ctx.print("Order {s} was not processed: {s}", .{ ctx.info().instance_id, reason });
    try activities.Notify.call(ctx, message, .{});
    return .{ .processed = false, .reason = reason };
}
