//! A fan-out with a limit: all suppliers are asked at once, and the best offer that comes in time wins.

use futures::FutureExt;
use futures::future::{Either, join_all, select};
use reweft_sdk::prelude::*;

use crate::activities::quote;
use crate::model::{BestOffer, Inquiry, Offer, QuoteRequest};

const HALF_A_MINUTE: Duration = Duration::from_secs(30);

/// A supplier who doesn't answer is asked again every minute.
const QUOTE_RETRY: RetryPolicy = RetryPolicy::new(5, Duration::from_secs(60));

/// What came of asking one supplier.
enum Answer {
    Offered(Offer),
    Declined,
    Late,
}

/// Asks all suppliers at once, and takes the lowest price of those who answer in time.
#[workflow(name = "BestOfferWorkflow")]
pub async fn best_offer(ctx: Context, inquiry: Inquiry) -> Result<BestOffer, Failure> {
    let Inquiry { item, suppliers, timeout_ms } = inquiry;
    let calls: Vec<_> = suppliers
        .iter()
        .map(|supplier| QuoteRequest { item: item.clone(), supplier: supplier.clone() })
        .map(|request| ctx.activity(quote, request).retry(QUOTE_RETRY).start())
        .collect();
    let deadline = ctx.sleep(timeout_ms.map_or(HALF_A_MINUTE, Duration::from_millis)).shared();

    let answers = join_all(calls.into_iter().map(|call| async {
        match select(call, deadline.clone()).await {
            Either::Left((Ok(offer), _)) => Answer::Offered(offer),
            Either::Left((Err(_), _)) => Answer::Declined,
            Either::Right(_) => Answer::Late,
        }
    }))
    .await;

    let mut result = BestOffer::default();
    for (supplier, answer) in suppliers.into_iter().zip(answers) {
        match answer {
            Answer::Offered(offer) => {
                let is_better = result.best.as_ref().is_none_or(|best| offer.price < best.price);
                if is_better {
                    result.best = Some(offer);
                }
            }
            Answer::Declined => result.declined.push(supplier),
            Answer::Late => result.late.push(supplier),
        }
    }
    Ok(result)
}
