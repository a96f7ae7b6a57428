//! Owns what the machine can do, as far as a host depends on it.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::target_folder;

const BLOCK_BYTES: usize = 4096;
const TIME: Duration = Duration::from_secs(2);
const SEQUENTIAL_BYTES: usize = 256 << 20;

/// The machine's limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    pub(crate) processors: usize,
    /// How long it takes to write a block and have it on the disk: in the middle, and for one in a hundred.
    pub(crate) fsync: Duration,
    fsync_p99: Duration,
    /// How much can be written one after the other, with a single fsync at the end.
    pub(crate) bytes_per_second: f64,
}

impl Machine {
    pub(crate) fn measure() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(target_folder())?;
        let mut file = File::create(folder.path().join("fsync"))?;
        let (mut times, began) = (Vec::new(), Instant::now());
        while began.elapsed() < TIME {
            let one = Instant::now();
            file.write_all(&[7; BLOCK_BYTES])?;
            file.sync_data()?;
            times.push(one.elapsed());
        }
        times.sort_unstable();
        let mut file = File::create(folder.path().join("sequential"))?;
        let (block, began) = (vec![7; 1 << 20], Instant::now());
        for _ in 0..SEQUENTIAL_BYTES / block.len() {
            file.write_all(&block)?;
        }
        file.sync_data()?;
        Ok(Self {
            processors: std::thread::available_parallelism()?.get(),
            fsync: times[times.len() / 2],
            fsync_p99: times[times.len() * 99 / 100],
            bytes_per_second: SEQUENTIAL_BYTES as f64 / began.elapsed().as_secs_f64(),
        })
    }

    pub(crate) fn fsyncs_per_second(&self) -> f64 {
        1.0 / self.fsync.as_secs_f64()
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "processors": self.processors,
            "fsyncMicroseconds": self.fsync.as_micros(),
            "fsyncMicrosecondsP99": self.fsync_p99.as_micros(),
            "bytesPerSecond": self.bytes_per_second,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} processors; a block on the disk: {:.0?} (one in a hundred: {:.0?}), {:.0} a second; {:.0} MB/s one after the other",
            self.processors,
            self.fsync,
            self.fsync_p99,
            self.fsyncs_per_second(),
            self.bytes_per_second / 1e6,
        )
    }
}
