//! Owns how an instance is restored from a history that was taken elsewhere, or earlier. Such a history
//! is not trusted: only what a run can have come to by itself is let in.

use thiserror::Error as ThisError;

use super::changes::ChangeKind;
use super::claims::Claim;
use super::entail::Entailed;
use super::handle::Handle;
use super::instance::receivers;
use super::mailboxes::Envelope;
use super::start::{StartError, refusal};
use super::{Error, store};
use crate::store::{Chunk, Commit, New, Receiver, Target, Timer};
use crate::workflow::codec;
use crate::workflow::command::Command;
use crate::workflow::event::{Event, Message, Recorded, RunStarted};
use crate::workflow::failure::{Failure, error_type};
use crate::workflow::id::{InstanceId, InstanceNumber, NAME_BYTES_MAX};
use crate::workflow::state::{Phase, State};
use crate::workflow::summary::{Stall, Summary};

/// How many children a run may have named: more than any run can have, and so few that counting on is
/// safe.
const NAMED_MAX: u32 = u32::MAX / 2;

/// An instance to restore.
#[derive(Clone, Debug)]
pub struct Import {
    /// The ID it is to have.
    pub instance: InstanceId,
    /// Whether a guest had been run at all.
    pub turned: bool,
    /// How many deliveries its guests had got through.
    pub delivered: u64,
    /// The history of its run.
    pub events: Vec<Recorded>,
}

/// Why an instance was not restored.
#[derive(Clone, Debug, ThisError)]
pub enum ImportError {
    /// There are no events.
    #[error("the history is empty: its first event must be RunStarted")]
    Empty,
    /// An event can't be where it is, or not be as it is.
    #[error("the history is illegal at event {index}: {reason}")]
    Illegal {
        /// Its place.
        index: u64,
        /// What is wrong.
        reason: String,
    },
    /// More was delivered than has happened.
    #[error("{delivered} deliveries are said to be done, but the history has only {deliveries}")]
    Delivered {
        /// What was said.
        delivered: u64,
        /// What there is.
        deliveries: u64,
    },
    /// Another instance has the ID.
    #[error(transparent)]
    Taken(Box<StartError>),
    /// Something went wrong.
    #[error(transparent)]
    Other(#[from] Error),
}

impl Handle {
    /// Restores an instance. It has no parent, and none of its children are there: a call of one that
    /// was under way fails. All else goes on where it was; what ran is run again.
    ///
    /// # Errors
    /// See [`ImportError`].
    pub async fn import(&self, import: Import) -> Result<(), ImportError> {
        let core = &self.core;
        let id = import.instance.clone();
        let name = id.to_string();
        let restored = Restored::new(import)?;
        let _starting = core.starting.begin();
        let replaces = match core.claim(&id).await? {
            Claim::Free => None,
            Claim::Replace(number, version) => Some((number, version)),
            Claim::Taken { living, .. } => {
                return Err(ImportError::Taken(Box::new(refusal(id, living))));
            }
        };
        let number = core.next_number().await?;
        let mut entailed = Entailed::default();
        for message in restored.lost_children() {
            entailed.send(Receiver::Number(number), &message);
        }
        let created_at = restored.summary.created_at;
        let new = New { id, replaces, created_at, parent: None };
        match self.restore(number, new, restored, entailed).await {
            Err(Error::Store(store::Error::IdTaken(_) | store::Error::Conflict { .. })) => {
                let exists = StartError::Exists(InstanceId::unchecked(&name));
                Err(ImportError::Taken(Box::new(exists)))
            }
            other => Ok(other?),
        }
    }

