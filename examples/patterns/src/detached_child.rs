//! A detached child: it is started, and goes on when nobody waits for it any more.

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::long_timer::long_timer;

/// What to start.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Detached {
    /// How long the child sleeps.
    pub sleep_ms: u64,
    /// The child's instance ID; one made from that of its parent, if absent.
    #[serde(default)]
    pub instance_id: Option<String>,
}

/// Starts the workflow `LongTimer`, and returns its instance ID without waiting for its end.
#[workflow(name = "DetachedChild")]
pub async fn detached_child(ctx: Context, detached: Detached) -> Result<String, Failure> {
    let mut child = ctx.workflow(long_timer, detached.sleep_ms);
    if let Some(id) = detached.instance_id {
        child = child.instance_id(id);
    }
    child.detached().await
}
