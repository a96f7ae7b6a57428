//! Fan-out, fan-in: many activities at once, and what they come to.

use futures::future::try_join_all;
use reweft_sdk::prelude::*;

use crate::activities::square;

/// Squares the numbers from 1 to `count`, all at once, and returns the sum.
#[workflow(name = "FanOutFanIn")]
pub async fn fan_out_fan_in(ctx: Context, count: i64) -> Result<i64, Failure> {
    let squares = (1..=count).map(|number| ctx.activity(square, number));
    let squares = try_join_all(squares).await?;
    Ok(squares.iter().sum())
}
