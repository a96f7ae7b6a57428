//! Owns compiled code on disk: one file for each module version, component made of it, engine release
//! and set of switches. Losing the folder costs time and nothing else.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tracing::{debug, warn};
use wasmtime::component::Component;

use super::engine::WasmEngine;
use crate::workflow::id::Digest;

const CHECKSUM_BYTES: usize = 32;

/// A folder of compiled modules.
pub struct CompileCache {
    folder: PathBuf,
}

impl CompileCache {
    /// Uses this folder, and makes it if it is not there.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Returns the compiled form of a component: from disk if it is there and whole, else by
    /// compiling it, which takes from milliseconds to seconds.
    ///
    /// # Errors
    /// It can't be compiled, since it is no valid component.
    pub fn compile(
        &self,
        engine: &WasmEngine,
        digest: Digest,
        component: Vec<u8>,
    ) -> anyhow::Result<Component> {
        // What a core module becomes depends on the release that makes a component of it.
        let made = Digest(Sha256::digest(&component).into());
        let name = format!("{digest}-{:.16}-{:016x}.cwasm", made.to_string(), engine.fingerprint());
        let path = self.folder.join(name);
        if let Some(compiled) = self.load(engine, &path) {
            return Ok(compiled);
        }
        let compiled = Component::new(engine.engine(), component)?;
        match compiled.serialize() {
            Ok(code) => self.save(&path, &code),
            Err(error) => warn!("module {digest} can't be kept compiled: {error:#}"),
        }
        Ok(compiled)
    }

    fn load(&self, engine: &WasmEngine, path: &Path) -> Option<Component> {
        let file = fs::read(path).ok()?;
        let parts = file.split_at_checked(CHECKSUM_BYTES);
        let whole = parts.filter(|(sum, code)| *sum == Sha256::digest(code).as_slice());
        let Some((_, code)) = whole else {
            warn!("{} is damaged; the module is compiled anew", path.display());
            return None;
        };
        // SAFETY: `deserialize` trusts its bytes to be what `serialize` gave. The checksum says that
        // they are the bytes this program wrote; whoever can forge both can write to the data
        // directory, and so could replace the database or the modules in it just as well.
        #[allow(unsafe_code, reason = "compiled code can be loaded in no other way")]
        let loaded = unsafe { Component::deserialize(engine.engine(), code) };
        match loaded {
            Ok(component) => Some(component),
            Err(error) => {
                debug!("{} does not fit this engine: {error:#}", path.display());
                None
            }
        }
    }

    /// Writes beside the final name first: a file under that name is always whole.
    fn save(&self, path: &Path, code: &[u8]) {
        let unfinished = path.with_extension(format!("{}.tmp", uuid::Uuid::new_v4()));
        let written = fs::write(&unfinished, [Sha256::digest(code).as_slice(), code].concat())
            .and_then(|()| fs::rename(&unfinished, path));
        if let Err(error) = written {
            warn!("{} can't be written: {error}", path.display());
            // It may never have come into being.
            let _ = fs::remove_file(&unfinished);
        }
    }

    /// Forgets a module version, compiled by whatever engine.
    pub fn remove(&self, digest: Digest) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let prefix = digest.to_string();
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                // One that stays is only in the way.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}
