//! Patches: code that changes while instances run, and leaves those on their old way.

use reweft_sdk::prelude::*;

use crate::activities::add_one;

/// Adds one, and one more in a run that has begun after the change; returns the sum.
#[workflow(name = "Patched")]
pub async fn patched(ctx: Context) -> Result<i64, Failure> {
    let mut number = ctx.activity(add_one, 0).await?;
    if ctx.is_patched("new-way") {
        number = ctx.activity(add_one, number).await?;
    }
    Ok(number)
}
