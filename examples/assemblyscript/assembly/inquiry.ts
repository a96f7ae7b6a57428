/**
 * A fan-out with a limit: all suppliers are asked at once, and the best offer that comes in time
 * wins.
 */

import {
  ActivityOptions, MINUTE, RetryPolicy, SECOND, Task, waitForAll, workflow,
} from "reweft-assemblyscript";
import { quote } from "./activities";
import { BestOffer, Inquiry, Offer, QuoteRequest } from "./model";

const HALF_A_MINUTE: u64 = 30 * SECOND;

/** A supplier who doesn't answer is asked again every minute. */
const QUOTE_OPTIONS = new ActivityOptions(new RetryPolicy(5, MINUTE));

/** Asks all suppliers at once, and takes the lowest price of those who answer in time. */
export const bestOffer = workflow<Inquiry, BestOffer>("BestOfferWorkflow", (inquiry) => {
  const suppliers = inquiry.suppliers;
  const calls = new Array<Task<Offer>>();
  for (let index = 0; index < suppliers.length; index++) {
    const request = new QuoteRequest(inquiry.item, suppliers[index]);
    calls.push(quote.start(request, QUOTE_OPTIONS));
  }
  const limit = inquiry.timeoutMs;
  waitForAll(calls, limit ? limit.value : HALF_A_MINUTE);

  const result = new BestOffer();
  for (let index = 0; index < suppliers.length; index++) {
    const failure = calls[index].wait();
    if (!failure) {
      result.best = lower(result.best, calls[index].result());
    } else if (failure.isCancelled) {
      result.late.push(suppliers[index]);
    } else {
      result.declined.push(suppliers[index]);
    }
  }
  return result;
});

function lower(best: Offer | null, offer: Offer): Offer {
  return best && best.price <= offer.price ? best : offer;
}
