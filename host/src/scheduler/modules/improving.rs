//! Owns the threads on which modules are compiled well. They are not those on which modules are compiled in
//! haste, which an upload waits for, and they leave half of the processors to what runs meanwhile. It must
//! not know what a module is.

use std::sync::OnceLock;
use std::thread::available_parallelism;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tracing::{error, warn};

use crate::machine::run_anywhere;

/// The way to those threads, which begin when there is something to do. Nobody waits for their work: when
/// this is dropped, they go on until it is done.
pub(super) struct Improving {
    threads: usize,
    pool: OnceLock<Result<ThreadPool, ThreadPoolBuildError>>,
}

impl Improving {
    pub(super) fn new() -> Self {
        // Counted here, and not when they begin: that is asked for by a thread with one processor.
        let processors = available_parallelism().map_or(1, usize::from);
        Self { threads: (processors / 2).max(1), pool: OnceLock::new() }
    }

    pub(super) fn add(&self, work: impl FnOnce() + Send + 'static) {
        match self.pool.get_or_init(|| start(self.threads)) {
            Ok(pool) => pool.spawn(work),
            Err(error) => warn!("a module stays as compiled in haste: {error}"),
        }
    }
}

fn start(threads: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|_| "reweft-compile".to_owned())
        .start_handler(|_| run_anywhere())
        .panic_handler(|_| error!("a module stays as compiled in haste: compiling it has failed"))
        .build()
}
