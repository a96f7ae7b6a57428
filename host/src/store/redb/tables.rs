//! Owns the layout of the file and every change to it. Keys decide the speed of a B-tree: rows of
//! an instance sort by its number, which grows, so that writing stays near the right edge.

use redb::{ReadableTable, StorageError, Table, TableDefinition, TableError, WriteTransaction};

use crate::store::{Commit, Error, Target, Version};
use crate::workflow::id::{InstanceId, InstanceNumber};

/// The form of the file. A newer one is refused, an older one will be upgraded.
pub(super) const FORMAT: u64 = 1;

pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
pub(super) const IDS: TableDefinition<'_, &str, u64> = TableDefinition::new("ids");
/// A [`Row`] each.
pub(super) const INSTANCES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("instances");
/// By instance and index of the first event.
pub(super) const HISTORY: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("history");
/// By due time, instance and task.
pub(super) const TIMERS: TableDefinition<'_, (u64, u64, u32), ()> = TableDefinition::new("timers");
/// By instance and number of the message.
pub(super) const INBOX: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("inbox");
pub(super) const ACTIVE: TableDefinition<'_, u64, ()> = TableDefinition::new("active");
pub(super) const MODULES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("modules");
pub(super) const BINARIES: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("binaries");

pub(super) mod meta {
    pub(in super::super) const FORMAT: &str = "format";
    pub(in super::super) const FENCE: &str = "fence";
    pub(in super::super) const NEXT_NUMBER: &str = "next-number";
    pub(in super::super) const NEXT_MESSAGE: &str = "next-message";
}

/// The row of an instance: its version, how many timers it has, whether its host said that it is
/// active (it also is while its inbox holds something), its ID, its summary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) version: u64,
    /// With none, nobody need look for them when the instance is removed.
    timers: u32,
    active: bool,
    id: String,
    pub(super) summary: Vec<u8>,
}

impl Row {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let read = || {
            let (version, rest) = bytes.split_first_chunk::<8>()?;
            let (timers, rest) = rest.split_first_chunk::<4>()?;
            let ([active], rest) = rest.split_first_chunk::<1>()?;
            let (id_bytes, rest) = rest.split_first_chunk::<2>()?;
            let (id, summary) = rest.split_at_checked(u16::from_le_bytes(*id_bytes).into())?;
            Some(Self {
                version: u64::from_le_bytes(*version),
                timers: u32::from_le_bytes(*timers),
                active: *active == 1,
                id: std::str::from_utf8(id).ok()?.to_owned(),
                summary: summary.to_owned(),
            })
        };
        read().ok_or_else(|| Error::Damaged("the row of an instance can't be read".to_owned()))
    }

    fn write(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(15 + self.id.len() + self.summary.len());
        row.extend_from_slice(&self.version.to_le_bytes());
        row.extend_from_slice(&self.timers.to_le_bytes());
        row.push(self.active.into());
        row.extend_from_slice(&(self.id.len() as u16).to_le_bytes());
        row.extend_from_slice(self.id.as_bytes());
        row.extend_from_slice(&self.summary);
        row
    }
}

/// The longest ID that a row can hold, in bytes.
const ID_BYTES_MAX: usize = u16::MAX as usize;

pub(super) fn unavailable(error: impl Into<redb::Error>) -> Error {
    match error.into() {
        redb::Error::Corrupted(reason) => Error::Damaged(reason),
        other => Error::Unavailable(other.to_string()),
    }
}

/// A change that failed in the middle: what it wrote must not be committed.
fn broken(poisoned: &mut Option<Error>, error: impl Into<redb::Error>) -> Error {
    let error = unavailable(error);
    poisoned.get_or_insert_with(|| error.clone());
    error
}

