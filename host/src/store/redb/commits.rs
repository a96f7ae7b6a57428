//! Owns what a commit, a birth and a removal do to the rows.

use std::collections::BTreeSet;

use redb::StorageError;

use super::batch::{Batch, unavailable};
use super::keys::{self, Kind, Meta, Parts};
use super::row::{ID_BYTES_MAX, Row};
use crate::store::{Birth, Commit, Committed, Error, New, Place, Receiver, Target, Version};
use crate::workflow::id::{InstanceId, InstanceNumber, Timestamp};

impl Row {
    /// Returns the place of the instance whose row this is.
    pub(super) fn place(&self, instance: InstanceNumber) -> Place {
        Place { created_at: Timestamp(self.created_at), instance }
    }
}

impl Batch {
    fn row(&self, instance: InstanceNumber) -> Result<Option<Row>, StorageError> {
        let row = self.changes.get(&keys::instance(instance.0))?;
        row.map(|row| Row::read(&row)).transpose()
    }

    /// Returns the row of an instance that must be at this version.
    fn row_at(&self, instance: InstanceNumber, expected: Version) -> Result<Row, Error> {
        let row = self.row(instance).map_err(unavailable)?;
        let found = row.as_ref().map(|row| Version(row.version));
        let conflict = Error::Conflict { expected: Some(expected), found };
        row.filter(|_| found == Some(expected)).ok_or(conflict)
    }

    /// Returns the instance that has this ID.
    fn owner(&self, id: &InstanceId) -> Result<Option<InstanceNumber>, StorageError> {
        let owner = self.changes.get(&keys::id(id.as_str()))?;
        owner.map(|number| Ok(InstanceNumber(number.number()?))).transpose()
    }

    /// Returns why there can't be this new instance, if so.
    fn refusal(&self, instance: InstanceNumber, new: &New) -> Result<Option<Error>, StorageError> {
        if let Some(owner) = self.owner(&new.id)?
            && new.replaces.is_none_or(|(replaced, _)| replaced != owner)
        {
            return Ok(Some(Error::IdTaken(owner)));
        }
        let replaced = new.replaces.map(|(replaced, version)| (replaced, Some(version)));
        for (number, expected) in replaced.into_iter().chain([(instance, None)]) {
            let found = self.row(number)?.map(|row| Version(row.version));
            if found != expected {
                return Ok(Some(Error::Conflict { expected, found }));
            }
        }
        Ok(None)
    }

    /// Applies a commit. Everything but the births is checked before anything is written.
    pub(super) fn commit(&mut self, commit: &Commit) -> Result<Committed, Error> {
        let row = self.check(commit)?;
        self.change(|batch| batch.write_commit(commit, row))
    }

    /// Returns the row of the instance, if it exists already.
    fn check(&self, commit: &Commit) -> Result<Option<Row>, Error> {
        let created = match &commit.target {
            Target::New(new) => Some(new),
            Target::Existing(_) => None,
        };
        for new in created.into_iter().chain(commit.births.iter().map(|birth| &birth.new)) {
            if new.id.as_str().len() > ID_BYTES_MAX {
                return Err(Error::Damaged(format!("an ID has more than {ID_BYTES_MAX} bytes")));
            }
        }
        let row = match &commit.target {
            Target::Existing(version) => Some(self.row_at(commit.instance, *version)?),
            Target::New(new) => {
                let refusal = self.refusal(commit.instance, new).map_err(unavailable)?;
                refusal.map_or(Ok(None), Err)?
            }
        };
        let last_chunk = row.as_ref().and_then(|row| row.last_chunk);
        match commit.history.as_ref().filter(|_| !commit.history_anew) {
            Some(chunk) if last_chunk.is_some_and(|last| chunk.first <= last) => {
                Err(Error::Damaged(format!("event {} is there already", chunk.first)))
            }
            _ => Ok(row),
        }
    }

