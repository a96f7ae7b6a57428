//! Owns the only look at the clock. Everybody else is given times as values, or a [`Clock`].

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::workflow::id::Timestamp;

/// A source of time.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Returns the time.
    fn now(&self) -> Timestamp;

    /// Waits until the time is `at` or later.
    async fn sleep_until(&self, at: Timestamp);
}

/// The clock of the machine.
pub struct SystemClock;

/// After so long a sleep the clock is read again: it may have been set meanwhile.
const SLEEP_MAX: Duration = Duration::from_secs(60);

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX).min(Timestamp::MAX.0))
    }

    async fn sleep_until(&self, at: Timestamp) {
        loop {
            let left_ms = at.0.saturating_sub(self.now().0);
            if left_ms == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(left_ms).min(SLEEP_MAX)).await;
        }
    }
}

/// Measures how long something takes.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A clock that stands still until it is moved: for tests.
pub struct SimulatedClock {
    now: watch::Sender<Timestamp>,
}

impl SimulatedClock {
    /// Returns a clock that stands at this time.
    pub fn at(start: Timestamp) -> Self {
        Self { now: watch::Sender::new(start) }
    }

    /// Moves the clock forward.
    pub fn advance_ms(&self, duration_ms: u64) {
        self.now.send_modify(|now| now.0 += duration_ms);
    }
}

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut now = self.now.subscribe();
        // It fails only when the clock is gone, and then nobody moves it any more.
        if now.wait_for(|&now| now >= at).await.is_err() {
            std::future::pending().await
        }
    }
}
