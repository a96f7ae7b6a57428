//! Schedules: workflows started by the clock. `definition` is what a schedule is told to do, `timing`
//! when it is due, `planning` what is to be done about that, all three pure; `record` is what is stored
//! of it, and `firing` does it. This module owns the schedules a host has, and what a client may do to
//! them.

mod definition;
mod firing;
mod planning;
mod record;
#[cfg(test)]
mod tests;
mod timing;

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use thiserror::Error as ThisError;
use tokio::sync::{Mutex, Notify};
use tracing::error;

pub use self::definition::{Definition, Invalid, Overlap};
pub(super) use self::firing::run;
pub use self::record::{Counts, Firing, Outcome, Record};
pub use self::timing::{InvalidTiming, Timing};
use super::{Core, Error as SchedulerError, Handle};
use crate::scheduler::schedules::definition::Plan;
use crate::store;
use crate::workflow::id::Timestamp;

/// The kind of the documents.
const KIND: &str = "schedule";
/// The most schedules of a host.
const SCHEDULES_MAX: usize = 10_000;
/// How many of its next times are shown.
const NEXT_TIMES_SHOWN: usize = 5;

/// Why something could not be done to a schedule.
#[derive(Debug, ThisError)]
pub enum Error {
    /// There is none of this name.
    #[error("there is no schedule '{0}'")]
    NotFound(String),
    /// It can't be carried out.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no room for another.
    #[error("there are {SCHEDULES_MAX} schedules, the most a host has: delete one first")]
    TooMany,
    /// The host failed.
    #[error(transparent)]
    Scheduler(#[from] SchedulerError),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Scheduler(error.into())
    }
}

/// A schedule, as it is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// What it does, and what it has done.
    pub record: Record,
    /// When it is due next; empty if it is paused, or over.
    pub next_times: Vec<Timestamp>,
}

/// A schedule in memory: its record as it is on disk, and the same thing checked.
#[derive(Clone)]
struct Schedule {
    name: String,
    plan: Plan,
    record: Record,
}

impl Schedule {
    fn show(&self) -> Shown {
        let mut next_times = Vec::new();
        let mut after = self.record.covered_until;
        while !self.record.paused && next_times.len() < NEXT_TIMES_SHOWN {
            let Some(next) = self.plan.next_after(after) else { break };
            next_times.push(next);
            after = next;
        }
        Shown { name: self.name.clone(), record: self.record.clone(), next_times }
    }
}

/// The place of a schedule.
struct Slot {
    /// Held while something is done about it. Who only looks does not wait.
    working: Mutex<()>,
    /// As it is on disk; none once it has been deleted.
    current: std::sync::Mutex<Option<Schedule>>,
}

impl Slot {
    fn new(schedule: Schedule) -> Arc<Self> {
        Arc::new(Self { working: Mutex::default(), current: std::sync::Mutex::new(Some(schedule)) })
    }

    fn current(&self) -> Option<Schedule> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, schedule: Option<Schedule>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = schedule;
    }
}

/// The schedules of a host.
#[derive(Default)]
pub(super) struct Schedules {
    table: std::sync::Mutex<BTreeMap<String, Arc<Slot>>>,
    /// Held while schedules come and go.
    changing: Mutex<()>,
    /// Tells the loop that there may be something to do.
    changed: Notify,
}

impl Schedules {
    fn table(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Slot>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, name: &str) -> Option<Arc<Slot>> {
        self.table().get(name).cloned()
    }

    fn slots(&self) -> Vec<Arc<Slot>> {
        self.table().values().cloned().collect()
    }
}

impl Core {
    /// Reads the schedules there are.
    pub(super) async fn load_schedules(&self) -> Result<(), store::Error> {
        for (name, record) in self.read_documents::<Record>(KIND).await? {
            match Plan::new(&name, record.definition.clone()) {
                Ok(plan) => {
                    let schedule = Schedule { name: name.clone(), plan, record };
                    self.schedules.table().insert(name, Slot::new(schedule));
                }
                // One that made sense to another release must not keep the host from starting.
                Err(invalid) => error!("the schedule '{name}' is left out: {invalid}"),
            }
        }
        Ok(())
    }

    /// Writes the record of a schedule, and shows it to whoever looks.
    async fn save_schedule(
        &self,
        slot: &Slot,
        schedule: &mut Schedule,
        record: Record,
    ) -> Result<(), Error> {
        self.write_document(KIND, &schedule.name, &record).await?;
        schedule.record = record;
        slot.set(Some(schedule.clone()));
        Ok(())
    }
}

