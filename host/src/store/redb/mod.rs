//! The default store: one file, no set-up. [redb](https://docs.rs/redb) is a copy-on-write B-tree
//! with one writer and any number of readers, each of whom sees the file as of one commit.

mod file;
mod tables;
mod writer;

use std::ops::{Bound, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use redb::{
    DatabaseError, ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition, TableError,
};
use thiserror::Error as ThisError;

use self::file::File;
use self::tables::{
    ACTIVE, BINARIES, FORMAT, HISTORY, IDS, INBOX, INSTANCES, MODULES, Row, TIMERS, Tables, meta,
    unavailable,
};
use self::writer::Writer;
use super::{Chunk, Commit, Error, Lease, ModuleStore, Store, Stored, Timer, Version};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, TaskNumber, Timestamp};

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

    /// Begins to read. Readers block nobody, and what they read is mostly in memory, so it is done
    /// where it is asked for; what may be long goes to a thread that may block.
    fn read(&self) -> Result<ReadTransaction, Error> {
        self.file.read()
    }

    async fn read_long<T: Send + 'static>(
        &self,
        read: impl FnOnce(ReadTransaction) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let transaction = self.read()?;
        let reading = tokio::task::spawn_blocking(move || read(transaction));
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

fn table<K: redb::Key + 'static, V: redb::Value + 'static>(
    transaction: &ReadTransaction,
    definition: TableDefinition<'_, K, V>,
) -> Result<ReadOnlyTable<K, V>, Error> {
    transaction.open_table(definition).map_err(unavailable)
}

fn after<T>(last: Option<T>) -> Bound<T> {
    last.map_or(Bound::Unbounded, Bound::Excluded)
}

