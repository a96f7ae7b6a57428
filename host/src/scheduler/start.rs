//! Owns how an instance is started by a client: where it runs, and what becomes of one that has its
//! ID already.

use thiserror::Error as ThisError;

use super::claims::Claim;
use super::endings::Watch;
use super::entail::random_bytes;
use super::handle::Handle;
use super::mailboxes::Envelope;
use super::modules::{self, Placement};
use super::{Error, store};
use crate::store::New;
use crate::workflow::event::{Message, Named, RunStarted};
use crate::workflow::id::{InstanceId, InstanceNumber, RunId, Timestamp};

/// How often a start looks who has its ID, if that changes under its hands.
const ATTEMPTS_MAX: usize = 5;

/// What becomes of an instance that has the ID of a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// It is replaced if it has ended, and so has everything below it; else the start is refused.
    #[default]
    ReplaceEnded,
    /// The start is refused.
    Refuse,
    /// It is terminated if it lives, and replaced.
    TerminateAndReplace,
    /// It stays, and whoever wants to start it is told so.
    ReturnExisting,
}

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
    /// When it is to begin; none, or a time that has passed: at once.
    pub start_at: Option<Timestamp>,
    /// What becomes of an instance that has its ID.
    pub reuse: Reuse,
}

/// What came of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// There is a new instance.
    New,
    /// There was one already, and it was left as it is.
    Existing,
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
    /// Another instance has the ID and has ended, but one below it has not.
    #[error(
        "the workflow with ID '{instance}' has ended, but its child '{child}' has not: wait for its end, or terminate it"
    )]
    ChildLives {
        /// The one that has the ID.
        instance: InstanceId,
        /// The one that lives.
        child: InstanceId,
    },
    /// Another instance has the ID, and is not to be replaced.
    #[error("a workflow with ID '{0}' already exists, and is not to be replaced")]
    Used(InstanceId),
    /// Something went wrong.
    #[error(transparent)]
    Other(#[from] Error),
}

impl Handle {
    /// Starts an instance. When this returns `Ok`, it is on disk.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(&self, start: Start) -> Result<Started, StartError> {
        self.begin(start, |_, started| started).await
    }

    /// Starts an instance, and watches it from the beginning; or the one that is there, if that is to stay.
    /// When this returns `Ok`, it is on disk.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_watched(&self, start: Start) -> Result<Watch, StartError> {
        self.begin(start, |number, started| Watch::new(self, number, started)).await
    }

    /// Starts an instance, and returns what `prepare` makes of it: before it comes into being, so that
    /// nothing of it is missed.
    async fn begin<T>(
        &self,
        start: Start,
        prepare: impl Fn(InstanceNumber, Started) -> T,
    ) -> Result<T, StartError> {
        let _starting = self.core.starting.begin();
        let Some(place) = self.core.modules.place(&start.module, &start.workflow) else {
            let (workflow, module) = (start.workflow, start.module);
            return Err(StartError::WorkflowNotFound { workflow, module });
        };
        for _ in 0..ATTEMPTS_MAX {
            let replaces = match (self.core.claim(&start.instance).await?, start.reuse) {
                (Claim::Free, _) => None,
                (
                    Claim::Replace(holder, _) | Claim::Taken { holder, .. },
                    Reuse::ReturnExisting,
                ) => return Ok(prepare(holder, Started::Existing)),
                (_, Reuse::Refuse) => return Err(StartError::Used(start.instance)),
                (Claim::Replace(number, version), _) => Some((number, version)),
                (Claim::Taken { holder, .. }, Reuse::TerminateAndReplace) => {
                    match self.terminate_all(holder, true).await {
                        Ok(()) | Err(Error::InstanceGone) => continue,
                        Err(failed) => return Err(failed.into()),
                    }
                }
                (Claim::Taken { living, .. }, Reuse::ReplaceEnded) => {
                    return Err(refusal(start.instance, living));
                }
            };
            let number = self.core.next_number().await?;
            let prepared = prepare(number, Started::New);
            match self.create(number, &start, &place, replaces).await {
                // Somebody else was faster, or what it replaces has dealt with a late message: who has the
                // ID now says how it goes on.
                Err(Error::Store(store::Error::IdTaken(_) | store::Error::Conflict { .. })) => {}
                other => return Ok(other.map(|()| prepared)?),
            }
        }
        Err(StartError::Exists(start.instance))
    }

    async fn create(
        &self,
        number: InstanceNumber,
        start: &Start,
        place: &Placement,
        replaces: Option<(InstanceNumber, store::Version)>,
    ) -> Result<(), Error> {
        let now = self.core.clock.now();
        let message = Message::Start(RunStarted {
            run: RunId(random_bytes()),
            seed: random_bytes(),
            instance: start.instance.clone(),
            workflow: start.workflow.clone(),
            module: place.module.clone(),
            digest: place.digest,
            input: start.input.clone(),
            created_at: now,
            start_at: start.start_at.filter(|&start_at| start_at > now),
            generation: 1,
            depth: 0,
            parent: None,
            named: Named::default(),
            origin: None,
        });
        let new = New { id: start.instance.clone(), replaces, created_at: now, parent: None };
        let begin = |acknowledge| Envelope::Create { new, start: message, acknowledge };
        self.ask(number, begin).await
    }
}

/// Says why an ID can't be taken that an instance has: that one lives, or one below it.
pub(super) fn refusal(instance: InstanceId, living: InstanceId) -> StartError {
    if instance == living {
        StartError::Exists(instance)
    } else {
        StartError::ChildLives { instance, child: living }
    }
}
