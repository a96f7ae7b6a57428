//! Retries: the host tries a failed activity again, as the policy says.

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::activities::succeed_at;

/// A policy, and what it is for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trial {
    /// The first attempt that succeeds.
    pub succeed_at: u32,
    /// The first attempt included.
    pub max_attempts: u32,
    /// The delay before the second attempt.
    pub first_interval_ms: u64,
    /// What each delay is multiplied by; 1, if absent.
    #[serde(default = "one")]
    pub backoff_coefficient: f64,
    /// The longest delay; any, if absent.
    #[serde(default)]
    pub max_interval_ms: Option<u64>,
    /// How long after the first attempt the last one may start; any time, if absent.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

fn one() -> f64 {
    1.0
}

impl Trial {
    fn policy(&self) -> RetryPolicy {
        let first_interval = Duration::from_millis(self.first_interval_ms);
        let mut policy =
            RetryPolicy::new(self.max_attempts, first_interval).backoff(self.backoff_coefficient);
        if let Some(longest) = self.max_interval_ms {
            policy = policy.max_interval(Duration::from_millis(longest));
        }
        if let Some(timeout) = self.timeout_ms {
            policy = policy.timeout(Duration::from_millis(timeout));
        }
        policy
    }
}

/// Calls an activity that fails at first, and returns the number of the attempt that did not.
#[workflow(name = "Retries")]
pub async fn retries(ctx: Context, trial: Trial) -> Result<u32, Failure> {
    ctx.activity(succeed_at, trial.succeed_at).retry(trial.policy()).await
}
