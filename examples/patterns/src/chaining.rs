//! Chaining: each step takes the result of the one before.

use reweft_sdk::prelude::*;

use crate::activities::add_one;

/// Starts at zero and adds one, `count` times, each time in an activity.
#[workflow(name = "Chaining")]
pub async fn chaining(ctx: Context, count: u32) -> Result<i64, Failure> {
    let mut number = 0;
    for _ in 0..count {
        number = ctx.activity(add_one, number).await?;
    }
    Ok(number)
}
