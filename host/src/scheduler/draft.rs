//! Owns what a turn gathers before it is committed: new events and what they entail. Applying an
//! event moves the state on at once; if the commit fails, state and draft are thrown away together.

use super::entail::Entailed;
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
    /// The events are those of a new run: what is stored of the old one goes.
    anew: bool,
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
        let effects = state.apply(&recorded)?;
        if matches!(recorded.event, Event::RunTerminated { .. }) {
            self.drop_calls();
        }
        self.effects.extend(effects);
        self.events.push(recorded.clone());
        Ok(recorded)
    }

    /// Turns to a new run of the instance; this is what giving up the old one entails.
    pub(super) fn begin_anew(&mut self, abandoned: Vec<Effect>) {
        self.drop_calls();
        self.effects.retain(|effect| !matches!(effect, Effect::StopAttempt(_)));
        self.effects.extend(abandoned);
        self.events.clear();
        self.anew = true;
    }

    /// What was called in a turn that is the last one, and whose result nobody can get, is not begun.
    fn drop_calls(&mut self) {
        self.effects.retain(|effect| match effect {
            Effect::RunAttempt(_) => false,
            Effect::StartChild(child) => child.call.detached,
            _ => true,
        });
    }

    /// Returns the events recorded so far.
    pub(super) fn events(&self) -> &[Recorded] {
        &self.events
    }

    /// Returns what they entail.
    pub(super) fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Returns whether it is about a new run of the instance.
    pub(super) fn begins_anew(&self) -> bool {
        self.anew
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
        entailed: Entailed,
        consumed: Vec<u64>,
        active: bool,
    ) -> (Commit, Vec<Effect>) {
        let timer = |task, due| Timer { due, instance, task };
        let (mut set_timers, mut clear_timers) = (Vec::new(), Vec::new());
        for effect in &self.effects {
            match *effect {
                Effect::SetTimer(task, due) => set_timers.push(timer(task, due)),
                Effect::ClearTimer(task, due) => clear_timers.push(timer(task, due)),
                _ => {}
            }
        }
        let history = (!self.events.is_empty()).then(|| Chunk {
            first: summary.events - self.events.len() as u64,
            bytes: codec::encode_history(&self.events),
        });
        let commit = Commit {
            instance,
            target,
            label: codec::encode_label(&summary.label()),
            summary: codec::encode_summary(summary),
            history_anew: self.anew,
            history,
            set_timers,
            clear_timers,
            consumed,
            births: entailed.births,
            outbox: entailed.outbox,
            active,
        };
        (commit, self.effects)
    }
}
