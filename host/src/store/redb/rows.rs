//! Owns all rows as of one moment: those that are in the B-tree, and above them the newest, which are in
//! the journals alone. Whoever has them may read them for as long as it takes: what is written meanwhile
//! does not change them.

use std::collections::{BTreeMap, btree_map};
use std::ops::{Bound, Deref};
use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::RangedIter;
use imbl::shared_ptr::DefaultSharedPtr;
use redb::{AccessGuard, ReadOnlyTable, StorageError};

use super::keys::{Bounds, Key};

/// What was written to a row; none if it was removed.
pub(super) type Change = Option<Arc<[u8]>>;

/// What a batch changes, as long as nobody else sees it.
pub(super) type Changed = BTreeMap<Key, Change>;

/// What was changed.
pub(super) type Layer = OrdMap<Key, Change>;

/// Rows in the B-tree.
pub(super) type Settled = Arc<ReadOnlyTable<&'static [u8], &'static [u8]>>;

/// All rows. The upper ones hide those below with the same key.
#[derive(Clone)]
pub(super) struct Rows {
    pub(super) newest: Layer,
    /// On their way into the B-tree.
    pub(super) settling: Layer,
    pub(super) settled: Settled,
}

/// What a row holds.
pub(super) enum Value {
    Recent(Arc<[u8]>),
    Settled(AccessGuard<'static, &'static [u8]>),
}

impl Deref for Value {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Recent(bytes) => bytes,
            Self::Settled(guard) => guard.value(),
        }
    }
}

impl Value {
    /// Reads it as a number.
    pub(super) fn number(&self) -> Result<u64, StorageError> {
        let damaged = |_| StorageError::Corrupted("a row holds no number".to_owned());
        Ok(u64::from_le_bytes(self[..].try_into().map_err(damaged)?))
    }
}

impl Rows {
    /// Makes changes. Whoever reads the rows as they were goes on with those: what they share with these is
    /// copied first, so make them when few do.
    pub(super) fn change(&mut self, changed: Changed) {
        for (key, change) in changed {
            self.newest.insert(key, change);
        }
    }

    pub(super) fn get(&self, key: &Key) -> Result<Option<Value>, StorageError> {
        for layer in [&self.newest, &self.settling] {
            if let Some(recent) = layer.get(key) {
                return Ok(recent.clone().map(Value::Recent));
            }
        }
        Ok(self.settled.get(&key[..])?.map(Value::Settled))
    }

    /// Returns the rows within these bounds, in order.
    pub(super) fn range(&self, bounds: Bounds) -> Result<Range<'_>, StorageError> {
        self.range_with(None, bounds)
    }

    /// Returns the rows within these bounds, in order, as they will be once they have been changed.
    pub(super) fn range_with<'a>(
        &'a self,
        changed: Option<&'a Changed>,
        bounds: Bounds,
    ) -> Result<Range<'a>, StorageError> {
        if is_empty(&bounds) {
            return Ok(Range { sources: Vec::new() });
        }
        let changed = changed.filter(|changed| !changed.is_empty());
        let changed = changed.map(|changed| Rest::Changed(changed.range(bounds.clone())));
        let layers = [&self.newest, &self.settling].into_iter().filter(|layer| !layer.is_empty());
        let layers = layers.map(|layer| Rest::Recent(layer.range::<_, Key>(bounds.clone())));
        let settled = self.settled.range::<&[u8]>(borrowed(&bounds))?;
        let all = changed.into_iter().chain(layers).chain([Rest::Settled(Box::new(settled))]);
        let mut sources: Vec<_> = all.map(|rest| Source { next: None, rest }).collect();
        for source in &mut sources {
            source.advance()?;
        }
        Ok(Range { sources })
    }

    /// Returns the last row within these bounds.
    pub(super) fn last(&self, (from, mut until): Bounds) -> Result<Option<Entry>, StorageError> {
        loop {
            let bounds = (from.clone(), until);
            if is_empty(&bounds) {
                return Ok(None);
            }
            let mut last: Option<(Key, Option<Value>)> = None;
            for layer in [&self.newest, &self.settling] {
                if let Some((key, value)) = layer.range::<_, Key>(bounds.clone()).next_back()
                    && last.as_ref().is_none_or(|(last, _)| key > last)
                {
                    last = Some((key.clone(), value.clone().map(Value::Recent)));
                }
            }
            if let Some(entry) = self.settled.range::<&[u8]>(borrowed(&bounds))?.next_back() {
                let (key, value) = entry?;
                if last.as_ref().is_none_or(|(last, _)| key.value() > &last[..]) {
                    last = Some((Key::from_slice(key.value()), Some(Value::Settled(value))));
                }
            }
            match last {
                None => return Ok(None),
                Some((key, Some(value))) => return Ok(Some((key, value))),
                // It was removed: look before it.
                Some((key, None)) => until = Bound::Excluded(key),
            }
        }
    }
}

fn is_empty(bounds: &Bounds) -> bool {
    match bounds {
        (Bound::Included(from), Bound::Included(until)) => from > until,
        (
            Bound::Included(from) | Bound::Excluded(from),
            Bound::Included(until) | Bound::Excluded(until),
        ) => from >= until,
        _ => false,
    }
}

fn borrowed(bounds: &Bounds) -> (Bound<&[u8]>, Bound<&[u8]>) {
    (bounds.0.as_ref().map(|key| &key[..]), bounds.1.as_ref().map(|key| &key[..]))
}

/// A row: its key, and what it holds.
pub(super) type Entry = (Key, Value);

/// The rows of a range, newest first in `sources`.
pub(super) struct Range<'a> {
    sources: Vec<Source<'a>>,
}

struct Source<'a> {
    next: Option<(Key, Option<Value>)>,
    rest: Rest<'a>,
}

enum Rest<'a> {
    Changed(btree_map::Range<'a, Key, Change>),
    Recent(RangedIter<'a, Key, Change, DefaultSharedPtr>),
    Settled(Box<redb::Range<'static, &'static [u8], &'static [u8]>>),
}

fn recent((key, change): (&Key, &Change)) -> (Key, Option<Value>) {
    (key.clone(), change.clone().map(Value::Recent))
}

impl Source<'_> {
    fn advance(&mut self) -> Result<Option<(Key, Option<Value>)>, StorageError> {
        let next = match &mut self.rest {
            Rest::Changed(rest) => rest.next().map(recent),
            Rest::Recent(rest) => rest.next().map(recent),
            Rest::Settled(rest) => match rest.next().transpose()? {
                Some((key, value)) => {
                    Some((Key::from_slice(key.value()), Some(Value::Settled(value))))
                }
                None => None,
            },
        };
        Ok(std::mem::replace(&mut self.next, next))
    }
}

impl Range<'_> {
    fn next_entry(&mut self) -> Result<Option<Entry>, StorageError> {
        loop {
            let keys = self.sources.iter().filter_map(|source| Some(&source.next.as_ref()?.0));
            let Some(least) = keys.min().cloned() else { return Ok(None) };
            let mut found = None;
            for source in &mut self.sources {
                if source.next.as_ref().is_some_and(|(key, _)| *key == least) {
                    let entry = source.advance()?;
                    found = found.or(entry);
                }
            }
            // What was removed above hides what is below.
            if let Some((key, Some(value))) = found {
                return Ok(Some((key, value)));
            }
        }
    }
}

impl Iterator for Range<'_> {
    type Item = Result<Entry, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_entry().transpose()
    }
}
