//! The default store: one file, no set-up. [redb](https://docs.rs/redb) is a copy-on-write B-tree
//! with one writer and any number of readers, each of whom sees the file as of one commit.

mod commits;
mod file;
mod labels;
mod named;
mod reading;
mod row;
mod tables;
mod writer;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use redb::{DatabaseError, ReadTransaction, TableError};
use thiserror::Error as ThisError;

use self::file::File;
use self::tables::{FORMAT, IDS, Tables, meta, unavailable};
use self::writer::Writer;
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
    /// It can't be read or written, or is no file of ours.
    #[error("{path} can't be opened: {reason}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// A store in one file.
pub struct RedbStore {
    /// Before the file, so that the last batch is written before that is closed.
    writer: Writer,
    file: Arc<File>,
}

impl RedbStore {
    /// Opens a file, or makes it.
    ///
    /// # Errors
    /// See [`OpenError`]; the file is as it was.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let unusable = |reason: String| OpenError::Unusable { path: path.to_owned(), reason };
        let file = match File::open(path) {
            Ok(file) => Arc::new(file),
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                return Err(OpenError::InUse(path.to_owned()));
            }
            Err(error) => return Err(unusable(error.to_string())),
        };
        let format = prepare(&file).map_err(|error| unusable(error.to_string()))?;
        if format > FORMAT {
            let (path, found, newest) = (path.to_owned(), format, FORMAT);
            return Err(OpenError::NewerFormat { path, found, newest });
        }
        let writer = Writer::start(file.clone()).map_err(|it| unusable(it.to_string()))?;
        Ok(Self { writer, file })
    }

    /// Reads. Readers block nobody, and what they read is mostly in memory, so it is done where it
    /// is asked for; what may be long goes to a thread that may block.
    fn read<T>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, Error> {
        read(&self.file.read()?).map_err(unavailable)
    }

    async fn read_long<T: Send + 'static>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let transaction = self.file.read()?;
        let reading = tokio::task::spawn_blocking(move || read(&transaction).map_err(unavailable));
        reading.await.map_err(|error| Error::Unavailable(error.to_string()))?
    }
}

/// Makes all tables in a new file; returns the format of the file.
fn prepare(file: &File) -> Result<u64, Error> {
    if let Some(format) = known_format(file)? {
        return Ok(format);
    }
    let database = file.database()?;
    let transaction = database.begin_write().map_err(unavailable)?;
    let mut tables = Tables::open(&transaction)?;
    tables.advance(meta::FORMAT, FORMAT)?;
    tables.finish()?;
    transaction.commit().map_err(unavailable)?;
    Ok(FORMAT)
}

fn known_format(file: &File) -> Result<Option<u64>, Error> {
    let transaction = file.read()?;
    match transaction.open_table(tables::META) {
        Ok(meta) => {
            let format = meta.get(meta::FORMAT).map_err(unavailable)?;
            Ok(format.map(|format| format.value()))
        }
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}

#[async_trait]
impl Store for RedbStore {
    async fn acquire(&self) -> Result<Lease, Error> {
        let acquire = |tables: &mut Tables<'_>| tables.advance(meta::FENCE, 1);
        Ok(Lease { fence: self.writer.write(acquire).await? + 1 })
    }

    async fn reserve(&self, lease: Lease, count: u64) -> Result<Range<u64>, Error> {
        let reserve = move |tables: &mut Tables<'_>| {
            tables.check_fence(lease.fence)?;
            tables.advance(meta::NEXT_NUMBER, count)
        };
        let first = self.writer.write(reserve).await?;
        Ok(first..first.saturating_add(count))
    }

    async fn commit(&self, lease: Lease, commit: Commit) -> Result<Committed, Error> {
        let work = move |tables: &mut Tables<'_>| {
            tables.check_fence(lease.fence)?;
            tables.commit(&commit)
        };
        self.writer.write(work).await
    }

    async fn purge(
        &self,
        lease: Lease,
        instance: InstanceNumber,
        version: Version,
    ) -> Result<(), Error> {
        let work = move |tables: &mut Tables<'_>| {
            tables.check_fence(lease.fence)?;
            tables.purge(instance, version)
        };
        self.writer.write(work).await
    }

    async fn enqueue(
        &self,
        instance: InstanceNumber,
        message: Vec<u8>,
    ) -> Result<Option<u64>, Error> {
        self.writer.write(move |tables| tables.enqueue(instance, &message)).await
    }

    async fn inbox(&self, instance: InstanceNumber) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        self.read(|transaction| reading::inbox(transaction, instance))
    }

    async fn find(&self, id: &InstanceId) -> Result<Option<InstanceNumber>, Error> {
        self.read(|transaction| {
            let found = transaction.open_table(IDS)?.get(id.as_str())?;
            Ok(found.map(|number| InstanceNumber(number.value())))
        })
    }

    async fn load(&self, instance: InstanceNumber) -> Result<Option<Stored>, Error> {
        self.read(|transaction| reading::load(transaction, instance))
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
            return self.read(|transaction| reading::history(transaction, instance, &range));
        }
        self.read_long(move |transaction| reading::history(transaction, instance, &range)).await
    }

    async fn timers(
        &self,
        after: Option<Timer>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Timer>, Error> {
        self.read_long(move |transaction| reading::timers(transaction, after, until, limit)).await
    }

    async fn active(
        &self,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<InstanceNumber>, Error> {
        self.read(|transaction| reading::active(transaction, after, limit))
    }

    async fn instances(
        &self,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<(InstanceNumber, Vec<u8>)>, Error> {
        self.read_long(move |transaction| reading::instances(transaction, after, limit)).await
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
        let read = move |transaction: &ReadTransaction| {
            reading::list(transaction, &*wanted, &created, after, limit)
        };
        self.read_long(read).await
    }

    async fn list_by_id(
        &self,
        prefix: &str,
        after: Option<&InstanceId>,
        limit: usize,
    ) -> Result<Vec<(InstanceId, Listed)>, Error> {
        let (prefix, after) = (prefix.to_owned(), after.cloned());
        let read = move |transaction: &ReadTransaction| {
            reading::list_by_id(transaction, &prefix, after.as_ref(), limit)
        };
        self.read_long(read).await
    }

    async fn children(
        &self,
        parent: InstanceNumber,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<InstanceNumber>, Error> {
        self.read(|transaction| reading::children(transaction, parent, after, limit))
    }
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;
