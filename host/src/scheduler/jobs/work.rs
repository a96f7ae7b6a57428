//! Owns how a job is done: page by page past the instances that match, noting after each page how far it
//! has come. A host that dies in between does that page again, which changes nothing.

use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::record::{Action, JobStatus, Record};
use super::{Error, KIND};
use crate::scheduler::filter::{Filter, Row, Rows};
use crate::scheduler::{Error as SchedulerError, Handle};
use crate::store;
use crate::workflow::event::Message;
use crate::workflow::id::{InstanceNumber, Timestamp};
use crate::workflow::summary::Summary;

/// How many instances are looked at before the job notes how far it is.
const PAGE: usize = 200;
/// How many are dealt with at the same time: they share commits.
const AT_ONCE: usize = 16;
/// How long to wait before trying again after the store has failed.
const RETRY_MS: u64 = 1_000;

/// Works until the job has ended, or the host closes.
pub(super) async fn run(handle: Handle, id: String, cancelled: CancellationToken) {
    let core = &handle.core;
    let _turn = tokio::select! {
        turn = core.jobs.at_work.acquire() => turn.ok(),
        // That it has been cancelled is noted at once, whoever else is at work.
        () = cancelled.cancelled() => None,
        () = core.stopping.cancelled() => return,
    };
    while !core.stopping.is_cancelled() {
        match handle.work_on(&id, &cancelled).await {
            Ok(JobStatus::Running) => {}
            Ok(JobStatus::Completed | JobStatus::Cancelled) => return,
            Err(failed) => {
                warn!("job {id}: trying again: {failed}");
                let retry_at = core.clock.now().checked_add_ms(RETRY_MS).unwrap_or(Timestamp::MAX);
                tokio::select! {
                    () = core.clock.sleep_until(retry_at) => {}
                    () = core.stopping.cancelled() => {}
                }
            }
        }
    }
}

impl Handle {
    /// Deals with the next page, and notes it.
    async fn work_on(&self, id: &str, cancelled: &CancellationToken) -> Result<JobStatus, Error> {
        let mut record = self.job(id)?;
        let filter = Filter {
            created: record.filter.created.start
                ..record.filter.created.end.min(Timestamp(record.created_at.0 + 1)),
            ..record.filter.clone()
        };
        let rows = Rows::of(&*self.core.store, &filter);
        let mut page = rows.read(record.cursor.as_ref(), PAGE).await?;
        let is_last = page.len() < PAGE;
        let next = page.last().filter(|_| !is_last).map(|row| row.cursor.clone());
        page.retain(|row| filter.takes(&row.summary));
        self.deal_with(page, &mut record, cancelled).await?;
        record.cursor = next.or(record.cursor.take());
        if self.core.stopping.is_cancelled() {
            // It may have been done in part: the next host does it again.
            return Ok(JobStatus::Running);
        }
        let now = self.core.clock.now();
        if cancelled.is_cancelled() {
            record.end(JobStatus::Cancelled, now);
        } else if is_last {
            record.end(JobStatus::Completed, now);
        }
        self.core.write_document(KIND, id, &record).await?;
        let status = record.status;
        self.core.jobs.note(id, record);
        if status != JobStatus::Running {
            info!("job {id} has ended");
            for forgotten in self.core.jobs.forget_oldest() {
                // If this fails it is read again by the next host, and forgotten there.
                if let Err(failed) = self.core.remove_document(KIND, &forgotten).await {
                    warn!("job {forgotten} is still stored: {failed}");
                }
            }
        }
        Ok(status)
    }

    /// Does to each of these instances what the job does, until it is told to stop.
    async fn deal_with(
        &self,
        page: Vec<Row>,
        record: &mut Record,
        cancelled: &CancellationToken,
    ) -> Result<(), SchedulerError> {
        let go_on = || !cancelled.is_cancelled() && !self.core.stopping.is_cancelled();
        let action = record.action.clone();
        let instances = page.into_iter().take_while(|_| go_on());
        let mut dealing = stream::iter(instances)
            .map(|row| self.do_to(&action, row.number, row.summary))
            .buffer_unordered(AT_ONCE);
        while let Some((summary, outcome)) = dealing.next().await {
            let outcome = match outcome {
                // Somebody else has removed it, perhaps this job with one above it.
                Ok(()) | Err(SchedulerError::InstanceGone) => Ok(()),
                Err(
                    failed @ (SchedulerError::Closing
                    | SchedulerError::Store(
                        store::Error::Unavailable(_) | store::Error::Fenced { .. },
                    )),
                ) => return Err(failed),
                Err(refused) => Err(refused.to_string()),
            };
            record.note(summary.instance.to_string(), outcome);
        }
        Ok(())
    }

    async fn do_to(
        &self,
        action: &Action,
        number: InstanceNumber,
        summary: Summary,
    ) -> (Summary, Result<(), SchedulerError>) {
        let message = match action.clone() {
            Action::Pause { reason } => Message::Pause { reason },
            Action::Resume { reason } => Message::Resume { reason },
            Action::Terminate { output, reason, recursive } => {
                Message::Terminate { output, reason, recursive }
            }
            Action::Purge { recursive, force } => {
                return (summary, self.remove(number, recursive, force).await);
            }
        };
        (summary, self.deliver_to(number, message).await)
    }

    async fn remove(
        &self,
        number: InstanceNumber,
        recursive: bool,
        force: bool,
    ) -> Result<(), SchedulerError> {
        if force {
            self.terminate_all(number, recursive).await?;
        }
        self.purge_number(number, recursive).await
    }
}
