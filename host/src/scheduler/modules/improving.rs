//! Owns the threads on which modules are compiled well. They are not those on which modules are compiled in
//! haste, which an upload waits for, and they leave half of the processors to what runs meanwhile. It must
//! not know what a module is.

use std::sync::LazyLock;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tracing::{error, warn};

/// The way to those threads, which begin when there is something to do. Nobody waits for their work: when
/// this is dropped, they go on until it is done.
pub(super) struct Improving(LazyLock<Result<ThreadPool, ThreadPoolBuildError>>);

impl Improving {
    pub(super) fn new() -> Self {
        Self(LazyLock::new(start))
    }

    pub(super) fn add(&self, work: impl FnOnce() + Send + 'static) {
        match &*self.0 {
            Ok(threads) => threads.spawn(work),
            Err(error) => warn!("a module stays as compiled in haste: {error}"),
        }
    }
}

fn start() -> Result<ThreadPool, ThreadPoolBuildError> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    ThreadPoolBuilder::new()
        .num_threads((processors / 2).max(1))
        .thread_name(|_| "reweft-compile".to_owned())
        .panic_handler(|_| error!("a module stays as compiled in haste: compiling it has failed"))
        .build()
}
