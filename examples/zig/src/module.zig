//! Order processing, as users of Dapr know it: an order is reserved, approved by a manager if it is dear, paid,
//! and given back step by step if something goes wrong.
//!
//! Read `order_processing.zig` first: it is the whole story. `best_offer.zig` is another: a fan-out with a limit.

const reweft = @import("reweft");
const tasks = @import("activities.zig");

pub const panic = reweft.panic;
pub const std_options = reweft.std_options;

pub const workflows = .{
    @import("order_processing.zig").OrderProcessing,
    @import("best_offer.zig").BestOffer,
};

pub const activities = .{
    tasks.Notify,
    tasks.ReserveInventory,
    tasks.RequestApproval,
    tasks.ProcessPayment,
    tasks.UpdateInventory,
    tasks.Quote,
};

comptime {
    reweft.exportModule(@This());
}
