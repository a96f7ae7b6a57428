// The work itself. A real shop would talk to its systems here; this one has a fixed stock, so that the
// example needs nothing else.

import { activity, Failure } from "reweft";

/** What is in stock. */
const STOCK = new Map([
  ["paperclips", 100],
  ["cars", 10],
  ["computers", 100],
]);

/** What suppliers ask for a car, in dollars. */
const PRICES = new Map([
  ["north", 9_500],
  ["south", 9_000],
  ["east", 9_200],
]);

/** The supplier who never answers the phone. */
const SILENT = "west";

/** In dollars: what the bank doesn't pay out at once. */
const PAYMENT_LIMIT = 1_000_000;

/** Tells the customer something. */
export const notify = activity("NotifyActivity", (ctx, /** @type {string} */ message) => {
  ctx.log.info(message);
});

/** Puts the items of an order aside, if there are enough of them. */
export const reserveInventory = activity(
  "ReserveInventoryActivity",
  (ctx, /** @type {import("./model.js").Items} */ { name, quantity }) => {
    const inStock = STOCK.get(name) ?? 0;
    ctx.log.info(`${quantity} ${name} wanted, ${inStock} in stock`);
    return { reserved: quantity <= inStock, inStock };
  },
);

/** Asks the managers to approve an order. They answer with the event `ManagerApproval`. */
export const requestApproval = activity(
  "RequestApprovalActivity",
  (ctx, /** @type {import("./model.js").Order} */ { name, quantity, totalCost }) => {
    ctx.log.info(`please approve order ${ctx.instanceId}: ${quantity} ${name} at $${totalCost}`);
  },
);

/**
 * Takes the customer's money. A bank would be given the idempotency key, so that a second attempt doesn't take
 * it twice.
 */
export const processPayment = activity(
  "ProcessPaymentActivity",
  (ctx, /** @type {{ orderId: string, amount: number }} */ { orderId, amount }) => {
    if (amount > PAYMENT_LIMIT) {
      const message = `the bank declined a payment of $${amount}`;
      throw new Failure("payment-declined", message, { nonRetriable: true });
    }
    ctx.log.info(`$${amount} paid for order ${orderId}, under key ${ctx.idempotencyKey}`);
  },
);

/** Ships what was reserved, or gives it back. */
export const updateInventory = activity(
  "UpdateInventoryActivity",
  (ctx, /** @type {Partial<Record<"ship" | "release", import("./model.js").Items>>} */ { ship, release }) => {
    if (ship) ctx.log.info(`${ship.quantity} ${ship.name} shipped`);
    if (release) ctx.log.info(`${release.quantity} ${release.name} given back`);
  },
);

/** Asks one supplier for a price. */
export const quote = activity("QuoteActivity", (_, /** @type {{ item: string, supplier: string }} */ { supplier }) => {
  if (supplier === SILENT) throw new Failure("unavailable", `${supplier} does not answer`);
  const price = PRICES.get(supplier);
  if (price === undefined) {
    const message = `there is no supplier named ${supplier}`;
    throw new Failure("unknown-supplier", message, { nonRetriable: true });
  }
  return { supplier, price };
});
