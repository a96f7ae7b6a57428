//! Raising events: one workflow tells another.

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What to hand on.
#[derive(Debug, Serialize, Deserialize)]
pub struct Relay {
    /// The instance ID of the receiver.
    pub to: String,
    /// The name that the events are to have there.
    pub name: String,
    /// How many.
    pub count: u32,
}

/// Waits for so many events named `in`, hands each on to another instance, and returns how many.
#[workflow(name = "EventRelay")]
pub async fn event_relay(ctx: Context, relay: Relay) -> Result<u32, Failure> {
    for _ in 0..relay.count {
        let payload: Value = ctx.event("in").await?;
        ctx.raise_event(&relay.to, &relay.name, payload)?;
    }
    Ok(relay.count)
}
