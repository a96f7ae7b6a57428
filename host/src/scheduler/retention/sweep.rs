//! Owns the task that removes what is due: it walks the ended instances that the rules speak of in
//! order of creation, a page at a time, and sleeps until the next one is due. One that ends later is
//! taken note of as it ends, if it is due before the next walk.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use tracing::{debug, warn};

use super::Inner;
use crate::scheduler::{Error, Handle};
use crate::store::{LabelFilter, Place, one_of};
use crate::workflow::codec;
use crate::workflow::id::{InstanceNumber, Timestamp};

/// How far ahead the walk looks for what will be due.
const AHEAD_MS: u64 = 600_000;
/// How many instances are looked at in one step.
const PAGE: usize = 500;
/// How many are removed at the same time: they share commits.
const AT_ONCE: usize = 32;
/// How long to wait before trying again after the store has failed.
const RETRY_MS: u64 = 1_000;

/// Where the walk is.
struct Walk {
    /// The labels that are left, by how long instances with them are kept.
    groups: Vec<(u64, LabelFilter)>,
    after: Option<Place>,
    /// It looks for what is due until then.
    until: Timestamp,
}

/// What there is to do next.
enum Next {
    Walk,
    Wait(Timestamp),
}

/// Removes what is due until the host closes.
pub(in crate::scheduler) async fn run(handle: Handle) {
    let core = &handle.core;
    let mut sweep = Sweep { handle: &handle, walk: None, next_walk: Timestamp(0) };
    while !core.stopping.is_cancelled() {
        let wait_until = match sweep.step().await {
            Ok(Next::Walk) => continue,
            Ok(Next::Wait(until)) => until,
            Err(failed) => {
                warn!("retention: trying again: {failed}");
                sweep.begin_anew();
                core.clock.now().checked_add_ms(RETRY_MS).unwrap_or(Timestamp::MAX)
            }
        };
        tokio::select! {
            () = core.stopping.cancelled() => {}
            () = core.clock.sleep_until(wait_until) => {}
            () = core.retaining.changed.notified() => {}
        }
    }
}

struct Sweep<'a> {
    handle: &'a Handle,
    walk: Option<Walk>,
    next_walk: Timestamp,
}

