//! Owns the way to an instance at work: one mailbox for each, which lives as long as there is
//! something to keep in memory. It also decides whose guest is dropped when too many are kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::Error;
use super::verification::MigrationError;
use crate::store::New;
use crate::workflow::event::Message;
use crate::workflow::id::{Digest, InstanceNumber};

/// Told when what was asked is on disk, or why it can't be.
pub(super) type Acknowledge = oneshot::Sender<Result<(), Error>>;

/// Told when an instance is on another version, or why it can't be.
pub(super) type MigrationAnswer = oneshot::Sender<Result<(), MigrationError>>;

/// What may be put into a mailbox.
pub(super) enum Envelope {
    /// Bring a new instance into being.
    Create { new: New, start: Message, acknowledge: Acknowledge },
    /// Something for the run.
    Deliver { message: Message, acknowledge: Option<Acknowledge> },
    /// Remove the instance, which must have ended.
    Purge { acknowledge: Acknowledge },
    /// Go on with this version of the module, if the history fits it.
    Migrate { digest: Digest, answer: MigrationAnswer },
    /// See what there is to do: after a restart, or for a message in the inbox.
    WakeUp,
    /// Drop the guest if it is idle: others need the room.
    Evict,
}

/// What an instance at work takes from.
pub(super) type Mailbox = mpsc::UnboundedReceiver<Envelope>;

/// The mailboxes of all instances at work.
pub(super) struct Mailboxes {
    inner: Mutex<Inner>,
    guests_max: usize,
}

#[derive(Default)]
struct Inner {
    /// Nothing is taken any more.
    closed: bool,
    senders: HashMap<InstanceNumber, mpsc::UnboundedSender<Envelope>>,
    /// Instances that keep an idle guest, by when they last worked.
    idle: BTreeMap<u64, InstanceNumber>,
    idle_since: HashMap<InstanceNumber, u64>,
    ticks: u64,
}

impl Inner {
    fn forget_idle(&mut self, instance: InstanceNumber) {
        if let Some(tick) = self.idle_since.remove(&instance) {
            self.idle.remove(&tick);
        }
    }
}

impl Mailboxes {
    /// Returns an empty set that lets so many idle guests be kept.
    pub(super) fn new(guests_max: usize) -> Self {
        Self { inner: Mutex::default(), guests_max }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an envelope into an instance's mailbox; if it has none, makes one and lets `begin` set
    /// the instance to work on it. Once all are closed the envelope is dropped, and so is its
    /// acknowledgement, which tells whoever waits for it.
    pub(super) fn send(
        &self,
        instance: InstanceNumber,
        envelope: Envelope,
        begin: impl FnOnce(Mailbox),
    ) {
        let mut inner = self.lock();
        if inner.closed {
            return;
        }
        let envelope = match inner.senders.get(&instance) {
            Some(sender) => match sender.send(envelope) {
                Ok(()) => return,
                // Whoever worked on it has panicked.
                Err(mpsc::error::SendError(envelope)) => envelope,
            },
            None => envelope,
        };
        let (sender, mailbox) = mpsc::unbounded_channel();
        // The receiver is at hand, so this can't fail.
        let _ = sender.send(envelope);
        inner.senders.insert(instance, sender);
        begin(mailbox);
    }

    /// Takes nothing more. Each instance deals with what is in its mailbox, and then ends.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.senders.clear();
    }

    /// Takes the mailbox of an instance away, unless something is in it. Nothing is lost: whoever
    /// sends holds the same lock.
    pub(super) fn retire(&self, instance: InstanceNumber, mailbox: &Mailbox) -> bool {
        let mut inner = self.lock();
        inner.forget_idle(instance);
        if !mailbox.is_empty() {
            return false;
        }
        inner.senders.remove(&instance);
        true
    }

    /// Notes that an instance rests with its guest in memory. If that makes too many, the one that
    /// has rested longest is told to drop its own.
    pub(super) fn rest(&self, instance: InstanceNumber) {
        let mut inner = self.lock();
        inner.forget_idle(instance);
        let tick = inner.ticks;
        inner.ticks += 1;
        inner.idle.insert(tick, instance);
        inner.idle_since.insert(instance, tick);
        if inner.idle.len() > self.guests_max
            && let Some((_, longest)) = inner.idle.pop_first()
        {
            inner.idle_since.remove(&longest);
            if let Some(sender) = inner.senders.get(&longest) {
                // One that has just ended needs no telling.
                let _ = sender.send(Envelope::Evict);
            }
        }
    }

    /// Notes that an instance works again.
    pub(super) fn work(&self, instance: InstanceNumber) {
        self.lock().forget_idle(instance);
    }
}
