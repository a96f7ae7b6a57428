//! Events and continue-as-new: what nobody has read is kept for the next generation, or dropped.

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What to collect, and what was collected so far.
#[derive(Debug, Serialize, Deserialize)]
pub struct Collector {
    /// The name of the events.
    pub name: String,
    /// How many are still to come.
    pub left: u32,
    /// Whether the next generation gets what this one has not read.
    pub keep: bool,
    /// The payloads so far; none, if absent.
    #[serde(default)]
    pub payloads: Vec<Value>,
}

/// Waits for one event in each generation, and returns the payloads of all.
#[workflow(name = "EventGenerations")]
pub async fn event_generations(ctx: Context, mut state: Collector) -> Result<Vec<Value>, Failure> {
    if state.left == 0 {
        return Ok(state.payloads);
    }
    state.payloads.push(ctx.event(&state.name).await?);
    state.left -= 1;
    let unread = if state.keep { UnreadEvents::Keep } else { UnreadEvents::Drop };
    ctx.continue_as_new(state, unread).await
}