impl Sweep<'_> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.handle.core.retaining.lock()
    }

    fn begin_anew(&mut self) {
        self.walk = None;
        self.next_walk = Timestamp(0);
    }

    /// Removes what is known to be due, and goes on with the walk if there is one.
    async fn step(&mut self) -> Result<Next, Error> {
        let now = self.handle.core.clock.now();
        let anew = std::mem::take(&mut self.lock().anew);
        if anew {
            self.begin_anew();
        }
        self.remove_due(now).await?;
        self.remove_above(now).await?;
        if let Some(walk) = self.walk.take() {
            self.walk = self.walk_on(walk, now).await?;
            return Ok(Next::Walk);
        }
        if self.lock().rules.is_empty() {
            return Ok(Next::Wait(Timestamp::MAX));
        }
        let read_until = self.lock().read_until;
        if self.next_walk <= now || read_until <= now {
            self.walk = Some(self.begin_walk(now).await?);
            return Ok(Next::Walk);
        }
        let inner = self.lock();
        let soonest = inner.soon.first().map_or(self.next_walk, |&(due, _)| due);
        Ok(Next::Wait(soonest.min(self.next_walk).min(inner.read_until)))
    }

    async fn begin_walk(&mut self, now: Timestamp) -> Result<Walk, Error> {
        let until = now.checked_add_ms(AHEAD_MS).unwrap_or(Timestamp::MAX);
        let rules = {
            // Marked before reading: one that ends meanwhile is taken note of, or read, or both.
            let mut inner = self.lock();
            inner.read_until = until;
            inner.rules.clone()
        };
        // Even if the walk fails half-way it is not due again at once.
        self.next_walk = now.checked_add_ms(AHEAD_MS / 2).unwrap_or(Timestamp::MAX);
        let mut groups: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
        for (bytes, _) in self.handle.core.store.labels().await? {
            let label = codec::decode_label(&bytes)?;
            if let Some(keep_ms) = rules.keep_ms(&label.workflow, label.status) {
                groups.entry(keep_ms).or_default().push(bytes);
            }
        }
        let groups = groups.into_iter().map(|(keep_ms, labels)| (keep_ms, one_of(labels)));
        Ok(Walk { groups: groups.collect(), after: None, until })
    }

    /// Looks at another page; `None` at the end.
    async fn walk_on(&mut self, mut walk: Walk, now: Timestamp) -> Result<Option<Walk>, Error> {
        let Some((keep_ms, labels)) = walk.groups.last() else { return Ok(None) };
        // What was created later has ended later still.
        let created_before = Timestamp(walk.until.0.saturating_add(1).saturating_sub(*keep_ms));
        let created = Timestamp(0)..created_before;
        let page = self.handle.core.store.list(labels, created, walk.after, PAGE).await?;
        let rules = self.handle.core.retaining.rules();
        let mut due_now = Vec::new();
        for listed in &page {
            match rules.due(&codec::decode_summary(&listed.summary)?) {
                Some(due) if due <= now => due_now.push(listed.place.instance),
                Some(due) => self.lock().insert(due, listed.place.instance),
                None => {}
            }
        }
        self.remove(due_now, now).await?;
        walk.after = page.last().map(|listed| listed.place);
        if page.len() < PAGE {
            walk.groups.pop();
            walk.after = None;
        }
        Ok(Some(walk))
    }

    async fn remove_due(&self, now: Timestamp) -> Result<(), Error> {
        let mut due = Vec::new();
        {
            let mut inner = self.lock();
            while let Some(&(time, instance)) = inner.soon.first().filter(|(time, _)| *time <= now)
                && due.len() < PAGE
            {
                inner.soon.remove(&(time, instance));
                due.push(instance);
            }
        }
        self.remove(due, now).await
    }

    /// Removes instances if they are due. If the store fails they are found again by the next walk.
    async fn remove(&self, instances: Vec<InstanceNumber>, now: Timestamp) -> Result<(), Error> {
        let removing = stream::iter(instances)
            .map(|instance| remove_if_due(self.handle, instance, now))
            .buffer_unordered(AT_ONCE);
        let results: Vec<Result<(), Error>> = removing.collect().await;
        results.into_iter().collect()
    }

    /// Looks at those above the ones that have just ended, all the way up: they may have waited.
    async fn remove_above(&self, now: Timestamp) -> Result<(), Error> {
        loop {
            let Some(above) = self.lock().above.pop_first() else { return Ok(()) };
            let Some(number) = self.handle.core.store.find(&above).await? else { continue };
            let Some(summary) = self.handle.core.find_summary(number).await? else { continue };
            if summary.phase.is_terminal() {
                self.lock().above.extend(summary.parent);
                remove_if_due(self.handle, number, now).await?;
            }
        }
    }
}

/// Removes an instance with all below it, if it is due. It is named by its number, never by its ID: a
/// new instance with the same ID is another.
async fn remove_if_due(
    handle: &Handle,
    instance: InstanceNumber,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(summary) = handle.core.find_summary(instance).await? else { return Ok(()) };
    let due = handle.core.retaining.rules().due(&summary);
    if due.is_none_or(|due| due > now) {
        return Ok(());
    }
    match handle.purge_number(instance, true).await {
        Ok(()) => debug!(instance = %summary.instance, "removed: it was kept long enough"),
        // One below it lives, or it has been removed meanwhile.
        Err(Error::NotTerminal(_) | Error::InstanceGone | Error::Closing) => {}
        Err(failed) => return Err(failed),
    }
    Ok(())
}
