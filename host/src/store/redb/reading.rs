//! Owns what is read of the rows, all of it as of one moment.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{Bound, Range};

use redb::StorageError;

use super::keys::{self, Key, Kind, Parts};
use super::labels::{count_of, number_of};
use super::row::Row;
use super::rows::{self, Rows};
use crate::store::{Chunk, Listed, Place, Stored, Timer, Version};
use crate::workflow::id::{InstanceId, InstanceNumber, TaskNumber, Timestamp};

type Result<T> = std::result::Result<T, StorageError>;

/// Returns the bound after the last of something, or before all of its kind.
fn after(last: Option<Key>, kind: Kind) -> Bound<Key> {
    last.map_or_else(|| keys::all(kind).0, Bound::Excluded)
}

pub(super) fn find(rows: &Rows, id: &InstanceId) -> Result<Option<InstanceNumber>> {
    let found = rows.get(&keys::id(id.as_str()))?;
    found.map(|number| Ok(InstanceNumber(number.number()?))).transpose()
}

pub(super) fn load(rows: &Rows, instance: InstanceNumber) -> Result<Option<Stored>> {
    let Some(row) = rows.get(&keys::instance(instance.0))? else { return Ok(None) };
    let row = Row::read(&row)?;
    Ok(Some(Stored { version: Version(row.version), summary: row.summary }))
}

pub(super) fn inbox(rows: &Rows, instance: InstanceNumber) -> Result<Vec<(u64, Vec<u8>)>> {
    let entries = rows.range(keys::each(|message| keys::inbox(instance.0, message)))?;
    entries
        .map(|entry| {
            let (key, message) = entry?;
            Ok((second(&key)?, message.to_vec()))
        })
        .collect()
}

/// Returns the second number of a key.
fn second(key: &Key) -> Result<u64> {
    let mut parts = Parts::of(key);
    parts.long()?;
    parts.long()
}

pub(super) fn history(
    rows: &Rows,
    instance: InstanceNumber,
    range: &Range<u64>,
) -> Result<Vec<Chunk>> {
    let key = |first| keys::history(instance.0, first);
    // The stretch that holds the first event wanted begins there or before.
    let before = rows.last((Bound::Included(key(0)), Bound::Included(key(range.start))))?;
    let begin = before.map_or(key(range.start), |(begin, _)| begin);
    let entries = rows.range((Bound::Included(begin), Bound::Excluded(key(range.end))))?;
    entries
        .map(|entry| {
            let (key, bytes) = entry?;
            Ok(Chunk { first: second(&key)?, bytes: bytes.to_vec() })
        })
        .collect()
}

