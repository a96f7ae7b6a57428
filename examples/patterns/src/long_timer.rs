//! Sleeping: for a second or for a year, through every restart of the host.

use reweft_sdk::prelude::*;

/// Sleeps this many milliseconds, and returns how many have passed in workflow time.
#[workflow(name = "LongTimer")]
pub async fn long_timer(ctx: Context, sleep_ms: u64) -> Result<u128, Failure> {
    let started = ctx.now();
    ctx.sleep(Duration::from_millis(sleep_ms)).await;
    Ok(ctx.now().duration_since(started)?.as_millis())
}
