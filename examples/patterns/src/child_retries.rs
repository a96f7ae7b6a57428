//! Retries of a child: each attempt is an instance that begins anew.

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};

/// A policy, and what it is for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChildTrial {
    /// What the child fails with.
    pub message: String,
    /// The first attempt included.
    pub max_attempts: u32,
    /// The delay before each further attempt.
    pub first_interval_ms: u64,
}

/// What the last attempt failed with.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    pub error_type: String,
    pub message: String,
}

/// Fails with this message, and error type `always-fails`.
#[workflow(name = "AlwaysFails")]
pub async fn always_fails(_ctx: Context, message: String) -> Result<(), Failure> {
    Err(Failure::new("always-fails", message))
}

/// Calls a child that fails, again and again, and returns what the last attempt failed with.
#[workflow(name = "ChildRetries")]
pub async fn child_retries(ctx: Context, trial: ChildTrial) -> Result<Failed, Failure> {
    let first_interval = Duration::from_millis(trial.first_interval_ms);
    let policy = RetryPolicy::new(trial.max_attempts, first_interval);
    match ctx.workflow(always_fails, trial.message).retry(policy).await {
        Ok(()) => Err(Failure::new("unexpected", "it succeeds after all")),
        Err(Failure { error_type, message, .. }) => Ok(Failed { error_type, message }),
    }
}
