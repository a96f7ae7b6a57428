//! Owns the open file. One that has failed to be written is closed, and opened anew when it is next
//! needed: redb refuses to go on with a file whose state on disk it does not know.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use redb::{Database, DatabaseError, ReadTransaction, ReadableDatabase};

use super::tables::unavailable;
use crate::store::Error;

/// How much of the file is kept in memory.
const CACHE_BYTES: usize = 256 * 1024 * 1024;

/// A database file that can be closed and opened again.
pub(super) struct File {
    path: PathBuf,
    database: RwLock<Option<Arc<Database>>>,
}

fn open(path: &Path) -> Result<Arc<Database>, DatabaseError> {
    Database::builder().set_cache_size(CACHE_BYTES).create(path).map(Arc::new)
}

impl File {
    /// Opens a file, or makes it.
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        Ok(Self { path: path.to_owned(), database: RwLock::new(Some(open(path)?)) })
    }

    fn current(&self) -> Option<Arc<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins to read.
    pub(super) fn read(&self) -> Result<ReadTransaction, Error> {
        let closed = || Error::Unavailable("a write has failed, and is being recovered".to_owned());
        self.current().ok_or_else(closed)?.begin_read().map_err(unavailable)
    }

    /// Returns the database; opens it first if it was closed.
    pub(super) fn database(&self) -> Result<Arc<Database>, Error> {
        if let Some(database) = self.current() {
            return Ok(database);
        }
        // Readers that are not done yet keep the old one locked: then it is tried again later.
        let database = open(&self.path).map_err(unavailable)?;
        tracing::info!("{} is open again", self.path.display());
        let mut current = self.database.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(database.clone());
        Ok(database)
    }

    /// Closes the database after a write has failed.
    pub(super) fn close(&self) {
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
