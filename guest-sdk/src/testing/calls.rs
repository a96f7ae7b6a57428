//! Owns the rules of calls in a simulated world: what the host refuses, and when a failed attempt is
//! made again. It must not know how an attempt is made.

use crate::Failure;
use crate::host::TaskId;
use crate::retry::{ActivityOptions, ChildOptions, RetryPolicy, whole_ms};

/// The most bytes that the ID of a child may have.
const LONGEST_CHILD_ID: usize = 200;

/// A task of one of the instances.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TaskKey {
    pub(super) instance: String,
    pub(super) task: TaskId,
}

/// A call of an activity or a child that has not ended.
pub(super) struct Call {
    pub(super) callee: Callee,
    pub(super) name: String,
    pub(super) input: String,
    pub(super) asked_at_ms: u64,
    pub(super) attempt: u32,
}

pub(super) enum Callee {
    /// With what the attempt before has said last.
    Activity { options: ActivityOptions, last_progress: Option<String> },
    /// With the instance of the current attempt.
    Workflow { options: ChildOptions, instance: Option<String> },
}

impl Call {
    pub(super) fn is_attempted_by(&self, instance_id: &str) -> bool {
        matches!(&self.callee, Callee::Workflow { instance: Some(id), .. } if id == instance_id)
    }

    /// Returns when a call whose attempt has failed is tried again, if it is.
    pub(super) fn next_attempt_ms(&self, failure: &Failure, now_ms: u64) -> Option<u64> {
        let retry = match &self.callee {
            Callee::Activity { options, .. } => options.retry,
            Callee::Workflow { options, .. } => options.retry,
        };
        let policy = retry?;
        if failure.non_retriable || self.attempt >= policy.max_attempts {
            return None;
        }
        let longest_ms = policy.max_interval.map_or(u64::MAX, whole_ms);
        let mut delay_ms = whole_ms(policy.first_interval) as f64;
        for _ in 1..self.attempt {
            delay_ms *= policy.backoff_coefficient;
        }
        let next_ms = now_ms.checked_add((delay_ms as u64).min(longest_ms))?;
        let last_ms =
            policy.timeout.map(|timeout| self.asked_at_ms.saturating_add(whole_ms(timeout)));
        (last_ms.is_none_or(|last_ms| next_ms <= last_ms)).then_some(next_ms)
    }
}

/// Says what the host would refuse about the call of an activity.
pub(super) fn refusal(options: &ActivityOptions) -> Option<String> {
    if options.timeout.is_some_and(|timeout| timeout.is_zero()) {
        return Some("the timeout of an activity is zero".to_owned());
    }
    if options.heartbeat_timeout.is_some_and(|timeout| timeout.is_zero()) {
        return Some("the heartbeat timeout of an activity is zero".to_owned());
    }
    policy_refusal(options.retry.as_ref()?)
}

/// Says what the host would refuse about the call of a child.
pub(super) fn child_refusal(options: &ChildOptions) -> Option<String> {
    if let Some(id) = &options.instance_id
        && (id.is_empty() || id.len() > LONGEST_CHILD_ID || id.contains(char::is_control))
    {
        return Some(format!(
            "the instance ID of a child has 1 to {LONGEST_CHILD_ID} bytes without control \
             characters, not {id:?}"
        ));
    }
    policy_refusal(options.retry.as_ref()?)
}

fn policy_refusal(policy: &RetryPolicy) -> Option<String> {
    let coefficient = policy.backoff_coefficient;
    if policy.max_attempts == 0 {
        Some("a retry policy needs at least one attempt".to_owned())
    } else if policy.first_interval.is_zero() {
        Some("a retry policy needs a first interval above zero".to_owned())
    } else if !coefficient.is_finite() || coefficient < 1.0 {
        Some(format!("a retry policy needs a backoff of at least 1, not {coefficient}"))
    } else {
        None
    }
}
