//! Children that wait: for an event each, which may be raised to any of them.

use futures::future::try_join_all;
use reweft_sdk::prelude::*;

use crate::event_with_timeout::{Wait, Waited, event_with_timeout};

const ONE_HOUR_MS: u64 = 60 * 60 * 1000;

/// Calls so many children that wait for the event `go`, an hour at most, and returns how many got it.
#[workflow(name = "ParentOfWaiting")]
pub async fn parent_of_waiting(ctx: Context, count: u32) -> Result<usize, Failure> {
    let children = (0..count).map(|_| {
        let wait = Wait { name: "go".to_owned(), timeout_ms: ONE_HOUR_MS };
        ctx.workflow(event_with_timeout, wait)
    });
    let results = try_join_all(children).await?;
    Ok(results.iter().filter(|result| matches!(result, Waited::Received(_))).count())
}