    /// Puts an instance that has a history already into the store, and lets it go on.
    pub(super) async fn restore(
        &self,
        number: InstanceNumber,
        new: New,
        restored: Restored,
        entailed: Entailed,
    ) -> Result<(), Error> {
        let core = &self.core;
        let replaces = new.replaces;
        let commit = restored.commit(number, new, entailed);
        let receivers = receivers(&commit);
        let committed = core.store.commit(core.lease, commit).await;
        if let Err(store::Error::Unavailable(_)) = &committed {
            // It may be there after all: whoever is, looks.
            core.send(number, Envelope::WakeUp);
            for receiver in receivers {
                if let Receiver::Number(number) = receiver {
                    core.send(number, Envelope::WakeUp);
                }
            }
        }
        let committed = committed?;
        if let Some((replaced, _)) = replaces {
            core.gone(replaced);
        }
        core.publish(ChangeKind::Status, &restored.summary);
        for instance in committed.wake.into_iter().chain([number]) {
            core.send(instance, Envelope::WakeUp);
        }
        Ok(())
    }
}

/// A run that has been followed to where it stands.
pub(super) struct Restored {
    pub(super) state: State,
    pub(super) summary: Summary,
    events: Vec<Recorded>,
}

impl Restored {
    fn new(import: Import) -> Result<Self, ImportError> {
        let Import { instance, turned, delivered, mut events } = import;
        let Some(first) = events.first_mut() else { return Err(ImportError::Empty) };
        if let Event::RunStarted(start) = &mut first.event {
            (start.instance, start.parent, start.depth) = (instance, None, 0);
        }
        let mut state = State::default();
        for (index, recorded) in (0..).zip(&events) {
            let illegal = |reason| ImportError::Illegal { index, reason };
            check(recorded).map_err(illegal)?;
            state.apply(recorded).map_err(|error| illegal(error.to_string()))?;
        }
        let deliveries = state.deliveries();
        if delivered > deliveries {
            return Err(ImportError::Delivered { delivered, deliveries });
        }
        Self::follow(state, events, turned, delivered)
    }

    /// Takes a run as it stands after these events.
    pub(super) fn follow(
        state: State,
        events: Vec<Recorded>,
        turned: bool,
        delivered: u64,
    ) -> Result<Self, ImportError> {
        // Its code is looked at before anything else: it may not be there, or not fit.
        let runs = turned && state.phase() == Phase::Running && state.start_at().is_none();
        let reason =
            "it has just been restored, and its code has not been looked at yet".to_owned();
        let stall = runs.then_some(Stall::VersionUnavailable(reason));
        let summary = Summary::of(&state, turned, delivered, stall).ok_or(ImportError::Empty)?;
        Ok(Self { state, summary, events })
    }

    fn commit(&self, instance: InstanceNumber, new: New, entailed: Entailed) -> Commit {
        let timers = self.state.timers().map(|(task, due)| Timer { due, instance, task });
        Commit {
            instance,
            target: Target::New(new),
            label: codec::encode_label(&self.summary.label()),
            summary: codec::encode_summary(&self.summary),
            history_anew: false,
            history: Some(Chunk { first: 0, bytes: codec::encode_history(&self.events) }),
            set_timers: timers.collect(),
            clear_timers: Vec::new(),
            consumed: Vec::new(),
            births: entailed.births,
            outbox: entailed.outbox,
            active: self.summary.stall.is_some()
                || !self.summary.turned
                || self.state.has_running_attempts(),
        }
    }

    /// Says of each child that is waited for that its result will never come.
    fn lost_children(&self) -> impl Iterator<Item = Message> + '_ {
        let run = self.summary.run;
        self.state.children().map(move |child| {
            let (task, attempt) = (child.task, child.attempt);
            let message = "its parent was imported, and it was not";
            let result = Err(Failure::permanent(error_type::NOT_IMPORTED, message));
            Message::CallEnded { run, task, attempt, result, progress: None }
        })
    }
}

/// Says what no guest and no client could have brought about in an event.
fn check(recorded: &Recorded) -> Result<(), String> {
    match &recorded.event {
        Event::RunStarted(start) => check_start(start, recorded),
        Event::EventRaised { name, .. } => check_name(name),
        Event::Asked(command) => match command {
            Command::CallActivity(call) => {
                check_name(&call.name)?;
                call.retry.map_or(Ok(()), |retry| retry.check())
            }
            Command::CallWorkflow(call) => {
                check_name(&call.workflow)?;
                if let Some(child) = &call.instance {
                    InstanceId::parse_child(child.as_str()).map_err(|error| error.to_string())?;
                }
                call.retry.map_or(Ok(()), |retry| retry.check())
            }
            Command::WaitEvent { name } | Command::RaiseEvent { name, .. } => check_name(name),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn check_start(start: &RunStarted, recorded: &Recorded) -> Result<(), String> {
    check_name(&start.workflow)?;
    check_name(&start.module)?;
    if start.generation == 0 {
        return Err("its generation is 0: the first is 1".to_owned());
    }
    // One that does part of another again is younger than what it has from that.
    if start.created_at > recorded.time && start.origin.is_none() {
        return Err("the instance is said to be created after its run began".to_owned());
    }
    if start.named.attached.max(start.named.detached) > NAMED_MAX {
        return Err(format!("it is said to have named more than {NAMED_MAX} children"));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), String> {
    match name.len() {
        0..=NAME_BYTES_MAX => Ok(()),
        bytes => Err(format!("a name has {bytes} bytes, more than {NAME_BYTES_MAX}")),
    }
}
