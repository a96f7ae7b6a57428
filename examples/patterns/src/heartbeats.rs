//! Heartbeats: a long activity says how far it is, goes on where it was stopped, and hears when it is
//! no longer wanted.

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};

/// How far to count.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// The last number.
    pub to: u32,
    /// Whether the first attempt fails halfway; not, if absent.
    #[serde(default)]
    pub fail_halfway: bool,
}

/// How the last attempt has counted.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// The first number it counted.
    pub from: u32,
    /// The last one.
    pub to: u32,
}

/// Counts from 1, with a heartbeat for each number, or from where the attempt before it was stopped.
#[activity(name = "CountUp")]
pub fn count_up(ctx: ActivityContext, count: Count) -> Result<Counted, Failure> {
    let from = ctx.last_progress()?.map_or(1, |last: u32| last + 1);
    for number in from..=count.to {
        ctx.heartbeat(number)?;
        if count.fail_halfway && ctx.attempt() == 1 && number >= count.to / 2 {
            return Err(Failure::new("halfway", format!("stopped after {number}")));
        }
    }
    Ok(Counted { from, to: count.to })
}

/// Calls an activity that counts, once more if it fails.
#[workflow(name = "Heartbeats")]
pub async fn heartbeats(ctx: Context, count: Count) -> Result<Counted, Failure> {
    let twice = RetryPolicy::new(2, Duration::from_millis(10));
    ctx.activity(count_up, count).retry(twice).await
}

/// Computes for ever, but stops when it is no longer wanted.
#[activity(name = "SpinWithHeartbeats")]
pub fn spin_with_heartbeats(ctx: ActivityContext) -> Result<(), Failure> {
    let mut rounds: u64 = 0;
    loop {
        for _ in 0..1_000_000 {
            std::hint::spin_loop();
        }
        rounds += 1;
        if let Err(cancelled) = ctx.heartbeat(rounds) {
            ctx.log(Level::Info, format!("cancelled after {rounds} rounds"));
            return Err(cancelled.into());
        }
    }
}

/// Gives an activity that computes for ever this many milliseconds, then cancels it, and returns
/// whether it came to that.
#[workflow(name = "CancelsActivity")]
pub async fn cancels_activity(ctx: Context, limit_ms: u64) -> Result<bool, Failure> {
    let limit = Duration::from_millis(limit_ms);
    match ctx.timeout(limit, ctx.activity(spin_with_heartbeats, ())).await {
        Ok(result) => result.map(|()| false),
        Err(Elapsed) => Ok(true),
    }
}

/// Sends one heartbeat in its first attempt, and then hangs. The next attempt returns what that
/// heartbeat said.
#[activity(name = "HangSilently")]
pub fn hang_silently(ctx: ActivityContext) -> Result<String, Failure> {
    if let Some(said) = ctx.last_progress()? {
        return Ok(said);
    }
    ctx.heartbeat("about to hang")?;
    loop {
        std::hint::spin_loop();
    }
}

/// How long to wait for a sign of life.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Patience {
    /// How long an attempt may be silent.
    pub heartbeat_timeout_ms: u64,
    /// The first attempt included.
    pub max_attempts: u32,
}

/// Calls an activity that hangs in its first attempt; the silence ends it.
#[workflow(name = "HeartbeatTimeout")]
pub async fn heartbeat_timeout(ctx: Context, patience: Patience) -> Result<String, Failure> {
    ctx.activity(hang_silently, ())
        .heartbeat_timeout(Duration::from_millis(patience.heartbeat_timeout_ms))
        .retry(RetryPolicy::new(patience.max_attempts, Duration::from_millis(10)))
        .await
}
