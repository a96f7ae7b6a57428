//! Owns an instance at work: takes what its mailbox holds, decides, commits, acts. One task for each
//! instance that has something in memory; what it knows can be thrown away at any time and read
//! back, which is how every failure of the store is survived. `turn` and `commit` are its two halves.

mod commit;
mod turn;

use std::sync::Arc;

use tokio::sync::oneshot;
use tracing::{error, warn};

use super::changes::ChangeKind;
use super::draft::Draft;
use super::mailboxes::{Acknowledge, Envelope, Mailbox, MigrationAnswer};
use super::resident::Resident;
use super::verification::MigrationError;
use super::{Core, Error};
use crate::store::{self, Commit, Receiver, Version};
use crate::wasm::rehearsal::Watch;
use crate::workflow::event::Message;
use crate::workflow::id::{Digest, InstanceNumber};
use crate::workflow::state::Phase;
use crate::workflow::summary::Stall;

/// A message that is not yet on disk.
struct Waiting {
    message: Message,
    acknowledge: Option<Acknowledge>,
    /// The inbox holds it until it is dealt with: there it is found again.
    in_inbox: bool,
    recorded: bool,
}

/// An instance at work.
pub(super) struct Instance {
    core: Arc<Core>,
    number: InstanceNumber,
    mailbox: Mailbox,
    resident: Option<Resident>,
    waiting: Vec<Waiting>,
    /// Purges and migrations that came while a turn was under way.
    purges: Vec<Acknowledge>,
    migrations: Vec<(Digest, MigrationAnswer)>,
    /// The inbox is to be read.
    woken: bool,
    /// Whom to wake once the store is there again: a commit that was reported as failed may have
    /// given them something to do.
    doubtful: Vec<Receiver>,
    /// A commit may be on disk that nobody has been told of.
    in_doubt: bool,
}

impl Instance {
    pub(super) fn new(core: Arc<Core>, number: InstanceNumber, mailbox: Mailbox) -> Self {
        Self {
            core,
            number,
            mailbox,
            resident: None,
            waiting: Vec::new(),
            purges: Vec::new(),
            migrations: Vec::new(),
            woken: false,
            doubtful: Vec::new(),
            in_doubt: false,
        }
    }

    /// Works until nothing is left to keep in memory.
    pub(super) async fn run(mut self) {
        while let Some(envelope) = self.mailbox.recv().await {
            self.core.mailboxes.work(self.number);
            let mut evicted = matches!(*envelope, Envelope::Evict);
            self.accept(*envelope);
            while let Ok(envelope) = self.mailbox.try_recv() {
                evicted &= matches!(*envelope, Envelope::Evict);
                self.accept(*envelope);
            }
            if evicted {
                self.resident = None;
            } else {
                self.take_turn().await;
            }
            for (digest, answer) in std::mem::take(&mut self.migrations) {
                let _ = answer.send(self.migrate(digest).await);
            }
            for acknowledge in std::mem::take(&mut self.purges) {
                // A caller that has gone away is answered to nobody.
                let _ = acknowledge.send(self.purge().await);
            }
            if let Some(kept) = self.resident.as_ref().filter(|it| it.is_worth_keeping()) {
                self.core.mailboxes.rest(self.number, kept.room());
            } else if self.core.mailboxes.retire(self.number, &self.mailbox) {
                return;
            }
        }
    }

    /// Sorts an envelope.
    fn accept(&mut self, envelope: Envelope) {
        match envelope {
            Envelope::Create { new, start, acknowledge } => {
                self.resident = Some(Resident::new(new));
                self.wait(start, Some(acknowledge));
            }
            Envelope::Deliver { message, acknowledge } => self.wait(message, acknowledge),
            Envelope::Purge { acknowledge } => self.purges.push(acknowledge),
            Envelope::Migrate { digest, answer } => self.migrations.push((digest, answer)),
            Envelope::WakeUp => self.woken = true,
            Envelope::Evict => {}
        }
    }

    fn wait(&mut self, message: Message, acknowledge: Option<Acknowledge>) {
        let (in_inbox, recorded) = (false, false);
        self.waiting.push(Waiting { message, acknowledge, in_inbox, recorded });
    }

