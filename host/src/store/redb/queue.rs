//! Owns what waits to be written, and decides when a batch of it is due. Must not know what it is.
//!
//! A write to the disk takes as much from the processors for one change as for a hundred, so that while
//! many change things at once it pays to wait for more of them. Who waits, however, does nothing. A batch
//! is therefore due once as many wait as are at work: one half is on its way to the disk then, while the
//! other keeps the processors busy. One who is alone does not wait, unless a crowd has just gone.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The most of one batch: enough to make its write cheap for each, few enough that none waits long for
/// the others to be applied.
const BATCH_MAX: usize = 1_024;
/// How long a batch waits for those at work, if they don't come.
const PATIENCE: Duration = Duration::from_millis(2);
/// If fewer than so many come in that time, waiting isn't worth it, and is soon given up.
const CROWD: usize = 4;

struct Waiting<T> {
    requests: VecDeque<T>,
    /// How many were answered and have not asked for anything since. An estimate: nobody says that they
    /// have finished.
    at_work: usize,
    closed: bool,
    /// Whether the one who takes batches has to be woken once one is due.
    asleep: bool,
}

impl<T> Waiting<T> {
    fn push(&mut self, request: T) {
        self.requests.push_back(request);
        self.at_work = self.at_work.saturating_sub(1);
    }

    fn is_due(&self) -> bool {
        self.closed
            || (!self.requests.is_empty() && self.requests.len() >= self.at_work.min(BATCH_MAX))
    }

    /// Not all of those at work came in time: some have gone, or are at it for long. Where a crowd comes all
    /// the same, it may only be slow.
    fn lose_patience(&mut self) {
        let lost = if self.requests.len() < CROWD { 2 } else { 8 };
        self.at_work -= self.at_work.div_ceil(lost);
    }

    fn batch(&mut self) -> Vec<T> {
        let count = self.requests.len().min(BATCH_MAX);
        self.requests.drain(..count).collect()
    }
}

struct Shared<T> {
    waiting: Mutex<Waiting<T>>,
    due: Condvar,
}

impl<T> Shared<T> {
    /// What is changed under the lock is whole after each statement.
    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) -> MutexGuard<'_, Waiting<T>> {
        let mut waiting = self.lock();
        waiting.closed = true;
        self.due.notify_one();
        waiting
    }
}

/// Where requests are put. Dropping it lets those that wait be taken, and then ends the other side.
pub(super) struct Queue<T>(Arc<Shared<T>>);

/// Where batches are taken. Once it is dropped, nothing can be put in, and what waits is dropped.
pub(super) struct Batches<T>(Arc<Shared<T>>);

pub(super) fn queue<T>() -> (Queue<T>, Batches<T>) {
    let requests = VecDeque::new();
    let waiting = Waiting { requests, at_work: 0, closed: false, asleep: false };
    let shared = Arc::new(Shared { waiting: Mutex::new(waiting), due: Condvar::new() });
    (Queue(shared.clone()), Batches(shared))
}

impl<T> Queue<T> {
    /// Puts a request in; gives it back if nobody takes any more.
    pub(super) fn push(&self, request: T) -> Result<(), T> {
        let mut waiting = self.0.lock();
        if waiting.closed {
            return Err(request);
        }
        waiting.push(request);
        let wake = waiting.asleep && waiting.is_due();
        if wake {
            waiting.asleep = false;
        }
        drop(waiting);
        if wake {
            self.0.due.notify_one();
        }
        Ok(())
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        drop(self.0.close());
    }
}

impl<T> Batches<T> {
    /// The next batch as soon as it is due, never an empty one; none when the queue has been dropped and
    /// everything in it been taken.
    pub(super) fn next(&self) -> Option<Vec<T>> {
        let mut waiting = self.0.lock();
        waiting.asleep = true;
        let mut impatient = false;
        while !(waiting.is_due() || (impatient && !waiting.requests.is_empty())) {
            (waiting, impatient) = self.sleep(waiting);
        }
        waiting.asleep = false;
        let batch = waiting.batch();
        (!batch.is_empty()).then_some(batch)
    }

