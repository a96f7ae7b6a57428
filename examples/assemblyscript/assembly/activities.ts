/**
 * The work itself. A real shop would talk to its systems here; this one has a fixed stock, so that
 * the example needs nothing else.
 */

import { Failure, Level, activity, activityContext } from "reweft-assemblyscript";
import {
  InventoryUpdate, Items, Offer, Order, Payment, QuoteRequest, Reservation, dollars,
} from "./model";

/** What is in stock. */
const STOCK = new Map<string, u32>().set("paperclips", 100).set("cars", 10).set("computers", 100);

/** What suppliers ask for a car, in dollars. */
const PRICES = new Map<string, u64>().set("north", 9_500).set("south", 9_000).set("east", 9_200);

/** The supplier who never answers the phone. */
const SILENT = "west";

/** In dollars: what the bank doesn't pay out at once. */
const PAYMENT_LIMIT: f64 = 1_000_000;

/** Tells the customer something. */
export const notify = activity<string, void>("NotifyActivity", (message) => {
  activityContext.log(Level.Info, message);
});

/** Puts the items of an order aside, if there are enough of them. */
export const reserveInventory = activity<Items, Reservation>(
  "ReserveInventoryActivity",
  (wanted) => {
    const inStock: u32 = STOCK.has(wanted.name) ? STOCK.get(wanted.name) : 0;
    activityContext.log(
      Level.Info, `${wanted.quantity} ${wanted.name} wanted, ${inStock} in stock`,
    );
    return new Reservation(wanted.quantity <= inStock, inStock);
  },
);

/** Asks the managers to approve an order. They answer with the event `ManagerApproval`. */
export const requestApproval = activity<Order, void>("RequestApprovalActivity", (order) => {
  const id = activityContext.info().instanceId;
  const cost = dollars(order.totalCost);
  activityContext.log(
    Level.Info, `please approve order ${id}: ${order.quantity} ${order.name} at ${cost}`,
  );
});

/**
 * Takes the customer's money. A bank would be given the idempotency key, so that a second attempt
 * doesn't take it twice.
 */
export const processPayment = activity<Payment, void>("ProcessPaymentActivity", (payment) => {
  const amount = dollars(payment.amount);
  if (payment.amount > PAYMENT_LIMIT) {
    const message = `the bank declined a payment of ${amount}`;
    Failure.permanent("payment-declined", message).raise<void>();
  }
  const key = activityContext.info().idempotencyKey;
  activityContext.log(Level.Info, `${amount} paid for order ${payment.orderId}, under key ${key}`);
});

/** Ships what was reserved, or gives it back. */
export const updateInventory = activity<InventoryUpdate, void>(
  "UpdateInventoryActivity",
  (update) => {
    const shipped = update.ship;
    const released = update.release;
    if (shipped) logItems(shipped, "shipped");
    if (released) logItems(released, "given back");
  },
);

function logItems(items: Items, what: string): void {
  activityContext.log(Level.Info, `${items.quantity} ${items.name} ${what}`);
}

/** Asks one supplier for a price. */
export const quote = activity<QuoteRequest, Offer>("QuoteActivity", (request) => {
  const supplier = request.supplier;
  if (supplier == SILENT) {
    return new Failure("unavailable", `${supplier} does not answer`).raise<Offer>();
  }
  if (!PRICES.has(supplier)) {
    const message = `there is no supplier named ${supplier}`;
    return Failure.permanent("unknown-supplier", message).raise<Offer>();
  }
  return new Offer(supplier, PRICES.get(supplier));
});
