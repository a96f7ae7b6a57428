//! The work itself. A real shop would talk to its systems here; this one has a fixed stock, so that the example
//! needs nothing else.

const std = @import("std");
const reweft = @import("reweft");
const model = @import("model.zig");

pub const Notify = reweft.Activity("NotifyActivity", notify);
pub const ReserveInventory = reweft.Activity("ReserveInventoryActivity", reserveInventory);
pub const RequestApproval = reweft.Activity("RequestApprovalActivity", requestApproval);
pub const ProcessPayment = reweft.Activity("ProcessPaymentActivity", processPayment);
pub const UpdateInventory = reweft.Activity("UpdateInventoryActivity", updateInventory);
pub const Quote = reweft.Activity("QuoteActivity", quote);

/// What is in stock.
const stock: std.StaticStringMap(u32) = .initComptime(.{
    .{ "paperclips", 100 },
    .{ "cars", 10 },
    .{ "computers", 100 },
});

/// What suppliers ask for a car, in dollars.
const prices: std.StaticStringMap(u64) = .initComptime(.{
    .{ "north", 9_500 },
    .{ "south", 9_000 },
    .{ "east", 9_200 },
});

/// The supplier who never answers the phone.
const silent = "west";

/// In dollars: what the bank doesn't pay out at once.
const payment_limit = 1_000_000;

/// Tells the customer something.
fn notify(_: *reweft.ActivityContext, message: []const u8) void {
    std.log.info("{s}", .{message});
}

/// Puts the items of an order aside, if there are enough of them.
fn reserveInventory(_: *reweft.ActivityContext, wanted: model.Items) model.Reservation {
    const in_stock = stock.get(wanted.name) orelse 0;
    std.log.info("{d} {s} wanted, {d} in stock", .{ wanted.quantity, wanted.name, in_stock });
    return .{ .reserved = wanted.quantity <= in_stock, .inStock = in_stock };
}

/// Asks the managers to approve an order. They answer with the event `ManagerApproval`.
fn requestApproval(ctx: *reweft.ActivityContext, order: model.Order) void {
    std.log.info("please approve order {s}: {d} {s} at ${d}", .{
        ctx.info().instance_id, order.quantity, order.name, order.totalCost,
    });
}

/// Takes the customer's money. A bank would be given the idempotency key, so that a second attempt doesn't take
/// it twice.
fn processPayment(ctx: *reweft.ActivityContext, payment: model.Payment) !void {
    if (payment.amount > payment_limit) return ctx.fail(.{
        .error_type = "payment-declined",
        .message = try ctx.print("the bank declined a payment of ${d}", .{payment.amount}),
        .non_retriable = true,
    });
    std.log.info("${d} paid for order {s}, under key {s}", .{
        payment.amount, payment.orderId, ctx.info().idempotency_key,
    });
}

/// Ships what was reserved, or gives it back.
fn updateInventory(_: *reweft.ActivityContext, update: model.InventoryUpdate) void {
    switch (update) {
        .ship => |items| std.log.info("{d} {s} shipped", .{ items.quantity, items.name }),
        .release => |items| std.log.info("{d} {s} given back", .{ items.quantity, items.name }),
    }
}

/// Asks one supplier for a price.
fn quote(ctx: *reweft.ActivityContext, request: model.QuoteRequest) !model.Offer {
    const supplier = request.supplier;
    if (std.mem.eql(u8, supplier, silent)) return ctx.fail(.{
        .error_type = "unavailable",
        .message = try ctx.print("{s} does not answer", .{supplier}),
    });
    const price = prices.get(supplier) orelse return ctx.fail(.{
        .error_type = "unknown-supplier",
        .message = try ctx.print("there is no supplier named {s}", .{supplier}),
        .non_retriable = true,
    });
    return .{ .supplier = supplier, .price = price };
}
