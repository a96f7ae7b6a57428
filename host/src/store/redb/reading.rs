//! Owns what is read from the file, all of it as of one commit.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{Bound, Range};

use redb::{AccessGuard, ReadTransaction, ReadableTable, StorageError};

use super::row::Row;
use super::tables::{
    ACTIVE, CHILDREN, HISTORY, IDS, INBOX, INSTANCES, LABEL_COUNTS, LABEL_NUMBERS, LISTING, TIMERS,
};
use crate::store::{Chunk, Listed, Place, Stored, Timer, Version};
use crate::workflow::id::{InstanceId, InstanceNumber, TaskNumber, Timestamp};

type Result<T> = std::result::Result<T, redb::Error>;

fn after<T>(last: Option<T>) -> Bound<T> {
    last.map_or(Bound::Unbounded, Bound::Excluded)
}

pub(super) fn load(
    transaction: &ReadTransaction,
    instance: InstanceNumber,
) -> Result<Option<Stored>> {
    let Some(row) = transaction.open_table(INSTANCES)?.get(instance.0)? else { return Ok(None) };
    let row = Row::read(row.value())?;
    Ok(Some(Stored { version: Version(row.version), summary: row.summary }))
}

pub(super) fn inbox(
    transaction: &ReadTransaction,
    instance: InstanceNumber,
) -> Result<Vec<(u64, Vec<u8>)>> {
    let inbox = transaction.open_table(INBOX)?;
    let entries = inbox.range((instance.0, 0)..=(instance.0, u64::MAX))?;
    entries
        .map(|entry| {
            let (key, message) = entry?;
            Ok((key.value().1, message.value().to_owned()))
        })
        .collect()
}

pub(super) fn history(
    transaction: &ReadTransaction,
    instance: InstanceNumber,
    range: &Range<u64>,
) -> Result<Vec<Chunk>> {
    let history = transaction.open_table(HISTORY)?;
    let number = instance.0;
    // The stretch that holds the first event wanted begins there or before.
    let mut before = history.range((number, 0)..=(number, range.start))?;
    let begin = match before.next_back() {
        Some(entry) => entry?.0.value(),
        None => (number, range.start),
    };
    let entries = history.range(begin..(number, range.end))?;
    entries
        .map(|entry| {
            let (key, bytes) = entry?;
            Ok(Chunk { first: key.value().1, bytes: bytes.value().to_owned() })
        })
        .collect()
}

