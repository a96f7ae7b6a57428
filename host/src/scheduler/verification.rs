//! Owns whether instances fit another version of their module: replays them on it, without changing
//! anything, and moves those that fit when told to.

use std::collections::VecDeque;

use thiserror::Error as ThisError;
use tokio::sync::oneshot;

use super::filter::{Filter, Pages, Row};
use super::handle::Handle;
use super::mailboxes::Envelope;
use super::modules::{self, ReadyModule};
use super::resident::read_history;
use super::{Core, Error};
use crate::wasm::rehearsal::{self, Rehearsed, Watch, rehearse};
use crate::workflow::event::{Event, Message, Recorded};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, Timestamp};
use crate::workflow::replay::{Ended, Nondeterminism};
use crate::workflow::summary::{Status, Summary};

/// How many instances are looked at in one read.
const PAGE: usize = 200;
/// How many instances that don't fit are named.
const NAMED_MAX: usize = 100;

/// Why something about another version could not be done.
#[derive(Debug, ThisError)]
pub enum MigrationError {
    /// The history of the instance does not fit the version.
    #[error("its history does not fit that version: {0}")]
    Diverged(Nondeterminism),
    /// About the version.
    #[error(transparent)]
    Module(#[from] modules::Error),
    /// About the instance.
    #[error(transparent)]
    Instance(#[from] Error),
    /// The version can't be tried at all.
    #[error("that version can't be tried: {0}")]
    Unusable(rehearsal::Error),
}

impl From<rehearsal::Error> for MigrationError {
    fn from(error: rehearsal::Error) -> Self {
        match error {
            rehearsal::Error::Diverged(found) => Self::Diverged(found),
            other => Self::Unusable(other),
        }
    }
}

/// An instance that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Which.
    pub instance: InstanceId,
    /// Where, and how.
    pub found: Nondeterminism,
}

/// How many of some instances fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many were replayed.
    pub checked: u64,
    /// How many of them don't fit.
    pub diverged: u64,
    /// The first of those.
    pub divergences: Vec<Divergence>,
}

impl Tally {
    fn count(&mut self, instance: InstanceId, outcome: Result<(), Nondeterminism>) {
        self.checked += 1;
        if let Err(found) = outcome {
            self.diverged += 1;
            if self.divergences.len() < NAMED_MAX {
                self.divergences.push(Divergence { instance, found });
            }
        }
    }
}

/// What came of replaying a module's instances on one of its versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Those that have not ended.
    pub live: Tally,
    /// A sample of those that have, the youngest.
    pub finished: Tally,
}

impl Core {
    /// Shows a fresh guest of a version this history.
    pub(super) async fn rehearse(
        &self,
        module: &ReadyModule,
        history: &[Recorded],
        delivered: u64,
        watch: Watch,
    ) -> Result<Rehearsed, rehearsal::Error> {
        let turn = self.limits.turn();
        rehearse(&module.code, &module.limits, turn, history, delivered, watch).await
    }

    /// Replays an instance on a version; none if it has gone meanwhile.
    async fn verify_one(
        &self,
        module: &ReadyModule,
        number: InstanceNumber,
        summary: &Summary,
    ) -> Result<Option<Result<(), Nondeterminism>>, MigrationError> {
        let history = read_history(&*self.store, number).await?;
        if history.is_empty() {
            return Ok(None);
        }
        let rehearsed = self.rehearse(module, &history, summary.delivered, Watch::Commands).await;
        match rehearsed.map_err(MigrationError::from) {
            Ok(rehearsed) => Ok(Some(check_end(&history, summary, rehearsed.ended))),
            Err(MigrationError::Diverged(found)) => Ok(Some(Err(found))),
            Err(other) => Err(other),
        }
    }
}

/// A run that had ended must end in the same way.
fn check_end(
    history: &[Recorded],
    summary: &Summary,
    ended: Option<Ended>,
) -> Result<(), Nondeterminism> {
    let Some(event) = summary.end_event else { return Ok(()) };
    let recorded = usize::try_from(event).ok().and_then(|index| history.get(index));
    let expected = match recorded.map(|recorded| &recorded.event) {
        Some(Event::RunCompleted { output }) => Ended::Completed(output.clone()),
        Some(Event::RunFailed { failure }) => Ended::Failed(failure.clone()),
        _ => return Ok(()),
    };
    if ended.as_ref() == Some(&expected) {
        return Ok(());
    }
    let got = ended.map_or_else(|| "waits".to_owned(), |ended| describe(&ended));
    Err(Nondeterminism { event, expected: describe(&expected), got })
}

fn describe(ended: &Ended) -> String {
    match ended {
        Ended::Completed(output) => format!("return `{output}`"),
        Ended::Failed(failure) => format!("fail with {}: {}", failure.error_type, failure.message),
        Ended::Continued { .. } => "continue as new".to_owned(),
    }
}

