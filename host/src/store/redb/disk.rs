//! Owns the files: a B-tree, and in front of it two journals. What is appended to a journal is on the disk
//! at the price of one write; when one is full, the other takes its place, and all that it holds goes
//! into the B-tree in one transaction, meanwhile. When the files are opened, what the journals hold goes
//! there first.
//!
//! A generation is what one journal holds before it is begun anew. They are numbered, even ones are in
//! one journal and odd ones in the other, and the B-tree says which is the last that it has.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use redb::{Database, DatabaseError, ReadableDatabase, TableDefinition, TableError};

use super::OpenError;
use super::batch::unavailable;
use super::changes::repeat;
use super::journal::{Journal, Record, Series};
use super::keys::{self, Meta};
use super::rows::{Layer, Rows, Settled};
use crate::store::Error;

/// The form of the files. Others are refused.
pub(super) const FORMAT: u64 = 3;

pub(super) const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
/// What files had before there were journals.
const OLDER_META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// How much of the B-tree is kept in memory.
const CACHE_BYTES: usize = 256 << 20;

/// When a journal is full. With a larger one, more of what changes often is written to the B-tree but once,
/// but more has to be done at once, is kept in memory until then, and is to be repeated after a crash.
pub(super) const JOURNAL_BYTES: u64 = 8 << 20;

/// The files of a store, as open.
pub(super) struct Disk {
    database: Arc<Database>,
    journals: [Journal; 2],
    /// The one that is written.
    generation: u64,
    settling: Option<JoinHandle<Result<Settled, Error>>>,
    /// When a journal is full.
    journal_bytes: u64,
}

impl Disk {
    /// Opens the files, or makes them; returns all their rows as well. A journal is full when it has so
    /// many bytes.
    pub(super) fn open(path: &Path, journal_bytes: u64) -> Result<(Self, Rows), OpenError> {
        let unusable = |reason: String| OpenError::Unusable { path: path.to_owned(), reason };
        let database = match Database::builder().set_cache_size(CACHE_BYTES).create(path) {
            Ok(database) => database,
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                return Err(OpenError::InUse(path.to_owned()));
            }
            Err(error) => return Err(unusable(error.to_string())),
        };
        let furnished = furnish(&database).map_err(|error| unusable(error.to_string()))?;
        check_format(path, furnished)?;
        let mut journals = open_journals(path).map_err(|(path, error)| {
            let reason = error.to_string();
            OpenError::Unusable { path, reason }
        })?;
        let (settled, series) = recover(&database, &mut journals)
            .map_err(|error: Error| unusable(error.to_string()))?;
        let generation = series.generation;
        journal_of(&mut journals, generation).begin(series);
        let (database, settling) = (Arc::new(database), None);
        let disk = Self { database, journals, generation, settling, journal_bytes };
        Ok((disk, Rows { newest: Layer::new(), settling: Layer::new(), settled }))
    }

    pub(super) fn journal_bytes(&self) -> u64 {
        self.journal_bytes
    }

    /// Writes what makes the rows the way they are now. When this returns `Ok`, it is on the disk.
    ///
    /// # Errors
    /// It may be on the disk or not: the files must be opened anew.
    pub(super) fn append(&mut self, record: Record) -> Result<(), Error> {
        let journal = journal_of(&mut self.journals, self.generation);
        journal.append(record).map_err(|error| journal_failed(&error))
    }

    /// Sees to it that there is room in the journal. Returns whether other rows are to be used now.
    ///
    /// # Errors
    /// The files must be opened anew.
    pub(super) fn make_room(&mut self, rows: &mut Rows) -> Result<bool, Error> {
        let journal = journal_of(&mut self.journals, self.generation);
        let is_full = journal.bytes() >= self.journal_bytes;
        let is_over = self.settling.as_ref().is_some_and(|settling| settling.is_finished());
        if !is_full && !is_over {
            return Ok(false);
        }
        self.finish_settling(rows)?;
        if is_full {
            self.begin_settling(rows)?;
        }
        Ok(true)
    }

    /// Puts everything into the B-tree.
    pub(super) fn settle_all(&mut self, rows: &mut Rows) -> Result<(), Error> {
        self.finish_settling(rows)?;
        if !rows.newest.is_empty() {
            self.begin_settling(rows)?;
            self.finish_settling(rows)?;
        }
        Ok(())
    }

    fn begin_settling(&mut self, rows: &mut Rows) -> Result<(), Error> {
        let generation = self.generation;
        let full = journal_of(&mut self.journals, generation);
        let (series, before) = (full.series(), full.records());
        self.generation += 1;
        let next = Series { generation: self.generation, before, ..series };
        journal_of(&mut self.journals, self.generation).begin(next);
        rows.settling = std::mem::take(&mut rows.newest);
        let (database, layer) = (self.database.clone(), rows.settling.clone());
        let settling = std::thread::Builder::new()
            .name("reweft-settling".to_owned())
            .spawn(move || settle(&database, &layer, generation));
        self.settling = Some(settling.map_err(|error| Error::Unavailable(error.to_string()))?);
        Ok(())
    }

    fn finish_settling(&mut self, rows: &mut Rows) -> Result<(), Error> {
        if let Some(settling) = self.settling.take() {
            let panicked = |_| Err(Error::Unavailable("the settling thread has failed".to_owned()));
            rows.settled = settling.join().unwrap_or_else(panicked)?;
            rows.settling = Layer::new();
        }
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The file is closed when nobody uses it any more.
        if let Some(settling) = self.settling.take() {
            let _ = settling.join();
        }
    }
}

