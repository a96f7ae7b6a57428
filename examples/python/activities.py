"""The work itself. A real shop would talk to its systems here; this one has a fixed stock, so that the
example needs nothing else."""

from model import (
    InventoryUpdate,
    Items,
    Offer,
    Order,
    Payment,
    QuoteRequest,
    Reservation,
    dollars,
)
from reweft import ActivityContext, Failure, activity

STOCK = {"paperclips": 100, "cars": 10, "computers": 100}

#: What suppliers ask for a car, in dollars.
PRICES = {"north": 9_500, "south": 9_000, "east": 9_200}

#: The supplier who never answers the phone.
SILENT = "west"

#: In dollars: what the bank doesn't pay out at once.
PAYMENT_LIMIT = 1_000_000.0


@activity(name="NotifyActivity")
def notify(ctx: ActivityContext, message: str) -> None:
    """Tells the customer something."""
    ctx.log(message)


@activity(name="ReserveInventoryActivity")
def reserve_inventory(ctx: ActivityContext, wanted: Items) -> Reservation:
    """Puts the items of an order aside, if there are enough of them."""
    in_stock = STOCK.get(wanted.name, 0)
    ctx.log(f"{wanted.quantity} {wanted.name} wanted, {in_stock} in stock")
    return Reservation(reserved=wanted.quantity <= in_stock, in_stock=in_stock)


@activity(name="RequestApprovalActivity")
def request_approval(ctx: ActivityContext, order: Order) -> None:
    """Asks the managers to approve an order. They answer with the event `ManagerApproval`."""
    what = f"{order.quantity} {order.name} at {dollars(order.total_cost)}"
    ctx.log(f"please approve order {ctx.instance_id}: {what}")


@activity(name="ProcessPaymentActivity")
def process_payment(ctx: ActivityContext, payment: Payment) -> None:
    """Takes the customer's money. A bank would be given the idempotency key, so that a second attempt
    doesn't take it twice."""
    amount = dollars(payment.amount)
    if payment.amount > PAYMENT_LIMIT:
        message = f"the bank declined a payment of {amount}"
        raise Failure(message, type="payment-declined", non_retriable=True)
    ctx.log(f"{amount} paid for order {payment.order_id}, under key {ctx.idempotency_key}")


@activity(name="UpdateInventoryActivity")
def update_inventory(ctx: ActivityContext, update: InventoryUpdate) -> None:
    """Ships what was reserved, or gives it back."""
    if update.ship:
        ctx.log(f"{update.ship.quantity} {update.ship.name} shipped")
    if update.release:
        ctx.log(f"{update.release.quantity} {update.release.name} given back")


@activity(name="QuoteActivity")
def quote(request: QuoteRequest) -> Offer:
    """Asks one supplier for a price."""
    supplier = request.supplier
    if supplier == SILENT:
        raise Failure(f"{supplier} does not answer", type="unavailable")
    if supplier not in PRICES:
        message = f"there is no supplier named {supplier}"
        raise Failure(message, type="unknown-supplier", non_retriable=True)
    return Offer(supplier, PRICES[supplier])