const LIVE: [Status; 4] = [Status::Pending, Status::Running, Status::Suspended, Status::Stalled];
const FINISHED: [Status; 3] = [Status::Completed, Status::Failed, Status::Terminated];

fn of_module(module: &str, statuses: &[Status]) -> Filter {
    let (module, statuses) = (Some(module.to_owned()), statuses.to_vec());
    // Whatever their time: what is not tried on a version must not be moved to it.
    let created = Timestamp(0)..Timestamp(u64::MAX);
    Filter { module, statuses, created, ..Filter::default() }
}

impl Handle {
    /// Replays every instance of a module that has not ended on one of its versions, and the youngest
    /// `finished` of those that have. Nothing is changed by it.
    ///
    /// # Errors
    /// There is no such version, or the store failed.
    pub async fn verify(
        &self,
        module: &str,
        digest: Digest,
        finished: usize,
    ) -> Result<Verification, MigrationError> {
        self.core.modules.version(module, digest)?;
        let ready = self.core.modules.load(digest).await?;
        let mut verification = Verification::default();
        let filter = of_module(module, &LIVE);
        let mut pages = Pages::of(&*self.core.store, &filter);
        while let Some(page) = pages.next(PAGE).await? {
            for Row { number, summary, .. } in page {
                if let Some(outcome) = self.core.verify_one(&ready, number, &summary).await? {
                    verification.live.count(summary.instance, outcome);
                }
            }
        }
        for Row { number, summary, .. } in self.youngest_finished(module, finished).await? {
            if let Some(outcome) = self.core.verify_one(&ready, number, &summary).await? {
                verification.finished.count(summary.instance, outcome);
            }
        }
        Ok(verification)
    }

    async fn youngest_finished(&self, module: &str, count: usize) -> Result<VecDeque<Row>, Error> {
        let mut youngest = VecDeque::new();
        if count == 0 {
            return Ok(youngest);
        }
        let filter = of_module(module, &FINISHED);
        let mut pages = Pages::of(&*self.core.store, &filter);
        while let Some(page) = pages.next(PAGE).await? {
            youngest.extend(page);
            let surplus = youngest.len().saturating_sub(count);
            youngest.drain(..surplus);
        }
        Ok(youngest)
    }

    /// Moves an instance to another version of its module, if its history fits that. One that has
    /// ended, or is there already, is left as it is.
    ///
    /// # Errors
    /// There is no such instance or version, the history does not fit, or the store failed.
    pub async fn migrate(&self, id: &InstanceId, digest: Digest) -> Result<(), MigrationError> {
        let number = self.number(id).await?;
        self.core.modules.version(&self.summary(number).await?.module, digest)?;
        let (answer, answered) = oneshot::channel();
        self.core.send(number, Envelope::Migrate { digest, answer });
        answered.await.unwrap_or(Err(MigrationError::Instance(Error::Closing)))
    }

    /// Moves an instance to another version of its module, whether its history fits that or not. One
    /// that does not fit is stalled then; nothing is lost, and it can be moved back.
    ///
    /// # Errors
    /// There is no such instance or version, or the store failed.
    pub async fn force_migration(
        &self,
        id: &InstanceId,
        digest: Digest,
    ) -> Result<(), MigrationError> {
        let summary = self.summary(self.number(id).await?).await?;
        self.core.modules.version(&summary.module, digest)?;
        Ok(self.deliver(id, Message::SelectVersion { digest }).await?)
    }

    /// Moves those instances of a module that fit one of its versions to it: all that have not ended,
    /// or the ones that are chosen.
    ///
    /// # Errors
    /// There is no such version, or the store failed. Those moved before that stay moved.
    pub async fn migrate_all(
        &self,
        module: &str,
        digest: Digest,
        chosen: Option<Vec<InstanceId>>,
    ) -> Result<Tally, MigrationError> {
        self.core.modules.version(module, digest)?;
        let mut tally = Tally::default();
        if let Some(chosen) = chosen {
            for instance in chosen {
                self.migrate_counted(instance, digest, &mut tally).await?;
            }
            return Ok(tally);
        }
        let filter = of_module(module, &LIVE);
        let mut pages = Pages::of(&*self.core.store, &filter);
        while let Some(page) = pages.next(PAGE).await? {
            for Row { summary, .. } in page {
                if summary.digest != digest {
                    self.migrate_counted(summary.instance, digest, &mut tally).await?;
                }
            }
        }
        Ok(tally)
    }

    async fn migrate_counted(
        &self,
        instance: InstanceId,
        digest: Digest,
        tally: &mut Tally,
    ) -> Result<(), MigrationError> {
        match self.migrate(&instance, digest).await {
            Ok(()) => tally.count(instance, Ok(())),
            Err(MigrationError::Diverged(found)) => tally.count(instance, Err(found)),
            // It has gone meanwhile.
            Err(MigrationError::Instance(Error::InstanceGone)) => {}
            Err(failed) => return Err(failed),
        }
        Ok(())
    }
}
