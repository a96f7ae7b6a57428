//! Owns when timers fire. The store has all of them; the ones due soon are also in memory, read
//! ahead in order, so that a million that sleep for long cost nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tracing::error;

use crate::clock::Clock;
use crate::store::{self, Store, Timer};
use crate::workflow::id::Timestamp;

/// How far ahead timers are read.
const AHEAD_MS: u64 = 60_000;
/// How many are read at once.
const PAGE: usize = 4_096;
/// How long to wait before reading again after the store has failed.
const RETRY_MS: u64 = 1_000;

/// The timers that are due soon.
pub(super) struct Timers {
    soon: Mutex<Soon>,
    changed: Notify,
}

struct Soon {
    heap: BinaryHeap<Reverse<Timer>>,
    /// Every stored timer due at this time or before is in the heap, or has fired.
    read_until: Timestamp,
}

impl Timers {
    pub(super) fn new() -> Self {
        let soon = Soon { heap: BinaryHeap::new(), read_until: Timestamp(0) };
        Self { soon: Mutex::new(soon), changed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Soon> {
        self.soon.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a timer that is in the store. To do so twice does no harm: the run it belongs
    /// to takes one firing only.
    pub(super) fn arm(&self, timer: Timer) {
        let mut soon = self.lock();
        if timer.due <= soon.read_until {
            soon.heap.push(Reverse(timer));
            if soon.heap.peek() == Some(&Reverse(timer)) {
                self.changed.notify_one();
            }
        }
    }

    /// Calls `fire` for each timer when it is due; for ever.
    pub(super) async fn run(
        &self,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        fire: impl Fn(Timer),
    ) {
        loop {
            let now = clock.now();
            let mut wake_at = match self.read_ahead(&*store, now).await {
                Ok(next_read) => next_read,
                Err(failed) => {
                    error!("timers can't be read, trying again: {failed}");
                    Timestamp(now.0.saturating_add(RETRY_MS))
                }
            };
            let due = {
                let mut soon = self.lock();
                let mut due = Vec::new();
                while let Some(&Reverse(timer)) = soon.heap.peek() {
                    if timer.due > now {
                        wake_at = wake_at.min(timer.due);
                        break;
                    }
                    soon.heap.pop();
                    due.push(timer);
                }
                due
            };
            due.into_iter().for_each(&fire);
            tokio::select! {
                () = clock.sleep_until(wake_at) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Reads so far ahead that the next half of [`AHEAD_MS`] is known; returns when to read again.
    async fn read_ahead(
        &self,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<Timestamp, store::Error> {
        let next_read = |until: Timestamp| Timestamp(until.0.saturating_sub(AHEAD_MS / 2));
        let known = self.lock().read_until;
        if next_read(known) > now {
            return Ok(next_read(known));
        }
        // Marked before reading: a timer stored meanwhile is armed or read, or both.
        let until = now.checked_add_ms(AHEAD_MS).unwrap_or(Timestamp::MAX);
        self.lock().read_until = until;
        let mut after = None;
        loop {
            let page = match store.timers(after, until, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    self.lock().read_until = known;
                    return Err(error);
                }
            };
            after = page.last().copied();
            let full = page.len() == PAGE;
            // What was known before is in the heap already.
            let new = page.into_iter().filter(|timer| timer.due > known);
            self.lock().heap.extend(new.map(Reverse));
            if !full {
                return Ok(next_read(until));
            }
        }
    }
}
