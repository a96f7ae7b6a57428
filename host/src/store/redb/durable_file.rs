//! Owns a file of which everything is on the disk as soon as it is written: past the system's cache where
//! the file system can do that, which spares a copy and a second call; else through it. It does not know
//! what is written.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use tracing::debug;

/// How much room is kept for the next write. A larger one is rare.
const ROOM_KEPT: usize = 1 << 20;

/// What is written past the cache has to lie so in memory, on every disk that we know of.
const ALIGNMENT: usize = 4096;

/// A file that is written.
pub(super) struct DurableFile {
    path: PathBuf,
    cached: File,
    direct: Option<File>,
    /// Room for a copy of what is written, at the right place.
    aligned: Vec<u8>,
}

impl DurableFile {
    /// Opens a file, or makes it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let cached = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let direct = open_direct(path)
            .inspect_err(|error| debug!("{} is written through the cache: {error}", path.display()))
            .ok();
        Ok(Self { path: path.to_owned(), cached, direct, aligned: Vec::new() })
    }

    pub(super) fn size(&self) -> io::Result<u64> {
        Ok(self.cached.metadata()?.len())
    }

    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        std::fs::read(&self.path)
    }

    /// Writes there. When this returns `Ok`, it is on the disk. After an error, any part of it may be.
    pub(super) fn write(&mut self, position: u64, bytes: &[u8]) -> io::Result<()> {
        if let Some(direct) = &mut self.direct {
            match write_direct(direct, &mut self.aligned, position, bytes) {
                // What this disk asks for is not known to us, or it is full.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    debug!("{} is now written through the cache: {error}", self.path.display());
                    self.direct = None;
                }
                written => return written,
            }
        }
        self.cached.seek(SeekFrom::Start(position))?;
        self.cached.write_all(bytes)?;
        self.cached.sync_data()
    }
}

fn write_direct(
    file: &mut File,
    aligned: &mut Vec<u8>,
    position: u64,
    bytes: &[u8],
) -> io::Result<()> {
    aligned.resize(aligned.len().max(bytes.len() + ALIGNMENT), 0);
    let begin = aligned.as_ptr().align_offset(ALIGNMENT);
    let copy = &mut aligned[begin..][..bytes.len()];
    copy.copy_from_slice(bytes);
    file.seek(SeekFrom::Start(position))?;
    file.write_all(copy)?;
    aligned.truncate(ROOM_KEPT);
    aligned.shrink_to(ROOM_KEPT);
    Ok(())
}

#[cfg(target_os = "linux")]
fn open_direct(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    OpenOptions::new().write(true).custom_flags(libc::O_DIRECT | libc::O_DSYNC).open(path)
}

#[cfg(not(target_os = "linux"))]
fn open_direct(_: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, DurableFile) {
        let directory = tempfile::tempdir().unwrap();
        let file = DurableFile::open(&directory.path().join("file")).unwrap();
        (directory, file)
    }

    #[test]
    fn what_is_written_is_read_whether_past_the_cache_or_through_it() {
        let (_directory, mut file) = file();
        let block = |byte: u8, blocks: usize| vec![byte; blocks * 512];
        file.write(0, &block(1, 3)).unwrap();
        file.write(512, &block(2, 1)).unwrap();
        assert_eq!(file.read().unwrap(), [block(1, 1), block(2, 1), block(1, 1)].concat());
        // Hardly any file system takes half a block past the cache.
        file.write(1_024, &[3; 7]).unwrap();
        file.direct = None;
        file.write(512, &block(4, 1)).unwrap();
        let expected = [block(1, 1), block(4, 1), vec![3; 7], vec![1; 505]].concat();
        assert_eq!(file.read().unwrap(), expected);
        assert_eq!(file.size().unwrap(), 3 * 512);
    }
}
