//! Owns what a batch changes, and the record that says so in the journal.

use redb::StorageError;

use super::journal::Record;
use super::keys::{Bounds, Key};
use super::rows::{Change, Changed, Layer, Range, Rows, Value};

const REMOVED: u8 = 0;
const WRITTEN: u8 = 1;

/// Rows, with changes that nobody else sees yet.
pub(super) struct Changes {
    rows: Rows,
    changed: Changed,
    record: Record,
}

impl Changes {
    pub(super) fn to(rows: Rows) -> Self {
        Self { rows, changed: Changed::new(), record: Record::new() }
    }

    pub(super) fn get(&self, key: &Key) -> Result<Option<Value>, StorageError> {
        match self.changed.get(key) {
            Some(change) => Ok(change.clone().map(Value::Recent)),
            None => self.rows.get(key),
        }
    }

    /// Returns a number, 0 if there is no such row.
    pub(super) fn number(&self, key: &Key) -> Result<u64, StorageError> {
        self.get(key)?.map_or(Ok(0), |value| value.number())
    }

    pub(super) fn range(&self, bounds: Bounds) -> Result<Range<'_>, StorageError> {
        self.rows.range_with(Some(&self.changed), bounds)
    }

    pub(super) fn put(&mut self, key: Key, value: &[u8]) {
        self.note(&key, WRITTEN);
        self.record.extend(&(value.len() as u64).to_le_bytes());
        self.record.extend(value);
        self.changed.insert(key, Some(value.into()));
    }

    pub(super) fn put_number(&mut self, key: Key, number: u64) {
        self.put(key, &number.to_le_bytes());
    }

    pub(super) fn remove(&mut self, key: Key) {
        self.note(&key, REMOVED);
        self.changed.insert(key, None);
    }

    /// Removes all rows within these bounds.
    pub(super) fn remove_all(&mut self, bounds: Bounds) -> Result<(), StorageError> {
        let keys = self.range(bounds)?.map(|entry| entry.map(|(key, _)| key));
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        keys.into_iter().for_each(|key| self.remove(key));
        Ok(())
    }

    fn note(&mut self, key: &Key, change: u8) {
        self.record.extend(&[change]);
        self.record.extend(&(key.len() as u32).to_le_bytes());
        self.record.extend(key);
    }

    /// Lets go of the rows, which are to be changed next.
    pub(super) fn finish(self) -> (Changed, Record) {
        (self.changed, self.record)
    }
}

/// Makes the changes to a layer that a record holds; none if it can't be read.
pub(super) fn repeat(mut record: &[u8], layer: &mut Layer) -> Option<()> {
    while let Some((&change, rest)) = record.split_first() {
        let (length, rest) = rest.split_first_chunk()?;
        let (key, mut rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let value: Change = match change {
            REMOVED => None,
            WRITTEN => {
                let (length, after) = rest.split_first_chunk()?;
                let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
                let (value, after) = after.split_at_checked(length)?;
                rest = after;
                Some(value.into())
            }
            _ => return None,
        };
        layer.insert(Key::from_slice(key), value);
        record = rest;
    }
    Some(())
}
