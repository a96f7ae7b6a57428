//! Owns compiled code on disk: one file for each module version, in the form of this release and its
//! engines. Losing the folder costs time and nothing else.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tracing::{debug, warn};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::engine::{Effort, WasmEngine};
use crate::workflow::id::Digest;

/// Behind the code, which the loader then finds where it looks for it.
const CHECKSUM_BYTES: usize = 32;
/// How the name of a file ends that is still being written.
const UNFINISHED: &str = "tmp";
/// How much of a file is in memory while its checksum is computed.
const BLOCK_BYTES: usize = 256 * 1024;

/// A folder of compiled modules.
pub struct CompileCache {
    folder: PathBuf,
}

impl CompileCache {
    /// Uses this folder, which no other host may use, and makes it if it is not there. What a host did
    /// not finish there is removed.
    ///
    /// # Errors
    /// The folder can't be made or read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == UNFINISHED) {
                // One that stays is only in the way.
                let _ = fs::remove_file(path);
            }
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Returns the compiled form of a module version, if it is there and whole. If there are two, as a
    /// crash leaves them, it is the better one, and the other is removed.
    pub fn load(&self, engine: &WasmEngine, digest: Digest) -> Option<Component> {
        [Effort::Full, Effort::Haste].into_iter().find_map(|effort| {
            let path = self.path(engine, effort, digest);
            match is_whole(&path) {
                Ok(true) => {
                    let compiled = map(engine.with(effort).ok()?, &path)?;
                    self.remove_all(digest, Some(&path));
                    return Some(compiled);
                }
                Ok(false) => warn!("{} is damaged; the module is compiled anew", path.display()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    warn!("{} can't be read: {error}; the module is compiled anew", path.display());
                }
            }
            None
        })
    }

    /// Compiles the component that a module version is, which takes from milliseconds to seconds, and
    /// keeps what comes of it, and nothing else of that version.
    ///
    /// # Errors
    /// It can't be compiled with this effort, or is no valid component.
    pub fn compile(
        &self,
        engine: &WasmEngine,
        effort: Effort,
        digest: Digest,
        component: &[u8],
    ) -> anyhow::Result<Component> {
        let path = self.path(engine, effort, digest);
        let engine = engine.with(effort)?;
        let code = engine.precompile_component(component)?;
        // Guests made from a file share its pages with each other and with the system's cache.
        if self.save(&path, &code)
            && let Some(compiled) = map(engine, &path)
        {
            self.remove_all(digest, Some(&path));
            return Ok(compiled);
        }
        // SAFETY: they are the bytes that the engine gave a moment ago.
        #[allow(unsafe_code, reason = "compiled code can be loaded in no other way")]
        let compiled = unsafe { Component::deserialize(engine, code) };
        Ok(compiled?)
    }

    fn path(&self, engine: &WasmEngine, effort: Effort, digest: Digest) -> PathBuf {
        let kind = match effort {
            Effort::Full => "",
            Effort::Haste => ".hasty",
        };
        self.folder.join(format!("{digest}-{:016x}{kind}.cwasm", engine.fingerprint()))
    }

    /// Writes beside the final name first: a file under that name is always whole.
    fn save(&self, path: &Path, code: &[u8]) -> bool {
        let unfinished = path.with_extension(format!("{}.{UNFINISHED}", uuid::Uuid::new_v4()));
        let write = || -> io::Result<()> {
            let mut file = File::create_new(&unfinished)?;
            file.write_all(code)?;
            file.write_all(&Sha256::digest(code))?;
            fs::rename(&unfinished, path)
        };
        let written = write();
        if let Err(error) = &written {
            warn!("{} can't be written: {error}", path.display());
            // It may never have come into being.
            let _ = fs::remove_file(&unfinished);
        }
        written.is_ok()
    }

    /// Forgets a module version, compiled by whatever release.
    pub fn remove(&self, digest: Digest) {
        self.remove_all(digest, None);
    }

    fn remove_all(&self, digest: Digest, except: Option<&Path>) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let prefix = format!("{digest}-");
        for entry in entries.flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            let is_ours = name.starts_with(&prefix) && name.ends_with(".cwasm");
            if is_ours && Some(path.as_path()) != except {
                // One that stays is only in the way.
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Returns whether a file has the checksum that it ends with.
fn is_whole(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let Some(code) = file.metadata()?.len().checked_sub(CHECKSUM_BYTES as u64) else {
        return Ok(false);
    };
    let (mut found, mut block) = (Sha256::new(), vec![0; BLOCK_BYTES]);
    let mut rest = Read::by_ref(&mut file).take(code);
    loop {
        match rest.read(&mut block)? {
            0 => break,
            read => found.update(&block[..read]),
        }
    }
    let mut written = [0; CHECKSUM_BYTES];
    file.read_exact(&mut written)?;
    Ok(found.finalize().as_slice() == written)
}

/// Makes of a whole file what guests are made from. It stays mapped even when its name is gone.
fn map(engine: &Engine, path: &Path) -> Option<Component> {
    // SAFETY: `deserialize_file` trusts the file to be what `precompile_component` gave, and to stay
    // so. The checksum says that it is what this program wrote, which never writes to it again; whoever
    // can do so otherwise can write to the data directory, and so could replace the database or the
    // modules in it just as well.
    #[allow(unsafe_code, reason = "compiled code can be loaded in no other way")]
    let loaded = unsafe { Component::deserialize_file(engine, path) };
    loaded
        .inspect_err(|error| debug!("{} does not fit this engine: {error:#}", path.display()))
        .ok()
}
