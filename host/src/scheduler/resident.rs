//! Owns what is in memory of an instance: the state its history adds up to, and perhaps a guest.

use std::sync::Arc;

use crate::scheduler::Error;
use crate::scheduler::draft::Draft;
use crate::scheduler::entail::{Entailed, random_bytes};
use crate::scheduler::mailboxes;
use crate::scheduler::modules::ReadyModule;
use crate::store::{Commit, New, Store, Target, Version};
use crate::wasm::LogLine;
use crate::wasm::places::Room;
use crate::wasm::workflow_guest::{TurnLimits, WorkflowGuest, WorkflowInfo};
use crate::workflow::codec;
use crate::workflow::command::Command;
use crate::workflow::event::{Event, Recorded, RunStarted};
use crate::workflow::id::{Digest, InstanceNumber, RunId, Timestamp};
use crate::workflow::replay::Replay;
use crate::workflow::state::{Effect, Phase, State};
use crate::workflow::summary::{Stall, Summary};

/// What the next run of an instance begins with.
pub(super) struct NextRun {
    pub(super) digest: Digest,
    pub(super) input: String,
    /// Name and payload.
    pub(super) unread_events: Vec<(String, String)>,
}

/// An instance in memory.
pub(super) struct Resident {
    /// None until its first commit.
    pub(super) version: Option<Version>,
    pub(super) state: State,
    pub(super) guest: Option<WorkflowGuest>,
    /// Messages of the inbox that the next commit removes.
    pub(super) consumed: Vec<u64>,
    creation: Option<New>,
    /// As on disk.
    summary: Option<Summary>,
    turned: bool,
    delivered: u64,
    stall: Option<Stall>,
    /// The code may fit now though it did not before, or the other way round: replay and see.
    recheck: bool,
    /// The history as just read, for the guest that is about to be made.
    history: Option<Vec<Recorded>>,
    /// What the run was given, if there is a guest, or was one in this turn.
    input: Option<Arc<String>>,
    logs: Vec<LogLine>,
}

impl Resident {
    /// Returns an instance that is about to be created.
    pub(super) fn new(new: New) -> Self {
        Self {
            version: None,
            state: State::default(),
            guest: None,
            consumed: Vec::new(),
            creation: Some(new),
            summary: None,
            turned: false,
            delivered: 0,
            stall: None,
            recheck: false,
            history: Some(Vec::new()),
            input: None,
            logs: Vec::new(),
        }
    }

    /// Reads an instance.
    pub(super) async fn load(store: &dyn Store, number: InstanceNumber) -> Result<Self, Error> {
        let stored = store.load(number).await?.ok_or(Error::InstanceGone)?;
        let summary = codec::decode_summary(&stored.summary)?;
        let mut state = State::default();
        let history = read_history(store, number).await?;
        for recorded in &history {
            state.apply(recorded)?;
        }
        Ok(Self {
            version: Some(stored.version),
            state,
            guest: None,
            consumed: Vec::new(),
            creation: None,
            turned: summary.turned,
            delivered: summary.delivered,
            stall: summary.stall.clone(),
            recheck: summary.stall.is_some() || has_new_version(&history),
            summary: Some(summary),
            history: Some(history),
            input: None,
            logs: Vec::new(),
        })
    }

    /// Returns whether it has just been read.
    pub(super) fn is_fresh(&self) -> bool {
        self.history.is_some()
    }

    /// Returns whether it is likely to be needed again before long: it has a guest, or waits for results
    /// without one. (One that is stalled looks anew each time it is read.)
    pub(super) fn is_worth_keeping(&self) -> bool {
        self.guest.is_some() || (self.stall.is_none() && self.state.open_tasks() > 0)
    }

    /// Returns how much its guest takes.
    pub(super) fn room(&self) -> mailboxes::Room {
        let (guests, bytes) = (WorkflowGuest::places, WorkflowGuest::memory_bytes);
        let of = self.guest.as_ref();
        mailboxes::Room { guests: of.map_or(1, guests), bytes: of.map_or(0, bytes) }
    }

    /// Lets go of the guest, and of what it was given.
    pub(super) fn drop_guest(&mut self) {
        (self.guest, self.input) = (None, None);
    }

    /// Returns what the run was given, if that is at hand.
    pub(super) fn input(&self) -> Option<&str> {
        self.input.as_ref().map(|input| input.as_str())
    }

    /// Returns how many deliveries its guests have got through.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Returns whether the guest has something to do.
    pub(super) fn turn_is_due(&self) -> bool {
        let behind = !self.turned || self.delivered < self.state.deliveries();
        let may_run = self.state.phase() == Phase::Running && self.state.start_at().is_none();
        may_run && (self.recheck || (self.stall.is_none() && behind))
    }

    /// Records something that has happened, and lets the guest see it.
    pub(super) fn record(
        &mut self,
        draft: &mut Draft,
        event: Event,
        now: Timestamp,
    ) -> Result<(), Error> {
        let recorded = draft.record(&mut self.state, event, now)?;
        match recorded.event {
            Event::VersionSelected { .. } => {
                self.guest = None;
                self.recheck = true;
            }
            Event::Paused { .. } | Event::RunTerminated { .. } => self.guest = None,
            _ => {
                if let Some(guest) = &mut self.guest {
                    guest.feed(recorded);
                }
            }
        }
        Ok(())
    }

    /// Records something that the guest has asked for.
    pub(super) fn record_asked(
        &mut self,
        draft: &mut Draft,
        command: Command,
        now: Timestamp,
    ) -> Result<(), Error> {
        draft.record(&mut self.state, Event::Asked(command), now)?;
        Ok(())
    }