/// Every table, open for writing in one transaction.
pub(super) struct Tables<'txn> {
    pub(super) meta: Table<'txn, &'static str, u64>,
    ids: Table<'txn, &'static str, u64>,
    instances: Table<'txn, u64, &'static [u8]>,
    history: Table<'txn, (u64, u64), &'static [u8]>,
    timers: Table<'txn, (u64, u64, u32), ()>,
    inbox: Table<'txn, (u64, u64), &'static [u8]>,
    active: Table<'txn, u64, ()>,
    modules: Table<'txn, &'static str, &'static [u8]>,
    binaries: Table<'txn, &'static [u8; 32], &'static [u8]>,
    poisoned: Option<Error>,
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
                modules: transaction.open_table(MODULES)?,
                binaries: transaction.open_table(BINARIES)?,
                poisoned: None,
            })
        };
        open().map_err(unavailable)
    }

    /// Says whether the transaction may be committed.
    pub(super) fn finish(self) -> Result<(), Error> {
        self.poisoned.map_or(Ok(()), Err)
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

    fn row(&self, instance: InstanceNumber) -> Result<Option<Row>, Error> {
        let row = self.instances.get(instance.0).map_err(unavailable)?;
        row.map(|row| Row::read(row.value())).transpose()
    }

    /// Returns the row of an instance that must be at this version; an empty one for none.
    fn row_at(&self, instance: InstanceNumber, expected: Option<Version>) -> Result<Row, Error> {
        let row = self.row(instance)?;
        let found = row.as_ref().map(|row| Version(row.version));
        if found != expected {
            return Err(Error::Conflict { expected, found });
        }
        Ok(row.unwrap_or_default())
    }

    /// Applies a commit. Everything is checked before anything is written.
    pub(super) fn commit(&mut self, commit: &Commit) -> Result<(), Error> {
        let row = match &commit.target {
            Target::Existing(version) => self.row_at(commit.instance, Some(*version))?,
            Target::New { id, replaces } => {
                self.check_id(id, replaces.map(|(number, _)| number))?;
                if let Some((replaced, version)) = replaces {
                    self.row_at(*replaced, Some(*version))?;
                }
                let id = id.as_str().to_owned();
                Row { id, ..self.row_at(commit.instance, None)? }
            }
        };
        if let Some(chunk) = &commit.history {
            let key = (commit.instance.0, chunk.first);
            let later = self.history.range(key..=(commit.instance.0, u64::MAX));
            if later.map_err(unavailable)?.next().is_some() {
                return Err(Error::Damaged(format!("event {} is there already", chunk.first)));
            }
        }
        self.write_commit(commit, row).map_err(|error| broken(&mut self.poisoned, error))
    }

    fn check_id(&self, id: &InstanceId, replaces: Option<InstanceNumber>) -> Result<(), Error> {
        if id.as_str().len() > ID_BYTES_MAX {
            return Err(Error::Damaged(format!("an ID has more than {ID_BYTES_MAX} bytes")));
        }
        match self.ids.get(id.as_str()).map_err(unavailable)? {
            Some(owner) if Some(InstanceNumber(owner.value())) != replaces => {
                Err(Error::IdTaken(InstanceNumber(owner.value())))
            }
            _ => Ok(()),
        }
    }

    fn write_commit(&mut self, commit: &Commit, mut row: Row) -> Result<(), StorageError> {
        let instance = commit.instance.0;
        if let Target::New { id, replaces } = &commit.target {
            if let Some((replaced, _)) = replaces {
                self.remove(*replaced)?;
            }
            self.ids.insert(id.as_str(), instance)?;
        }
        if let Some(chunk) = &commit.history {
            self.history.insert((instance, chunk.first), &chunk.bytes[..])?;
        }
        for timer in &commit.set_timers {
            let added = self.timers.insert((timer.due.0, instance, timer.task.0), ())?.is_none();
            row.timers += u32::from(added);
        }
        for timer in &commit.clear_timers {
            let removed = self.timers.remove((timer.due.0, instance, timer.task.0))?.is_some();
            row.timers = row.timers.saturating_sub(removed.into());
        }
        for message in &commit.consumed {
            self.inbox.remove((instance, *message))?;
        }
        // Most commits change nothing about it: then the table is left alone.
        let mark = row.active != commit.active || !commit.consumed.is_empty();
        row.version += 1;
        row.active = commit.active;
        row.summary.clone_from(&commit.summary);
        self.instances.insert(instance, &row.write()[..])?;
        for (receiver, message) in &commit.outbox {
            self.append(*receiver, message)?;
        }
        if mark {
            self.mark(commit.instance, commit.active)?;
        }
        Ok(())
    }

    /// Enters an instance among the active ones, or takes it out unless its inbox holds something.
    fn mark(&mut self, instance: InstanceNumber, active: bool) -> Result<(), StorageError> {
        let has_mail = self.inbox.range((instance.0, 0)..=(instance.0, u64::MAX))?.next().is_some();
        if active || has_mail {
            self.active.insert(instance.0, ())?;
        } else {
            self.active.remove(instance.0)?;
        }
        Ok(())
    }

    fn append(
        &mut self,
        instance: InstanceNumber,
        message: &[u8],
    ) -> Result<Option<u64>, StorageError> {
        if self.instances.get(instance.0)?.is_none() {
            return Ok(None);
        }
        let number = self.meta.get(meta::NEXT_MESSAGE)?.map_or(0, |next| next.value());
        self.meta.insert(meta::NEXT_MESSAGE, number + 1)?;
        self.inbox.insert((instance.0, number), message)?;
        self.active.insert(instance.0, ())?;
        Ok(Some(number))
    }

    pub(super) fn enqueue(
        &mut self,
        instance: InstanceNumber,
        message: &[u8],
    ) -> Result<Option<u64>, Error> {
        self.append(instance, message).map_err(|error| broken(&mut self.poisoned, error))
    }

    pub(super) fn purge(
        &mut self,
        instance: InstanceNumber,
        version: Version,
    ) -> Result<(), Error> {
        self.row_at(instance, Some(version))?;
        self.remove(instance).map_err(|error| broken(&mut self.poisoned, error))
    }

    fn remove(&mut self, instance: InstanceNumber) -> Result<(), StorageError> {
        let number = instance.0;
        let removed = self.instances.remove(number)?.map(|row| Row::read(row.value()));
        if let Some(Ok(row)) = removed {
            self.ids.remove(row.id.as_str())?;
            // A run that has ended has cleared its timers, so looking through all of them is rare.
            if row.timers > 0 {
                self.timers.retain(|(_, owner, _), ()| owner != number)?;
            }
        }
        self.history.retain_in((number, 0)..=(number, u64::MAX), |_, _| false)?;
        self.inbox.retain_in((number, 0)..=(number, u64::MAX), |_, _| false)?;
        self.active.remove(number)?;
        Ok(())
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
}