pub(super) fn timers(
    rows: &Rows,
    last: Option<Timer>,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Timer>> {
    let last = last.map(|timer| keys::timer(timer.due.0, timer.instance.0, timer.task.0));
    let until = keys::timer(until.0, u64::MAX, u32::MAX);
    let entries = rows.range((after(last, Kind::Timer), Bound::Included(until)))?.take(limit);
    entries
        .map(|entry| {
            let (key, _) = entry?;
            let mut parts = Parts::of(&key);
            let (due, instance) = (Timestamp(parts.long()?), InstanceNumber(parts.long()?));
            Ok(Timer { due, instance, task: TaskNumber(parts.short()?) })
        })
        .collect()
}

pub(super) fn active(
    rows: &Rows,
    last: Option<InstanceNumber>,
    limit: usize,
) -> Result<Vec<InstanceNumber>> {
    let from = after(last.map(|number| keys::active(number.0)), Kind::Active);
    let entries = rows.range((from, keys::end(Kind::Active)))?;
    entries.take(limit).map(|entry| Ok(InstanceNumber(Parts::of(&entry?.0).long()?))).collect()
}

pub(super) fn instances(
    rows: &Rows,
    last: Option<InstanceNumber>,
    limit: usize,
) -> Result<Vec<(InstanceNumber, Vec<u8>)>> {
    let from = after(last.map(|number| keys::instance(number.0)), Kind::Instance);
    let entries = rows.range((from, keys::end(Kind::Instance)))?;
    entries
        .take(limit)
        .map(|entry| {
            let (key, row) = entry?;
            Ok((InstanceNumber(Parts::of(&key).long()?), Row::read(&row)?.summary))
        })
        .collect()
}

pub(super) fn children(
    rows: &Rows,
    parent: InstanceNumber,
    last: Option<InstanceNumber>,
    limit: usize,
) -> Result<Vec<InstanceNumber>> {
    let (first, until) = keys::each(|child| keys::child(parent.0, child));
    let from = last.map_or(first, |last| Bound::Excluded(keys::child(parent.0, last.0)));
    let entries = rows.range((from, until))?;
    entries.take(limit).map(|entry| Ok(InstanceNumber(second(&entry?.0)?))).collect()
}

pub(super) fn labels(rows: &Rows) -> Result<Vec<(Vec<u8>, u64)>> {
    let mut labels = Vec::new();
    for entry in rows.range(keys::all(Kind::LabelCount))? {
        let (_, row) = entry?;
        let (count, label) = count_of(&row)?;
        labels.push((label.to_owned(), count));
    }
    labels.sort();
    Ok(labels)
}

fn listed(rows: &Rows, number: u64) -> Result<Listed> {
    let missing = || StorageError::Corrupted(format!("instance {number} is listed, but not there"));
    let row = Row::read(&rows.get(&keys::instance(number))?.ok_or_else(missing)?)?;
    let place = row.place(InstanceNumber(number));
    Ok(Listed { place, version: Version(row.version), summary: row.summary })
}

pub(super) fn list_by_id(
    rows: &Rows,
    prefix: &str,
    last: Option<&InstanceId>,
    limit: usize,
) -> Result<Vec<(InstanceId, Listed)>> {
    let from = match last.map(InstanceId::as_str) {
        Some(last) if last >= prefix => Bound::Excluded(keys::id(last)),
        _ => Bound::Included(keys::id(prefix)),
    };
    let mut page = Vec::new();
    for entry in rows.range((from, keys::end(Kind::Id)))?.take(limit) {
        let (key, number) = entry?;
        let id = Parts::of(&key).text()?;
        if !id.starts_with(prefix) {
            break;
        }
        page.push((InstanceId::unchecked(id), listed(rows, number.number()?)?));
    }
    Ok(page)
}

/// Lists by label. The listings of the labels are merged, and each is read no further than needed.
pub(super) fn list(
    rows: &Rows,
    wanted: &dyn Fn(&[u8]) -> bool,
    created: &Range<Timestamp>,
    last: Option<Place>,
    limit: usize,
) -> Result<Vec<Listed>> {
    let key = |place: Place| (place.created_at.0, place.instance.0);
    let (start, end) = ((created.start.0, 0), (created.end.0, 0));
    let from = last.map(key).filter(|&last| last >= start);
    let from = from.map_or(Bound::Included(start), Bound::Excluded);
    let mut merged = Merged::default();
    for entry in rows.range(keys::all(Kind::LabelNumber))? {
        let (label, number) = entry?;
        if !wanted(Parts::of(&label).bytes()) {
            continue;
        }
        let number = number_of(&number)?;
        let under = |(created_at, instance)| keys::listing(number, created_at, instance);
        merged.add(rows.range((from.map(under), Bound::Excluded(under(end))))?)?;
    }
    let mut page = Vec::new();
    while page.len() < limit
        && let Some(instance) = merged.next()?
    {
        page.push(listed(rows, instance)?);
    }
    Ok(page)
}

/// Parts of the listing, as one in order of creation.
#[derive(Default)]
struct Merged<'a> {
    parts: Vec<rows::Range<'a>>,
    /// The next entry of each part that is not exhausted: creation, instance, position of the part.
    next: BinaryHeap<Reverse<(u64, u64, usize)>>,
}

impl<'a> Merged<'a> {
    fn add(&mut self, part: rows::Range<'a>) -> Result<()> {
        self.parts.push(part);
        self.advance(self.parts.len() - 1)
    }

    fn advance(&mut self, position: usize) -> Result<()> {
        if let Some(entry) = self.parts[position].next() {
            let (key, _) = entry?;
            let mut parts = Parts::of(&key);
            parts.short()?;
            self.next.push(Reverse((parts.long()?, parts.long()?, position)));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<u64>> {
        let Some(Reverse((_, instance, position))) = self.next.pop() else { return Ok(None) };
        self.advance(position)?;
        Ok(Some(instance))
    }
}
