//! Collecting events, in the order in which they were raised.

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What to collect.
#[derive(Debug, Serialize, Deserialize)]
pub struct Collection {
    /// The name of the events.
    pub name: String,
    /// How many.
    pub count: u32,
}

/// Waits for so many events of one name, and returns their payloads.
#[workflow(name = "EventCollector")]
pub async fn event_collector(ctx: Context, wanted: Collection) -> Result<Vec<Value>, Failure> {
    let mut payloads = Vec::new();
    for number in 1..=wanted.count {
        payloads.push(ctx.event(&wanted.name).await?);
        ctx.set_custom_status(format!("{number} of {}", wanted.count));
        ctx.log(Level::Info, format!("event {number} of {}", wanted.count));
    }
    Ok(payloads)
}
