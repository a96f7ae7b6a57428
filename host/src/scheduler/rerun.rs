//! Owns how part of a run is done again: a new instance takes over what was before an event of another
//! one, results and all, and does everything from there on itself.

use thiserror::Error as ThisError;

use super::claims::Claim;
use super::entail::{entail, random_bytes};
use super::handle::Handle;
use super::import::{ImportError, Restored};
use super::resident::read_history;
use super::{Error, store};
use crate::store::New;
use crate::workflow::command::Command;
use crate::workflow::event::{Event, Origin, Recorded};
use crate::workflow::id::{Digest, InstanceId, RunId, Timestamp};
use crate::workflow::state::{Effect, State};

/// What is to be done again.
#[derive(Clone, Debug)]
pub struct Rerun {
    /// The instance that did it first.
    pub source: InstanceId,
    /// The index of the event from which on it is done again: 0 for all of it.
    pub event: u64,
    /// The ID of the new instance.
    pub instance: InstanceId,
    /// The input of what is done again at that event; none: the same.
    pub input: Option<String>,
}

/// Why nothing was done again.
#[derive(Debug, ThisError)]
pub enum RerunError {
    /// The source is still at it.
    #[error("instance '{0}' has not ended: only what has ended can be done again")]
    NotEnded(InstanceId),
    /// The source belongs to another instance.
    #[error("instance '{0}' is the child of another: do that one again")]
    Child(InstanceId),
    /// The new instance would take the place of its source.
    #[error("instance '{0}' can't be done again under its own ID: give another one")]
    SameId(InstanceId),
    /// There is no such event.
    #[error("the history of instance '{instance}' has no event {event}: it has {events}")]
    NoEvent {
        /// The source.
        instance: InstanceId,
        /// What was asked for.
        event: u64,
        /// How many there are.
        events: u64,
    },
    /// The event is of another kind.
    #[error(
        "event {event} is {kind}: what can be done again are activities, children, timers, and the whole from event 0"
    )]
    NotRepeatable {
        /// The event.
        event: u64,
        /// Its kind.
        kind: &'static str,
    },
    /// A timer has no input.
    #[error("event {0} is a timer, which takes no input")]
    NoInput(u64),
    /// Another instance has the new ID.
    #[error("a workflow with ID '{0}' already exists")]
    Taken(InstanceId),
    /// The history can't be taken over.
    #[error(transparent)]
    Illegal(#[from] ImportError),
    /// Something went wrong.
    #[error(transparent)]
    Other(#[from] Error),
}

impl Handle {
    /// Does a run again from one of its events on.
    ///
    /// # Errors
    /// See [`RerunError`].
    pub async fn rerun(&self, rerun: Rerun) -> Result<(), RerunError> {
        let core = &self.core;
        let number = self.number(&rerun.source).await?;
        let summary = self.summary(number).await?;
        if !summary.phase.is_terminal() {
            return Err(RerunError::NotEnded(rerun.source));
        }
        if summary.parent.is_some() {
            return Err(RerunError::Child(rerun.source));
        }
        if rerun.instance == rerun.source {
            return Err(RerunError::SameId(rerun.source));
        }
        let history = read_history(&*core.store, number).await?;
        let now = core.clock.now();
        let events = taken_over(history, &rerun, summary.digest, now)?;
        let mut state = State::default();
        for recorded in &events {
            state.apply(recorded).map_err(Error::from)?;
        }
        if !matches!(core.claim(&rerun.instance).await?, Claim::Free) {
            return Err(RerunError::Taken(rerun.instance));
        }
        let number = core.next_number().await?;
        let children: Vec<Effect> = state.children().map(Effect::StartChild).collect();
        let mut entailed = entail(core, number, &state, &children).await?;
        let _starting = entailed.starting.take();
        let restored = Restored::follow(state, events, false, 0)?;
        let id = rerun.instance.clone();
        let new = New { id, replaces: None, created_at: now, parent: None };
        match self.restore(number, new, restored, entailed).await {
            Err(Error::Store(store::Error::IdTaken(_))) => Err(RerunError::Taken(rerun.instance)),
            other => Ok(other?),
        }
    }
}

/// What the new instance has from the old one.
fn taken_over(
    mut history: Vec<Recorded>,
    rerun: &Rerun,
    digest: Digest,
    now: Timestamp,
) -> Result<Vec<Recorded>, RerunError> {
    let event = rerun.event;
    let place = usize::try_from(event).unwrap_or(usize::MAX);
    let Some(target) = history.get(place) else {
        let (instance, events) = (rerun.source.clone(), history.len() as u64);
        return Err(RerunError::NoEvent { instance, event, events });
    };
    match (&target.event, &rerun.input) {
        (Event::Asked(Command::StartTimer { .. }), Some(_)) => {
            return Err(RerunError::NoInput(event));
        }
        (
            Event::RunStarted(_)
            | Event::Asked(
                Command::CallActivity(_) | Command::CallWorkflow(_) | Command::StartTimer { .. },
            ),
            _,
        ) => {}
        (other, _) => return Err(RerunError::NotRepeatable { event, kind: other.kind() }),
    }
    history.truncate(place.max(1));
    // What an operator did to the old one is none of the new one's.
    history.retain(|recorded| {
        !matches!(
            recorded.event,
            Event::Paused { .. } | Event::Resumed { .. } | Event::VersionSelected { .. }
        )
    });
    if let Some(Recorded { event: Event::RunStarted(start), .. }) = history.first_mut() {
        start.run = RunId(random_bytes());
        start.instance = rerun.instance.clone();
        (start.digest, start.created_at) = (digest, now);
        start.origin = Some(Origin { instance: rerun.source.clone(), event });
        if event == 0 {
            start.start_at = None;
            start.input = rerun.input.clone().unwrap_or_else(|| std::mem::take(&mut start.input));
        }
    }
    if let (1.., Some(input)) = (event, &rerun.input) {
        let asked = history.iter().filter(|recorded| match &recorded.event {
            Event::Asked(command) => command.makes_task(),
            _ => false,
        });
        let task = crate::workflow::id::TaskNumber(asked.count() as u32 + 1);
        let time = history.last().map_or(now, |last| last.time.max(now));
        let event = Event::InputReplaced { task, input: input.clone() };
        history.push(Recorded { time, event });
    }
    Ok(history)
}
