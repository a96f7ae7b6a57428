//! Owns the requests' side of a batch: the changes that it makes, and what they have in common.

use redb::StorageError;

use super::changes::Changes;
use super::journal::Record;
use super::keys::{self, Meta};
use super::labels::Labels;
use super::rows::{Changed, Rows};
use crate::store::Error;

pub(super) fn unavailable(error: impl Into<redb::Error>) -> Error {
    match error.into() {
        redb::Error::Corrupted(reason) => Error::Damaged(reason),
        other => Error::Unavailable(other.to_string()),
    }
}

/// What requests do together.
pub(super) struct Batch {
    pub(super) changes: Changes,
    pub(super) labels: Labels,
    /// Which host may write, once that has been looked up.
    fence: Option<u64>,
    /// Why none of this may be written, if so.
    poisoned: Option<Error>,
}

impl Batch {
    pub(super) fn on(rows: Rows) -> Self {
        let (changes, labels) = (Changes::to(rows), Labels::default());
        Self { changes, labels, fence: None, poisoned: None }
    }

    /// Makes changes. If that fails in the middle, nothing of the whole batch may be written.
    pub(super) fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<T, StorageError>,
    ) -> Result<T, Error> {
        change(self).map_err(|error| {
            let error = unavailable(error);
            self.poisoned.get_or_insert(error).clone()
        })
    }

    /// Returns what is to become of the rows, and what is to be written for it.
    pub(super) fn finish(mut self) -> Result<(Changed, Record), Error> {
        self.poisoned.map_or(Ok(()), Err)?;
        self.labels.finish(&mut self.changes);
        Ok(self.changes.finish())
    }

    /// Adds to one of the numbers that only grow; returns it as it was.
    pub(super) fn advance(&mut self, number: Meta, by: u64) -> Result<u64, StorageError> {
        let key = keys::meta(number);
        let before = self.changes.number(&key)?;
        self.changes.put_number(key, before.saturating_add(by));
        // It may be the fence.
        self.fence = None;
        Ok(before)
    }

    pub(super) fn check_fence(&mut self, held: u64) -> Result<(), Error> {
        let newest = match self.fence {
            Some(newest) => newest,
            None => self.changes.number(&keys::meta(Meta::Fence)).map_err(unavailable)?,
        };
        self.fence = Some(newest);
        if held == newest { Ok(()) } else { Err(Error::Fenced { held, newest }) }
    }
}
