//! Owns the labels: the number that stands for each, how many instances have it, and the listing by
//! label and creation. Only a change of label touches the listing, and however many instances one
//! batch changes, it writes each count once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use redb::StorageError;

use super::changes::Changes;
use super::keys::{self, Kind, Parts};
use crate::store::Place;

/// Reads how many instances have a label, and the label.
pub(super) fn count_of(row: &[u8]) -> Result<(u64, &[u8]), StorageError> {
    let damaged = || StorageError::Corrupted("a count of instances can't be read".to_owned());
    let (count, label) = row.split_first_chunk().ok_or_else(damaged)?;
    Ok((u64::from_le_bytes(*count), label))
}

/// What a batch knows of labels.
#[derive(Default)]
pub(super) struct Labels {
    /// The counts as they will be when the batch ends, and the labels, by their numbers.
    counts: BTreeMap<u32, (u64, Vec<u8>)>,
    /// The numbers that have been looked up.
    numbers: BTreeMap<Vec<u8>, u32>,
}

impl Labels {
    /// Returns the number of a label, and gives it one if it has none. Its first instance must be
    /// entered in the same batch.
    pub(super) fn number(
        &mut self,
        changes: &mut Changes,
        label: &[u8],
    ) -> Result<u32, StorageError> {
        if let Some(&number) = self.numbers.get(label) {
            return Ok(number);
        }
        let number = match changes.get(&keys::label_number(label))? {
            Some(number) => number_of(&number)?,
            None => Self::give_number(changes, label)?,
        };
        self.numbers.insert(label.to_owned(), number);
        Ok(number)
    }

    fn give_number(changes: &mut Changes, label: &[u8]) -> Result<u32, StorageError> {
        // The lowest that is free: labels may come and go for ever.
        let mut free = 0;
        for entry in changes.range(keys::all(Kind::LabelCount))? {
            if Parts::of(&entry?.0).short()? != free {
                break;
            }
            free += 1;
        }
        changes.put(keys::label_number(label), &free.to_le_bytes());
        changes.put(keys::label_count(free), &row(0, label));
        Ok(free)
    }

    /// Enters an instance under a label.
    pub(super) fn enter(
        &mut self,
        changes: &mut Changes,
        label: u32,
        place: Place,
    ) -> Result<(), StorageError> {
        changes.put(keys::listing(label, place.created_at.0, place.instance.0), &[]);
        let count = self.count(changes, label)?;
        *count = count.saturating_add(1);
        Ok(())
    }

    /// Takes an instance out from under its label.
    pub(super) fn leave(
        &mut self,
        changes: &mut Changes,
        label: u32,
        place: Place,
    ) -> Result<(), StorageError> {
        changes.remove(keys::listing(label, place.created_at.0, place.instance.0));
        let count = self.count(changes, label)?;
        *count = count.saturating_sub(1);
        Ok(())
    }

    fn count(&mut self, changes: &Changes, label: u32) -> Result<&mut u64, StorageError> {
        let changed = match self.counts.entry(label) {
            Entry::Occupied(changed) => changed.into_mut(),
            Entry::Vacant(unchanged) => {
                let found = changes.get(&keys::label_count(label))?.ok_or_else(|| {
                    StorageError::Corrupted(format!("label {label} is in use, but not there"))
                })?;
                let (count, bytes) = count_of(&found)?;
                unchanged.insert((count, bytes.to_owned()))
            }
        };
        Ok(&mut changed.0)
    }

    /// Writes the counts. A label that no instance has any more goes.
    pub(super) fn finish(self, changes: &mut Changes) {
        for (number, (count, label)) in self.counts {
            if count == 0 {
                changes.remove(keys::label_count(number));
                changes.remove(keys::label_number(&label));
            } else {
                changes.put(keys::label_count(number), &row(count, &label));
            }
        }
    }
}

fn row(count: u64, label: &[u8]) -> Vec<u8> {
    [&count.to_le_bytes()[..], label].concat()
}

/// Reads the number that stands for a label.
pub(super) fn number_of(row: &[u8]) -> Result<u32, StorageError> {
    let damaged = |_| StorageError::Corrupted("a label's number can't be read".to_owned());
    Ok(u32::from_le_bytes(row.try_into().map_err(damaged)?))
}