    fn write_commit(
        &mut self,
        commit: &Commit,
        known: Option<Row>,
    ) -> Result<Committed, StorageError> {
        let was_active = known.as_ref().is_some_and(|known| known.active);
        self.write_instance(commit, known)?;
        let mut wake = BTreeSet::new();
        for birth in &commit.births {
            self.give_birth(commit.instance, birth, &mut wake)?;
        }
        for (receiver, message) in &commit.outbox {
            let receiver = match receiver {
                Receiver::Number(number) => Some(*number),
                Receiver::Id(id) => self.owner(id)?,
            };
            if let Some(receiver) = receiver
                && self.append(receiver, message)?.is_some()
            {
                wake.insert(receiver);
            }
        }
        // Most commits change nothing about it: then the table is left alone.
        if was_active != commit.active || !commit.consumed.is_empty() {
            self.mark(commit.instance, commit.active)?;
        }
        Ok(Committed { wake: wake.into_iter().collect() })
    }

    /// Writes what a commit changes of its own instance.
    fn write_instance(&mut self, commit: &Commit, known: Option<Row>) -> Result<(), StorageError> {
        let instance = commit.instance.0;
        let mut row = match (&commit.target, known) {
            (Target::New(new), _) => self.admit(commit.instance, new, &commit.label)?,
            (Target::Existing(_), known) => {
                let known = known.unwrap_or_default();
                self.relabel(commit.instance, known, &commit.label)?
            }
        };
        if commit.history_anew {
            self.remove_history(instance)?;
            row.last_chunk = None;
        }
        if let Some(chunk) = &commit.history {
            row.last_chunk = Some(chunk.first);
            self.changes.put(keys::history(instance, chunk.first), &chunk.bytes);
        }
        for timer in &commit.set_timers {
            let key = keys::timer(timer.due.0, instance, timer.task.0);
            row.timers += u32::from(self.changes.get(&key)?.is_none());
            self.changes.put(key, &[]);
        }
        for timer in &commit.clear_timers {
            let key = keys::timer(timer.due.0, instance, timer.task.0);
            if self.changes.get(&key)?.is_some() {
                row.timers = row.timers.saturating_sub(1);
                self.changes.remove(key);
            }
        }
        for message in &commit.consumed {
            self.changes.remove(keys::inbox(instance, *message));
        }
        row.version += 1;
        row.active = commit.active;
        row.summary.clone_from(&commit.summary);
        self.changes.put(keys::instance(instance), &row.write());
        Ok(())
    }

    /// Enters a new instance everywhere but among the instances, in place of the one that it
    /// replaces; returns its row.
    fn admit(
        &mut self,
        instance: InstanceNumber,
        new: &New,
        label: &[u8],
    ) -> Result<Row, StorageError> {
        if let Some((replaced, _)) = new.replaces {
            self.remove(replaced)?;
        }
        self.changes.put_number(keys::id(new.id.as_str()), instance.0);
        let mut parent = new.parent.map(|parent| parent.0);
        if let Some(number) = parent {
            if self.changes.get(&keys::instance(number))?.is_some() {
                self.changes.put(keys::child(number, instance.0), &[]);
            } else {
                parent = None;
            }
        }
        let label = self.labels.number(&mut self.changes, label)?;
        let (created_at, id) = (new.created_at.0, new.id.as_str().to_owned());
        let row = Row { label, created_at, parent, id, ..Row::default() };
        self.labels.enter(&mut self.changes, label, row.place(instance))?;
        Ok(row)
    }

    fn relabel(
        &mut self,
        instance: InstanceNumber,
        mut row: Row,
        label: &[u8],
    ) -> Result<Row, StorageError> {
        let label = self.labels.number(&mut self.changes, label)?;
        if row.label != label {
            let place = row.place(instance);
            self.labels.leave(&mut self.changes, row.label, place)?;
            self.labels.enter(&mut self.changes, label, place)?;
            row.label = label;
        }
        Ok(row)
    }

