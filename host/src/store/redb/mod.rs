//! The default store: files in one directory, no set-up. [redb](https://docs.rs/redb) is a copy-on-write
//! B-tree. Changing it costs several times what a write to the disk does, so that what is committed is
//! appended to a journal first, and goes into the tree later and together: `disk` says how, and `rows`
//! is what both hold. Any number of readers see them as of one commit.

mod batch;
mod changes;
mod commits;
mod disk;
mod durable_file;
mod journal;
mod keys;
mod labels;
mod named;
mod queue;
mod reading;
mod row;
mod rows;
mod writer;

use std::ops::Range;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use redb::StorageError;
use thiserror::Error as ThisError;

use self::batch::{Batch, unavailable};
use self::disk::{Disk, JOURNAL_BYTES};
use self::keys::Meta;
use self::rows::Rows;
use self::writer::{Published, Writer};
use super::{
    Chunk, Commit, Committed, Error, LabelFilter, Lease, Listed, Place, Store, Stored, Timer,
    Version,
};
use crate::workflow::id::{InstanceId, InstanceNumber, Timestamp};

/// Why a file can't be used.
#[derive(Debug, ThisError)]
pub enum OpenError {
    /// Another host has it open.
    #[error(
        "{0} is in use by another host: stop that one first, or give this one a data directory of its own"
    )]
    InUse(PathBuf),
    /// A newer release wrote it.
    #[error(
        "{path} has format {found}, but this release reads formats up to {newest}: start the newer release that wrote it"
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format that this release reads.
        newest: u64,
    },
    /// It was written before this format.
    #[error(
        "{path} has format {found}, but this release reads formats from {oldest} on: it was written before the first release; take its instances out with the build that wrote it, or begin with another data directory"
    )]
    OlderFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The oldest format that this release reads.
        oldest: u64,
    },
    /// It can't be read or written, or is no file of ours.
    #[error("{path} can't be opened: {reason}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// A store in a file, and two journals beside it.
pub struct RedbStore {
    writer: Writer,
    published: Published,
}

impl RedbStore {
    /// Opens a store, or makes it. Its journals have the name of the file, and more.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing that was in it is lost.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, JOURNAL_BYTES)
    }

    fn open_with(path: &Path, journal_bytes: u64) -> Result<Self, OpenError> {
        let (disk, rows) = Disk::open(path, journal_bytes)?;
        let (writer, published) = Writer::start(path, disk, rows).map_err(|error| {
            OpenError::Unusable { path: path.to_owned(), reason: error.to_string() }
        })?;
        Ok(Self { writer, published })
    }

    /// Reads. Readers block nobody, and what they read is mostly in memory, so it is done where it
    /// is asked for; what may be long goes to a thread that may block.
    fn read<T>(&self, read: impl FnOnce(&Rows) -> Result<T, StorageError>) -> Result<T, Error> {
        read(&self.published.rows()?).map_err(unavailable)
    }

    async fn read_long<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Rows) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, Error> {
        let rows = self.published.rows()?;
        let reading = tokio::task::spawn_blocking(move || read(&rows).map_err(unavailable));
        reading.await.map_err(|error| Error::Unavailable(error.to_string()))?
    }
}

#[async_trait]
impl Store for RedbStore {
    async fn acquire(&self) -> Result<Lease, Error> {
        let acquire = |batch: &mut Batch| batch.change(|batch| batch.advance(Meta::Fence, 1));
        Ok(Lease { fence: self.writer.write(acquire).await? + 1 })
    }

    async fn reserve(&self, lease: Lease, count: u64) -> Result<Range<u64>, Error> {
        let reserve = move |batch: &mut Batch| {
            batch.check_fence(lease.fence)?;
            batch.change(|batch| batch.advance(Meta::NextNumber, count))
        };
        let first = self.writer.write(reserve).await?;
        Ok(first..first.saturating_add(count))
    }

    async fn commit(&self, lease: Lease, commit: Commit) -> Result<Committed, Error> {
        let work = move |batch: &mut Batch| {
            batch.check_fence(lease.fence)?;
            batch.commit(&commit)
        };
        self.writer.write(work).await
    }

    async fn purge(
        &self,
        lease: Lease,
        instance: InstanceNumber,
        version: Version,
    ) -> Result<(), Error> {
        let work = move |batch: &mut Batch| {
            batch.check_fence(lease.fence)?;
            batch.purge(instance, version)
        };
        self.writer.write(work).await
    }

    async fn enqueue(
        &self,
        instance: InstanceNumber,
        message: Vec<u8>,
    ) -> Result<Option<u64>, Error> {
        self.writer.write(move |batch| batch.enqueue(instance, &message)).await
    }

    async fn inbox(&self, instance: InstanceNumber) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        self.read(|rows| reading::inbox(rows, instance))
    }

    async fn find(&self, id: &InstanceId) -> Result<Option<InstanceNumber>, Error> {
        self.read(|rows| reading::find(rows, id))
    }

    async fn load(&self, instance: InstanceNumber) -> Result<Option<Stored>, Error> {
        self.read(|rows| reading::load(rows, instance))
    }

    async fn history(
        &self,
        instance: InstanceNumber,
        range: Range<u64>,
    ) -> Result<Vec<Chunk>, Error> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        if range.end - range.start == 1 {
            return self.read(|rows| reading::history(rows, instance, &range));
        }
        self.read_long(move |rows| reading::history(rows, instance, &range)).await
    }

    async fn timers(
        &self,
        after: Option<Timer>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Timer>, Error> {
        self.read_long(move |rows| reading::timers(rows, after, until, limit)).await
    }

    async fn active(
        &self,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<InstanceNumber>, Error> {
        self.read(|rows| reading::active(rows, after, limit))
    }

    async fn instances(
        &self,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<(InstanceNumber, Vec<u8>)>, Error> {
        self.read_long(move |rows| reading::instances(rows, after, limit)).await
    }

    async fn labels(&self) -> Result<Vec<(Vec<u8>, u64)>, Error> {
        self.read(reading::labels)
    }

    async fn list(
        &self,
        wanted: &LabelFilter,
        created: Range<Timestamp>,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Listed>, Error> {
        let wanted = wanted.clone();
        let read = move |rows: &Rows| reading::list(rows, &*wanted, &created, after, limit);
        self.read_long(read).await
    }

    async fn list_by_id(
        &self,
        prefix: &str,
        after: Option<&InstanceId>,
        limit: usize,
    ) -> Result<Vec<(InstanceId, Listed)>, Error> {
        let (prefix, after) = (prefix.to_owned(), after.cloned());
        let read = move |rows: &Rows| reading::list_by_id(rows, &prefix, after.as_ref(), limit);
        self.read_long(read).await
    }

    async fn children(
        &self,
        parent: InstanceNumber,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<InstanceNumber>, Error> {
        self.read(|rows| reading::children(rows, parent, after, limit))
    }
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod tests;
