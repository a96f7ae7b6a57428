// How an order is processed, from the customer's click to the end.

import { Failure, TimeoutError, workflow, type Context, type RetryPolicy } from "reweft";
import { notify, processPayment, requestApproval, reserveInventory, updateInventory } from "./activities.ts";
import { toApproval, toOrder, type Order, type OrderResult } from "./model.ts";

/** In dollars: what costs more needs a manager's approval. */
const APPROVAL_THRESHOLD = 5_000;

const ONE_HOUR_MS = 60 * 60 * 1_000;

/** Tries after 2, 4 and 8 seconds again. */
const PAYMENT_RETRY: RetryPolicy = { maxAttempts: 4, firstInterval: 2_000, backoffCoefficient: 2 };

/**
 * Processes an order. Orders that a shop has to turn down are results, too: only what nobody planned for makes
 * the workflow fail.
 */
async function processOrder(ctx: Context, order: Order): Promise<OrderResult> {
  const { name, quantity, totalCost } = order;
  const items = { name, quantity };
  await ctx.activity(notify, `Received order ${ctx.instanceId} for ${quantity} ${name} at $${totalCost}`);

  const { reserved, inStock } = await ctx.activity(reserveInventory, items);
  if (!reserved) return turnDown(ctx, `there are only ${inStock} ${name} in stock`);

  try {
    await approveAndPay(ctx, order);
  } catch (error) {
    // Whatever goes wrong gives the reserved items back.
    await ctx.activity(updateInventory, { release: items });
    return turnDown(ctx, error instanceof Error ? error.message : String(error));
  }

  await ctx.activity(updateInventory, { ship: items });
  await ctx.activity(notify, `Order ${ctx.instanceId} has completed!`);
  return { processed: true };
}

async function approveAndPay(ctx: Context, order: Order): Promise<void> {
  if (order.totalCost > APPROVAL_THRESHOLD) await approve(ctx, order);
  const payment = { orderId: ctx.instanceId, amount: order.totalCost };
  await ctx.activity(processPayment, payment, { retry: PAYMENT_RETRY });
}

/** Asks a manager, and waits for the answer; but not for ever. */
async function approve(ctx: Context, order: Order): Promise<void> {
  await ctx.activity(requestApproval, order);
  ctx.setCustomStatus("waiting for approval");
  const limit = order.approvalTimeoutMs ?? ONE_HOUR_MS;
  let answer: unknown;
  try {
    answer = await ctx.timeout(limit, ctx.event("ManagerApproval"));
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    ctx.setCustomStatus("approval timed out");
    throw new Failure("approval-timeout", "no manager has answered in time");
  }
  if (!toApproval(answer)) {
    ctx.setCustomStatus("rejected");
    throw new Failure("rejected", "a manager has rejected the order");
  }
  ctx.setCustomStatus("approved");
}

async function turnDown(ctx: Context, reason: string): Promise<OrderResult> {
  await ctx.activity(notify, `Order ${ctx.instanceId} was not processed: ${reason}`);
  return { processed: false, reason };
}

workflow("OrderProcessingWorkflow", processOrder, { input: toOrder });
