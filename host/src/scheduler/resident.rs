//! Owns what is in memory of an instance: the state its history adds up to, and perhaps a guest.

use crate::scheduler::Error;
use crate::scheduler::draft::Draft;
use crate::scheduler::modules::ReadyModule;
use crate::store::{Commit, Store, Target, Version};
use crate::wasm::LogLine;
use crate::wasm::workflow_guest::{WorkflowGuest, WorkflowInfo};
use crate::workflow::codec;
use crate::workflow::command::Command;
use crate::workflow::event::{Event, Recorded};
use crate::workflow::id::{InstanceId, InstanceNumber, Timestamp};
use crate::workflow::replay::Replay;
use crate::workflow::state::{Effect, Phase, State};
use crate::workflow::summary::{Stall, Summary};

/// An instance in memory.
pub(super) struct Resident {
    /// None until its first commit.
    pub(super) version: Option<Version>,
    pub(super) state: State,
    pub(super) guest: Option<WorkflowGuest>,
    /// Messages of the inbox that the next commit removes.
    pub(super) consumed: Vec<u64>,
    creation: Option<(InstanceId, Option<(InstanceNumber, Version)>)>,
    /// As on disk.
    summary: Option<Summary>,
    turned: bool,
    delivered: u64,
    stall: Option<Stall>,
    /// The code may fit now though it did not before, or the other way round: replay and see.
    recheck: bool,
    /// The history as just read, for the guest that is about to be made.
    history: Option<Vec<Recorded>>,
    logs: Vec<LogLine>,
}

impl Resident {
    /// Returns an instance that is about to be created.
    pub(super) fn new(id: InstanceId, replaces: Option<(InstanceNumber, Version)>) -> Self {
        Self {
            version: None,
            state: State::default(),
            guest: None,
            consumed: Vec::new(),
            creation: Some((id, replaces)),
            summary: None,
            turned: false,
            delivered: 0,
            stall: None,
            recheck: false,
            history: Some(Vec::new()),
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
            recheck: summary.stall.is_some(),
            summary: Some(summary),
            history: Some(history),
            logs: Vec::new(),
        })
    }

    /// Returns whether it has just been read.
    pub(super) fn is_fresh(&self) -> bool {
        self.history.is_some()
    }

    /// Returns whether the guest has something to do.
    pub(super) fn turn_is_due(&self) -> bool {
        let behind = !self.turned || self.delivered < self.state.deliveries();
        self.state.phase() == Phase::Running && (self.recheck || (self.stall.is_none() && behind))
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
            Event::Paused | Event::RunTerminated { .. } => self.guest = None,
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
        &self,
        module: &ReadyModule,
        ticks: u32,
        history: Vec<Recorded>,
    ) -> Option<WorkflowGuest> {
        let identity = self.state.identity()?;
        let input = match &history.first()?.event {
            Event::RunStarted(start) => start.input.clone(),
            _ => return None,
        };
        let info = WorkflowInfo {
            instance_id: identity.instance.to_string(),
            workflow_name: identity.workflow.clone(),
            module_name: identity.module.clone(),
            module_digest: self.state.digest()?.to_string(),
            started_at: identity.started_at,
        };
        let mut replay = Replay::new(self.delivered);
        history.into_iter().for_each(|recorded| replay.feed(recorded));
        module.code.workflow_guest(&module.limits, ticks, info, input, replay)
    }

    /// Turns a draft into a commit; none if nothing has changed.
    pub(super) fn decide(
        &mut self,
        number: InstanceNumber,
        draft: Draft,
    ) -> Option<(Commit, Vec<Effect>, Summary)> {
        let summary = Summary::of(&self.state, self.turned, self.delivered, self.stall.clone())?;
        if self.summary.as_ref() == Some(&summary) && self.consumed.is_empty() {
            return None;
        }
        let target = match (&self.creation, self.version) {
            (Some((id, replaces)), None) => Target::New { id: id.clone(), replaces: *replaces },
            (_, version) => Target::Existing(version.unwrap_or(Version(0))),
        };
        let owes = self.state.attempts().next().is_some();
        let active = owes || self.turn_is_due() || self.stall.is_some();
        let consumed = self.consumed.clone();
        let (commit, effects) = draft.commit(number, target, &summary, active, consumed);
        // The history on disk is longer now than the one that was read.
        self.history = None;
        Some((commit, effects, summary))
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

async fn read_history(store: &dyn Store, number: InstanceNumber) -> Result<Vec<Recorded>, Error> {
    let mut history = Vec::new();
    for chunk in store.history(number, 0..u64::MAX).await? {
        history.extend(codec::decode_history(&chunk.bytes)?);
    }
    Ok(history)
}
