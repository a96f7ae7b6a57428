//! Owns the form of a journal: a file to which records are appended, and which is used again from its
//! beginning for each generation of them. It does not know what is in them.
//!
//! Each record is on the disk before the next is written, so that only the last can be incomplete. It
//! begins with a header that names the store, the generation and its number in that: what an earlier
//! generation has left behind is never taken for a part of this one.

use std::io;
use std::ops::Range;
use std::path::Path;

use super::durable_file::DurableFile;

/// No record shares a block with another: if writing one is interrupted, none before it suffers.
const BLOCK: usize = 512;
/// By how much the file grows: while it doesn't, the disk has to keep no books.
const GROWTH: u64 = 1 << 20;

const MAGIC: [u8; 4] = *b"RWJ1";
const CHECKED_FROM: usize = 8;
const HEADER: usize = 64;
/// Most records have room in so many bytes.
const ROOM: usize = 64 << 10;

/// Which records are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Series {
    /// The store that they belong to.
    pub(super) store: [u8; 16],
    pub(super) generation: u64,
    /// How many records the generation before this one has.
    pub(super) before: u64,
}

/// A record under way: the space for its header, and what it holds.
pub(super) struct Record(Vec<u8>);

impl Record {
    pub(super) fn new() -> Self {
        let mut bytes = Vec::with_capacity(ROOM);
        bytes.resize(HEADER, 0);
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.len() == HEADER
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Returns it as it is in the file.
    fn finish(mut self, series: &Series, number: u64) -> Vec<u8> {
        let length = (self.0.len() - HEADER) as u64;
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
        let header = &mut self.0[..HEADER];
        header[..4].copy_from_slice(&MAGIC);
        header[8..24].copy_from_slice(&series.store);
        let numbers = [series.generation, number, series.before, length];
        for (position, number) in numbers.into_iter().enumerate() {
            header[24 + position * 8..][..8].copy_from_slice(&number.to_le_bytes());
        }
        let checksum = crc32fast::hash(&self.0[CHECKED_FROM..HEADER + length as usize]);
        self.0[4..8].copy_from_slice(&checksum.to_le_bytes());
        self.0
    }
}

/// A journal that is written.
pub(super) struct Journal {
    file: DurableFile,
    series: Series,
    records: u64,
    end: u64,
    size: u64,
}

impl Journal {
    /// Opens a journal, or makes it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = DurableFile::open(path)?;
        let size = file.size()?;
        let series = Series { store: [0; 16], generation: 0, before: 0 };
        Ok(Self { file, series, records: 0, end: 0, size })
    }

    /// Begins it anew. What it holds must be needed no more.
    pub(super) fn begin(&mut self, series: Series) {
        (self.series, self.records, self.end) = (series, 0, 0);
    }

    pub(super) fn series(&self) -> Series {
        self.series
    }

    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Returns how many bytes its records take.
    pub(super) fn bytes(&self) -> u64 {
        self.end
    }

    /// Appends a record. When this returns `Ok`, it is on the disk. After an error, it may be or not: then
    /// nothing more may be appended.
    pub(super) fn append(&mut self, record: Record) -> io::Result<()> {
        let mut bytes = record.finish(&self.series, self.records);
        let end = self.end + bytes.len() as u64;
        if end > self.size {
            self.size = end.next_multiple_of(GROWTH);
            bytes.resize((self.size - self.end) as usize, 0);
        }
        self.file.write(self.end, &bytes)?;
        (self.records, self.end) = (self.records + 1, end);
        Ok(())
    }

    /// Reads what it holds of a store's generations after this one.
    ///
    /// # Errors
    /// It can't be read, or a record is incomplete though later ones are not: that is no interrupted write.
    pub(super) fn read(&self, store: [u8; 16], after: u64) -> io::Result<Option<Contents>> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a record in it is damaged");
        Contents::of(self.file.read()?, store, after).map_err(|Damaged| damaged())
    }
}

#[derive(Debug)]
struct Damaged;

/// What a journal holds: the records of one generation, in order.
pub(super) struct Contents {
    pub(super) series: Series,
    bytes: Vec<u8>,
    records: Vec<Range<usize>>,
}

impl Contents {
    fn of(bytes: Vec<u8>, store: [u8; 16], after: u64) -> Result<Option<Self>, Damaged> {
        let is_wanted = |series: &Series| series.store == store && series.generation > after;
        let (mut end, mut records, mut series) = (0, Vec::new(), None);
        while let Some(found) = find(&bytes, end)
            && is_wanted(&found.series)
            && series.is_none_or(|series| series == found.series)
            && found.number == records.len() as u64
        {
            series = Some(found.series);
            end = found.body.end.next_multiple_of(BLOCK);
            records.push(found.body);
        }
        let mut later = (end..bytes.len()).step_by(BLOCK);
        if later.any(|at| find(&bytes, at).is_some_and(|found| is_wanted(&found.series))) {
            return Err(Damaged);
        }
        Ok(series.map(|series| Self { series, bytes, records }))
    }

    pub(super) fn records(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.records.iter().map(|record| &self.bytes[record.clone()])
    }
}

struct Found {
    series: Series,
    number: u64,
    body: Range<usize>,
}