    fn give_birth(
        &mut self,
        committing: InstanceNumber,
        birth: &Birth,
        wake: &mut BTreeSet<InstanceNumber>,
    ) -> Result<(), StorageError> {
        let instance = birth.instance;
        let replaces_it = birth.new.replaces.is_some_and(|(replaced, _)| replaced == committing);
        let is_born = !replaces_it && self.refusal(instance, &birth.new)?.is_none();
        if is_born {
            let admitted = self.admit(instance, &birth.new, &birth.label)?;
            let summary = birth.summary.clone();
            let last_chunk = Some(birth.history.first);
            let row = Row { version: 1, active: true, last_chunk, summary, ..admitted };
            self.changes.put(keys::instance(instance.0), &row.write());
            let history = keys::history(instance.0, birth.history.first);
            self.changes.put(history, &birth.history.bytes);
            self.changes.put(keys::active(instance.0), &[]);
            // It may have replaced another birth.
            if let Some((replaced, _)) = birth.new.replaces {
                wake.remove(&replaced);
            }
            wake.insert(instance);
        }
        let message = if is_born { birth.if_born.as_ref() } else { Some(&birth.if_refused) };
        if let Some(message) = message {
            self.append(committing, message)?;
            wake.insert(committing);
        }
        Ok(())
    }

    /// Enters an instance among the active ones, or takes it out unless its inbox holds something.
    fn mark(&mut self, instance: InstanceNumber, active: bool) -> Result<(), StorageError> {
        let inbox = keys::each(|message| keys::inbox(instance.0, message));
        if active || self.changes.range(inbox)?.next().is_some() {
            self.changes.put(keys::active(instance.0), &[]);
        } else {
            self.changes.remove(keys::active(instance.0));
        }
        Ok(())
    }

    fn append(
        &mut self,
        instance: InstanceNumber,
        message: &[u8],
    ) -> Result<Option<u64>, StorageError> {
        if self.changes.get(&keys::instance(instance.0))?.is_none() {
            return Ok(None);
        }
        let number = self.advance(Meta::NextMessage, 1)?;
        self.changes.put(keys::inbox(instance.0, number), message);
        self.changes.put(keys::active(instance.0), &[]);
        Ok(Some(number))
    }

    pub(super) fn enqueue(
        &mut self,
        instance: InstanceNumber,
        message: &[u8],
    ) -> Result<Option<u64>, Error> {
        self.change(|batch| batch.append(instance, message))
    }

    pub(super) fn purge(
        &mut self,
        instance: InstanceNumber,
        version: Version,
    ) -> Result<(), Error> {
        self.row_at(instance, version)?;
        self.change(|batch| batch.remove(instance))
    }

    fn remove(&mut self, instance: InstanceNumber) -> Result<(), StorageError> {
        let number = instance.0;
        if let Some(row) = self.row(instance)? {
            self.changes.remove(keys::instance(number));
            self.changes.remove(keys::id(&row.id));
            self.labels.leave(&mut self.changes, row.label, row.place(instance))?;
            if let Some(parent) = row.parent {
                self.changes.remove(keys::child(parent, number));
            }
            // A run that has ended has cleared its timers, so looking through all of them is rare.
            if row.timers > 0 {
                self.remove_timers(number)?;
            }
        }
        self.changes.remove_all(keys::each(|child| keys::child(number, child)))?;
        self.remove_history(number)?;
        self.changes.remove_all(keys::each(|message| keys::inbox(number, message)))?;
        self.changes.remove(keys::active(number));
        Ok(())
    }

    fn remove_timers(&mut self, instance: u64) -> Result<(), StorageError> {
        let mut timers = Vec::new();
        for entry in self.changes.range(keys::all(Kind::Timer))? {
            let (key, _) = entry?;
            let mut parts = Parts::of(&key);
            parts.long()?;
            if parts.long()? == instance {
                timers.push(key);
            }
        }
        timers.into_iter().for_each(|timer| self.changes.remove(timer));
        Ok(())
    }

    fn remove_history(&mut self, instance: u64) -> Result<(), StorageError> {
        self.changes.remove_all(keys::each(|first| keys::history(instance, first)))
    }
}
