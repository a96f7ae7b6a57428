//! Owns an instance at work: takes what its mailbox holds, decides, commits, acts. One task for each
//! instance that has something in memory; what it knows can be thrown away at any time and read
//! back, which is how every failure of the store is survived.

use std::sync::Arc;

use tracing::{error, warn};

use super::draft::Draft;
use super::mailboxes::{Acknowledge, Envelope, Mailbox};
use super::resident::Resident;
use super::{Core, Error};
use crate::store::{self, Target, Version};
use crate::wasm::workflow_guest::{Progress, WorkflowGuest};
use crate::workflow::codec;
use crate::workflow::event::{Event, Message};
use crate::workflow::id::InstanceNumber;
use crate::workflow::replay::Ended;
use crate::workflow::state::{Effect, Phase};
use crate::workflow::summary::Stall;

/// How long to wait before trying again after the store has failed.
const RETRY_MS: u64 = 500;

/// A message that is not yet on disk.
struct Waiting {
    message: Message,
    acknowledge: Option<Acknowledge>,
    recorded: bool,
}

/// An instance at work.
pub(super) struct Instance {
    core: Arc<Core>,
    number: InstanceNumber,
    mailbox: Mailbox,
    resident: Option<Resident>,
    waiting: Vec<Waiting>,
    /// Purges that came while a turn was under way.
    purges: Vec<Acknowledge>,
}

impl Instance {
    pub(super) fn new(core: Arc<Core>, number: InstanceNumber, mailbox: Mailbox) -> Self {
        let (waiting, purges) = (Vec::new(), Vec::new());
        Self { core, number, mailbox, resident: None, waiting, purges }
    }

    /// Works until nothing is left to keep in memory.
    pub(super) async fn run(mut self) {
        while let Some(envelope) = self.mailbox.recv().await {
            self.core.mailboxes.work(self.number);
            let mut evicted = matches!(envelope, Envelope::Evict);
            let mut woken = self.accept(envelope);
            while let Ok(envelope) = self.mailbox.try_recv() {
                evicted &= matches!(envelope, Envelope::Evict);
                woken |= self.accept(envelope);
            }
            if evicted {
                self.resident = None;
            } else {
                self.take_turn(woken).await;
            }
            for acknowledge in std::mem::take(&mut self.purges) {
                // A caller that has gone away is answered to nobody.
                let _ = acknowledge.send(self.purge().await);
            }
            if self.resident.as_ref().is_some_and(|resident| resident.guest.is_some()) {
                self.core.mailboxes.rest(self.number);
            } else if self.core.mailboxes.retire(self.number, &self.mailbox) {
                return;
            }
        }
    }

    /// Sorts an envelope; returns whether the inbox is to be read.
    fn accept(&mut self, envelope: Envelope) -> bool {
        match envelope {
            Envelope::Create { id, replaces, start, acknowledge } => {
                self.resident = Some(Resident::new(id, replaces));
                self.wait(start, Some(acknowledge));
            }
            Envelope::Deliver { message, acknowledge } => self.wait(message, acknowledge),
            Envelope::Purge { acknowledge } => self.purges.push(acknowledge),
            Envelope::WakeUp => return true,
            Envelope::Evict => {}
        }
        false
    }

    fn wait(&mut self, message: Message, acknowledge: Option<Acknowledge>) {
        self.waiting.push(Waiting { message, acknowledge, recorded: false });
    }

