//! Owns what a client may ask of the scheduler. It knows neither HTTP nor status codes.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use bytes::Bytes;
use thiserror::Error as ThisError;
use tokio::sync::{RwLock, oneshot};

use super::mailboxes::{Acknowledge, Envelope};
use super::modules::{self, ModuleRecord, Modules};
use super::{Core, Error};
use crate::store;
use crate::workflow::codec;
use crate::workflow::event::{Event, Message, RunStarted};
use crate::workflow::failure::Failure;
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, RunId};
use crate::workflow::summary::Summary;

/// How many numbers for new instances are reserved at once.
const NUMBERS_RESERVED: u64 = 10_000;
/// How many instances are looked at in one read.
const SCAN_PAGE: usize = 1_000;

/// An instance to start.
#[derive(Clone, Debug)]
pub struct Start {
    /// Its ID.
    pub instance: InstanceId,
    /// The module, or [`modules::ANY_MODULE`].
    pub module: String,
    /// The workflow.
    pub workflow: String,
    /// What the workflow is given.
    pub input: String,
}

/// Why an instance was not started.
#[derive(Clone, Debug, ThisError)]
pub enum StartError {
    /// No module has the workflow.
    #[error(
        "no module has a workflow named '{workflow}'{}: upload one with PUT /v1.0/modules/{{name}}",
        if .module == modules::ANY_MODULE { String::new() } else { format!(" under the name '{}'", .module) }
    )]
    WorkflowNotFound {
        /// The workflow.
        workflow: String,
        /// Where it was looked for.
        module: String,
    },
    /// Another instance has the ID, and has not ended.
    #[error("an active workflow with ID '{0}' already exists")]
    Exists(InstanceId),
    /// Something went wrong.
    #[error(transparent)]
    Other(#[from] Error),
}

