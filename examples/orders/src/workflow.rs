//! How an order is processed, from the customer's click to the end.

use reweft_sdk::prelude::*;

use crate::activities::{
    notify, process_payment, request_approval, reserve_inventory, update_inventory,
};
use crate::model::{Approval, InventoryUpdate, Items, Order, OrderResult, Payment};

/// In dollars: what costs more needs a manager's approval.
const APPROVAL_THRESHOLD: f64 = 5_000.0;

const ONE_HOUR: Duration = Duration::from_secs(60 * 60);

/// Tries after 2, 4 and 8 seconds again.
const PAYMENT_RETRY: RetryPolicy = RetryPolicy::new(4, Duration::from_secs(2)).backoff(2.0);

/// Processes an order. Orders that a shop has to turn down are results, too: only what nobody
/// planned for makes the workflow fail.
#[workflow(name = "OrderProcessingWorkflow")]
pub async fn order_processing(ctx: Context, order: Order) -> Result<OrderResult, Failure> {
    let order_id = ctx.instance_id();
    let Order { name, quantity, total_cost, .. } = &order;
    let received = format!("Received order {order_id} for {quantity} {name} at ${total_cost}");
    ctx.activity(notify, received).await?;

    let reservation = ctx.activity(reserve_inventory, Items::from(&order)).await?;
    if !reservation.reserved {
        let reason = format!("there are only {} {name} in stock", reservation.in_stock);
        return turn_down(&ctx, reason).await;
    }

    // From here on, whatever goes wrong gives the reserved items back.
    if let Err(failure) = approve_and_pay(&ctx, &order).await {
        let release = InventoryUpdate::Release(Items::from(&order));
        ctx.activity(update_inventory, release).await?;
        return turn_down(&ctx, failure.message).await;
    }

    ctx.activity(update_inventory, InventoryUpdate::Ship(Items::from(&order))).await?;
    ctx.activity(notify, format!("Order {order_id} has completed!")).await?;
    Ok(OrderResult::processed())
}

async fn approve_and_pay(ctx: &Context, order: &Order) -> Result<(), Failure> {
    if order.total_cost > APPROVAL_THRESHOLD {
        approve(ctx, order).await?;
    }
    let payment = Payment { order_id: ctx.instance_id(), amount: order.total_cost };
    ctx.activity(process_payment, payment).retry(PAYMENT_RETRY).await
}

/// Asks a manager, and waits for the answer; but not for ever.
async fn approve(ctx: &Context, order: &Order) -> Result<(), Failure> {
    ctx.activity(request_approval, order.clone()).await?;
    ctx.set_custom_status("waiting for approval");

    let limit = order.approval_timeout_ms.map_or(ONE_HOUR, Duration::from_millis);
    let answer = ctx.timeout(limit, ctx.event::<Approval>("ManagerApproval")).await;

    let Ok(approval) = answer else {
        ctx.set_custom_status("approval timed out");
        return Err(Failure::new("approval-timeout", "no manager has answered in time"));
    };
    if !approval?.is_granted() {
        ctx.set_custom_status("rejected");
        return Err(Failure::new("rejected", "a manager has rejected the order"));
    }
    ctx.set_custom_status("approved");
    Ok(())
}

async fn turn_down(ctx: &Context, reason: String) -> Result<OrderResult, Failure> {
    let message = format!("Order {} was not processed: {reason}", ctx.instance_id());
    ctx.activity(notify, message).await?;
    Ok(OrderResult::rejected(reason))
}
