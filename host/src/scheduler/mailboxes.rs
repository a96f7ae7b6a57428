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

/// What an instance at work takes from. A channel makes room for tens of messages at once, and most
/// mailboxes get few.
pub(super) type Mailbox = mpsc::UnboundedReceiver<Box<Envelope>>;

/// The mailboxes of all instances at work.
pub(super) struct Mailboxes {
    inner: Mutex<Inner>,
    room: Room,
}

/// How much may be kept in memory for instances that do nothing, and how much one of them takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    /// How many guests. One with several memories counts as so many.
    pub(super) guests: usize,
    /// How large their memories are together, in bytes.
    pub(super) bytes: u64,
}

/// An instance that rests.
struct Idle {
    instance: InstanceNumber,
    takes: Room,
}

#[derive(Default)]
struct Inner {
    /// Nothing is taken any more.
    closed: bool,
    senders: HashMap<InstanceNumber, mpsc::UnboundedSender<Box<Envelope>>>,
    /// Instances that keep an idle guest, by when they last worked.
    idle: BTreeMap<u64, Idle>,
    idle_since: HashMap<InstanceNumber, u64>,
    /// What the idle ones take together.
    taken: Room,
    ticks: u64,
}

impl Inner {
    fn forget_idle(&mut self, instance: InstanceNumber) {
        if let Some(tick) = self.idle_since.remove(&instance)
            && let Some(idle) = self.idle.remove(&tick)
        {
            self.give_back(idle.takes);
        }
    }

    /// Takes out the one that has rested longest.
    fn take_longest_idle(&mut self) -> Option<InstanceNumber> {
        let (_, Idle { instance, takes }) = self.idle.pop_first()?;
        self.idle_since.remove(&instance);
        self.give_back(takes);
        Some(instance)
    }

    fn give_back(&mut self, takes: Room) {
        self.taken.guests -= takes.guests;
        self.taken.bytes -= takes.bytes;
    }
}

impl Mailboxes {
    /// Returns an empty set that lets idle guests take so much room.
    pub(super) fn new(room: Room) -> Self {
        Self { inner: Mutex::default(), room }
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
        let envelope = Box::new(envelope);
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

    /// Notes that an instance rests with so much in memory. As long as that is too much together, the
    /// one that has rested longest is told to drop its own.
    pub(super) fn rest(&self, instance: InstanceNumber, takes: Room) {
        let mut inner = self.lock();
        inner.forget_idle(instance);
        let tick = inner.ticks;
        inner.ticks += 1;
        inner.idle.insert(tick, Idle { instance, takes });
        inner.idle_since.insert(instance, tick);
        inner.taken.guests += takes.guests;
        inner.taken.bytes += takes.bytes;
        while inner.taken.guests > self.room.guests || inner.taken.bytes > self.room.bytes {
            let Some(longest) = inner.take_longest_idle() else { return };
            if let Some(sender) = inner.senders.get(&longest) {
                // One that has just ended needs no telling.
                let _ = sender.send(Box::new(Envelope::Evict));
            }
        }
    }

    /// Notes that an instance works again.
    pub(super) fn work(&self, instance: InstanceNumber) {
        self.lock().forget_idle(instance);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets so many instances to work, and returns their mailboxes.
    fn working(mailboxes: &Mailboxes, count: u64) -> Vec<Mailbox> {
        let mut working = Vec::new();
        for number in 0..count {
            let envelope = Envelope::WakeUp;
            mailboxes.send(InstanceNumber(number), envelope, |mailbox| working.push(mailbox));
        }
        working.iter_mut().for_each(|mailbox| drop(mailbox.try_recv()));
        working
    }

    /// What one guest takes whose memory is so large.
    fn one(bytes: u64) -> Room {
        Room { guests: 1, bytes }
    }

    fn evicted(working: &mut [Mailbox]) -> Vec<usize> {
        let told = working.iter_mut().enumerate();
        let told = told.filter_map(|(number, mailbox)| mailbox.try_recv().ok().map(|_| number));
        told.collect()
    }

    #[test]
    fn who_has_rested_longest_goes_first() {
        let mailboxes = Mailboxes::new(Room { guests: 2, bytes: u64::MAX });
        let mut working = working(&mailboxes, 4);
        for number in [0, 1, 0, 2] {
            mailboxes.rest(InstanceNumber(number), one(1));
        }
        assert_eq!(evicted(&mut working), [1]);
        mailboxes.work(InstanceNumber(0));
        mailboxes.rest(InstanceNumber(3), one(1));
        assert!(evicted(&mut working).is_empty());
    }

    #[test]
    fn a_guest_with_several_memories_counts_as_so_many() {
        let mailboxes = Mailboxes::new(Room { guests: 4, bytes: u64::MAX });
        let mut working = working(&mailboxes, 3);
        for number in 0..2 {
            mailboxes.rest(InstanceNumber(number), Room { guests: 2, bytes: 0 });
        }
        assert!(evicted(&mut working).is_empty());
        mailboxes.rest(InstanceNumber(2), one(0));
        assert_eq!(evicted(&mut working), [0]);
    }

    #[test]
    fn large_guests_take_the_room_of_many_small_ones() {
        let mailboxes = Mailboxes::new(Room { guests: 100, bytes: 10 });
        let mut working = working(&mailboxes, 5);
        for number in 0..3 {
            mailboxes.rest(InstanceNumber(number), one(3));
        }
        assert!(evicted(&mut working).is_empty());
        mailboxes.rest(InstanceNumber(3), one(6));
        assert_eq!(evicted(&mut working), [0, 1]);
        // One that is too large for all the room keeps nobody else out.
        mailboxes.rest(InstanceNumber(4), one(11));
        assert_eq!(evicted(&mut working), [2, 3, 4]);
        for number in 0..3 {
            mailboxes.rest(InstanceNumber(number), one(3));
        }
        assert!(evicted(&mut working).is_empty());
    }
}
