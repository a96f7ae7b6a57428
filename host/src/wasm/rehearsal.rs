//! Owns a run of a guest on a given history, outside any instance: nothing comes of it but the answer
//! to whether the code fits, and where it would wait.

use std::sync::Arc;

use thiserror::Error;

use super::component::LoadedModule;
use super::engine::GuestLimits;
use super::workflow_guest::{Frame, Progress, TurnLimits, WorkflowInfo};
use crate::workflow::command::Command;
use crate::workflow::event::{Event, Recorded};
use crate::workflow::id::TaskNumber;
use crate::workflow::replay::{Ended, Nondeterminism, Replay};

/// Why a rehearsal came to nothing.
#[derive(Debug, Error)]
pub enum Error {
    /// The guest does something else than its history says.
    #[error(transparent)]
    Diverged(#[from] Nondeterminism),
    /// The history does not begin with a start.
    #[error("the history does not begin with the start of a run")]
    NoStart,
    /// The module has no workflows.
    #[error("the module has no workflows")]
    NoWorkflows,
    /// The module can't be linked to be observed.
    #[error("the module can't be observed: {0}")]
    Unlinkable(String),
}

/// How much of a guest is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// What it does.
    Commands,
    /// Where it waits as well.
    Stack,
}

/// What a guest did when it was shown a history.
#[derive(Debug)]
pub struct Rehearsed {
    /// What it asked for beyond the history.
    pub asked: Vec<Command>,
    /// How it ended, if it did not wait for more.
    pub ended: Option<Ended>,
    /// The tasks it has that are not resolved.
    pub waiting: Vec<TaskNumber>,
    /// Where it waits, innermost call first.
    pub stack: Vec<Frame>,
}

/// Shows a fresh guest a history, of which an earlier one had got through `delivered` deliveries, and
/// lets it run until it waits or ends.
///
/// # Errors
/// See [`enum@Error`].
pub async fn rehearse(
    module: &LoadedModule,
    limits: &GuestLimits,
    turn: TurnLimits,
    history: &[Recorded],
    delivered: u64,
    watch: Watch,
) -> Result<Rehearsed, Error> {
    let Some(Recorded { time, event: Event::RunStarted(start) }) = history.first() else {
        return Err(Error::NoStart);
    };
    let mut replay = Replay::new(delivered);
    let mut digest = start.digest;
    for recorded in history {
        if let Event::VersionSelected { digest: selected } = recorded.event {
            digest = selected;
        }
        replay.feed(recorded.clone());
    }
    let info = WorkflowInfo::of(start, *time, digest);
    let input = Arc::new(start.input.clone());
    let room = module.room().await;
    let guest = match watch {
        Watch::Commands => module.workflow_guest(room, limits, turn, info, input, replay),
        Watch::Stack => module
            .observed_guest(room, limits, turn, info, input, replay)
            .map_err(|error| Error::Unlinkable(format!("{error:#}")))?,
    };
    let mut guest = guest.ok_or(Error::NoWorkflows)?;
    guest.begin_turn();
    loop {
        let ended = match guest.drive().await {
            Progress::Yielded => {
                tokio::task::yield_now().await;
                continue;
            }
            Progress::Diverged(found) => return Err(found.into()),
            Progress::Blocked => None,
            Progress::Ended(ended) => Some(ended),
        };
        let (waiting, stack) = (guest.waiting(), guest.stack());
        return Ok(Rehearsed { asked: guest.take_asked(), ended, waiting, stack });
    }
}
