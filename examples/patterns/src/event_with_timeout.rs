//! Waiting for the outside world, but not for ever.

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What to wait for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// The name of the event.
    pub name: String,
    /// How long.
    pub timeout_ms: u64,
}

/// What came of it: `{"received": …}` or `{"timedOut": true}`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Waited {
    Received(Value),
    TimedOut(bool),
}

/// Waits for an event, for a limited time.
#[workflow(name = "EventWithTimeout")]
pub async fn event_with_timeout(ctx: Context, wait: Wait) -> Result<Waited, Failure> {
    let limit = Duration::from_millis(wait.timeout_ms);
    match ctx.timeout(limit, ctx.event(&wait.name)).await {
        Ok(payload) => Ok(Waited::Received(payload?)),
        Err(Elapsed) => Ok(Waited::TimedOut(true)),
    }
}
