//! Owns what is stored and shown of a module. It must not know how a module is run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::store;
use crate::wasm::engine::GuestLimits;
use crate::wasm::permissions::Permissions;
use crate::workflow::id::Digest;

/// A version of a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// Its digest, in hexadecimal.
    pub digest: String,
    /// The names of its workflows.
    pub workflows: Vec<String>,
    /// The names of its activities.
    pub activities: Vec<String>,
    /// The size of what was uploaded.
    pub size_bytes: u64,
    /// When it was uploaded first, in milliseconds since 1970.
    pub uploaded_at_ms: u64,
    /// What its guests may use.
    pub limits: GuestLimits,
}

/// A module, as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleRecord {
    /// The form this record is stored in.
    pub format: u32,
    /// Its name.
    pub name: String,
    /// The digest of the version that new instances run on.
    pub active: String,
    /// Its versions, oldest first.
    pub versions: Vec<VersionRecord>,
    /// What its activities may reach.
    #[serde(default)]
    pub permissions: Arc<Permissions>,
}

const RECORD_FORMAT: u32 = 1;

impl ModuleRecord {
    /// Returns a module that has no version yet.
    pub(super) fn new(name: &str) -> Self {
        let (active, versions) = (String::new(), Vec::new());
        let permissions = Arc::default();
        Self { format: RECORD_FORMAT, name: name.to_owned(), active, versions, permissions }
    }

    /// Returns the version that new instances run on.
    pub fn active_version(&self) -> Option<&VersionRecord> {
        self.versions.iter().find(|version| version.digest == self.active)
    }

    /// Returns the digests of all its versions.
    pub(super) fn digests(&self) -> impl Iterator<Item = Digest> {
        self.versions.iter().filter_map(|version| version.digest.parse().ok())
    }

    /// Returns a version.
    pub fn version(&self, digest: Digest) -> Option<&VersionRecord> {
        let digest = digest.to_string();
        self.versions.iter().find(|version| version.digest == digest)
    }

    /// Adds a version, if it is new. The first one is active.
    pub(super) fn add(&mut self, version: VersionRecord) {
        if self.versions.is_empty() {
            self.active.clone_from(&version.digest);
        }
        if !self.versions.contains(&version) {
            self.versions.push(version);
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// It is damaged, or of a newer release.
    pub(super) fn decode(name: &str, bytes: &[u8]) -> Result<Self, store::Error> {
        let damaged = |reason: String| store::Error::Damaged(format!("module '{name}': {reason}"));
        #[derive(Deserialize)]
        struct Header {
            format: u32,
        }
        let header: Header = serde_json::from_slice(bytes).map_err(|it| damaged(it.to_string()))?;
        if header.format > RECORD_FORMAT {
            return Err(damaged(format!(
                "its record has format {}, but this release reads formats up to {RECORD_FORMAT}: start the newer release that wrote it",
                header.format
            )));
        }
        serde_json::from_slice(bytes).map_err(|it| damaged(it.to_string()))
    }
}