    /// Takes a turn with what is waiting. If the store fails, whoever waits for an answer is told,
    /// and what has no caller (results, timers) is tried again until it is on disk.
    async fn take_turn(&mut self) {
        loop {
            let Err(failed) = self.try_turn().await else { break };
            self.resident = None;
            for waiting in &mut self.waiting {
                waiting.recorded = waiting.in_inbox;
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
                    break;
                }
                _ => {
                    error!("instance {} can't go on: {failed}", self.number);
                    self.forget_waiting();
                    break;
                }
            }
            // A commit that was reported as failed may be there after all: look.
            (self.woken, self.in_doubt) = (true, true);
            self.core.pause().await;
        }
        self.wake_doubtful().await;
    }

    async fn wake_doubtful(&mut self) {
        while let Some(receiver) = self.doubtful.last() {
            let found = match receiver {
                Receiver::Number(number) => Ok(Some(*number)),
                Receiver::Id(id) => self.core.store.find(id).await,
            };
            match found {
                Ok(found) => {
                    self.doubtful.pop();
                    if let Some(number) = found {
                        self.core.send(number, Envelope::WakeUp);
                    }
                }
                Err(failed) => {
                    warn!("instance {}: whom to wake can't be found yet: {failed}", self.number);
                    self.core.pause().await;
                }
            }
        }
    }

    fn forget_waiting(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            self.settle(&waiting.message);
        }
    }

    /// Lets go of an attempt whose result has been dealt with.
    fn settle(&self, message: &Message) {
        if let Message::CallEnded { run, task, attempt, .. } = message {
            self.core.activities.settle(self.number, *run, *task, *attempt);
        }
    }

    async fn try_turn(&mut self) -> Result<(), Error> {
        let mut resident = match self.resident.take() {
            Some(resident) => resident,
            None => self.load().await?,
        };
        self.woken |= resident.is_fresh();
        self.read_inbox(&mut resident).await?;
        let mut draft = Draft::default();
        self.receive(&mut resident, &mut draft)?;
        while resident.turn_is_due() && !draft.begins_anew() {
            let most = self.core.limits.history_events;
            if resident.state.events() >= most {
                resident.stalled(Stall::LimitExceeded(format!(
                    "its history has {most} events, the most there may be: raise the host's limit on histories, and let the workflow continue as new in time"
                )));
                break;
            }
            self.run_guest(&mut resident, &mut draft).await?;
        }
        self.commit(&mut resident, draft).await?;
        resident.forget_history();
        if resident.turn_is_due() {
            self.core.send(self.number, Envelope::WakeUp);
        }
        if resident.state.phase() != Phase::Running {
            resident.drop_guest();
        }
        self.resident = Some(resident);
        Ok(())
    }

    /// Moves the instance to another version of its module, if its history fits that.
    async fn migrate(&mut self, digest: Digest) -> Result<(), MigrationError> {
        let mut resident = match self.resident.take() {
            Some(resident) => resident,
            None => self.load().await?,
        };
        let is_over = resident.state.phase().is_terminal();
        if is_over || resident.state.digest() == Some(digest) {
            self.resident = Some(resident);
            return Ok(());
        }
        let history = resident.history(&*self.core.store, self.number, &Draft::default()).await?;
        let delivered = resident.delivered();
        // Whoever waits for room for a guest must not keep another one from it.
        resident.drop_guest();
        self.resident = Some(resident);
        let module = self.core.modules.load(digest).await?;
        self.core.rehearse(&module, &history, delivered, Watch::Commands).await?;
        let (acknowledge, acknowledged) = oneshot::channel();
        self.wait(Message::SelectVersion { digest }, Some(acknowledge));
        self.take_turn().await;
        Ok(acknowledged.await.unwrap_or(Err(Error::Closing))?)
    }

    async fn purge(&mut self) -> Result<(), Error> {
        let resident = match self.resident.take() {
            Some(resident) => resident,
            None => self.load().await?,
        };
        let version = resident.version.unwrap_or(Version(0));
        if let Some(identity) = resident.state.identity()
            && !resident.state.phase().is_terminal()
        {
            let refused = Error::NotTerminal(identity.instance.clone());
            self.resident = Some(resident);
            return Err(refused);
        }
        self.core.store.purge(self.core.lease, self.number, version).await?;
        if let Some(summary) = resident.summary() {
            self.core.publish(ChangeKind::Purged, summary);
        }
        self.core.gone(self.number);
        Ok(())
    }
}

/// Whoever has something to do because of a commit.
pub(super) fn receivers(commit: &Commit) -> Vec<Receiver> {
    let births = commit.births.iter().map(|birth| Receiver::Number(birth.instance));
    let outbox = commit.outbox.iter().map(|(receiver, _)| receiver.clone());
    births.chain(outbox).collect()
}