impl Handle {
    /// Creates a schedule, or replaces the definition of the one that has its name. Without `paused`,
    /// one that is there stays as it is in that.
    ///
    /// # Errors
    /// It can't be carried out, or would never be due.
    pub async fn put_schedule(
        &self,
        name: &str,
        definition: Definition,
        paused: Option<bool>,
    ) -> Result<Shown, Error> {
        let plan = Plan::new(name, definition)?;
        let schedules = &self.core.schedules;
        let _changing = schedules.changing.lock().await;
        let now = self.core.clock.now();
        let known = schedules.slot(name);
        let _working = match &known {
            Some(slot) => Some(slot.working.lock().await),
            None => None,
        };
        let record = known.as_ref().and_then(|slot| slot.current()).map(|it| it.record);
        let same_times =
            record.as_ref().is_some_and(|it| it.definition.timing == plan.definition.timing);
        if !same_times && plan.next_after(now).is_none() {
            return Err(Invalid::Never.into());
        }
        if known.is_none() && schedules.table().len() >= SCHEDULES_MAX {
            return Err(Error::TooMany);
        }
        let mut record = match record {
            Some(mut record) => {
                record.replace(plan.definition.clone(), now);
                record
            }
            None => Record::new(plan.definition.clone(), now),
        };
        if let Some(paused) = paused.filter(|&paused| paused != record.paused) {
            record.set_paused(paused, now);
        }
        self.core.write_document(KIND, name, &record).await?;
        let schedule = Schedule { name: name.to_owned(), plan, record };
        let shown = schedule.show();
        match &known {
            Some(slot) => slot.set(Some(schedule)),
            None => {
                schedules.table().insert(name.to_owned(), Slot::new(schedule));
            }
        }
        schedules.changed.notify_one();
        Ok(shown)
    }

    /// Returns all schedules, by name.
    pub fn schedules(&self) -> Vec<Shown> {
        let slots = self.core.schedules.slots();
        slots.iter().filter_map(|slot| slot.current()).map(|schedule| schedule.show()).collect()
    }

    /// Returns a schedule.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn schedule(&self, name: &str) -> Result<Shown, Error> {
        let schedule = self.schedule_slot(name)?.current();
        schedule.map(|schedule| schedule.show()).ok_or_else(|| Error::NotFound(name.to_owned()))
    }

    fn schedule_slot(&self, name: &str) -> Result<Arc<Slot>, Error> {
        self.core.schedules.slot(name).ok_or_else(|| Error::NotFound(name.to_owned()))
    }

    /// Deletes a schedule. The instances it has started are left as they are.
    ///
    /// # Errors
    /// There is none of this name, or the store failed.
    pub async fn delete_schedule(&self, name: &str) -> Result<(), Error> {
        let schedules = &self.core.schedules;
        let _changing = schedules.changing.lock().await;
        let slot = self.schedule_slot(name)?;
        let _working = slot.working.lock().await;
        self.core.remove_document(KIND, name).await?;
        slot.set(None);
        schedules.table().remove(name);
        Ok(())
    }

    /// Stops a schedule from starting anything, or lets it go on. What would have been due meanwhile
    /// is not made up for.
    ///
    /// # Errors
    /// There is none of this name, or the store failed.
    pub async fn pause_schedule(&self, name: &str, paused: bool) -> Result<Shown, Error> {
        let slot = self.schedule_slot(name)?;
        let _working = slot.working.lock().await;
        let mut schedule = slot.current().ok_or_else(|| Error::NotFound(name.to_owned()))?;
        if schedule.record.paused != paused {
            let mut record = schedule.record.clone();
            record.set_paused(paused, self.core.clock.now());
            self.core.save_schedule(&slot, &mut schedule, record).await?;
            self.core.schedules.changed.notify_one();
        }
        Ok(schedule.show())
    }

    /// Fires a schedule now, whatever its times, and even if it is paused. What happens when the
    /// previous instance has not ended is up to its definition, as ever.
    ///
    /// # Errors
    /// There is none of this name, or the store failed.
    pub async fn trigger_schedule(&self, name: &str) -> Result<Firing, Error> {
        let slot = self.schedule_slot(name)?;
        let _working = slot.working.lock().await;
        let mut schedule = slot.current().ok_or_else(|| Error::NotFound(name.to_owned()))?;
        let covered_until = schedule.record.covered_until;
        // Each time has one instance, so two triggers within a millisecond need two times.
        let mut time = self.core.clock.now();
        while schedule.record.firings.iter().any(|firing| firing.time == time) {
            time = Timestamp(time.0 + 1);
        }
        let firing = self.fire(&slot, &mut schedule, time, covered_until).await?;
        // It may wait for the end of another now.
        self.core.schedules.changed.notify_one();
        Ok(firing)
    }
}