pub(super) fn timers(
    transaction: &ReadTransaction,
    last: Option<Timer>,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Timer>> {
    let from = last.map(|timer| (timer.due.0, timer.instance.0, timer.task.0));
    let until = (until.0, u64::MAX, u32::MAX);
    if from.is_some_and(|from| from >= until) {
        return Ok(Vec::new());
    }
    let entries =
        transaction.open_table(TIMERS)?.range((after(from), Bound::Included(until)))?.take(limit);
    entries
        .map(|entry| {
            let (due, instance, task) = entry?.0.value();
            let (due, instance) = (Timestamp(due), InstanceNumber(instance));
            Ok(Timer { due, instance, task: TaskNumber(task) })
        })
        .collect()
}

pub(super) fn active(
    transaction: &ReadTransaction,
    last: Option<InstanceNumber>,
    limit: usize,
) -> Result<Vec<InstanceNumber>> {
    let range = (after(last.map(|number| number.0)), Bound::Unbounded);
    let entries = transaction.open_table(ACTIVE)?.range::<u64>(range)?;
    entries.take(limit).map(|entry| Ok(InstanceNumber(entry?.0.value()))).collect()
}

pub(super) fn instances(
    transaction: &ReadTransaction,
    last: Option<InstanceNumber>,
    limit: usize,
) -> Result<Vec<(InstanceNumber, Vec<u8>)>> {
    let range = (after(last.map(|number| number.0)), Bound::Unbounded);
    let entries = transaction.open_table(INSTANCES)?.range::<u64>(range)?;
    entries
        .take(limit)
        .map(|entry| {
            let (number, row) = entry?;
            Ok((InstanceNumber(number.value()), Row::read(row.value())?.summary))
        })
        .collect()
}

pub(super) fn children(
    transaction: &ReadTransaction,
    parent: InstanceNumber,
    last: Option<InstanceNumber>,
    limit: usize,
) -> Result<Vec<InstanceNumber>> {
    let from =
        last.map_or(Bound::Included((parent.0, 0)), |last| Bound::Excluded((parent.0, last.0)));
    if from == Bound::Excluded((parent.0, u64::MAX)) {
        return Ok(Vec::new());
    }
    let until = Bound::Included((parent.0, u64::MAX));
    let entries = transaction.open_table(CHILDREN)?.range((from, until))?;
    entries.take(limit).map(|entry| Ok(InstanceNumber(entry?.0.value().1))).collect()
}

pub(super) fn labels(transaction: &ReadTransaction) -> Result<Vec<(Vec<u8>, u64)>> {
    let mut labels = Vec::new();
    for entry in transaction.open_table(LABEL_COUNTS)?.iter()? {
        let row = entry?.1;
        let (count, label) = row.value();
        labels.push((label.to_owned(), count));
    }
    labels.sort();
    Ok(labels)
}

type Rows = redb::ReadOnlyTable<u64, &'static [u8]>;

fn listed(instances: &Rows, number: u64) -> Result<Listed> {
    let missing = || StorageError::Corrupted(format!("instance {number} is listed, but not there"));
    let row = Row::read(instances.get(number)?.ok_or_else(missing)?.value())?;
    let place = row.place(InstanceNumber(number));
    Ok(Listed { place, version: Version(row.version), summary: row.summary })
}

pub(super) fn list_by_id(
    transaction: &ReadTransaction,
    prefix: &str,
    last: Option<&InstanceId>,
    limit: usize,
) -> Result<Vec<(InstanceId, Listed)>> {
    let instances = transaction.open_table(INSTANCES)?;
    let from = match last.map(InstanceId::as_str) {
        Some(last) if last >= prefix => Bound::Excluded(last),
        _ => Bound::Included(prefix),
    };
    let mut page = Vec::new();
    for entry in transaction.open_table(IDS)?.range::<&str>((from, Bound::Unbounded))?.take(limit) {
        let (id, number) = entry?;
        if !id.value().starts_with(prefix) {
            break;
        }
        page.push((InstanceId::unchecked(id.value()), listed(&instances, number.value())?));
    }
    Ok(page)
}

/// Lists by label. The listings of the labels are merged, and each is read no further than needed.
pub(super) fn list(
    transaction: &ReadTransaction,
    wanted: &dyn Fn(&[u8]) -> bool,
    created: &Range<Timestamp>,
    last: Option<Place>,
    limit: usize,
) -> Result<Vec<Listed>> {
    let key = |place: Place| (place.created_at.0, place.instance.0);
    let (start, end) = ((created.start.0, 0), (created.end.0, 0));
    let last = last.map(key).filter(|&last| last >= start);
    if start >= end || last.is_some_and(|last| last >= end) {
        return Ok(Vec::new());
    }
    let from = last.map_or(Bound::Included(start), Bound::Excluded);
    let listing = transaction.open_table(LISTING)?;
    let mut merged = Merged::default();
    for entry in transaction.open_table(LABEL_NUMBERS)?.iter()? {
        let (label, number) = entry?;
        if !wanted(label.value()) {
            continue;
        }
        let under = |(created_at, instance)| (number.value(), created_at, instance);
        merged.add(listing.range((from.map(under), Bound::Excluded(under(end))))?)?;
    }
    let instances = transaction.open_table(INSTANCES)?;
    let mut page = Vec::new();
    while page.len() < limit
        && let Some(instance) = merged.next()?
    {
        page.push(listed(&instances, instance)?);
    }
    Ok(page)
}

/// Parts of the listing, as one in order of creation.
#[derive(Default)]
struct Merged {
    parts: Vec<redb::Range<'static, (u32, u64, u64), ()>>,
    /// The next entry of each part that is not exhausted: creation, instance, position of the part.
    next: BinaryHeap<Reverse<(u64, u64, usize)>>,
}

impl Merged {
    fn add(&mut self, part: redb::Range<'static, (u32, u64, u64), ()>) -> Result<()> {
        self.parts.push(part);
        self.advance(self.parts.len() - 1)
    }

    fn advance(&mut self, position: usize) -> Result<()> {
        let entry = self.parts[position].next().transpose()?;
        let key = entry.map(|(key, _): (AccessGuard<'_, (u32, u64, u64)>, _)| key.value());
        self.next.extend(key.map(|(_, created, instance)| Reverse((created, instance, position))));
        Ok(())
    }

    fn next(&mut self) -> Result<Option<u64>> {
        let Some(Reverse((_, instance, position))) = self.next.pop() else { return Ok(None) };
        self.advance(position)?;
        Ok(Some(instance))
    }
}
