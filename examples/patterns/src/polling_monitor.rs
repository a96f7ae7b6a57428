//! Monitoring: asking again and again, with a pause in between, until the answer is yes.

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::activities::{Poll, check};

/// How to ask.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Monitor {
    /// The first poll that is answered with yes.
    pub succeed_after: u32,
    /// The pause between two polls.
    pub interval_ms: u64,
    /// When to give up.
    pub max_polls: u32,
}

/// What came of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Monitored {
    /// Whether the last answer was yes.
    pub ready: bool,
    /// How often it was asked.
    pub polls: u32,
}

/// Polls until the answer is yes, or there have been enough polls.
#[workflow(name = "PollingMonitor")]
pub async fn polling_monitor(ctx: Context, monitor: Monitor) -> Result<Monitored, Failure> {
    let Monitor { succeed_after, interval_ms, max_polls } = monitor;
    for number in 1..=max_polls {
        ctx.set_custom_status(format!("poll {number} of {max_polls}"));
        if ctx.activity(check, Poll { number, succeed_after }).await? {
            return Ok(Monitored { ready: true, polls: number });
        }
        if number < max_polls {
            ctx.sleep(Duration::from_millis(interval_ms)).await;
        }
    }
    Ok(Monitored { ready: false, polls: max_polls })
}
