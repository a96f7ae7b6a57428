//! What goes in and out, as JSON: fields are named as they are there.

const std = @import("std");

/// What a customer wants.
pub const Order = struct {
    name: []const u8,
    quantity: u32,
    /// In dollars.
    totalCost: f64,
    /// How long a manager may take to approve; an hour, if null.
    approvalTimeoutMs: ?u63 = null,

    pub fn items(order: Order) Items {
        return .{ .name = order.name, .quantity = order.quantity };
    }
};

/// What becomes of an order.
pub const OrderResult = struct {
    processed: bool,
    /// Why it was not.
    reason: ?[]const u8 = null,
};

/// The payload of the event `ManagerApproval`: `{"approved":true}`, or just `true`.
pub const Approval = struct {
    approved: bool,

    pub fn jsonParse(
        allocator: std.mem.Allocator,
        source: anytype,
        options: std.json.ParseOptions,
    ) std.json.ParseError(@TypeOf(source.*))!Approval {
        if (try source.peekNextTokenType() == .object_begin) {
            const Object = struct { approved: bool };
            const object = try std.json.innerParse(Object, allocator, source, options);
            return .{ .approved = object.approved };
        }
        return .{ .approved = try std.json.innerParse(bool, allocator, source, options) };
    }
};

/// A number of pieces of something.
pub const Items = struct {
    name: []const u8,
    quantity: u32,
};

/// The answer to a reservation.
pub const Reservation = struct {
    reserved: bool,
    /// How many pieces there were.
    inStock: u32,
};

/// What to do with items that are reserved.
pub const InventoryUpdate = union(enum) {
    /// They leave the stock.
    ship: Items,
    /// They are there for others again.
    release: Items,
};

/// What a customer has to pay.
pub const Payment = struct {
    orderId: []const u8,
    /// In dollars.
    amount: f64,
};

/// What is looked for, and whom to ask.
pub const Inquiry = struct {
    item: []const u8,
    suppliers: []const []const u8,
    /// How long the suppliers may take to answer; half a minute, if null.
    timeoutMs: ?u63 = null,
};

/// What one supplier is asked.
pub const QuoteRequest = struct {
    item: []const u8,
    supplier: []const u8,
};

/// What a supplier wants for an item.
pub const Offer = struct {
    supplier: []const u8,
    /// In whole dollars.
    price: u64,
};

/// What comes of an inquiry.
pub const BestOffer = struct {
    /// The lowest offer, if there was one.
    best: ?Offer,
    /// Who doesn't sell to us.
    declined: []const []const u8,
    /// Who did not answer in time.
    late: []const []const u8,

    /// Other than with most types, `best` is shown even if there is none.
    pub fn jsonStringify(result: BestOffer, writer: *std.json.Stringify) !void {
        try writer.beginObject();
        inline for (.{ "best", "declined", "late" }) |name| {
            try writer.objectField(name);
            try writer.write(@field(result, name));
        }
        try writer.endObject();
    }
};
