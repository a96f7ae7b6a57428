/** How an order is processed, from the customer's click to the end. */

import {
  ActivityOptions, Failure, HOUR, RetryPolicy, SECOND, context, workflow,
} from "reweft-assemblyscript";
import {
  notify, processPayment, requestApproval, reserveInventory, updateInventory,
} from "./activities";
import { Approval, InventoryUpdate, Order, OrderResult, Payment, dollars } from "./model";

/** In dollars: what costs more needs a manager's approval. */
const APPROVAL_THRESHOLD: f64 = 5_000;

/** Tries after 2, 4 and 8 seconds again. */
const PAYMENT_OPTIONS = new ActivityOptions(new RetryPolicy(4, 2 * SECOND, 2));

/**
 * Processes an order. Orders that a shop has to turn down are results, too: only what nobody
 * planned for makes the workflow fail.
 */
export const orderProcessing = workflow<Order, OrderResult>(
  "OrderProcessingWorkflow",
  (order) => {
    const orderId = context.instanceId();
    const cost = dollars(order.totalCost);
    notify.call(`Received order ${orderId} for ${order.quantity} ${order.name} at ${cost}`);

    const reservation = reserveInventory.call(order.items);
    if (!reservation.reserved) {
      return turnDown(`there are only ${reservation.inStock} ${order.name} in stock`);
    }

    // From here on, whatever goes wrong gives the reserved items back.
    const failure = approveAndPay(order);
    if (failure) {
      updateInventory.call(new InventoryUpdate(null, order.items));
      return turnDown(failure.message);
    }

    updateInventory.call(new InventoryUpdate(order.items));
    notify.call(`Order ${orderId} has completed!`);
    return new OrderResult(true);
  },
);

/** Returns what went wrong. */
function approveAndPay(order: Order): Failure | null {
  if (order.totalCost > APPROVAL_THRESHOLD) {
    const failure = approve(order);
    if (failure) return failure;
  }
  const payment = new Payment(context.instanceId(), order.totalCost);
  return processPayment.start(payment, PAYMENT_OPTIONS).wait();
}

/**
 * Asks a manager, and waits for the answer; but not for ever. Returns why it is none that helps.
 */
function approve(order: Order): Failure | null {
  const unasked = requestApproval.start(order).wait();
  if (unasked) return unasked;
  context.setCustomStatus("waiting for approval");

  const answer = context.waitEvent<Approval>("ManagerApproval");
  const limit = order.approvalTimeoutMs;
  if (!answer.waitFor(limit ? limit.value : HOUR)) {
    context.setCustomStatus("approval timed out");
    return new Failure("approval-timeout", "no manager has answered in time");
  }
  const unreadable = answer.wait();
  if (unreadable) return unreadable;
  if (!answer.result().isGranted) {
    context.setCustomStatus("rejected");
    return new Failure("rejected", "a manager has rejected the order");
  }
  context.setCustomStatus("approved");
  return null;
}

function turnDown(reason: string): OrderResult {
  notify.call(`Order ${context.instanceId()} was not processed: ${reason}`);
  return new OrderResult(false, reason);
}