    /// Takes a turn with what is waiting. If the store fails, whoever waits for an answer is told,
    /// and what has no caller (results, timers) is tried again until it is on disk.
    async fn take_turn(&mut self, mut woken: bool) {
        loop {
            let Err(failed) = self.try_turn(woken).await else { return };
            self.resident = None;
            for waiting in &mut self.waiting {
                waiting.recorded = false;
                if let Some(acknowledge) = waiting.acknowledge.take() {
                    let _ = acknowledge.send(Err(failed.clone()));
                    // Its caller decides whether to try again.
                    waiting.recorded = true;
                }
            }
            self.waiting.retain(|waiting| !waiting.recorded);
            match &failed {
                Error::Store(store::Error::Unavailable(_) | store::Error::Conflict { .. }) => {
                    warn!("instance {}: trying the turn again: {failed}", self.number);
                }
                // A result for an instance that is gone, or the slower of two starts with one ID.
                Error::InstanceGone | Error::Store(store::Error::IdTaken(_)) => {
                    self.forget_waiting();
                    return;
                }
                _ => {
                    error!("instance {} can't go on: {failed}", self.number);
                    self.forget_waiting();
                    return;
                }
            }
            // A commit that was reported as failed may be there after all: look.
            woken = true;
            let retry_at = self.core.clock.now().checked_add_ms(RETRY_MS);
            self.core.clock.sleep_until(retry_at.unwrap_or(self.core.clock.now())).await;
        }
    }