fn read_history(
    transaction: &ReadTransaction,
    instance: InstanceNumber,
    range: &Range<u64>,
) -> Result<Vec<Chunk>, Error> {
    let history = table(transaction, HISTORY)?;
    let number = instance.0;
    // The stretch that holds the first event wanted begins there or before.
    let before = history.range((number, 0)..=(number, range.start)).map_err(unavailable)?;
    let begin = match { before }.next_back() {
        Some(entry) => entry.map_err(unavailable)?.0.value(),
        None => (number, range.start),
    };
    let entries = history.range(begin..(number, range.end)).map_err(unavailable)?;
    let chunk = |entry: Result<_, _>| {
        let (key, bytes): (redb::AccessGuard<'_, (u64, u64)>, redb::AccessGuard<'_, &[u8]>) =
            entry.map_err(unavailable)?;
        Ok(Chunk { first: key.value().1, bytes: bytes.value().to_owned() })
    };
    entries.map(chunk).collect()
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

    async fn commit(&self, lease: Lease, commit: Commit) -> Result<(), Error> {
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
        let inbox = table(&self.read()?, INBOX)?;
        let range = (instance.0, 0)..=(instance.0, u64::MAX);
        let entries = inbox.range(range).map_err(unavailable)?;
        entries
            .map(|entry| {
                let (key, message) = entry.map_err(unavailable)?;
                Ok((key.value().1, message.value().to_owned()))
            })
            .collect()
    }

    async fn find(&self, id: &InstanceId) -> Result<Option<InstanceNumber>, Error> {
        let found = table(&self.read()?, IDS)?.get(id.as_str()).map_err(unavailable)?;
        Ok(found.map(|number| InstanceNumber(number.value())))
    }

    async fn load(&self, instance: InstanceNumber) -> Result<Option<Stored>, Error> {
        let found = table(&self.read()?, INSTANCES)?.get(instance.0).map_err(unavailable)?;
        let Some(row) = found else { return Ok(None) };
        let row = Row::read(row.value())?;
        Ok(Some(Stored { version: Version(row.version), summary: row.summary }))
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
            return read_history(&self.read()?, instance, &range);
        }
        self.read_long(move |transaction| read_history(&transaction, instance, &range)).await
    }

    async fn timers(
        &self,
        last: Option<Timer>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Timer>, Error> {
        let key = |timer: Timer| (timer.due.0, timer.instance.0, timer.task.0);
        let from = after(last.map(key));
        let until = (until.0, u64::MAX, u32::MAX);
        let read = move |transaction: ReadTransaction| {
            let timers = table(&transaction, TIMERS)?;
            if matches!(from, Bound::Excluded(from) if from >= until) {
                return Ok(Vec::new());
            }
            let entries = timers.range((from, Bound::Included(until))).map_err(unavailable)?;
            let timer = |entry: Result<(redb::AccessGuard<'_, (u64, u64, u32)>, _), _>| {
                let (due, instance, task) = entry.map_err(unavailable)?.0.value();
                let (due, instance) = (Timestamp(due), InstanceNumber(instance));
                Ok(Timer { due, instance, task: TaskNumber(task) })
            };
            entries.take(limit).map(timer).collect()
        };
        self.read_long(read).await
    }

    async fn active(
        &self,
        last: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<InstanceNumber>, Error> {
        let active = table(&self.read()?, ACTIVE)?;
        let range = (after(last.map(|number| number.0)), Bound::Unbounded);
        let entries = active.range::<u64>(range).map_err(unavailable)?;
        let number = |entry: Result<(redb::AccessGuard<'_, u64>, _), _>| {
            Ok(InstanceNumber(entry.map_err(unavailable)?.0.value()))
        };
        entries.take(limit).map(number).collect()
    }

    async fn instances(
        &self,
        last: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<(InstanceNumber, Vec<u8>)>, Error> {
        let range = (after(last.map(|number| number.0)), Bound::Unbounded);
        let read = move |transaction: ReadTransaction| {
            let instances = table(&transaction, INSTANCES)?;
            let entries = instances.range::<u64>(range).map_err(unavailable)?;
            entries
                .take(limit)
                .map(|entry| {
                    let (number, row) = entry.map_err(unavailable)?;
                    Ok((InstanceNumber(number.value()), Row::read(row.value())?.summary))
                })
                .collect()
        };
        self.read_long(read).await
    }
}

#[async_trait]
impl ModuleStore for RedbStore {
    async fn save_module(
        &self,
        lease: Lease,
        name: &str,
        record: Vec<u8>,
        binary: Option<(Digest, Bytes)>,
    ) -> Result<(), Error> {
        let name = name.to_owned();
        let work = move |tables: &mut Tables<'_>| {
            tables.check_fence(lease.fence)?;
            let binary = binary.as_ref().map(|(digest, bytes)| (&digest.0, &bytes[..]));
            tables.save_module(&name, &record, binary)
        };
        self.writer.write(work).await
    }

    async fn delete_module(
        &self,
        lease: Lease,
        name: &str,
        binaries: Vec<Digest>,
    ) -> Result<(), Error> {
        let name = name.to_owned();
        let binaries: Vec<[u8; 32]> = binaries.into_iter().map(|digest| digest.0).collect();
        let work = move |tables: &mut Tables<'_>| {
            tables.check_fence(lease.fence)?;
            tables.delete_module(&name, &binaries)
        };
        self.writer.write(work).await
    }

    async fn modules(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let modules = table(&self.read()?, MODULES)?;
        let entries = modules.iter().map_err(unavailable)?;
        entries
            .map(|entry| {
                let (name, record) = entry.map_err(unavailable)?;
                Ok((name.value().to_owned(), record.value().to_owned()))
            })
            .collect()
    }

    async fn binary(&self, digest: Digest) -> Result<Option<Bytes>, Error> {
        let read = move |transaction: ReadTransaction| {
            let found = table(&transaction, BINARIES)?.get(&digest.0).map_err(unavailable)?;
            Ok(found.map(|bytes| Bytes::copy_from_slice(bytes.value())))
        };
        self.read_long(read).await
    }
}

#[cfg(test)]
mod tests;
