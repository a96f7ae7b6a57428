//! Owns the form in which an instance is written.

use redb::StorageError;

/// The longest ID that a row can hold, in bytes.
pub(super) const ID_BYTES_MAX: usize = u16::MAX as usize;

const ACTIVE: u8 = 1;
const HAS_PARENT: u8 = 2;
const HAS_HISTORY: u8 = 4;

/// The row of an instance. It holds what is needed to find its entries in the other tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) version: u64,
    /// How many timers it has. With none, nobody need look for them when it is removed.
    pub(super) timers: u32,
    /// Whether its host said that it is active. It also is while its inbox holds something.
    pub(super) active: bool,
    /// The number of its label.
    pub(super) label: u32,
    pub(super) created_at: u64,
    /// It may be gone.
    pub(super) parent: Option<u64>,
    /// The index of the first event of the last stretch of its history.
    pub(super) last_chunk: Option<u64>,
    pub(super) id: String,
    pub(super) summary: Vec<u8>,
}

impl Row {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, StorageError> {
        let read = || {
            let (version, rest) = bytes.split_first_chunk::<8>()?;
            let (timers, rest) = rest.split_first_chunk::<4>()?;
            let ([flags], rest) = rest.split_first_chunk::<1>()?;
            let (label, rest) = rest.split_first_chunk::<4>()?;
            let (created_at, rest) = rest.split_first_chunk::<8>()?;
            let (parent, rest) = optional(flags & HAS_PARENT != 0, rest)?;
            let (last_chunk, rest) = optional(flags & HAS_HISTORY != 0, rest)?;
            let (id_bytes, rest) = rest.split_first_chunk::<2>()?;
            let (id, summary) = rest.split_at_checked(u16::from_le_bytes(*id_bytes).into())?;
            Some(Self {
                version: u64::from_le_bytes(*version),
                timers: u32::from_le_bytes(*timers),
                active: flags & ACTIVE != 0,
                label: u32::from_le_bytes(*label),
                created_at: u64::from_le_bytes(*created_at),
                parent,
                last_chunk,
                id: std::str::from_utf8(id).ok()?.to_owned(),
                summary: summary.to_owned(),
            })
        };
        let damaged = || StorageError::Corrupted("the row of an instance can't be read".to_owned());
        read().ok_or_else(damaged)
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let flag = |flag: u8, is_set: bool| if is_set { flag } else { 0 };
        let mut row = Vec::with_capacity(43 + self.id.len() + self.summary.len());
        row.extend_from_slice(&self.version.to_le_bytes());
        row.extend_from_slice(&self.timers.to_le_bytes());
        row.push(
            flag(ACTIVE, self.active)
                | flag(HAS_PARENT, self.parent.is_some())
                | flag(HAS_HISTORY, self.last_chunk.is_some()),
        );
        row.extend_from_slice(&self.label.to_le_bytes());
        row.extend_from_slice(&self.created_at.to_le_bytes());
        let optional = [self.parent, self.last_chunk];
        row.extend(optional.iter().flatten().flat_map(|number| number.to_le_bytes()));
        row.extend_from_slice(&(self.id.len() as u16).to_le_bytes());
        row.extend_from_slice(self.id.as_bytes());
        row.extend_from_slice(&self.summary);
        row
    }
}

/// Reads a number, if it is there, and returns what follows.
fn optional(is_there: bool, bytes: &[u8]) -> Option<(Option<u64>, &[u8])> {
    if !is_there {
        return Some((None, bytes));
    }
    let (number, rest) = bytes.split_first_chunk()?;
    Some((Some(u64::from_le_bytes(*number)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_what_it_writes() {
        let parent = [None, Some(u64::MAX)];
        for (parent, last_chunk) in parent.into_iter().flat_map(|it| [(it, None), (it, Some(7))]) {
            let row = Row {
                version: 1,
                timers: 2,
                active: parent.is_none(),
                label: 3,
                created_at: 4,
                parent,
                last_chunk,
                id: "größe".to_owned(),
                summary: vec![5; 6],
            };
            let bytes = row.write();
            assert_eq!(Row::read(&bytes).unwrap(), row);
            let without_summary = bytes.len() - 6;
            for length in 0..without_summary {
                assert!(Row::read(&bytes[..length]).is_err(), "{length} bytes");
            }
        }
    }
}