    /// Notes that a turn is over.
    pub(super) fn turned(&mut self, guest: &mut WorkflowGuest) {
        self.turned = true;
        self.recheck = false;
        self.stall = None;
        self.delivered = guest.delivered();
        self.logs.extend(guest.take_logs());
    }

    /// Notes that there is no going on with this code.
    pub(super) fn stalled(&mut self, stall: Stall) {
        self.recheck = false;
        self.stall = Some(stall);
    }

    /// Returns the whole history: what is on disk, and what the draft adds to it.
    pub(super) async fn history(
        &mut self,
        store: &dyn Store,
        number: InstanceNumber,
        draft: &Draft,
    ) -> Result<Vec<Recorded>, Error> {
        let mut history = match self.history.take() {
            Some(history) => history,
            None => read_history(store, number).await?,
        };
        history.extend(draft.events().iter().cloned());
        Ok(history)
    }

    /// Frees the history that was read.
    pub(super) fn forget_history(&mut self) {
        self.history = None;
    }

    /// Makes a guest that will replay this history; none if the module has no workflows.
    pub(super) fn make_guest(
        &mut self,
        module: &ReadyModule,
        room: Room,
        turn: TurnLimits,
        history: Vec<Recorded>,
    ) -> Option<WorkflowGuest> {
        let Recorded { time, event: Event::RunStarted(start) } = history.first()? else {
            return None;
        };
        let info = WorkflowInfo::of(start, *time, self.state.digest()?);
        let input = Arc::new(start.input.clone());
        self.input = Some(input.clone());
        let mut replay = Replay::new(self.delivered);
        history.into_iter().for_each(|recorded| replay.feed(recorded));
        module.code.workflow_guest(room, &module.limits, turn, info, input, replay)
    }

    /// Begins the next run of the instance: a life of its own, in which nothing of this one is left.
    pub(super) fn continue_as_new(
        &mut self,
        draft: &mut Draft,
        next: NextRun,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(identity) = self.state.identity().cloned() else {
            return Err(Error::InstanceGone);
        };
        let start = RunStarted {
            run: RunId(random_bytes()),
            seed: random_bytes(),
            instance: identity.instance,
            workflow: identity.workflow,
            module: identity.module,
            digest: next.digest,
            input: next.input,
            created_at: identity.created_at,
            start_at: None,
            generation: identity.generation.saturating_add(1),
            depth: identity.depth,
            parent: identity.parent,
            named: self.state.named(),
            origin: None,
        };
        let now = now.max(self.state.last_time());
        draft.begin_anew(self.state.abandon());
        self.state = State::default();
        (self.turned, self.delivered) = (false, 0);
        self.drop_guest();
        draft.record(&mut self.state, Event::RunStarted(start), now)?;
        for (name, payload) in next.unread_events {
            draft.record(&mut self.state, Event::EventRaised { name, payload }, now)?;
        }
        Ok(())
    }

    /// Returns the summary, if it or the inbox is to be written.
    pub(super) fn changed(&self) -> Option<Summary> {
        let summary = Summary::of(&self.state, self.turned, self.delivered, self.stall.clone())?;
        let changed = self.summary.as_ref() != Some(&summary) || !self.consumed.is_empty();
        changed.then_some(summary)
    }

    /// Turns a draft into a commit.
    pub(super) fn decide(
        &mut self,
        number: InstanceNumber,
        draft: Draft,
        summary: &Summary,
        entailed: Entailed,
    ) -> (Commit, Vec<Effect>) {
        let target = match (&self.creation, self.version) {
            (Some(new), None) => Target::New(new.clone()),
            (_, version) => Target::Existing(version.unwrap_or(Version(0))),
        };
        let owes = self.state.has_running_attempts();
        let stalled = self.stall.is_some() && !self.state.phase().is_terminal();
        let active = owes || self.turn_is_due() || stalled;
        // The history on disk is longer now than the one that was read.
        self.history = None;
        draft.commit(number, target, summary, entailed, self.consumed.clone(), active)
    }

    /// Returns the summary as it is on disk, if there is any.
    pub(super) fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// Notes that what was decided is on disk.
    pub(super) fn committed(&mut self, summary: Summary) {
        self.version = Some(Version(self.version.map_or(1, |version| version.0 + 1)));
        self.creation = None;
        self.consumed.clear();
        self.summary = Some(summary);
    }

    /// Writes what the guest has logged to the host's log, now that its turn is on disk.
    pub(super) fn emit_logs(&mut self) {
        let Some(identity) = self.state.identity() else { return };
        for line in std::mem::take(&mut self.logs) {
            line.emit(identity.instance.as_str(), &identity.workflow);
        }
    }
}

pub(super) async fn read_history(
    store: &dyn Store,
    number: InstanceNumber,
) -> Result<Vec<Recorded>, Error> {
    let mut history = Vec::new();
    for chunk in store.history(number, 0..u64::MAX).await? {
        history.extend(codec::decode_history(&chunk.bytes)?);
    }
    Ok(history)
}

/// Whether another version was selected after the last thing that its guest can have been run for.
fn has_new_version(history: &[Recorded]) -> bool {
    let since = history.iter().rev().take_while(|recorded| {
        !matches!(
            recorded.event,
            Event::Asked(_)
                | Event::EventRaised { .. }
                | Event::CallCompleted { .. }
                | Event::CallFailed { .. }
                | Event::TimerFired { .. }
        )
    });
    since.into_iter().any(|recorded| matches!(recorded.event, Event::VersionSelected { .. }))
}
