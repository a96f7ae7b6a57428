// A fan-out with a limit: all suppliers are asked at once, and the best offer that comes in time wins.

import { workflow, type Context } from "reweft";
import { quote } from "./activities.ts";
import { toInquiry, type BestOffer, type Inquiry, type Offer } from "./model.ts";

const HALF_A_MINUTE_MS = 30_000;

/** A supplier who doesn't answer is asked again every minute. */
const QUOTE_RETRY = { maxAttempts: 5, firstInterval: 60_000 };

/** What came of asking one supplier. */
type Answer = Offer | "declined" | "late";

/** Asks all suppliers at once, and takes the lowest price of those who answer in time. */
async function findBestOffer(ctx: Context, inquiry: Inquiry): Promise<BestOffer> {
  const { item, suppliers, timeoutMs = HALF_A_MINUTE_MS } = inquiry;
  const calls = suppliers.map((supplier) => ctx.activity(quote, { item, supplier }, { retry: QUOTE_RETRY }));
  const deadline = ctx.sleep(timeoutMs);
  const answers = await Promise.all(
    calls.map((call) => {
      const late = deadline.then((): Answer => {
        call.cancel();
        return "late";
      });
      return Promise.race([call.catch((): Answer => "declined"), late]);
    }),
  );
  deadline.cancel();

  const by = (answer: Answer) => suppliers.filter((_, index) => answers[index] === answer);
  const offers = answers.filter((answer) => typeof answer === "object");
  const [best = null] = offers.sort((one, other) => one.price - other.price);
  return { best, declined: by("declined"), late: by("late") };
}

workflow("BestOfferWorkflow", findBestOffer, { input: toInquiry });
