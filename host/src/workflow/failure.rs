//! Owns why something failed, and when it is tried again.

use super::id::Timestamp;

/// Error types the host itself gives. Authors and operators match on them, so they never change.
pub mod error_type {
    /// A text a guest gave as error type was empty.
    pub const FAILURE: &str = "failure";
    /// A call of the contract had an argument that the host refuses.
    pub const INVALID_ARGUMENT: &str = "invalid-argument";
    /// Nobody has an activity of this name.
    pub const ACTIVITY_NOT_FOUND: &str = "activity-not-found";
    /// Nobody has a workflow of this name.
    pub const WORKFLOW_NOT_FOUND: &str = "workflow-not-found";
    /// The ID that a child is to have belongs to an instance that has not ended.
    pub const INSTANCE_EXISTS: &str = "instance-exists";
    /// An attempt took longer than it may.
    pub const TIMEOUT: &str = "timeout";
    /// An attempt gave no sign of life for longer than it may.
    pub const HEARTBEAT_TIMEOUT: &str = "heartbeat-timeout";
    /// A child was terminated by somebody.
    pub const TERMINATED: &str = "terminated";
    /// The task was cancelled by the workflow itself.
    pub const CANCELLED: &str = "cancelled";
    /// The run was imported while the child ran, and the child was not.
    pub const NOT_IMPORTED: &str = "not-imported";
    /// The guest ran into a WebAssembly trap.
    pub const TRAP: &str = "trap";
    /// The guest ended itself as a program does, instead of returning.
    pub const EXIT: &str = "exit";
    /// A workflow reached for what only activities have: files, the network.
    pub const NOT_IN_WORKFLOW: &str = "not-in-workflow";
    /// A secret that the activity is to see is not there.
    pub const SECRET_MISSING: &str = "secret-missing";
    /// The guest computed for longer than a turn may take.
    pub const COMPUTE_LIMIT: &str = "compute-limit";
    /// Something grew past a limit of the host.
    pub const LIMIT_EXCEEDED: &str = "limit-exceeded";
}

/// Why an activity or a workflow failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable and machine-readable; never empty.
    pub error_type: String,
    /// What happened, for a person.
    pub message: String,
    /// Where it happened, as far as the guest's language knows.
    pub stack_trace: Option<String>,
    /// True: no retry policy tries again.
    pub non_retriable: bool,
}

impl Failure {
    /// Returns a failure without a stack trace that may be retried.
    pub fn new(error_type: &str, message: impl Into<String>) -> Self {
        Self {
            error_type: error_type.to_owned(),
            message: message.into(),
            stack_trace: None,
            non_retriable: false,
        }
    }

    /// Returns a failure without a stack trace that no policy retries.
    pub fn permanent(error_type: &str, message: impl Into<String>) -> Self {
        Self { non_retriable: true, ..Self::new(error_type, message) }
    }
}

/// When to try a failed activity again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The first attempt included.
    pub max_attempts: u32,
    /// The delay before the second attempt.
    pub first_interval_ms: u64,
    /// What each delay is multiplied by for the next one.
    pub backoff_coefficient: f64,
    /// The longest delay.
    pub max_interval_ms: Option<u64>,
    /// How long after the first attempt was asked for the last one may start.
    pub timeout_ms: Option<u64>,
}

impl RetryPolicy {
    /// Says what is wrong with this policy, if anything is.
    pub fn check(&self) -> Result<(), String> {
        let coefficient = self.backoff_coefficient;
        if self.max_attempts == 0 {
            return Err("a retry policy needs max-attempts of 1 or more, not 0".to_owned());
        }
        if self.first_interval_ms == 0 {
            return Err("a retry policy needs a first-interval of 1 ms or more, not 0".to_owned());
        }
        if !coefficient.is_finite() || coefficient < 1.0 {
            return Err(format!(
                "a retry policy needs a backoff-coefficient of 1 or more, not {coefficient}"
            ));
        }
        Ok(())
    }

    /// Returns when to start the next attempt, if there is to be one: `attempt` (from 1) has failed
    /// with `failure` at `now`, and the call was first asked for at `asked_at`.
    pub fn next_attempt_at(
        &self,
        attempt: u32,
        failure: &Failure,
        asked_at: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if failure.non_retriable || attempt >= self.max_attempts {
            return None;
        }
        let next = now.checked_add_ms(self.delay_after_ms(attempt))?;
        match self.timeout_ms.and_then(|timeout| asked_at.checked_add_ms(timeout)) {
            Some(last) if next > last => None,
            _ => Some(next),
        }
    }

    fn delay_after_ms(&self, attempt: u32) -> u64 {
        // Multiplied step by step: unlike `powi`, this has one possible result on every platform.
        let mut delay = self.first_interval_ms as f64;
        let longest = self.max_interval_ms.unwrap_or(u64::MAX);
        for _ in 1..attempt {
            delay *= self.backoff_coefficient;
            if delay >= longest as f64 {
                return longest;
            }
        }
        (delay as u64).min(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        max_attempts: 5,
        first_interval_ms: 2_000,
        backoff_coefficient: 2.0,
        max_interval_ms: Some(10_000),
        timeout_ms: None,
    };

    fn delays(policy: RetryPolicy) -> Vec<u64> {
        let failure = Failure::new("broken", "again");
        let asked_at = Timestamp(1_000);
        let (mut now, mut delays) = (asked_at, Vec::new());
        for attempt in 1.. {
            match policy.next_attempt_at(attempt, &failure, asked_at, now) {
                Some(next) => delays.push(next.0 - now.0),
                None => break,
            }
            now = Timestamp(now.0 + delays[delays.len() - 1]);
        }
        delays
    }

    #[test]
    fn delays_grow_up_to_their_cap() {
        assert_eq!(delays(POLICY), [2_000, 4_000, 8_000, 10_000]);
        assert_eq!(delays(RetryPolicy { backoff_coefficient: 1.0, ..POLICY }), [2_000; 4]);
        assert_eq!(delays(RetryPolicy { max_attempts: 1, ..POLICY }), [0; 0]);
        let hostile = RetryPolicy {
            backoff_coefficient: f64::MAX,
            max_attempts: u32::MAX,
            max_interval_ms: None,
            ..POLICY
        };
        assert_eq!(delays(hostile), [2_000], "a delay past the year 9999 is no attempt at all");
    }

    #[test]
    fn the_overall_timeout_counts_from_the_first_attempt() {
        let policy = RetryPolicy { first_interval_ms: 1_000, timeout_ms: Some(14_000), ..POLICY };
        assert_eq!(delays(policy), [1_000, 2_000, 4_000]);
    }

    #[test]
    fn a_non_retriable_failure_ends_it() {
        let failure = Failure::permanent("broken", "for good");
        assert_eq!(POLICY.next_attempt_at(1, &failure, Timestamp(0), Timestamp(0)), None);
    }

    #[test]
    fn a_policy_that_breaks_the_rules_is_refused() {
        assert!(POLICY.check().is_ok());
        for broken in [
            RetryPolicy { max_attempts: 0, ..POLICY },
            RetryPolicy { first_interval_ms: 0, ..POLICY },
            RetryPolicy { backoff_coefficient: 0.5, ..POLICY },
            RetryPolicy { backoff_coefficient: f64::NAN, ..POLICY },
            RetryPolicy { backoff_coefficient: f64::INFINITY, ..POLICY },
        ] {
            assert!(broken.check().is_err(), "{broken:?}");
        }
    }
}
