//! A chain of activities, and nothing besides. What it imports is what a module needs that calls
//! activities; what it costs is what its host costs.

use reweft_sdk::prelude::*;

/// Starts at zero and adds one, `count` times, each time in an activity.
#[workflow(name = "Chaining")]
async fn chaining(ctx: Context, count: u32) -> Result<i64, Failure> {
    let mut number = 0;
    for _ in 0..count {
        number = ctx.activity(add_one, number).await?;
    }
    Ok(number)
}

/// Adds one.
#[activity(name = "AddOne")]
fn add_one(number: i64) -> Result<i64, Failure> {
    Ok(number + 1)
}

reweft_sdk::export! { workflows: [chaining], activities: [add_one] }
