//! Where histories are kept. A store knows IDs, numbers, due times and bytes; what the bytes mean is
//! not its business, so that no two stores can disagree about it.
//!
//! [`memory`] is the reference, [`redb`] the default; `conformance` holds both, and any later one, to
//! the same promises. The contract is drawn for several hosts on one store as well: a fencing
//! number and an expected version decide what is written, never a clock, and any host may append to
//! any inbox.

#[cfg(test)]
mod conformance;
pub mod fault;
pub mod memory;
pub mod redb;

use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

use crate::workflow::id::{Digest, InstanceId, InstanceNumber, TaskNumber, Timestamp};

/// The right to run turns. A store hands out a higher number with each lease, and refuses what comes
/// under an older one. (A store of several hosts will hand out leases over parts of the instances.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease {
    /// The fencing number.
    pub fence: u64,
}

/// How many commits an instance has had. A commit names the version it was decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64);

/// Which instance a commit is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One that does not exist yet.
    New {
        /// The ID it takes.
        id: InstanceId,
        /// The instance that has the ID now, and goes with everything it has. Without it, the ID
        /// must be free.
        replaces: Option<(InstanceNumber, Version)>,
    },
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

/// What one turn of one instance changes: all of it is written, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The instance.
    pub instance: InstanceNumber,
    /// Whether it is new, and what it must be like for the commit to hold.
    pub target: Target,
    /// Its summary from now on.
    pub summary: Vec<u8>,
    /// What is appended to its history, if anything. Its index must be above all earlier ones.
    pub history: Option<Chunk>,
    /// Timers of this instance to set.
    pub set_timers: Vec<Timer>,
    /// Timers of this instance to remove. One that is not there is no mistake; one that is also in
    /// `set_timers` is removed.
    pub clear_timers: Vec<Timer>,
    /// Messages of its inbox that have been dealt with.
    pub consumed: Vec<u64>,
    /// Messages to other instances, put into their inboxes. One to an instance that does not exist
    /// is dropped.
    pub outbox: Vec<(InstanceNumber, Vec<u8>)>,
    /// Whether a host that starts must take this instance up at once, whatever timers it has:
    /// because it owes it an activity, say. A message in its inbox has the same effect.
    pub active: bool,
}

/// An instance as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its version.
    pub version: Version,
    /// Its summary.
    pub summary: Vec<u8>,
}

/// Why a store could not do what it was asked. Nothing has been changed then, unless said otherwise.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// The lease is not the newest: another host has taken over.
    #[error("lease {held} is no longer valid: lease {newest} has been given since")]
    Fenced {
        /// The fencing number that was shown.
        held: u64,
        /// The newest.
        newest: u64,
    },
    /// Another instance has the ID.
    #[error("instance {0} has this ID")]
    IdTaken(InstanceNumber),
    /// The instance is not at the version the commit was decided on, or it is gone (`None`).
    #[error("the instance is at {found:?}, not at {expected:?}")]
    Conflict {
        /// What the commit was decided on.
        expected: Option<Version>,
        /// What is stored.
        found: Option<Version>,
    },
    /// Reading or writing failed. A commit may or may not have been written: read before trying
    /// anything else.
    #[error("the store can't be read or written: {0}")]
    Unavailable(String),
    /// Something in the store is not as this release wrote it.
    #[error("the store is damaged or of another release: {0}")]
    Damaged(String),
}

/// Instances, their histories, timers and inboxes.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Takes over: returns a lease with a number above every earlier one's, which ends those.
    async fn acquire(&self) -> Result<Lease, Error>;

    /// Returns numbers for new instances that are above every number ever returned before.
    async fn reserve(&self, lease: Lease, count: u64) -> Result<Range<u64>, Error>;

    /// Writes what a turn has decided. When this returns `Ok`, it is all there and survives power
    /// loss.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::IdTaken`], [`Error::Conflict`], [`Error::Unavailable`].
    async fn commit(&self, lease: Lease, commit: Commit) -> Result<(), Error>;

    /// Removes a finished instance with everything it has: ID, summary, history, timers, inbox.
    ///
    /// # Errors
    /// As for [`Self::commit`].
    async fn purge(
        &self,
        lease: Lease,
        instance: InstanceNumber,
        version: Version,
    ) -> Result<(), Error>;

    /// Appends a message to the inbox of an instance, from any host, and returns its number, which
    /// is above those of all messages the inbox ever held. `None`: there is no such instance.
    async fn enqueue(
        &self,
        instance: InstanceNumber,
        message: Vec<u8>,
    ) -> Result<Option<u64>, Error>;

    /// Returns the messages in an inbox, oldest first.
    async fn inbox(&self, instance: InstanceNumber) -> Result<Vec<(u64, Vec<u8>)>, Error>;

    /// Returns the number of the instance with this ID.
    async fn find(&self, id: &InstanceId) -> Result<Option<InstanceNumber>, Error>;

    /// Returns an instance.
    async fn load(&self, instance: InstanceNumber) -> Result<Option<Stored>, Error>;

    /// Returns the stretches of a history that hold the events with an index in `range`, in order.
    /// The first and the last may hold events outside it, too.
    async fn history(
        &self,
        instance: InstanceNumber,
        range: Range<u64>,
    ) -> Result<Vec<Chunk>, Error>;

    /// Returns up to `limit` timers due at `until` or before, from the one after `after` on, in
    /// order of [`Timer`].
    async fn timers(
        &self,
        after: Option<Timer>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Timer>, Error>;

    /// Returns up to `limit` active instances after `after`, in order of their numbers.
    async fn active(
        &self,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<InstanceNumber>, Error>;

    /// Returns up to `limit` instances after `after` with their summaries, in order of their
    /// numbers.
    async fn instances(
        &self,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<(InstanceNumber, Vec<u8>)>, Error>;
}

/// Modules: a record of each by name, and the bytes of each version by digest.
#[async_trait]
pub trait ModuleStore: Send + Sync + 'static {
    /// Writes the record of a module, and with it the bytes of a version that it names.
    async fn save_module(
        &self,
        lease: Lease,
        name: &str,
        record: Vec<u8>,
        binary: Option<(Digest, Bytes)>,
    ) -> Result<(), Error>;

    /// Removes the record of a module and the bytes of these versions.
    async fn delete_module(
        &self,
        lease: Lease,
        name: &str,
        binaries: Vec<Digest>,
    ) -> Result<(), Error>;

    /// Returns all records, by name.
    async fn modules(&self) -> Result<Vec<(String, Vec<u8>)>, Error>;

    /// Returns the bytes of a version.
    async fn binary(&self, digest: Digest) -> Result<Option<Bytes>, Error>;
}
