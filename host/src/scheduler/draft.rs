//! Owns what a turn gathers before it is committed: new events and what they entail. Applying an
//! event moves the state on at once; if the commit fails, state and draft are thrown away together.

use crate::store::{Chunk, Commit, Target, Timer};
use crate::workflow::codec;
use crate::workflow::event::{Event, Recorded};
use crate::workflow::id::{InstanceNumber, Timestamp};
use crate::workflow::state::{Effect, IllegalEvent, State};
use crate::workflow::summary::Summary;

/// The events of a turn, and their effects.
#[derive(Default)]
pub(super) struct Draft {
    events: Vec<Recorded>,
    effects: Vec<Effect>,
}

impl Draft {
    /// Records an event, no earlier than the last one, and returns it as recorded.
    ///
    /// # Errors
    /// The event may not follow in this state.
    pub(super) fn record(
        &mut self,
        state: &mut State,
        event: Event,
        now: Timestamp,
    ) -> Result<Recorded, IllegalEvent> {
        let recorded = Recorded { time: now.max(state.last_time()), event };
        self.effects.extend(state.apply(&recorded)?);
        self.events.push(recorded.clone());
        Ok(recorded)
    }

    /// Returns the events recorded so far.
    pub(super) fn events(&self) -> &[Recorded] {
        &self.events
    }

    /// Returns whether nothing has been recorded.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Returns the commit, and what is to be done after it.
    pub(super) fn commit(
        self,
        instance: InstanceNumber,
        target: Target,
        summary: &Summary,
        active: bool,
        consumed: Vec<u64>,
    ) -> (Commit, Vec<Effect>) {
        let timer = |task, due| Timer { due, instance, task };
        let (mut set_timers, mut clear_timers) = (Vec::new(), Vec::new());
        for effect in &self.effects {
            match *effect {
                Effect::SetTimer(task, due) => set_timers.push(timer(task, due)),
                Effect::ClearTimer(task, due) => clear_timers.push(timer(task, due)),
                Effect::RunAttempt(_) | Effect::StopAttempt(_) => {}
            }
        }
        let history = (!self.events.is_empty()).then(|| Chunk {
            first: summary.events - self.events.len() as u64,
            bytes: codec::encode_history(&self.events),
        });
        let commit = Commit {
            instance,
            target,
            summary: codec::encode_summary(summary),
            history,
            set_timers,
            clear_timers,
            consumed,
            outbox: Vec::new(),
            active,
        };
        (commit, self.effects)
    }
}
