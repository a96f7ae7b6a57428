//! Where histories are kept. A store knows IDs, numbers, due times, labels and bytes; what the bytes
//! mean is not its business, so that no two stores can disagree about it.
//!
//! [`memory`] is the reference, [`redb`] the default; `conformance` holds both, and any later one, to
//! the same promises. The contract is drawn for several hosts on one store as well: a fencing
//! number and an expected version decide what is written, never a clock, and any host may append to
//! any inbox.

mod commit;
#[cfg(test)]
mod conformance;
pub mod fault;
pub mod memory;
pub mod redb;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

pub use self::commit::{Birth, Chunk, Commit, Committed, New, Receiver, Target, Timer};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, Timestamp};

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

/// An instance as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its version.
    pub version: Version,
    /// Its summary.
    pub summary: Vec<u8>,
}

/// A place in the order of listings: by creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When the instance was created.
    pub created_at: Timestamp,
    /// The instance: it tells apart what was created at the same time.
    pub instance: InstanceNumber,
}

/// An instance as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its place.
    pub place: Place,
    /// Its version.
    pub version: Version,
    /// Its summary.
    pub summary: Vec<u8>,
}

/// Which labels are wanted.
pub type LabelFilter = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// Returns a filter that takes these labels and no other.
pub fn one_of(labels: impl IntoIterator<Item = Vec<u8>>) -> LabelFilter {
    let labels: BTreeSet<_> = labels.into_iter().collect();
    Arc::new(move |label| labels.contains(label))
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
    /// loss. A birth that is refused is no error: its message says so.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::IdTaken`], [`Error::Conflict`], [`Error::Unavailable`].
    async fn commit(&self, lease: Lease, commit: Commit) -> Result<Committed, Error>;

    /// Removes a finished instance with everything it has: ID, summary, history, timers, inbox, its
    /// place in listings and among the children of its parent. Its own children stay, but are
    /// nobody's from then on.
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

    /// Returns how many instances have each label, in order of the labels' bytes; those that none
    /// has are left out.
    async fn labels(&self) -> Result<Vec<(Vec<u8>, u64)>, Error>;

    /// Returns up to `limit` instances whose label is wanted, created within the range (its start
    /// included, its end not), after the place, in order of [`Place`]. Which labels there are is seen
    /// at the same moment as the instances: one that changes its label meanwhile is not missed.
    async fn list(
        &self,
        wanted: &LabelFilter,
        created: Range<Timestamp>,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Listed>, Error>;

    /// Returns up to `limit` instances whose ID begins with `prefix`, after that ID, in order of the
    /// IDs' bytes. No character of a prefix is special.
    async fn list_by_id(
        &self,
        prefix: &str,
        after: Option<&InstanceId>,
        limit: usize,
    ) -> Result<Vec<(InstanceId, Listed)>, Error>;

    /// Returns up to `limit` children of an instance that are still there, after one of them, in
    /// order of their numbers.
    async fn children(
        &self,
        parent: InstanceNumber,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<InstanceNumber>, Error>;
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

/// Small documents of the host's own, by kind and name: schedules, say.
#[async_trait]
pub trait DocumentStore: Send + Sync + 'static {
    /// Writes a document, in place of the one that has its kind and name.
    async fn save_document(
        &self,
        lease: Lease,
        kind: &str,
        name: &str,
        document: Vec<u8>,
    ) -> Result<(), Error>;

    /// Removes a document. It is no error if there is none.
    async fn delete_document(&self, lease: Lease, kind: &str, name: &str) -> Result<(), Error>;

    /// Returns all documents of a kind, by name.
    async fn documents(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>, Error>;
}
