//! Owns what a turn is made of: what is read, what is recorded of it, and how long the guest runs.

use tracing::error;

use super::{Instance, Waiting};
use crate::scheduler::Error;
use crate::scheduler::changes::ChangeKind;
use crate::scheduler::draft::Draft;
use crate::scheduler::modules;
use crate::scheduler::resident::{NextRun, Resident};
use crate::store;
use crate::wasm::workflow_guest::{Progress, WorkflowGuest};
use crate::workflow::codec;
use crate::workflow::event::{Event, Message};
use crate::workflow::id::Digest;
use crate::workflow::replay::Ended;
use crate::workflow::summary::Stall;

impl Instance {
    /// Reads the instance back, and sees to it that what it owes is under way.
    pub(super) async fn load(&mut self) -> Result<Resident, Error> {
        let resident = Resident::load(&*self.core.store, self.number).await?;
        if let Some(summary) = resident.summary().filter(|_| std::mem::take(&mut self.in_doubt)) {
            self.core.publish(ChangeKind::Status, summary);
            self.core.activities.stop_all_but(self.number, &resident.state);
            if summary.phase.is_terminal() {
                self.core.retaining.ended(self.number, summary);
                self.core.endings.tell(self.number, None);
            }
        }
        for attempt in resident.state.attempts() {
            self.core.run_attempt(self.number, &resident.state, attempt);
        }
        for (task, due) in resident.state.timers() {
            self.core.timers.arm(store::Timer { due, instance: self.number, task });
        }
        Ok(resident)
    }

    /// Reads the inbox, if anybody has said that something is in it.
    pub(super) async fn read_inbox(&mut self, resident: &mut Resident) -> Result<(), Error> {
        if !std::mem::take(&mut self.woken) || resident.version.is_none() {
            return Ok(());
        }
        for (number, bytes) in self.core.store.inbox(self.number).await? {
            // Both are in order.
            if resident.consumed.binary_search(&number).is_ok() {
                continue;
            }
            resident.consumed.push(number);
            match codec::decode_message(&bytes) {
                Ok(message) => {
                    let (acknowledge, in_inbox, recorded) = (None, true, false);
                    self.waiting.push(Waiting { message, acknowledge, in_inbox, recorded });
                }
                Err(damaged) => error!("instance {}: a message is lost: {damaged}", self.number),
            }
        }
        Ok(())
    }

    /// Records what is waiting, as far as it changes anything.
    pub(super) fn receive(
        &mut self,
        resident: &mut Resident,
        draft: &mut Draft,
    ) -> Result<(), Error> {
        let now = self.core.clock.now();
        for waiting in self.waiting.iter_mut().filter(|waiting| !waiting.recorded) {
            waiting.recorded = true;
            let time = match &waiting.message {
                Message::Start(start) => start.created_at,
                _ => now,
            };
            if let Some(event) = resident.state.receive(&waiting.message, now) {
                resident.record(draft, event, time)?;
            } else if let Message::TimerDue { task } = waiting.message
                && let Some(due) = resident.state.due_at(task)
            {
                // The clock was set back since it was due: it will be again.
                self.core.timers.arm(store::Timer { due, instance: self.number, task });
            }
        }
        Ok(())
    }

    /// Runs the guest until its turn is over, and records what it asked for.
    pub(super) async fn run_guest(
        &mut self,
        resident: &mut Resident,
        draft: &mut Draft,
    ) -> Result<(), Error> {
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
        let end = match progress {
            Progress::Ended(Ended::Completed(output)) => Event::RunCompleted { output },
            Progress::Ended(Ended::Failed(failure)) => Event::RunFailed { failure },
            Progress::Ended(Ended::Continued { input, keep_unread_events }) => {
                let unread_events =
                    if keep_unread_events { guest.unread_events() } else { Vec::new() };
                let digest = self.next_digest(resident)?;
                let next = NextRun { digest, input, unread_events };
                return resident.continue_as_new(draft, next, now);
            }
            _ => {
                resident.guest = Some(guest);
                return Ok(());
            }
        };
        resident.record(draft, end, now)
    }

    /// The next run is on the active version of its module, if that still has the workflow.
    fn next_digest(&self, resident: &Resident) -> Result<Digest, Error> {
        let (Some(identity), Some(digest)) = (resident.state.identity(), resident.state.digest())
        else {
            return Err(Error::InstanceGone);
        };
        let place = self.core.modules.place(&identity.module, &identity.workflow);
        Ok(place.map_or(digest, |place| place.digest))
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
            // What is wrong with the host is tried again, and stalls nobody.
            Err(modules::Error::Store(failed)) => return Err(failed.into()),
            Err(modules::Error::Host(reason)) => {
                return Err(store::Error::Unavailable(reason).into());
            }
            Err(reason) => return Ok(Err(Stall::VersionUnavailable(reason.to_string()))),
        };
        let history = resident.history(&*self.core.store, self.number, draft).await?;
        let turn = self.core.limits.turn();
        let room = module.code.room().await;
        let guest = resident.make_guest(&module, room, turn, history);
        Ok(guest.ok_or_else(|| {
            Stall::VersionUnavailable(format!("module version {digest} has no workflows"))
        }))
    }

    /// In the middle of a long turn: records what has arrived meanwhile and puts it on disk, so that
    /// whoever sent it is answered. Takes the guest away if the run may not go on.
    async fn look_up(&mut self, resident: &mut Resident, draft: &mut Draft) -> Result<(), Error> {
        while let Ok(envelope) = self.mailbox.try_recv() {
            self.accept(*envelope);
        }
        self.read_inbox(resident).await?;
        self.receive(resident, draft)?;
        if draft.is_empty() {
            return Ok(());
        }
        self.commit(resident, std::mem::take(draft)).await
    }
}
