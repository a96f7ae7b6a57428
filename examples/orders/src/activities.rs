//! The work itself. A real shop would talk to its systems here; this one has a fixed stock, so that
//! the example needs nothing else.

use reweft_sdk::prelude::*;

use crate::model::{InventoryUpdate, Items, Offer, Order, Payment, QuoteRequest, Reservation};

/// What is in stock.
const STOCK: [(&str, u32); 3] = [("paperclips", 100), ("cars", 10), ("computers", 100)];

/// What suppliers ask for a car, in dollars.
const PRICES: [(&str, u64); 3] = [("north", 9_500), ("south", 9_000), ("east", 9_200)];

/// The supplier who never answers the phone.
const SILENT: &str = "west";

/// In dollars: what the bank doesn't pay out at once.
const PAYMENT_LIMIT: f64 = 1_000_000.0;

/// Tells the customer something.
#[activity(name = "NotifyActivity")]
pub fn notify(ctx: ActivityContext, message: String) -> Result<(), Failure> {
    ctx.log(Level::Info, message);
    Ok(())
}

/// Puts the items of an order aside, if there are enough of them.
#[activity(name = "ReserveInventoryActivity")]
pub fn reserve_inventory(ctx: ActivityContext, wanted: Items) -> Result<Reservation, Failure> {
    let entry = STOCK.iter().find(|(name, _)| *name == wanted.name);
    let in_stock = entry.map_or(0, |(_, quantity)| *quantity);
    let reserved = wanted.quantity <= in_stock;
    let Items { name, quantity } = wanted;
    ctx.log(Level::Info, format!("{quantity} {name} wanted, {in_stock} in stock"));
    Ok(Reservation { reserved, in_stock })
}

/// Asks the managers to approve an order. They answer with the event `ManagerApproval`.
#[activity(name = "RequestApprovalActivity")]
pub fn request_approval(ctx: ActivityContext, order: Order) -> Result<(), Failure> {
    let Order { name, quantity, total_cost, .. } = order;
    let id = ctx.instance_id();
    ctx.log(Level::Info, format!("please approve order {id}: {quantity} {name} at ${total_cost}"));
    Ok(())
}

/// Takes the customer's money. A bank would be given the idempotency key, so that a second attempt
/// doesn't take it twice.
#[activity(name = "ProcessPaymentActivity")]
pub fn process_payment(ctx: ActivityContext, payment: Payment) -> Result<(), Failure> {
    let Payment { order_id, amount } = payment;
    if amount > PAYMENT_LIMIT {
        let message = format!("the bank declined a payment of ${amount}");
        return Err(Failure::new("payment-declined", message).non_retriable());
    }
    let key = ctx.idempotency_key();
    ctx.log(Level::Info, format!("${amount} paid for order {order_id}, under key {key}"));
    Ok(())
}

/// Ships what was reserved, or gives it back.
#[activity(name = "UpdateInventoryActivity")]
pub fn update_inventory(ctx: ActivityContext, update: InventoryUpdate) -> Result<(), Failure> {
    let (what, Items { name, quantity }) = match update {
        InventoryUpdate::Ship(items) => ("shipped", items),
        InventoryUpdate::Release(items) => ("given back", items),
    };
    ctx.log(Level::Info, format!("{quantity} {name} {what}"));
    Ok(())
}

/// Asks one supplier for a price.
#[activity(name = "QuoteActivity")]
pub fn quote(request: QuoteRequest) -> Result<Offer, Failure> {
    let QuoteRequest { supplier, .. } = request;
    if supplier == SILENT {
        return Err(Failure::new("unavailable", format!("{supplier} does not answer")));
    }
    match PRICES.iter().find(|(name, _)| *name == supplier) {
        Some(&(_, price)) => Ok(Offer { supplier, price }),
        None => {
            let message = format!("there is no supplier named {supplier}");
            Err(Failure::new("unknown-supplier", message).non_retriable())
        }
    }
}
