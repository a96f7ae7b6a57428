//! Owns the loop that fires schedules when they are due: it sleeps until the next time of any, and does
//! what `planning` says.

use std::sync::Arc;

use futures::{StreamExt, stream};
use tracing::warn;

use super::planning::{self, Decision};
use super::record::{Firing, Outcome};
use super::{Error, Schedule, Slot};
use crate::scheduler::{Error as SchedulerError, Handle, Reuse, Start, StartError};
use crate::workflow::id::{InstanceId, Timestamp};

/// How many schedules are fired at the same time.
const AT_ONCE: usize = 16;
/// How long to wait before trying again after the store has failed.
const RETRY_MS: u64 = 1_000;

/// What a schedule waits for.
#[derive(Clone, Copy, Debug, Default)]
struct Waits {
    /// A time.
    until: Option<Timestamp>,
    /// The end of an instance.
    for_an_end: bool,
}

impl Waits {
    fn and(self, other: Self) -> Self {
        let until = self.until.into_iter().chain(other.until).min();
        Self { until, for_an_end: self.for_an_end || other.for_an_end }
    }
}

/// Fires schedules until the host closes.
pub(in crate::scheduler) async fn run(handle: Handle) {
    let core = &handle.core;
    let mut ends = core.endings.subscribe();
    loop {
        // Marked before looking, so that no end is missed.
        ends.mark_unchanged();
        let waits = fire_due(&handle).await;
        let due = async {
            match waits.until {
                Some(time) => core.clock.sleep_until(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = core.stopping.cancelled() => return,
            () = due => {}
            () = core.schedules.changed.notified() => {}
            _ = ends.changed(), if waits.for_an_end => {}
        }
    }
}

/// Does what is due, and returns what to wait for then.
async fn fire_due(handle: &Handle) -> Waits {
    let slots = handle.core.schedules.slots();
    let firing =
        stream::iter(slots).map(|slot| fire_due_of(handle, slot)).buffer_unordered(AT_ONCE);
    firing.fold(Waits::default(), |all, one| async move { all.and(one) }).await
}

async fn fire_due_of(handle: &Handle, slot: Arc<Slot>) -> Waits {
    let _working = slot.working.lock().await;
    let Some(mut schedule) = slot.current() else { return Waits::default() };
    if schedule.record.paused {
        return Waits::default();
    }
    match handle.catch_up(&slot, &mut schedule).await {
        Ok(()) => Waits {
            until: schedule.plan.next_after(schedule.record.covered_until),
            for_an_end: schedule.record.buffered.is_some(),
        },
        Err(failed) => {
            warn!("schedule '{}': trying again: {failed}", schedule.name);
            let now = handle.core.clock.now();
            let until = Some(now.checked_add_ms(RETRY_MS).unwrap_or(now));
            Waits { until, for_an_end: false }
        }
    }
}

impl Handle {
    /// Does all that is due of a schedule.
    async fn catch_up(&self, slot: &Slot, schedule: &mut Schedule) -> Result<(), Error> {
        let now = self.core.clock.now();
        if let Some(time) = schedule.record.buffered
            && !self.previous_lives(schedule).await?
        {
            let covered_until = schedule.record.covered_until;
            // Its time has come: it does not wait for itself.
            schedule.record.buffered = None;
            self.fire(slot, schedule, time, covered_until).await?;
        }
        let due = planning::due(&schedule.plan, schedule.record.covered_until, now);
        if due.missed > 0 {
            warn!("schedule '{}': {} times were missed", schedule.name, due.missed);
            let mut record = schedule.record.clone();
            record.counts.missed += due.missed;
            let until = due.fire.first().map_or(now, |first| Timestamp(first.0 - 1));
            record.covered_until = record.covered_until.max(until);
            self.core.save_schedule(slot, schedule, record).await?;
        }
        for time in due.fire {
            if self.core.stopping.is_cancelled() {
                break;
            }
            self.fire(slot, schedule, time, time).await?;
        }
        Ok(())
    }

    /// Fires a schedule for a time, and notes what came of it. To do so twice is to do so once: the
    /// time decides the ID of the instance.
    pub(super) async fn fire(
        &self,
        slot: &Slot,
        schedule: &mut Schedule,
        time: Timestamp,
        covered_until: Timestamp,
    ) -> Result<Firing, Error> {
        let lives = self.previous_lives(schedule).await?;
        let (overlap, buffered) =
            (schedule.plan.definition.overlap, schedule.record.buffered.is_some());
        let instance = planning::instance_id(&schedule.plan.prefix, time);
        let outcome = match planning::decide(overlap, lives, buffered) {
            Decision::Skip => Outcome::Skipped,
            Decision::Buffer => Outcome::Buffered,
            Decision::Start => self.start_scheduled(schedule, &instance).await?,
            Decision::TerminateAndStart => {
                if let Some(previous) = schedule.record.previous() {
                    self.terminate_if_there(&previous).await?;
                }
                self.start_scheduled(schedule, &instance).await?
            }
        };
        let fired_at = self.core.clock.now();
        let firing = Firing { time, fired_at, instance: instance.to_string(), outcome };
        let mut record = schedule.record.clone();
        record.note(firing.clone());
        record.covered_until = record.covered_until.max(covered_until);
        self.core.save_schedule(slot, schedule, record).await?;
        Ok(firing)
    }

    async fn previous_lives(&self, schedule: &Schedule) -> Result<bool, SchedulerError> {
        let Some(previous) = schedule.record.previous() else { return Ok(false) };
        let Some(number) = self.core.store.find(&previous).await? else { return Ok(false) };
        let summary = self.core.find_summary(number).await?;
        Ok(summary.is_some_and(|summary| !summary.phase.is_terminal()))
    }

    async fn terminate_if_there(&self, instance: &InstanceId) -> Result<(), SchedulerError> {
        let Some(number) = self.core.store.find(instance).await? else { return Ok(()) };
        match self.terminate_all(number, true).await {
            Ok(()) | Err(SchedulerError::InstanceGone) => Ok(()),
            Err(failed) => Err(failed),
        }
    }

    async fn start_scheduled(
        &self,
        schedule: &Schedule,
        instance: &InstanceId,
    ) -> Result<Outcome, SchedulerError> {
        let definition = &schedule.plan.definition;
        let start = Start {
            instance: instance.clone(),
            module: definition.module.clone(),
            workflow: definition.workflow.clone(),
            input: definition.input.clone(),
            start_at: None,
            reuse: Reuse::ReturnExisting,
        };
        match self.start(start).await {
            Ok(_) | Err(StartError::Exists(_)) => Ok(Outcome::Started),
            Err(StartError::Other(failed)) => Err(failed),
            Err(refused) => {
                warn!("schedule '{}' can't start '{instance}': {refused}", schedule.name);
                Ok(Outcome::Failed(refused.to_string()))
            }
        }
    }
}