    /// Returns when a batch is due, or patience with those at work has ended; whether it has.
    fn sleep<'a>(&self, waiting: MutexGuard<'a, Waiting<T>>) -> (MutexGuard<'a, Waiting<T>>, bool) {
        let not_due = |waiting: &mut Waiting<T>| !waiting.is_due();
        if waiting.at_work == 0 {
            let due = self.0.due.wait_while(waiting, not_due);
            return (due.unwrap_or_else(PoisonError::into_inner), false);
        }
        let due = self.0.due.wait_timeout_while(waiting, PATIENCE, not_due);
        let (mut waiting, ended) = due.unwrap_or_else(PoisonError::into_inner);
        if ended.timed_out() {
            waiting.lose_patience();
        }
        (waiting, ended.timed_out())
    }

    /// So many are about to be told that what they asked for is done.
    pub(super) fn answered(&self, count: usize) {
        self.0.lock().at_work += count;
    }
}

impl<T> Drop for Batches<T> {
    fn drop(&mut self) {
        let requests = std::mem::take(&mut self.0.close().requests);
        drop(requests);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn waiting(requests: usize, at_work: usize) -> Waiting<usize> {
        Waiting { requests: (0..requests).collect(), at_work, closed: false, asleep: false }
    }

    #[test]
    fn a_batch_is_due_once_as_many_wait_as_are_at_work() {
        assert!(!waiting(0, 0).is_due());
        assert!(waiting(1, 0).is_due());
        assert!(!waiting(31, 32).is_due());
        assert!(waiting(32, 32).is_due());

        let mut crowd = waiting(0, 64);
        for _ in 0..31 {
            crowd.push(0);
            assert!(!crowd.is_due(), "{} wait, {} work", crowd.requests.len(), crowd.at_work);
        }
        crowd.push(0);
        assert!(crowd.is_due());
    }

    #[test]
    fn those_who_never_come_back_are_forgotten() {
        let until_due = |mut waiting: Waiting<usize>| {
            (0..).find(|_| {
                waiting.lose_patience();
                waiting.is_due()
            })
        };
        assert_eq!(until_due(waiting(1, 1_000)), Some(8));
        assert!(until_due(waiting(8, 1_000)) < Some(40));
        assert!(until_due(waiting(CROWD, CROWD + 1)) < Some(1), "even one counts");
    }

    #[test]
    fn a_batch_that_is_full_waits_for_nobody() {
        assert!(!waiting(BATCH_MAX - 1, 10 * BATCH_MAX).is_due());
        assert!(waiting(BATCH_MAX, 10 * BATCH_MAX).is_due());
    }

    #[test]
    fn a_batch_is_no_larger_than_allowed_and_leaves_the_rest_in_order() {
        let mut much = waiting(BATCH_MAX + 2, 0);
        assert_eq!(much.batch(), (0..BATCH_MAX).collect::<Vec<_>>());
        assert_eq!(much.batch(), [BATCH_MAX, BATCH_MAX + 1]);
    }

    #[test]
    fn everything_is_taken_once_and_in_the_order_of_each_who_put_it_in() {
        let (queue, batches) = queue();
        let taking = thread::spawn(move || {
            let mut taken = Vec::new();
            while let Some(batch) = batches.next() {
                assert!(!batch.is_empty());
                batches.answered(batch.len());
                taken.extend(batch);
            }
            taken
        });
        let queue = Arc::new(queue);
        let put = |from: usize| {
            let queue = queue.clone();
            thread::spawn(move || (0..500).for_each(|count| queue.push((from, count)).unwrap()))
        };
        for putting in [put(0), put(1), put(2)] {
            putting.join().unwrap();
        }
        drop(queue);
        let taken = taking.join().unwrap();
        for from in 0..3 {
            let counts: Vec<usize> =
                taken.iter().filter(|(who, _)| *who == from).map(|(_, count)| *count).collect();
            assert_eq!(counts, (0..500).collect::<Vec<_>>());
        }
    }

    #[test]
    fn who_waits_for_others_that_never_come_is_taken_all_the_same() {
        let (queue, batches) = queue();
        batches.answered(1_000_000);
        queue.push("alone").unwrap();
        assert_eq!(batches.next(), Some(vec!["alone"]));
    }

    #[test]
    fn nothing_is_put_in_that_nobody_takes() {
        let (queue, batches) = queue();
        let held = Arc::new(());
        queue.push(held.clone()).unwrap();
        drop(batches);
        assert_eq!(Arc::strong_count(&held), 1, "what waited is dropped");
        assert!(queue.push(held).is_err());
    }
}
