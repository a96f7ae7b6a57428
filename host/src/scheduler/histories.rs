//! Owns how histories are shown: page by page, each event with what it takes to understand it alone.
//! What a result was asked for may be long before it, so a page costs as much as all that is before
//! its end.

use std::collections::HashMap;

use super::handle::Handle;
use super::{Error, store};
use crate::workflow::codec;
use crate::workflow::command::Command;
use crate::workflow::event::{Event, Recorded};
use crate::workflow::id::{InstanceId, InstanceNumber, TaskNumber, Timestamp};
use crate::workflow::summary::Summary;

/// How many events are read at once.
const EVENTS_READ: u64 = 1_000;
/// How often a history is read again that turned into another one meanwhile.
const ATTEMPTS_MAX: usize = 5;

/// An event, and what it takes to understand it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Its place in the history.
    pub index: u64,
    /// The event.
    pub recorded: Recorded,
    /// The number of the task that it makes.
    pub makes: Option<TaskNumber>,
    /// For a result: the name of what was called.
    pub name: Option<String>,
    /// For a result: how long it took from when it was asked for. For a retry: how long ago the
    /// attempt before it failed.
    pub elapsed_ms: Option<u64>,
}

/// A part of a history.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The instance.
    pub summary: Summary,
    /// The events, in order.
    pub events: Vec<Told>,
    /// Where the next page begins; none: this is the last.
    pub next: Option<u64>,
}

impl Handle {
    /// Returns up to `limit` events of an instance's current run, from the one with index `from` on.
    ///
    /// # Errors
    /// There is no such instance, or the store failed.
    pub async fn history(
        &self,
        id: &InstanceId,
        from: u64,
        limit: usize,
    ) -> Result<HistoryPage, Error> {
        for _ in 0..ATTEMPTS_MAX {
            let number = self.number(id).await?;
            let summary = self.summary(number).await?;
            let until = from.saturating_add(limit as u64).min(summary.events);
            let mut events = Vec::new();
            if from < until {
                let mut teller = Teller::default();
                self.read_events(number, until, |index, recorded| {
                    let told = teller.tell(index, recorded);
                    events.extend((index >= from).then_some(told));
                })
                .await?;
            }
            if self.summary(number).await?.run == summary.run {
                let next = (until < summary.events && from < until).then_some(until);
                return Ok(HistoryPage { summary, events, next });
            }
        }
        Err(too_fast())
    }

    /// Returns an instance with the whole history of its current run.
    ///
    /// # Errors
    /// As for [`Self::history`].
    pub async fn export(&self, id: &InstanceId) -> Result<(Summary, Vec<Recorded>), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let number = self.number(id).await?;
            let before = self.summary(number).await?;
            let mut events = Vec::new();
            self.read_events(number, before.events, |_, recorded| events.push(recorded)).await?;
            // What was read belongs together if nothing was written meanwhile.
            if self.summary(number).await? == before {
                return Ok((before, events));
            }
        }
        Err(too_fast())
    }

    /// Reads the events before index `until`, in order.
    async fn read_events(
        &self,
        number: InstanceNumber,
        until: u64,
        mut take: impl FnMut(u64, Recorded),
    ) -> Result<(), Error> {
        let mut next = 0;
        while next < until {
            let last = until.min(next + EVENTS_READ);
            let read_before = next;
            for chunk in self.core.store.history(number, next..last).await? {
                let indexes = chunk.first..;
                for (index, recorded) in indexes.zip(codec::decode_history(&chunk.bytes)?) {
                    // A stretch may begin before what was asked for, and go on behind it.
                    if index == next && index < until {
                        take(index, recorded);
                        next += 1;
                    }
                }
            }
            if next == read_before {
                return Err(Error::InstanceGone);
            }
        }
        Ok(())
    }
}

fn too_fast() -> Error {
    let reason = "the history changes faster than it can be read: try again".to_owned();
    Error::Store(store::Error::Unavailable(reason))
}

/// What was called.
struct Called {
    name: Option<String>,
    asked_at: Timestamp,
    failed_at: Option<Timestamp>,
}

/// Follows a history from its beginning.
#[derive(Default)]
struct Teller {
    last_task: Option<TaskNumber>,
    called: HashMap<TaskNumber, Called>,
}

impl Teller {
    fn tell(&mut self, index: u64, recorded: Recorded) -> Told {
        let time = recorded.time;
        let since = |earlier: Timestamp| time.0.saturating_sub(earlier.0);
        let (mut makes, mut name, mut elapsed_ms) = (None, None, None);
        match &recorded.event {
            Event::Asked(Command::Cancel { task }) => {
                name = self.called.remove(task).and_then(|called| called.name);
            }
            Event::Asked(command) => makes = self.ask(command, time),
            Event::CallCompleted { task, .. }
            | Event::CallFailed { task, .. }
            | Event::TimerFired { task } => {
                if let Some(called) = self.called.remove(task) {
                    elapsed_ms = Some(since(called.asked_at));
                    name = called.name;
                }
            }
            Event::AttemptFailed { task, .. } => {
                if let Some(called) = self.called.get_mut(task) {
                    called.failed_at = Some(time);
                    elapsed_ms = Some(since(called.asked_at));
                    name = called.name.clone();
                }
            }
            Event::CallRetried { task, .. } => {
                if let Some(called) = self.called.get(task) {
                    elapsed_ms = called.failed_at.map(since);
                    name = called.name.clone();
                }
            }
            _ => {}
        }
        Told { index, recorded, makes, name, elapsed_ms }
    }

    fn ask(&mut self, command: &Command, asked_at: Timestamp) -> Option<TaskNumber> {
        if !command.makes_task() {
            return None;
        }
        let task = self.last_task.map_or(TaskNumber(1), TaskNumber::next);
        self.last_task = Some(task);
        let name = match command {
            Command::CallActivity(call) => Some(call.name.clone()),
            Command::CallWorkflow(call) => Some(call.workflow.clone()),
            // What a wait gets is not recorded with its number.
            Command::WaitEvent { .. } => return Some(task),
            _ => None,
        };
        self.called.insert(task, Called { name, asked_at, failed_at: None });
        Some(task)
    }
}
