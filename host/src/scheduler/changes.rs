//! Owns the news of instances: what has changed, for whoever watches. It keeps the last changes in
//! memory, and nobody who reads them is waited for: whoever is too slow is told so, and whoever was
//! away for too long is shown what stands in the store instead.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error as ThisError;
use tokio::sync::watch;

use super::handle::Handle;
use super::{Core, Error};
use crate::store::Commit;
use crate::workflow::codec;
use crate::workflow::id::{InstanceId, InstanceNumber, Timestamp};
use crate::workflow::summary::{Status, Summary};

/// How many changes are kept.
const CHANGES_KEPT: usize = 16_384;
/// How many changes a reader is given at once.
const CHANGES_READ: usize = 256;
/// How many instances are looked at in one read.
const INSTANCES_READ: usize = 1_000;
/// How much older than the news of it an event may be: the time of an event is taken before it is
/// committed.
const COMMIT_MS_MAX: u64 = 60_000;

/// A place in the news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which life of which host it belongs to: the number of its lease.
    pub fence: u64,
    /// How many changes there had been.
    pub sequence: u64,
    /// When that was.
    pub time: Timestamp,
}

/// What has happened to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Its status is another, or its custom status, or it began a new run.
    Status,
    /// It is no longer there.
    Purged,
}

/// A change of an instance.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its place.
    pub position: Position,
    /// What has happened.
    pub kind: ChangeKind,
    /// The instance afterwards; before it was purged, if it was.
    pub summary: Summary,
}

/// The last changes.
pub(super) struct Changes {
    fence: u64,
    kept: Mutex<Kept>,
    /// The sequence of the last one.
    latest: watch::Sender<u64>,
}

#[derive(Default)]
struct Kept {
    changes: VecDeque<Arc<Change>>,
    sequence: u64,
}

impl Changes {
    pub(super) fn new(fence: u64) -> Self {
        Self { fence, kept: Mutex::default(), latest: watch::Sender::new(0) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, kind: ChangeKind, summary: Summary, time: Timestamp) {
        let mut kept = self.kept();
        kept.sequence += 1;
        let position = Position { fence: self.fence, sequence: kept.sequence, time };
        kept.changes.push_back(Arc::new(Change { position, kind, summary }));
        if kept.changes.len() > CHANGES_KEPT {
            kept.changes.pop_front();
        }
        // Under the lock, so that it never goes back.
        self.latest.send_replace(kept.sequence);
    }

    /// Returns up to [`CHANGES_READ`] changes after this one; none if some are no longer there.
    fn after(&self, sequence: u64) -> Option<Vec<Arc<Change>>> {
        let kept = self.kept();
        let missing = kept.sequence.checked_sub(sequence)?;
        let position = kept.changes.len().checked_sub(usize::try_from(missing).ok()?)?;
        Some(kept.changes.range(position..).take(CHANGES_READ).cloned().collect())
    }
}

impl Core {
    /// Tells that something has become of an instance.
    pub(super) fn publish(&self, kind: ChangeKind, summary: &Summary) {
        self.changes.publish(kind, summary.clone(), self.clock.now());
    }

    /// Tells what a commit has made of an instance, if that is news, and of those that have come into
    /// being with it: they are among the ones it wakes.
    pub(super) fn publish_turn(
        &self,
        before: Option<&Summary>,
        after: &Summary,
        News(births): News,
        woken: &[InstanceNumber],
    ) {
        let shown =
            |summary: &Summary| (summary.status(), summary.custom_status_event, summary.run);
        if before.map(shown) != Some(shown(after)) {
            self.publish(ChangeKind::Status, after);
        }
        for (instance, summary) in births {
            // The summary was written a moment ago, by this release.
            if woken.binary_search(&instance).is_ok()
                && let Ok(summary) = codec::decode_summary(&summary)
            {
                self.publish(ChangeKind::Status, &summary);
            }
        }
    }
}

/// What a commit will bring about besides, if it succeeds.
pub(super) struct News(Vec<(InstanceNumber, Vec<u8>)>);

impl News {
    pub(super) fn of_births(commit: &Commit) -> Self {
        Self(commit.births.iter().map(|birth| (birth.instance, birth.summary.clone())).collect())
    }
}

/// Whoever reads the news was too slow, and has missed some.
#[derive(Debug, ThisError)]
#[error("there was more news than could be kept until it was read")]
pub struct TooSlow;

/// Reads the news.
pub struct Subscription {
    core: Arc<Core>,
    latest: watch::Receiver<u64>,
    position: Position,
    missed_since: Option<Timestamp>,
}

impl Subscription {
    /// Returns where it stands.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Returns from when on there may be changes that it does not tell of; none: it tells of all.
    pub fn missed_since(&self) -> Option<Timestamp> {
        self.missed_since
    }

