//! Jobs: one thing done to many instances, named by a filter. `record` is what is stored of a job, and
//! `work` does it. This module owns the jobs a host has, and what a client may do to them.

mod record;
mod work;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error as ThisError;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use self::record::{Action, JobStatus, Record};
use super::filter::Filter;
use super::{Core, Error as SchedulerError, Handle};
use crate::store;

/// The kind of the documents.
const KIND: &str = "job";
/// How many ended jobs are kept.
const ENDED_KEPT: usize = 100;
/// How many jobs are at work at the same time; the others wait for their turn.
const AT_WORK_MAX: usize = 4;
/// How many jobs may be on their way, waiting included.
const RUNNING_MAX: usize = 100;

/// Why something could not be done to a job.
#[derive(Debug, ThisError)]
pub enum Error {
    /// There is none of this ID.
    #[error("there is no job '{0}', or it ended long ago")]
    NotFound(String),
    /// There is no room for another.
    #[error("{RUNNING_MAX} jobs are on their way, the most there may be: wait, or cancel one")]
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

/// A job in memory.
struct Job {
    record: Record,
    cancelled: CancellationToken,
    /// Tells whoever waits for its end.
    ended: CancellationToken,
}

impl Job {
    fn new(record: Record) -> Self {
        Self { record, cancelled: CancellationToken::new(), ended: CancellationToken::new() }
    }
}

/// The jobs of a host.
pub(super) struct Jobs {
    table: Mutex<BTreeMap<String, Job>>,
    at_work: Arc<Semaphore>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { table: Mutex::default(), at_work: Arc::new(Semaphore::new(AT_WORK_MAX)) }
    }
}

impl Jobs {
    fn table(&self) -> MutexGuard<'_, BTreeMap<String, Job>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of how far a job is, which is on disk.
    fn note(&self, id: &str, record: Record) {
        if let Some(job) = self.table().get_mut(id) {
            job.record = record;
            if job.record.status != JobStatus::Running {
                job.ended.cancel();
            }
        }
    }

    /// Forgets the ended jobs that are too many, oldest first, and returns their IDs.
    fn forget_oldest(&self) -> Vec<String> {
        let mut table = self.table();
        let ended = table.iter().filter_map(|(id, job)| Some((job.record.ended_at?, id.clone())));
        let mut ended: Vec<_> = ended.collect();
        ended.sort();
        let too_many = ended.len().saturating_sub(ENDED_KEPT);
        let forgotten: Vec<_> = ended.into_iter().take(too_many).map(|(_, id)| id).collect();
        for id in &forgotten {
            table.remove(id);
        }
        forgotten
    }
}

impl Core {
    /// Reads the jobs there are.
    pub(super) async fn load_jobs(&self) -> Result<(), store::Error> {
        for (id, record) in self.read_documents::<Record>(KIND).await? {
            self.jobs.table().insert(id, Job::new(record));
        }
        Ok(())
    }
}

impl Handle {
    /// Goes on with the jobs that were on their way when the last host stopped.
    pub(super) fn take_up_jobs(&self) {
        let table = self.core.jobs.table();
        let running = table.iter().filter(|(_, job)| job.record.status == JobStatus::Running);
        for (id, job) in running {
            let work = work::run(self.clone(), id.clone(), job.cancelled.clone());
            self.core.background.spawn(work);
        }
    }

    /// Creates a job, which sets to work at once. When this returns `Ok`, it is on disk.
    ///
    /// # Errors
    /// There are too many, or the store failed.
    pub async fn create_job(
        &self,
        action: Action,
        filter: Filter,
    ) -> Result<(String, Record), Error> {
        let jobs = &self.core.jobs;
        let running =
            jobs.table().values().filter(|job| job.record.status == JobStatus::Running).count();
        if running >= RUNNING_MAX {
            return Err(Error::TooMany);
        }
        if self.core.stopping.is_cancelled() {
            return Err(SchedulerError::Closing.into());
        }
        let id = uuid::Uuid::new_v4().to_string();
        let record = Record::new(action, filter, self.core.clock.now());
        self.core.write_document(KIND, &id, &record).await?;
        let job = Job::new(record.clone());
        let cancelled = job.cancelled.clone();
        jobs.table().insert(id.clone(), job);
        self.core.background.spawn(work::run(self.clone(), id.clone(), cancelled));
        Ok((id, record))
    }

    /// Returns all jobs, newest first.
    pub fn jobs(&self) -> Vec<(String, Record)> {
        let table = self.core.jobs.table();
        let mut all: Vec<_> =
            table.iter().map(|(id, job)| (id.clone(), job.record.clone())).collect();
        drop(table);
        all.sort_by_key(|(_, record)| std::cmp::Reverse(record.created_at));
        all
    }

    /// Returns a job.
    ///
    /// # Errors
    /// There is none of this ID.
    pub fn job(&self, id: &str) -> Result<Record, Error> {
        let record = self.core.jobs.table().get(id).map(|job| job.record.clone());
        record.ok_or_else(|| Error::NotFound(id.to_owned()))
    }

    /// Stops a job after what it is just doing, and returns it as it is then. One that has ended stays
    /// as it is.
    ///
    /// # Errors
    /// There is none of this ID, or the host is closing.
    pub async fn cancel_job(&self, id: &str) -> Result<Record, Error> {
        let ended = {
            let table = self.core.jobs.table();
            let job = table.get(id).ok_or_else(|| Error::NotFound(id.to_owned()))?;
            if job.record.status != JobStatus::Running {
                return Ok(job.record.clone());
            }
            job.cancelled.cancel();
            job.ended.clone()
        };
        tokio::select! {
            () = ended.cancelled() => self.job(id),
            () = self.core.stopping.cancelled() => Err(SchedulerError::Closing.into()),
        }
    }
}
