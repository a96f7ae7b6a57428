//! Nesting: children that have children.

use reweft_sdk::prelude::*;

/// Calls itself as a child with one level less, until there is none left, and returns how many
/// instances there are below it.
#[workflow(name = "Nested")]
pub async fn nested(ctx: Context, levels: u32) -> Result<u32, Failure> {
    if levels == 0 {
        return Ok(0);
    }
    Ok(1 + ctx.workflow(nested, levels - 1).await?)
}
