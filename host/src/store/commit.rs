//! What a turn changes in a store, as plain values: the commit, and the parts it is made of.

use super::Version;
use crate::workflow::id::{InstanceId, InstanceNumber, TaskNumber, Timestamp};

/// A new instance's identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// The ID it takes.
    pub id: InstanceId,
    /// The instance that has the ID now, and goes with everything it has. Without it, the ID must be
    /// free.
    pub replaces: Option<(InstanceNumber, Version)>,
    /// Its place in listings; never changes.
    pub created_at: Timestamp,
    /// The instance it is a child of. One that does not exist is as none.
    pub parent: Option<InstanceNumber>,
}

/// Which instance a commit is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One that does not exist yet.
    New(New),
    /// One that exists, as of this version.
    Existing(Version),
}

/// A timer that an instance has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timer {
    /// When it is due.
    pub due: Timestamp,
    /// Whose it is.
    pub instance: InstanceNumber,
    /// Which of the instance's tasks it belongs to.
    pub task: TaskNumber,
}

/// A stretch of history: what one commit appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The index of its first event.
    pub first: u64,
    /// Its events, encoded.
    pub bytes: Vec<u8>,
}

/// A new instance that comes into being with the commit of another, or not at all. It is active
/// from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Birth {
    /// Its number.
    pub instance: InstanceNumber,
    /// Its identity. It can't replace the instance whose commit this is.
    pub new: New,
    /// Its label.
    pub label: Vec<u8>,
    /// Its summary.
    pub summary: Vec<u8>,
    /// Its history.
    pub history: Chunk,
    /// Put into the inbox of the commit's instance once it is born.
    pub if_born: Option<Vec<u8>>,
    /// Put there instead if it can't be: its ID is taken, or what it replaces has moved on. The
    /// rest of the commit holds all the same.
    pub if_refused: Vec<u8>,
}

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// The instance with this number.
    Number(InstanceNumber),
    /// The instance that has this ID when the message is delivered.
    Id(InstanceId),
}

/// What one turn of one instance changes: all of it is written, or nothing. The changes to the
/// instance itself come first, then the births in their order, then the outbox in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The instance.
    pub instance: InstanceNumber,
    /// Whether it is new, and what it must be like for the commit to hold.
    pub target: Target,
    /// What it counts and is listed under from now on: opaque, and few different ones over all
    /// instances.
    pub label: Vec<u8>,
    /// Its summary from now on.
    pub summary: Vec<u8>,
    /// Whether everything in its history so far is removed first: the index of `history` begins
    /// anew then. Timers stay.
    pub history_anew: bool,
    /// What is appended to its history, if anything. Its index must be above all earlier ones.
    pub history: Option<Chunk>,
    /// Timers of this instance to set.
    pub set_timers: Vec<Timer>,
    /// Timers of this instance to remove. One that is not there is no mistake; one that is also in
    /// `set_timers` is removed.
    pub clear_timers: Vec<Timer>,
    /// Messages of its inbox that have been dealt with.
    pub consumed: Vec<u64>,
    /// Instances that come into being with this commit.
    pub births: Vec<Birth>,
    /// Messages to instances, itself included, put into their inboxes. One to an instance that does
    /// not exist is dropped.
    pub outbox: Vec<(Receiver, Vec<u8>)>,
    /// Whether a host that starts must take this instance up at once, whatever timers it has:
    /// because it owes it an activity, say. A message in its inbox has the same effect.
    pub active: bool,
}

/// What a commit has brought about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Instances that have something to do because of it: born, or with a new message in their
    /// inbox (the instance whose commit it was included). Each once, in order of number.
    pub wake: Vec<InstanceNumber>,
}