    fn forget_waiting(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            if let Message::ActivityEnded { task, attempt, .. } = waiting.message {
                self.core.activities.settle(self.number, task, attempt);
            }
        }
    }

    async fn try_turn(&mut self, woken: bool) -> Result<(), Error> {
        let mut resident = match self.resident.take() {
            Some(resident) => resident,
            None => self.load().await?,
        };
        if woken || resident.is_fresh() {
            self.read_inbox(&mut resident).await?;
        }
        let mut draft = Draft::default();
        self.receive(&mut resident, &mut draft)?;
        while resident.turn_is_due() {
            self.run_guest(&mut resident, &mut draft).await?;
        }
        self.commit(&mut resident, draft).await?;
        resident.forget_history();
        if resident.state.phase() != Phase::Running {
            resident.guest = None;
        }
        self.resident = Some(resident);
        Ok(())
    }

    /// Reads the instance back, and sees to it that what it owes is under way.
    async fn load(&mut self) -> Result<Resident, Error> {
        let resident = Resident::load(&*self.core.store, self.number).await?;
        for attempt in resident.state.attempts() {
            self.core.run_attempt(self.number, &resident.state, attempt);
        }
        for (task, due) in resident.state.timers() {
            self.core.timers.arm(store::Timer { due, instance: self.number, task });
        }
        Ok(resident)
    }

    async fn read_inbox(&mut self, resident: &mut Resident) -> Result<(), Error> {
        if resident.version.is_none() {
            return Ok(());
        }
        for (number, bytes) in self.core.store.inbox(self.number).await? {
            if resident.consumed.contains(&number) {
                continue;
            }
            resident.consumed.push(number);
            match codec::decode_message(&bytes) {
                Ok(message) => self.wait(message, None),
                Err(damaged) => error!("instance {}: a message is lost: {damaged}", self.number),
            }
        }
        Ok(())
    }

    /// Records what is waiting, as far as it changes anything.
    fn receive(&mut self, resident: &mut Resident, draft: &mut Draft) -> Result<(), Error> {
        let now = self.core.clock.now();
        for waiting in self.waiting.iter_mut().filter(|waiting| !waiting.recorded) {
            waiting.recorded = true;
            if let Some(event) = resident.state.receive(&waiting.message, now) {
                resident.record(draft, event, now)?;
            }
        }
        Ok(())
    }

    /// Runs the guest until its turn is over, and records what it asked for.
    async fn run_guest(&mut self, resident: &mut Resident, draft: &mut Draft) -> Result<(), Error> {
        let mut guest = match self.guest(resident, draft).await? {
            Ok(guest) => guest,
            Err(stall) => {
                resident.stalled(stall);
                return Ok(());
            }
        };
        guest.begin_turn();
        let progress = loop {
            match guest.drive().await {
                Progress::Yielded => {
                    tokio::task::yield_now().await;
                    resident.guest = Some(guest);
                    self.look_up(resident, draft).await?;
                    match resident.guest.take() {
                        Some(kept) => guest = kept,
                        // The turn was overtaken; what the guest asked for in it goes with it.
                        None => return Ok(()),
                    }
                }
                over => break over,
            }
        };
        let now = self.core.clock.now();
        if let Progress::Diverged(found) = progress {
            resident.stalled(Stall::Nondeterminism(found));
            return Ok(());
        }
        for command in guest.take_asked() {
            resident.record_asked(draft, command, now)?;
        }
        resident.turned(&mut guest);
        match progress {
            Progress::Ended(Ended::Completed(output)) => {
                resident.record(draft, Event::RunCompleted { output }, now)?;
            }
            Progress::Ended(Ended::Failed(failure)) => {
                resident.record(draft, Event::RunFailed { failure }, now)?;
            }
            _ => resident.guest = Some(guest),
        }
        Ok(())
    }

    /// Returns the guest kept in memory, or a new one that will replay the history; or why there
    /// can be none.
    async fn guest(
        &mut self,
        resident: &mut Resident,
        draft: &Draft,
    ) -> Result<Result<WorkflowGuest, Stall>, Error> {
        if let Some(guest) = resident.guest.take() {
            return Ok(Ok(guest));
        }
        let Some(digest) = resident.state.digest() else { return Err(Error::InstanceGone) };
        let module = match self.core.modules.load(digest).await {
            Ok(module) => module,
            Err(reason) => return Ok(Err(Stall::VersionUnavailable(reason.to_string()))),
        };
        let history = resident.history(&*self.core.store, self.number, draft).await?;
        let ticks = self.core.limits.ticks_per_turn();
        Ok(resident.make_guest(&module, ticks, history).ok_or_else(|| {
            Stall::VersionUnavailable(format!("module version {digest} has no workflows"))
        }))
    }

    /// In the middle of a long turn: records what has arrived meanwhile and puts it on disk, so that
    /// whoever sent it is answered. Takes the guest away if the run may not go on.
    async fn look_up(&mut self, resident: &mut Resident, draft: &mut Draft) -> Result<(), Error> {
        while let Ok(envelope) = self.mailbox.try_recv() {
            self.accept(envelope);
        }
        self.receive(resident, draft)?;
        if draft.is_empty() {
            return Ok(());
        }
        self.commit(resident, std::mem::take(draft)).await
    }

    /// Puts a draft on disk, answers whoever waits for it, and does what it entails.
    async fn commit(&mut self, resident: &mut Resident, draft: Draft) -> Result<(), Error> {
        if let Some((commit, effects, summary)) = resident.decide(self.number, draft) {
            let replaced = match &commit.target {
                Target::New { replaces, .. } => replaces.map(|(number, _)| number),
                Target::Existing(_) => None,
            };
            self.core.store.commit(self.core.lease, commit).await?;
            resident.committed(summary);
            if let Some(replaced) = replaced {
                self.core.activities.stop_all_of(replaced);
            }
            self.act(resident, effects);
        }
        for waiting in std::mem::take(&mut self.waiting) {
            if let Message::ActivityEnded { task, attempt, .. } = waiting.message {
                self.core.activities.settle(self.number, task, attempt);
            }
            if let Some(acknowledge) = waiting.acknowledge {
                let _ = acknowledge.send(Ok(()));
            }
        }
        Ok(())
    }

    fn act(&self, resident: &mut Resident, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::RunAttempt(attempt) => {
                    self.core.run_attempt(self.number, &resident.state, attempt);
                }
                Effect::StopAttempt(task) => self.core.activities.stop(self.number, task),
                Effect::SetTimer(task, due) => {
                    self.core.timers.arm(store::Timer { due, instance: self.number, task });
                }
                Effect::ClearTimer(..) => {}
            }
        }
        resident.emit_logs();
    }

    async fn purge(&mut self) -> Result<(), Error> {
        let resident = match self.resident.take() {
            Some(resident) => resident,
            None => self.load().await?,
        };
        let (phase, version) = (resident.state.phase(), resident.version.unwrap_or(Version(0)));
        if !phase.is_terminal() {
            self.resident = Some(resident);
            return Err(Error::NotTerminal);
        }
        self.core.store.purge(self.core.lease, self.number, version).await?;
        self.core.activities.stop_all_of(self.number);
        Ok(())
    }
}
