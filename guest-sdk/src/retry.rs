//! Owns how an activity or a child is to be run: attempts, delays, limits. It must not know who keeps
//! to it.

use std::time::Duration;

/// When to try a failed activity or child again. Delays are durable timers of the host: no restart of it
/// shortens them or forgets which attempt came last.
///
/// ```
/// use std::time::Duration;
/// use reweft_sdk::RetryPolicy;
///
/// // After 2, 4, 8, 10 and 10 seconds, but not later than a minute after the first attempt.
/// const PATIENT: RetryPolicy = RetryPolicy::new(6, Duration::from_secs(2))
///     .backoff(2.0)
///     .max_interval(Duration::from_secs(10))
///     .timeout(Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    pub(crate) max_attempts: u32,
    pub(crate) first_interval: Duration,
    pub(crate) backoff_coefficient: f64,
    pub(crate) max_interval: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
}

impl RetryPolicy {
    /// Returns a policy of at most `max_attempts` attempts, the first one included, with the same
    /// delay before each further one.
    ///
    /// The host ends a run that uses a policy without attempts or with a delay of zero, with error
    /// type `invalid-argument`.
    pub const fn new(max_attempts: u32, first_interval: Duration) -> Self {
        Self {
            max_attempts,
            first_interval,
            backoff_coefficient: 1.0,
            max_interval: None,
            timeout: None,
        }
    }

    /// Makes each delay the one before times `coefficient`, which is a number of at least 1.
    #[must_use]
    pub const fn backoff(mut self, coefficient: f64) -> Self {
        self.backoff_coefficient = coefficient;
        self
    }

    /// Makes no delay longer than this.
    #[must_use]
    pub const fn max_interval(mut self, interval: Duration) -> Self {
        self.max_interval = Some(interval);
        self
    }

    /// Starts no attempt later than this after the first one was asked for.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// How an activity is to be run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ActivityOptions {
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) heartbeat_timeout: Option<Duration>,
}

/// How a child workflow is to be run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ChildOptions {
    pub(crate) instance_id: Option<String>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) detached: bool,
}

/// Returns whole milliseconds, rounded up: nothing is ever early. What doesn't fit is as long as can
/// be.
pub(crate) fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_round_up() {
        assert_eq!(whole_ms(Duration::ZERO), 0);
        assert_eq!(whole_ms(Duration::from_nanos(1)), 1);
        assert_eq!(whole_ms(Duration::from_millis(7)), 7);
        assert_eq!(whole_ms(Duration::from_micros(7_001)), 8);
        assert_eq!(whole_ms(Duration::MAX), u64::MAX);
    }
}