/// What is known of an instance.
#[derive(Clone, Debug)]
pub struct Found {
    /// At a glance.
    pub summary: Summary,
    /// What it was given.
    pub input: String,
    /// What it shows.
    pub custom_status: Option<String>,
    /// What it returned, or was terminated with.
    pub output: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// The way in for clients.
#[derive(Clone)]
pub struct Handle {
    core: Arc<Core>,
    /// Numbers for new instances, reserved and not yet given.
    numbers: Arc<Mutex<std::ops::Range<u64>>>,
    /// Held to read while an instance is started, and to write while a module is closed: so that
    /// no start slips past the deletion of its module.
    starting: Arc<RwLock<()>>,
}

impl Handle {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core, numbers: Arc::new(Mutex::new(0..0)), starting: Arc::default() }
    }

    /// Returns the modules.
    pub fn modules(&self) -> &Modules {
        &self.core.modules
    }

    /// Takes an upload; see [`Modules::upload`].
    ///
    /// # Errors
    /// As there.
    pub async fn upload(&self, name: &str, bytes: Bytes) -> Result<ModuleRecord, modules::Error> {
        self.core.modules.upload(name, bytes, self.core.clock.now()).await
    }

    /// Starts an instance. When this returns `Ok`, it is on disk.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(&self, start: Start) -> Result<(), StartError> {
        let _starting = self.starting.read().await;
        let modules = &self.core.modules;
        let Some(place) = modules.place(&start.module, &start.workflow) else {
            let (workflow, module) = (start.workflow, start.module);
            return Err(StartError::WorkflowNotFound { workflow, module });
        };
        let replaces = self.replaceable(&start.instance).await?;
        let id = start.instance.clone();
        let message = Message::Start(RunStarted {
            run: RunId(uuid::Uuid::new_v4().into_bytes()),
            instance: start.instance,
            workflow: start.workflow,
            module: place.module,
            digest: place.digest,
            input: start.input,
        });
        let number = self.next_number().await?;
        let begun = self.ask(number, |acknowledge| Envelope::Create {
            id: id.clone(),
            replaces,
            start: message,
            acknowledge,
        });
        match begun.await {
            // Somebody else was faster.
            Err(Error::Store(store::Error::IdTaken(_) | store::Error::Conflict { .. })) => {
                Err(StartError::Exists(id))
            }
            other => Ok(other?),
        }
    }

    /// Returns the ended instance that has this ID, if there is one.
    async fn replaceable(
        &self,
        id: &InstanceId,
    ) -> Result<Option<(InstanceNumber, store::Version)>, StartError> {
        let Some(number) = self.core.store.find(id).await.map_err(Error::from)? else {
            return Ok(None);
        };
        let Some(stored) = self.core.store.load(number).await.map_err(Error::from)? else {
            return Ok(None);
        };
        let summary = codec::decode_summary(&stored.summary).map_err(Error::from)?;
        match summary.phase.is_terminal() {
            true => Ok(Some((number, stored.version))),
            false => Err(StartError::Exists(id.clone())),
        }
    }

    async fn next_number(&self) -> Result<InstanceNumber, Error> {
        loop {
            let next = self.numbers.lock().unwrap_or_else(PoisonError::into_inner).next();
            if let Some(number) = next {
                return Ok(InstanceNumber(number));
            }
            let more = self.core.store.reserve(self.core.lease, NUMBERS_RESERVED).await?;
            let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
            // Of two callers that reserve at once, the numbers of one are never used.
            if numbers.is_empty() {
                *numbers = more;
            }
        }
    }

    async fn ask(
        &self,
        number: InstanceNumber,
        envelope: impl FnOnce(Acknowledge) -> Envelope,
    ) -> Result<(), Error> {
        let (acknowledge, acknowledged) = oneshot::channel();
        self.core.send(number, envelope(acknowledge));
        acknowledged.await.unwrap_or(Err(Error::Closing))
    }

    async fn number(&self, id: &InstanceId) -> Result<InstanceNumber, Error> {
        self.core.store.find(id).await?.ok_or(Error::InstanceGone)
    }

    /// Delivers a message to an instance. When this returns `Ok`, what it changes is on disk; a
    /// message that changes nothing, such as an event for an instance that has ended, is no error.
    ///
    /// # Errors
    /// There is no such instance, or the store failed.
    pub async fn deliver(&self, id: &InstanceId, message: Message) -> Result<(), Error> {
        let number = self.number(id).await?;
        let acknowledged = self.ask(number, |acknowledge| Envelope::Deliver {
            message,
            acknowledge: Some(acknowledge),
        });
        acknowledged.await
    }

    /// Moves an instance to another version of its module. It replays its history there, and is
    /// stalled if that does not fit; nothing is lost then, and it can be moved back.
    ///
    /// # Errors
    /// There is no such instance or version.
    pub async fn select_version(
        &self,
        id: &InstanceId,
        digest: Digest,
    ) -> Result<(), SelectVersionError> {
        let summary = self.summary(self.number(id).await?).await?;
        self.core.modules.check_version(&summary.module, digest)?;
        Ok(self.deliver(id, Message::SelectVersion { digest }).await?)
    }

    /// Removes an instance that has ended, with everything it has.
    ///
    /// # Errors
    /// There is no such instance, it has not ended, or the store failed.
    pub async fn purge(&self, id: &InstanceId) -> Result<(), Error> {
        let number = self.number(id).await?;
        self.ask(number, |acknowledge| Envelope::Purge { acknowledge }).await
    }

    async fn summary(&self, number: InstanceNumber) -> Result<Summary, Error> {
        let stored = self.core.store.load(number).await?.ok_or(Error::InstanceGone)?;
        Ok(codec::decode_summary(&stored.summary)?)
    }

    /// Returns what is known of an instance.
    ///
    /// # Errors
    /// There is no such instance, or the store failed.
    pub async fn get(&self, id: &InstanceId) -> Result<Found, Error> {
        let number = self.number(id).await?;
        let summary = self.summary(number).await?;
        let input = match self.event(number, 0).await? {
            Event::RunStarted(start) => start.input,
            _ => return Err(damaged("its first event is no start")),
        };
        let custom_status = match summary.custom_status_event {
            None => None,
            Some(index) => match self.event(number, index).await? {
                Event::Asked(crate::workflow::command::Command::SetCustomStatus { status }) => {
                    Some(status)
                }
                _ => return Err(damaged("the event of its custom status is another")),
            },
        };
        let (mut output, mut failure) = (None, None);
        if let Some(index) = summary.end_event {
            match self.event(number, index).await? {
                Event::RunCompleted { output: returned } => output = Some(returned),
                Event::RunTerminated { output: given } => output = given,
                Event::RunFailed { failure: why } => failure = Some(why),
                _ => return Err(damaged("the event of its end is another")),
            }
        }
        Ok(Found { summary, input, custom_status, output, failure })
    }

    async fn event(&self, number: InstanceNumber, index: u64) -> Result<Event, Error> {
        let chunks = self.core.store.history(number, index..index + 1).await?;
        // It may have been purged, or replaced, since its summary was read.
        let chunk = chunks.into_iter().next().ok_or(Error::InstanceGone)?;
        let within = usize::try_from(index.saturating_sub(chunk.first)).unwrap_or(usize::MAX);
        let event = codec::decode_history(&chunk.bytes)?.into_iter().nth(within);
        event.map(|recorded| recorded.event).ok_or_else(|| damaged("an event is missing"))
    }

    /// Deletes a module, unless instances that have not ended need it.
    ///
    /// # Errors
    /// There is no such module, it is in use, or the store failed.
    pub async fn delete_module(&self, name: &str) -> Result<(), modules::Error> {
        {
            let _no_starts = self.starting.write().await;
            self.core.modules.close(name)?;
        }
        let deleted = match self.live_instances(name).await {
            Ok((0, _)) => self.core.modules.delete(name).await,
            Ok((live, example)) => {
                Err(modules::Error::InUse { module: name.to_owned(), live, example })
            }
            Err(failed) => Err(modules::Error::Host(failed.to_string())),
        };
        self.core.modules.reopen(name);
        deleted
    }

    /// Counts the instances of a module that have not ended, and names one.
    async fn live_instances(&self, module: &str) -> Result<(u64, String), Error> {
        let (mut after, mut live, mut example) = (None, 0, String::new());
        loop {
            let page = self.core.store.instances(after, SCAN_PAGE).await?;
            for (_, bytes) in &page {
                let summary = codec::decode_summary(bytes)?;
                if summary.module == module && !summary.phase.is_terminal() {
                    live += 1;
                    example = summary.instance.to_string();
                }
            }
            after = page.last().map(|&(number, _)| number);
            if page.len() < SCAN_PAGE {
                return Ok((live, example));
            }
        }
    }
}

/// Why an instance was not moved to another version.
#[derive(Debug, ThisError)]
pub enum SelectVersionError {
    /// About the version.
    #[error(transparent)]
    Module(#[from] modules::Error),
    /// About the instance.
    #[error(transparent)]
    Instance(#[from] Error),
}

fn damaged(reason: &str) -> Error {
    Error::Store(store::Error::Damaged(reason.to_owned()))
}
