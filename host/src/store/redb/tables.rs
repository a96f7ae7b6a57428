//! Owns the layout of the file, and the tables as open for writing. Keys decide the speed of a
//! B-tree: rows of an instance sort by its number, which grows, so that writing stays near the right
//! edge.

use redb::{ReadableTable, StorageError, Table, TableDefinition, TableError, WriteTransaction};

use super::labels::Labels;
use crate::store::Error;

/// The form of the file. A newer one is refused, an older one will be upgraded.
pub(super) const FORMAT: u64 = 1;

pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
pub(super) const IDS: TableDefinition<'_, &str, u64> = TableDefinition::new("ids");
/// A [`Row`](super::row::Row) each.
pub(super) const INSTANCES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("instances");
/// By instance and index of the first event.
pub(super) const HISTORY: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("history");
/// By due time, instance and task.
pub(super) const TIMERS: TableDefinition<'_, (u64, u64, u32), ()> = TableDefinition::new("timers");
/// By instance and number of the message.
pub(super) const INBOX: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("inbox");
pub(super) const ACTIVE: TableDefinition<'_, u64, ()> = TableDefinition::new("active");
/// By number of the parent and of the child.
pub(super) const CHILDREN: TableDefinition<'_, (u64, u64), ()> = TableDefinition::new("children");
/// The number that stands for each label.
pub(super) const LABEL_NUMBERS: TableDefinition<'_, &[u8], u32> =
    TableDefinition::new("label-numbers");
/// By that number: how many instances have the label, and the label.
pub(super) const LABEL_COUNTS: TableDefinition<'_, u32, (u64, &[u8])> =
    TableDefinition::new("label-counts");
/// By number of the label, time of creation, and instance.
pub(super) const LISTING: TableDefinition<'_, (u32, u64, u64), ()> =
    TableDefinition::new("listing");
pub(super) const MODULES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("modules");
pub(super) const BINARIES: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("binaries");
/// By kind and name.
pub(super) const DOCUMENTS: TableDefinition<'_, (&str, &str), &[u8]> =
    TableDefinition::new("documents");

pub(super) mod meta {
    pub(in super::super) const FORMAT: &str = "format";
    pub(in super::super) const FENCE: &str = "fence";
    pub(in super::super) const NEXT_NUMBER: &str = "next-number";
    pub(in super::super) const NEXT_MESSAGE: &str = "next-message";
}

pub(super) fn unavailable(error: impl Into<redb::Error>) -> Error {
    match error.into() {
        redb::Error::Corrupted(reason) => Error::Damaged(reason),
        other => Error::Unavailable(other.to_string()),
    }
}

/// A change that failed in the middle: what it wrote must not be committed.
pub(super) fn broken(poisoned: &mut Option<Error>, error: impl Into<redb::Error>) -> Error {
    let error = unavailable(error);
    poisoned.get_or_insert_with(|| error.clone());
    error
}

/// Every table, open for writing in one transaction.
pub(super) struct Tables<'txn> {
    pub(super) meta: Table<'txn, &'static str, u64>,
    pub(super) ids: Table<'txn, &'static str, u64>,
    pub(super) instances: Table<'txn, u64, &'static [u8]>,
    pub(super) history: Table<'txn, (u64, u64), &'static [u8]>,
    pub(super) timers: Table<'txn, (u64, u64, u32), ()>,
    pub(super) inbox: Table<'txn, (u64, u64), &'static [u8]>,
    pub(super) active: Table<'txn, u64, ()>,
    pub(super) children: Table<'txn, (u64, u64), ()>,
    pub(super) labels: Labels<'txn>,
    modules: Table<'txn, &'static str, &'static [u8]>,
    binaries: Table<'txn, &'static [u8; 32], &'static [u8]>,
    documents: Table<'txn, (&'static str, &'static str), &'static [u8]>,
    /// Why none of this may be committed, if so.
    pub(super) poisoned: Option<Error>,
}

impl<'txn> Tables<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, Error> {
        let open = || -> Result<Self, TableError> {
            Ok(Self {
                meta: transaction.open_table(META)?,
                ids: transaction.open_table(IDS)?,
                instances: transaction.open_table(INSTANCES)?,
                history: transaction.open_table(HISTORY)?,
                timers: transaction.open_table(TIMERS)?,
                inbox: transaction.open_table(INBOX)?,
                active: transaction.open_table(ACTIVE)?,
                children: transaction.open_table(CHILDREN)?,
                labels: Labels::open(transaction)?,
                modules: transaction.open_table(MODULES)?,
                binaries: transaction.open_table(BINARIES)?,
                documents: transaction.open_table(DOCUMENTS)?,
                poisoned: None,
            })
        };
        open().map_err(unavailable)
    }

    /// Writes what is left to write, and says whether the transaction may be committed.
    pub(super) fn finish(self) -> Result<(), Error> {
        self.poisoned.map_or(Ok(()), Err)?;
        self.labels.finish().map_err(unavailable)
    }

    pub(super) fn number(&self, name: &'static str) -> Result<u64, Error> {
        let found = self.meta.get(name).map_err(unavailable)?;
        Ok(found.map_or(0, |value| value.value()))
    }

    /// Adds to one of the numbers that only grow; returns it as it was.
    pub(super) fn advance(&mut self, name: &'static str, by: u64) -> Result<u64, Error> {
        let number = self.number(name)?;
        let next = number.saturating_add(by);
        self.meta.insert(name, next).map_err(|error| broken(&mut self.poisoned, error))?;
        Ok(number)
    }

    pub(super) fn check_fence(&self, held: u64) -> Result<(), Error> {
        let newest = self.number(meta::FENCE)?;
        if held == newest { Ok(()) } else { Err(Error::Fenced { held, newest }) }
    }

    pub(super) fn save_module(
        &mut self,
        name: &str,
        record: &[u8],
        binary: Option<(&[u8; 32], &[u8])>,
    ) -> Result<(), Error> {
        let mut save = || -> Result<(), StorageError> {
            self.modules.insert(name, record)?;
            if let Some((digest, bytes)) = binary {
                self.binaries.insert(digest, bytes)?;
            }
            Ok(())
        };
        save().map_err(|error| broken(&mut self.poisoned, error))
    }

    pub(super) fn delete_module(&mut self, name: &str, binaries: &[[u8; 32]]) -> Result<(), Error> {
        let mut delete = || -> Result<(), StorageError> {
            self.modules.remove(name)?;
            for digest in binaries {
                self.binaries.remove(digest)?;
            }
            Ok(())
        };
        delete().map_err(|error| broken(&mut self.poisoned, error))
    }

    pub(super) fn save_document(
        &mut self,
        kind: &str,
        name: &str,
        document: &[u8],
    ) -> Result<(), Error> {
        let saved = self.documents.insert((kind, name), document).map(|_| ());
        saved.map_err(|error| broken(&mut self.poisoned, error))
    }

    pub(super) fn delete_document(&mut self, kind: &str, name: &str) -> Result<(), Error> {
        let deleted = self.documents.remove((kind, name)).map(|_| ());
        deleted.map_err(|error| broken(&mut self.poisoned, error))
    }
}
