//! Continue-as-new: a workflow that goes on for long, with a history that stays short.

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::activities::add_one;

/// What one generation hands to the next.
#[derive(Debug, Serialize, Deserialize)]
pub struct Generation {
    /// How many are still to come.
    pub left: u32,
    /// What all before it have come to; zero, if absent.
    #[serde(default)]
    pub total: i64,
}

/// Adds one in an activity, and continues as new, until no generation is left; returns the total.
#[workflow(name = "Generations")]
pub async fn generations(ctx: Context, generation: Generation) -> Result<i64, Failure> {
    let Generation { left, total } = generation;
    if left == 0 {
        return Ok(total);
    }
    let total = ctx.activity(add_one, total).await?;
    ctx.continue_as_new(Generation { left: left - 1, total }, UnreadEvents::Keep).await
}