/// Puts into the B-tree what the journals have of it; returns its rows, and what to go on with.
fn recover(database: &Database, journals: &mut [Journal; 2]) -> Result<(Settled, Series), Error> {
    let mut settled = read(database)?;
    let identity = settled.get(&keys::meta(Meta::Identity)[..]).map_err(unavailable)?;
    let identity = identity.and_then(|identity| identity.value().try_into().ok());
    let store = identity.ok_or_else(|| Error::Damaged("it has no identity".to_owned()))?;
    let last = number(&settled, Meta::Settled)?;
    let mut found = Vec::new();
    for journal in journals {
        found.extend(journal.read(store, last).map_err(|error| journal_failed(&error))?);
    }
    found.sort_by_key(|contents| contents.series.generation);
    let (mut generation, mut before) = (last, None);
    for contents in found {
        let Series { generation: next, before: expected, .. } = contents.series;
        if next != generation + 1 || before.is_some_and(|before| before != expected) {
            return Err(Error::Damaged(format!(
                "a journal goes on with generation {next}, but what was before that is missing: the files do not belong together"
            )));
        }
        let mut layer = Layer::new();
        for record in contents.records() {
            repeat(record, &mut layer)
                .ok_or_else(|| Error::Damaged("a record of a journal can't be read".to_owned()))?;
        }
        (generation, before) = (next, Some(contents.records().len() as u64));
        settled = settle(database, &layer, generation)?;
    }
    Ok((settled, Series { store, generation: generation + 1, before: 0 }))
}

fn journal_of(journals: &mut [Journal; 2], generation: u64) -> &mut Journal {
    &mut journals[(generation % 2) as usize]
}

fn journal_failed(error: &io::Error) -> Error {
    Error::Unavailable(format!("the journal failed: {error}"))
}

/// Makes the table in a new file; returns the format of the file.
fn furnish(database: &Database) -> Result<u64, Error> {
    let transaction = database.begin_read().map_err(unavailable)?;
    match transaction.open_table(ROWS) {
        Ok(_) => return number(&read(database)?, Meta::Format),
        Err(TableError::TableDoesNotExist(_)) => {}
        Err(error) => return Err(unavailable(error)),
    }
    if let Ok(meta) = transaction.open_table(OLDER_META) {
        let format = meta.get("format").map_err(unavailable)?;
        return Ok(format.map_or(0, |format| format.value()));
    }
    let mut layer = Layer::new();
    let identity = uuid::Uuid::new_v4().into_bytes();
    layer.insert(keys::meta(Meta::Format), Some(FORMAT.to_le_bytes()[..].into()));
    layer.insert(keys::meta(Meta::Identity), Some(identity[..].into()));
    settle(database, &layer, 0)?;
    Ok(FORMAT)
}

fn check_format(path: &Path, found: u64) -> Result<(), OpenError> {
    let path = path.to_owned();
    match found {
        FORMAT => Ok(()),
        found if found > FORMAT => Err(OpenError::NewerFormat { path, found, newest: FORMAT }),
        found => Err(OpenError::OlderFormat { path, found, oldest: FORMAT }),
    }
}

fn read(database: &Database) -> Result<Settled, Error> {
    let transaction = database.begin_read().map_err(unavailable)?;
    Ok(Arc::new(transaction.open_table(ROWS).map_err(unavailable)?))
}

fn number(settled: &Settled, meta: Meta) -> Result<u64, Error> {
    let value = settled.get(&keys::meta(meta)[..]).map_err(unavailable)?;
    let value = value.and_then(|value| Some(u64::from_le_bytes(value.value().try_into().ok()?)));
    value.ok_or_else(|| Error::Damaged(format!("it has no {meta:?}")))
}

/// Writes rows into the B-tree, and that it has this generation now.
fn settle(database: &Database, layer: &Layer, generation: u64) -> Result<Settled, Error> {
    let mut transaction = database.begin_write().map_err(unavailable)?;
    // After a crash, the file is then open at once, however large it is.
    transaction.set_quick_repair(true);
    let write = || -> Result<(), redb::Error> {
        let mut rows = transaction.open_table(ROWS)?;
        for (key, value) in layer {
            match value {
                Some(value) => drop(rows.insert(&key[..], &value[..])?),
                None => drop(rows.remove(&key[..])?),
            }
        }
        rows.insert(&keys::meta(Meta::Settled)[..], &generation.to_le_bytes()[..])?;
        Ok(())
    };
    write().map_err(unavailable)?;
    transaction.commit().map_err(unavailable)?;
    read(database)
}

/// Returns the path of a journal of the store with this file.
pub(super) fn journal_path(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".journal{number}"));
    name.into()
}

fn open_journals(path: &Path) -> Result<[Journal; 2], (PathBuf, io::Error)> {
    let open = |number| {
        let path = journal_path(path, number);
        Journal::open(&path).map_err(|error| (path, error))
    };
    let journals = [open(0)?, open(1)?];
    // Their names must be on the disk before anything is that they hold.
    if let Some(directory) = path.parent().filter(|_| cfg!(unix)) {
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        let sync = || File::open(directory)?.sync_all();
        sync().map_err(|error| (directory.to_owned(), error))?;
    }
    Ok(journals)
}