/// Reads the record that begins there, if a whole one does.
fn find(bytes: &[u8], at: usize) -> Option<Found> {
    let header = bytes.get(at..)?.first_chunk::<HEADER>()?;
    let (magic, rest) = header.split_first_chunk::<4>()?;
    let (checksum, rest) = rest.split_first_chunk::<4>()?;
    let (store, rest) = rest.split_first_chunk::<16>()?;
    if *magic != MAGIC {
        return None;
    }
    let mut numbers = rest.chunks_exact(8).map(|number| {
        number.iter().rev().fold(0, |value: u64, &byte| value << 8 | u64::from(byte))
    });
    let (generation, number) = (numbers.next()?, numbers.next()?);
    let (before, length) = (numbers.next()?, numbers.next()?);
    let begin = at + HEADER;
    let body = begin..begin.checked_add(usize::try_from(length).ok()?)?;
    let checked = bytes.get(at + CHECKED_FROM..body.end)?;
    let is_whole = crc32fast::hash(checked).to_le_bytes() == *checksum;
    let series = Series { store: *store, generation, before };
    is_whole.then_some(Found { series, number, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: [u8; 16] = [7; 16];

    fn series(generation: u64) -> Series {
        Series { store: STORE, generation, before: 3 }
    }

    fn record(body: &[u8]) -> Record {
        let mut record = Record::new();
        record.extend(body);
        record
    }

    fn bodies(contents: &Contents) -> Vec<&[u8]> {
        contents.records().collect()
    }

    /// Returns the path of a journal that holds such records, and its directory.
    fn written(generation: u64, records: &[&[u8]]) -> (tempfile::TempDir, Journal) {
        let directory = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&directory.path().join("journal")).unwrap();
        journal.begin(series(generation));
        records.iter().for_each(|body| journal.append(record(body)).unwrap());
        (directory, journal)
    }

    fn bytes(journal: &Journal) -> Vec<u8> {
        journal.file.read().unwrap()
    }

    #[test]
    fn what_was_appended_is_read() {
        let large = vec![1; 3 << 20];
        let records = [&b"one"[..], b"", &large, &[2; 448], &[3; 449]];
        let (directory, journal) = written(5, &records);
        let contents = journal.read(STORE, 4).unwrap().unwrap();
        assert_eq!(contents.series, series(5));
        assert_eq!(bodies(&contents), records);
        assert_eq!(journal.records(), 5);
        assert!(journal.read([8; 16], 4).unwrap().is_none(), "another store");
        assert!(journal.read(STORE, 5).unwrap().is_none(), "it is in the file already");
        let size = std::fs::metadata(directory.path().join("journal")).unwrap().len();
        assert!(size.is_multiple_of(GROWTH) && size >= journal.bytes());
    }

    #[test]
    fn nothing_of_an_earlier_generation_is_read() {
        let (_directory, mut journal) = written(1, &[b"one", b"two", b"three"]);
        for written in 1..4 {
            journal.begin(series(3));
            (0..written).for_each(|_| journal.append(record(b"newer")).unwrap());
            let contents = journal.read(STORE, 1).unwrap().unwrap();
            assert_eq!(bodies(&contents), vec![b"newer"; written]);
        }
    }

    #[test]
    fn of_an_interrupted_write_nothing_is_read() {
        let (_directory, journal) = written(1, &[b"one", &[2; 2_000]]);
        let (end, whole) = (journal.bytes() as usize, bytes(&journal));
        for length in 0..end {
            // Of what is missing, nothing was there before, or something else.
            let mut bytes = whole[..length].to_vec();
            bytes.resize(end, 0xaa);
            let contents = Contents::of(bytes, STORE, 0).unwrap();
            let read = contents.map_or(0, |contents| contents.records().len());
            let complete = [HEADER + 3, BLOCK + HEADER + 2_000];
            let expected = complete.iter().filter(|&&end| length >= end).count();
            assert_eq!(read, expected, "{length} bytes");
        }
    }

    #[test]
    fn a_damaged_record_before_whole_ones_is_noticed() {
        let (_directory, journal) = written(1, &[b"one", b"two", b"three"]);
        let whole = bytes(&journal);
        for record in [0, BLOCK] {
            for position in 0..HEADER + 3 {
                let mut damaged = whole.clone();
                damaged[record + position] ^= 1;
                let contents = Contents::of(damaged, STORE, 0);
                assert!(contents.is_err(), "byte {position} of the record at {record}");
            }
        }
        // What is left of an earlier generation does not count.
        let mut cut = whole;
        cut[0] ^= 1;
        assert!(Contents::of(cut, STORE, 1).unwrap().is_none());
    }

    #[test]
    fn any_bytes_are_survived() {
        let (_directory, journal) = written(1, &[b"one"]);
        let whole = bytes(&journal);
        for length in [0, 1, HEADER - 1, HEADER, BLOCK, BLOCK + 1] {
            assert!(Contents::of(vec![0x5a; length], STORE, 0).unwrap().is_none());
        }
        // A length beyond all bounds, with a checksum that fits nothing.
        let mut long = whole;
        long[48..56].fill(0xff);
        assert!(Contents::of(long, STORE, 0).unwrap().is_none());
    }
}
