//! Owns the answer to where an instance is stuck: what it waits for, since when, and where in its own
//! code. The guest is shown its history once more to find out; the instance is not disturbed.

use super::Error;
use super::handle::Handle;
use super::resident::read_history;
use crate::wasm::rehearsal::Watch;
use crate::wasm::workflow_guest::Frame;
use crate::workflow::command::Command;
use crate::workflow::event::{Event, Recorded};
use crate::workflow::id::{InstanceId, TaskNumber, Timestamp};
use crate::workflow::state::State;

/// Something that an instance waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingTask {
    /// The number of the task.
    pub task: TaskNumber,
    /// What was asked for.
    pub command: Command,
    /// When.
    pub since: Timestamp,
    /// When it is due, or tried again.
    pub due: Option<Timestamp>,
    /// The instance of a child.
    pub child: Option<InstanceId>,
    /// Which attempt of a call runs, or ran last; from 1.
    pub attempt: Option<u32>,
}

/// What an instance waits for, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// What it waits for, oldest first.
    pub tasks: Vec<WaitingTask>,
    /// Its call stack, innermost call first.
    pub stack: Vec<Frame>,
    /// Why there is no call stack, if there is none.
    pub reason: Option<String>,
}

impl Handle {
    /// Says what an instance waits for. One that has ended waits for nothing.
    ///
    /// # Errors
    /// There is no such instance, or the store failed.
    pub async fn waiting(&self, id: &InstanceId) -> Result<Waiting, Error> {
        let number = self.number(id).await?;
        let summary = self.summary(number).await?;
        let nothing = |reason: &str| Waiting {
            tasks: Vec::new(),
            stack: Vec::new(),
            reason: Some(reason.to_owned()),
        };
        if summary.phase.is_terminal() {
            return Ok(nothing("the instance has ended"));
        }
        let history = read_history(&*self.core.store, number).await?;
        let mut state = State::default();
        for recorded in &history {
            state.apply(recorded)?;
        }
        if let Some(start_at) = state.start_at() {
            return Ok(nothing(&format!("the instance begins at {} ms", start_at.0)));
        }
        let module = match self.core.modules.load(summary.digest).await {
            Ok(module) => module,
            Err(reason) => return Ok(unseen(&state, &history, &reason.to_string())),
        };
        let delivered = summary.delivered;
        match self.core.rehearse(&module, &history, delivered, Watch::Stack).await {
            Ok(mut seen) => {
                // A turn may be under way: what the guest is about to ask for belongs to it.
                let time = state.last_time();
                let asked = std::mem::take(&mut seen.asked).into_iter().map(Event::Asked);
                let asked = asked.map(|event| Recorded { time, event });
                let history: Vec<Recorded> = history.into_iter().chain(asked).collect();
                let tasks = describe(&state, &history, &seen.waiting);
                Ok(Waiting { tasks, stack: seen.stack, reason: None })
            }
            Err(reason) => Ok(unseen(&state, &history, &reason.to_string())),
        }
    }
}

/// What can be said without the guest: everything but waits for events.
fn unseen(state: &State, history: &[Recorded], reason: &str) -> Waiting {
    let tasks = describe(state, history, &state.open_task_numbers());
    Waiting { tasks, stack: Vec::new(), reason: Some(reason.to_owned()) }
}

fn describe(state: &State, history: &[Recorded], waiting: &[TaskNumber]) -> Vec<WaitingTask> {
    let mut number = TaskNumber(0);
    let mut described = Vec::new();
    for Recorded { time, event } in history {
        let Event::Asked(command) = event else { continue };
        if !command.makes_task() {
            continue;
        }
        number = number.next();
        if waiting.binary_search(&number).is_err() {
            continue;
        }
        let call = state.call(number);
        described.push(WaitingTask {
            task: number,
            command: command.clone(),
            since: *time,
            due: state.due_at(number),
            child: call.as_ref().and_then(|call| call.child.clone()),
            attempt: call.map(|call| call.attempt),
        });
    }
    described
}
