//! Owns what is known of an instance with its payloads: its summary says which events hold them.

use super::{Core, Error};
use crate::store;
use crate::workflow::codec;
use crate::workflow::command::Command;
use crate::workflow::event::{Event, Recorded};
use crate::workflow::failure::Failure;
use crate::workflow::id::InstanceNumber;
use crate::workflow::summary::Summary;

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

/// Where the events of an instance are found.
struct Events<'a> {
    core: &'a Core,
    instance: InstanceNumber,
    /// The last ones, which need not be in the store.
    last: &'a [Recorded],
    /// The index of the first of those.
    last_from: u64,
}

impl Core {
    /// Gathers what is known of an instance. Its last events and its input may be at hand; what is not is
    /// read.
    pub(super) async fn found(
        &self,
        instance: InstanceNumber,
        summary: Summary,
        last: &[Recorded],
        input: Option<&str>,
    ) -> Result<Found, Error> {
        let last_from = summary.events.saturating_sub(last.len() as u64);
        let events = Events { core: self, instance, last, last_from };
        let input = match input {
            Some(input) => input.to_owned(),
            None => match events.get(0).await? {
                Event::RunStarted(start) => start.input,
                _ => return Err(damaged("its first event is no start")),
            },
        };
        let custom_status = match summary.custom_status_event {
            None => None,
            Some(index) => match events.get(index).await? {
                Event::Asked(Command::SetCustomStatus { status }) => Some(status),
                _ => return Err(damaged("the event of its custom status is another")),
            },
        };
        let (mut output, mut failure) = (None, None);
        if let Some(index) = summary.end_event {
            match events.get(index).await? {
                Event::RunCompleted { output: returned } => output = Some(returned),
                Event::RunTerminated { output: given, .. } => output = given,
                Event::RunFailed { failure: why } => failure = Some(why),
                _ => return Err(damaged("the event of its end is another")),
            }
        }
        Ok(Found { summary, input, custom_status, output, failure })
    }
}

impl Events<'_> {
    async fn get(&self, index: u64) -> Result<Event, Error> {
        if let Some(within) = index.checked_sub(self.last_from) {
            let recorded = usize::try_from(within).ok().and_then(|within| self.last.get(within));
            return recorded.map(|recorded| recorded.event.clone()).ok_or_else(missing);
        }
        let chunks = self.core.store.history(self.instance, index..index + 1).await?;
        // It may have been purged, or replaced, since its summary was read.
        let chunk = chunks.into_iter().next().ok_or(Error::InstanceGone)?;
        let within = usize::try_from(index.saturating_sub(chunk.first)).unwrap_or(usize::MAX);
        let event = codec::decode_history(&chunk.bytes)?.into_iter().nth(within);
        event.map(|recorded| recorded.event).ok_or_else(missing)
    }
}

fn missing() -> Error {
    damaged("an event is missing")
}

fn damaged(reason: &str) -> Error {
    Error::Store(store::Error::Damaged(reason.to_owned()))
}
