//! What a workflow can know without an activity: the same in every replay.

use std::time::UNIX_EPOCH;

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};

/// Everything that may differ from run to run, but not from replay to replay.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    pub now_ms: u128,
    pub uuids: Vec<String>,
    /// As text, since JSON readers round large numbers.
    pub randoms: Vec<String>,
}

/// Two samples, with a sleep between them.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    pub before: Sample,
    pub after: Sample,
}

/// Takes a sample, sleeps this many milliseconds (one, if absent), and takes another.
#[workflow(name = "Determinism")]
pub async fn determinism(ctx: Context, sleep_ms: Option<u64>) -> Result<Samples, Failure> {
    let before = sample(&ctx)?;
    ctx.sleep(Duration::from_millis(sleep_ms.unwrap_or(1))).await;
    Ok(Samples { before, after: sample(&ctx)? })
}

fn sample(ctx: &Context) -> Result<Sample, Failure> {
    Ok(Sample {
        now_ms: ctx.now().duration_since(UNIX_EPOCH)?.as_millis(),
        uuids: (0..3).map(|_| ctx.new_uuid()).collect(),
        randoms: (0..3).map(|_| ctx.random_u64().to_string()).collect(),
    })
}
