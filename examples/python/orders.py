"""Order processing, as users of Dapr know it: an order is reserved, approved by a manager if it is
dear, paid, and given back step by step if something goes wrong. And a fan-out with a limit."""

import asyncio
from contextlib import suppress

from activities import (
    notify,
    process_payment,
    quote,
    request_approval,
    reserve_inventory,
    update_inventory,
)
from model import (
    Approval,
    BestOffer,
    Inquiry,
    InventoryUpdate,
    Items,
    Order,
    OrderResult,
    Payment,
    QuoteRequest,
    dollars,
)
from reweft import Context, Failure, RetryPolicy, workflow

#: In dollars: what costs more needs a manager's approval.
APPROVAL_THRESHOLD = 5_000.0

#: Tries after 2, 4 and 8 seconds again.
PAYMENT_RETRY = RetryPolicy(4, 2.0, backoff=2.0)

#: A supplier who doesn't answer is asked again every minute.
QUOTE_RETRY = RetryPolicy(5, 60.0)

ONE_HOUR_MS = 60 * 60 * 1_000
HALF_A_MINUTE_MS = 30_000


@workflow(name="OrderProcessingWorkflow")
async def order_processing(ctx: Context, order: Order) -> OrderResult:
    """Processes an order. Orders that a shop has to turn down are results, too: only what nobody
    planned for makes the workflow fail."""
    order_id = ctx.instance_id
    what = f"{order.quantity} {order.name} at {dollars(order.total_cost)}"
    await ctx.activity(notify, f"Received order {order_id} for {what}")

    items = Items(order.name, order.quantity)
    reservation = await ctx.activity(reserve_inventory, items)
    if not reservation.reserved:
        reason = f"there are only {reservation.in_stock} {order.name} in stock"
        return await turn_down(ctx, reason)

    try:
        await approve_and_pay(ctx, order)
    except Failure as failure:
        # Whatever goes wrong gives the reserved items back.
        await ctx.activity(update_inventory, InventoryUpdate(release=items))
        return await turn_down(ctx, failure.message)

    await ctx.activity(update_inventory, InventoryUpdate(ship=items))
    await ctx.activity(notify, f"Order {order_id} has completed!")
    return OrderResult(processed=True)


async def approve_and_pay(ctx: Context, order: Order) -> None:
    if order.total_cost > APPROVAL_THRESHOLD:
        await approve(ctx, order)
    payment = Payment(ctx.instance_id, order.total_cost)
    await ctx.activity(process_payment, payment, retry=PAYMENT_RETRY)


async def approve(ctx: Context, order: Order) -> None:
    """Asks a manager, and waits for the answer; but not for ever."""
    await ctx.activity(request_approval, order)
    ctx.set_custom_status("waiting for approval")
    limit_ms = ONE_HOUR_MS if order.approval_timeout_ms is None else order.approval_timeout_ms
    try:
        answer = ctx.event("ManagerApproval", Approval | bool)
        approval = await asyncio.wait_for(answer, limit_ms / 1000)
    except TimeoutError:
        ctx.set_custom_status("approval timed out")
        raise Failure("no manager has answered in time", type="approval-timeout") from None
    if not (approval.approved if isinstance(approval, Approval) else approval):
        ctx.set_custom_status("rejected")
        raise Failure("a manager has rejected the order", type="rejected")
    ctx.set_custom_status("approved")


async def turn_down(ctx: Context, reason: str) -> OrderResult:
    await ctx.activity(notify, f"Order {ctx.instance_id} was not processed: {reason}")
    return OrderResult(processed=False, reason=reason)


@workflow(name="BestOfferWorkflow")
async def best_offer(ctx: Context, inquiry: Inquiry) -> BestOffer:
    """Asks all suppliers at once, and takes the lowest price of those who answer in time."""
    calls = [
        ctx.activity(quote, QuoteRequest(inquiry.item, supplier), retry=QUOTE_RETRY)
        for supplier in inquiry.suppliers
    ]
    limit_ms = HALF_A_MINUTE_MS if inquiry.timeout_ms is None else inquiry.timeout_ms
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_ms / 1000):
            await asyncio.gather(*calls, return_exceptions=True)

    result = BestOffer(best=None)
    for supplier, call in zip(inquiry.suppliers, calls, strict=True):
        if call.cancelled():
            result.late.append(supplier)
        elif call.exception():
            result.declined.append(supplier)
        elif result.best is None or call.result().price < result.best.price:
            result.best = call.result()
    return result
