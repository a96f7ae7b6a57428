// A fan-out with a limit: all suppliers are asked at once, and the best offer that comes in time wins.

import { workflow } from "reweft";
import { quote } from "./activities.js";
import { toInquiry } from "./model.js";

const HALF_A_MINUTE_MS = 30_000;

/** A supplier who doesn't answer is asked again every minute. */
const QUOTE_RETRY = { maxAttempts: 5, firstInterval: 60_000 };

workflow("BestOfferWorkflow", findBestOffer, { input: toInquiry });

/**
 * Asks all suppliers at once, and takes the lowest price of those who answer in time.
 * @param {import("reweft").Context} ctx
 * @param {import("./model.js").Inquiry} inquiry
 */
async function findBestOffer(ctx, { item, suppliers, timeoutMs = HALF_A_MINUTE_MS }) {
  const calls = suppliers.map((supplier) => ctx.activity(quote, { item, supplier }, { retry: QUOTE_RETRY }));
  const deadline = ctx.sleep(timeoutMs);
  const answers = await Promise.all(
    calls.map((call) => {
      const late = deadline.then(() => {
        call.cancel();
        return "late";
      });
      return Promise.race([call.catch(() => "declined"), late]);
    }),
  );
  deadline.cancel();

  const by = (/** @type {string} */ answer) => suppliers.filter((_, index) => answers[index] === answer);
  const offers = answers.filter((answer) => typeof answer === "object");
  const [best = null] = offers.sort((one, other) => one.price - other.price);
  return { best, declined: by("declined"), late: by("late") };
}