    /// Returns the next changes, as soon as there are any.
    ///
    /// # Errors
    /// Some are no longer there.
    pub async fn next(&mut self) -> Result<Vec<Arc<Change>>, TooSlow> {
        loop {
            // Seen before looking: what comes meanwhile is seen the next time.
            self.latest.borrow_and_update();
            let changes = self.core.changes.after(self.position.sequence).ok_or(TooSlow)?;
            if let Some(last) = changes.last() {
                self.position = last.position;
                return Ok(changes);
            }
            if self.latest.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Handle {
    /// Returns the news from behind this position on; from now on, if there is none. If what came
    /// after it is no longer known, it says from when on: see [`Subscription::missed_since`].
    pub fn changes(&self, since: Option<Position>) -> Subscription {
        let core = self.core.clone();
        let latest = core.changes.latest.subscribe();
        let time = core.clock.now();
        let now = Position { fence: core.changes.fence, sequence: *latest.borrow(), time };
        let is_known = |since: &Position| {
            since.fence == now.fence && core.changes.after(since.sequence).is_some()
        };
        let (position, missed_since) = match since {
            None => (now, None),
            Some(since) if is_known(&since) => (since, None),
            Some(since) => {
                let earliest = since.time.min(time).0.saturating_sub(COMMIT_MS_MAX);
                (now, Some(Timestamp(earliest)))
            }
        };
        Subscription { core, latest, position, missed_since }
    }

    /// Returns instances after `after` that have changed since then, and which one it looked at last;
    /// none: there are no more.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn changed_since(
        &self,
        since: Timestamp,
        after: Option<InstanceNumber>,
    ) -> Result<(Vec<Summary>, Option<InstanceNumber>), Error> {
        let rows = self.core.store.instances(after, INSTANCES_READ).await?;
        let last = rows.last().map(|&(number, _)| number).filter(|_| rows.len() == INSTANCES_READ);
        let mut changed = Vec::new();
        for (_, bytes) in rows {
            let summary = codec::decode_summary(&bytes)?;
            // To be stalled is no event.
            if summary.updated_at >= since || summary.status() == Status::Stalled {
                changed.push(summary);
            }
        }
        Ok((changed, last))
    }

    /// Returns an instance at a glance.
    ///
    /// # Errors
    /// There is no such instance, or the store failed.
    pub async fn glance(&self, id: &InstanceId) -> Result<Summary, Error> {
        self.summary(self.number(id).await?).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::event::{Event, Recorded};
    use crate::workflow::fixtures::run_started;
    use crate::workflow::state::State;

    fn summary() -> Summary {
        let mut state = State::default();
        let event = Event::RunStarted(run_started());
        state.apply(&Recorded { time: Timestamp(1), event }).unwrap();
        Summary::of(&state, false, 0, None).unwrap()
    }

    fn sequences(changes: &Changes, after: u64) -> Option<Vec<u64>> {
        let found = changes.after(after)?;
        Some(found.iter().map(|change| change.position.sequence).collect())
    }

    #[test]
    fn the_last_changes_are_kept_and_who_missed_one_is_told() {
        let changes = Changes::new(7);
        assert_eq!(sequences(&changes, 0), Some(vec![]));
        assert_eq!(sequences(&changes, 1), None, "nothing has come so far");
        let total = CHANGES_KEPT as u64 + 10;
        for time in 1..=total {
            changes.publish(ChangeKind::Status, summary(), Timestamp(time));
        }
        assert_eq!(sequences(&changes, total), Some(vec![]));
        assert_eq!(sequences(&changes, total - 2), Some(vec![total - 1, total]));
        assert_eq!(
            sequences(&changes, 10).map(|found| (found[0], found.len())),
            Some((11, CHANGES_READ))
        );
        assert_eq!(sequences(&changes, 9), None, "the tenth is gone");
        assert_eq!(sequences(&changes, total + 1), None);
        assert_eq!(sequences(&changes, u64::MAX), None);
        assert_eq!(*changes.latest.borrow(), total);
    }
}
