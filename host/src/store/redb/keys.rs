//! Owns the keys of all rows. They are bytes whose order is the order of what they stand for, so that
//! all rows are in one B-tree, and those of a kind side by side. Rows of an instance sort by its number,
//! which grows, so that writing stays near the end of each kind.

use std::ops::Bound;

use redb::StorageError;
use smallvec::SmallVec;

/// Most are this short.
pub(super) type Key = SmallVec<[u8; 24]>;

pub(super) type Bounds = (Bound<Key>, Bound<Key>);

/// What a row is: the first byte of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// By name: a number each.
    Meta,
    /// By ID: the number of an instance.
    Id,
    /// By number: a [`Row`](super::row::Row).
    Instance,
    /// By instance and index of the first event.
    History,
    /// By due time, instance and task: nothing else.
    Timer,
    /// By instance and number of the message.
    Inbox,
    /// By instance: nothing else.
    Active,
    /// By number of the parent and of the child: nothing else.
    Child,
    /// By label: the number that stands for it.
    LabelNumber,
    /// By that number: how many instances have the label, and the label.
    LabelCount,
    /// By number of the label, time of creation, and instance: nothing else.
    Listing,
    /// By name.
    Module,
    /// By digest.
    Binary,
    /// By kind and name.
    Document,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Meta {
    Format,
    Identity,
    /// The last generation of the journals that is in the file.
    Settled,
    Fence,
    NextNumber,
    NextMessage,
}

fn key(kind: Kind, parts: &[&[u8]]) -> Key {
    let mut key = Key::new();
    key.push(kind as u8);
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

fn of_numbers(kind: Kind, numbers: &[u64]) -> Key {
    let mut key = key(kind, &[]);
    numbers.iter().for_each(|number| key.extend_from_slice(&number.to_be_bytes()));
    key
}

pub(super) fn meta(meta: Meta) -> Key {
    key(Kind::Meta, &[&[meta as u8]])
}

pub(super) fn id(id: &str) -> Key {
    key(Kind::Id, &[id.as_bytes()])
}

pub(super) fn instance(number: u64) -> Key {
    of_numbers(Kind::Instance, &[number])
}

pub(super) fn history(instance: u64, first: u64) -> Key {
    of_numbers(Kind::History, &[instance, first])
}

pub(super) fn timer(due: u64, instance: u64, task: u32) -> Key {
    let mut key = of_numbers(Kind::Timer, &[due, instance]);
    key.extend_from_slice(&task.to_be_bytes());
    key
}

pub(super) fn inbox(instance: u64, message: u64) -> Key {
    of_numbers(Kind::Inbox, &[instance, message])
}

pub(super) fn active(instance: u64) -> Key {
    of_numbers(Kind::Active, &[instance])
}

pub(super) fn child(parent: u64, child: u64) -> Key {
    of_numbers(Kind::Child, &[parent, child])
}

pub(super) fn label_number(label: &[u8]) -> Key {
    key(Kind::LabelNumber, &[label])
}

pub(super) fn label_count(number: u32) -> Key {
    key(Kind::LabelCount, &[&number.to_be_bytes()])
}

pub(super) fn listing(label: u32, created_at: u64, instance: u64) -> Key {
    let (created_at, instance) = (created_at.to_be_bytes(), instance.to_be_bytes());
    key(Kind::Listing, &[&label.to_be_bytes(), &created_at, &instance])
}

pub(super) fn module(name: &str) -> Key {
    key(Kind::Module, &[name.as_bytes()])
}

pub(super) fn binary(digest: &[u8; 32]) -> Key {
    key(Kind::Binary, &[digest])
}

/// The kind of a document is a short word of the host's own.
pub(super) fn document(kind: &str, name: &str) -> Key {
    key(Kind::Document, &[kind.as_bytes(), &[0], name.as_bytes()])
}

/// Returns the bounds of all rows of a kind.
pub(super) fn all(kind: Kind) -> Bounds {
    (Bound::Included(key(kind, &[])), end(kind))
}

/// Returns the bound after the last row of a kind.
pub(super) fn end(kind: Kind) -> Bound<Key> {
    Bound::Excluded(Key::from_slice(&[kind as u8 + 1]))
}

/// Returns the bounds of all rows whose key is made by `key` of a number.
pub(super) fn each(key: impl Fn(u64) -> Key) -> Bounds {
    (Bound::Included(key(0)), Bound::Included(key(u64::MAX)))
}

/// What a key is made of, from its kind on.
pub(super) struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    pub(super) fn of(key: &'a [u8]) -> Self {
        Self(key.get(1..).unwrap_or_default())
    }

    pub(super) fn long(&mut self) -> Result<u64, StorageError> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(unreadable)?;
        self.0 = rest;
        Ok(u64::from_be_bytes(*number))
    }

    pub(super) fn short(&mut self) -> Result<u32, StorageError> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(unreadable)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*number))
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn text(self) -> Result<&'a str, StorageError> {
        std::str::from_utf8(self.0).map_err(|_| unreadable())
    }
}

fn unreadable() -> StorageError {
    StorageError::Corrupted("the key of a row can't be read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_what_they_stand_for() {
        let keys = [
            meta(Meta::Format),
            id(""),
            id("a"),
            id("ab"),
            id("b"),
            instance(0),
            instance(255),
            instance(256),
            history(1, u64::MAX),
            history(2, 0),
            timer(1, 9, 9),
            timer(256, 0, 0),
            timer(256, 0, 256),
            inbox(1, 1),
            active(1),
            child(1, 1),
            label_number(b"a"),
            label_count(1),
            listing(1, 256, 1),
            listing(1, 256, 256),
            listing(256, 0, 0),
            module("a"),
            binary(&[0; 32]),
            document("a", "z"),
            document("ab", ""),
        ];
        assert!(keys.is_sorted_by(|one, next| one < next), "{keys:?}");
    }

    #[test]
    fn each_row_is_within_the_bounds_of_its_kind_alone() {
        let keys = [id("\u{10ffff}"), instance(u64::MAX), active(0), document("", "")];
        for (position, bounds) in
            [Kind::Id, Kind::Instance, Kind::Active, Kind::Document].map(all).iter().enumerate()
        {
            use std::ops::RangeBounds;
            let within: Vec<_> = keys.iter().map(|key| bounds.contains(key)).collect();
            assert_eq!(within.iter().position(|&is| is), Some(position));
            assert_eq!(within.iter().filter(|&&is| is).count(), 1);
        }
    }

    #[test]
    fn a_key_too_short_is_an_error() {
        let mut parts = Parts::of(&[Kind::Instance as u8, 1, 2, 3]);
        assert!(parts.long().is_err());
        assert!(parts.short().is_err());
        assert!(Parts::of(&[]).long().is_err());
        assert!(Parts::of(&[Kind::Id as u8, 0xff]).text().is_err());
    }
}
