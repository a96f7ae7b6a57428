//! Owns the labels: the number that stands for each, how many instances have it, and the listing by
//! label and creation. Only a change of label touches the listing, and however many instances one
//! transaction changes, it writes each count once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use redb::{ReadableTable, StorageError, Table, TableError, WriteTransaction};

use super::tables::{LABEL_COUNTS, LABEL_NUMBERS, LISTING};
use crate::store::Place;

/// The tables that have to do with labels, open for writing.
pub(super) struct Labels<'txn> {
    numbers: Table<'txn, &'static [u8], u32>,
    counts: Table<'txn, u32, (u64, &'static [u8])>,
    listing: Table<'txn, (u32, u64, u64), ()>,
    /// Rows of `counts` as they will be when the transaction ends.
    changed: BTreeMap<u32, (u64, Vec<u8>)>,
}

impl<'txn> Labels<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            numbers: transaction.open_table(LABEL_NUMBERS)?,
            counts: transaction.open_table(LABEL_COUNTS)?,
            listing: transaction.open_table(LISTING)?,
            changed: BTreeMap::new(),
        })
    }

    /// Returns the number of a label, and gives it one if it has none. Its first instance must be
    /// entered in the same transaction.
    pub(super) fn number(&mut self, label: &[u8]) -> Result<u32, StorageError> {
        if let Some(number) = self.numbers.get(label)? {
            return Ok(number.value());
        }
        // The lowest that is free: labels may come and go for ever.
        let mut free = 0;
        for entry in self.counts.iter()? {
            if entry?.0.value() != free {
                break;
            }
            free += 1;
        }
        self.numbers.insert(label, free)?;
        self.counts.insert(free, (0, label))?;
        Ok(free)
    }

    /// Enters an instance under a label.
    pub(super) fn enter(&mut self, label: u32, place: Place) -> Result<(), StorageError> {
        self.listing.insert((label, place.created_at.0, place.instance.0), ())?;
        let count = self.count(label)?;
        *count = count.saturating_add(1);
        Ok(())
    }

    /// Takes an instance out from under its label.
    pub(super) fn leave(&mut self, label: u32, place: Place) -> Result<(), StorageError> {
        self.listing.remove((label, place.created_at.0, place.instance.0))?;
        let count = self.count(label)?;
        *count = count.saturating_sub(1);
        Ok(())
    }

    fn count(&mut self, label: u32) -> Result<&mut u64, StorageError> {
        let changed = match self.changed.entry(label) {
            Entry::Occupied(changed) => changed.into_mut(),
            Entry::Vacant(unchanged) => {
                let found = self.counts.get(label)?.ok_or_else(|| {
                    StorageError::Corrupted(format!("label {label} is in use, but not there"))
                })?;
                let (count, bytes) = found.value();
                unchanged.insert((count, bytes.to_owned()))
            }
        };
        Ok(&mut changed.0)
    }

    /// Writes the counts. A label that no instance has any more goes.
    pub(super) fn finish(mut self) -> Result<(), StorageError> {
        for (number, (count, label)) in self.changed {
            if count == 0 {
                self.counts.remove(number)?;
                self.numbers.remove(&label[..])?;
            } else {
                self.counts.insert(number, (count, &label[..]))?;
            }
        }
        Ok(())
    }
}
