//! Races: the loser is dropped, and takes nothing with it.

use futures::select_biased;
use reweft_sdk::prelude::*;

use crate::event_with_timeout::{Wait, Waited};

/// Lets an event race a timer, twice. An event that comes too late for the first race is there for
/// the second one.
#[workflow(name = "Race")]
pub async fn race(ctx: Context, wait: Wait) -> Result<Vec<Waited>, Failure> {
    let mut results = Vec::new();
    for number in 1..=2 {
        let mut event = ctx.event(&wait.name);
        let mut timer = ctx.sleep(Duration::from_millis(wait.timeout_ms));
        results.push(select_biased! {
            payload = event => Waited::Received(payload?),
            () = timer => Waited::TimedOut(true),
        });
        ctx.set_custom_status(format!("{number} of 2 races"));
    }
    Ok(results)
}
