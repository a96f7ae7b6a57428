//! Children: workflows that call other workflows, each an instance of its own.

use futures::future::try_join_all;
use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::chaining::chaining;

/// How many children, and how much each has to do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Family {
    /// The number of children.
    pub count: u32,
    /// The input of each.
    pub each: u32,
}

/// Calls the workflow `Chaining` so many times, all at once, and returns the sum.
#[workflow(name = "Children")]
pub async fn children(ctx: Context, family: Family) -> Result<i64, Failure> {
    let numbers = (0..family.count).map(|_| ctx.workflow(chaining, family.each));
    let numbers = try_join_all(numbers).await?;
    Ok(numbers.iter().sum())
}
