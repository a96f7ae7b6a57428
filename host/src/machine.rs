//! Owns what a host asks of the system that it runs on: pages of the usual size, and a processor of its own
//! for each thread that takes turns. Nothing depends on getting it.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Has the system give no huge pages to this process and to those that it starts. It zeroes each as a whole
/// when that is first touched, which an upload waited for up to a tenth of a second; turns are no slower with
/// small ones.
pub(crate) fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!("huge pages stay allowed: {error}");
    }
}

/// Starts the threads that take turns and answer requests, one for each processor.
///
/// Unless the system grants less time than all processors of this process have, each thread stays on one of
/// them. Threads that wake each other are otherwise often put on one, and wait there while another idles.
///
/// # Errors
/// The system has no descriptors left to wait with.
///
/// # Panics
/// It has no threads left.
pub(crate) fn start_runtime() -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.enable_all();
    #[cfg(target_os = "linux")]
    {
        let processors = affinity::allowed();
        let chosen = std::env::var_os("TOKIO_WORKER_THREADS").is_some();
        let meant = std::thread::available_parallelism();
        if !chosen && meant.is_ok_and(|meant| meant.get() == processors.len()) {
            return affinity::start_on_each(builder, processors);
        }
    }
    builder.build()
}

/// Lets this thread run on every processor that the process may use. A thread begins on those of the one
/// that made it.
pub(crate) fn run_anywhere() {
    #[cfg(target_os = "linux")]
    affinity::run_on(&affinity::allowed());
}

#[cfg(target_os = "linux")]
mod affinity {
    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use rustix::process::getpid;
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    use tokio::runtime::{Builder, Runtime};
    use tracing::debug;

    /// The processors that the main thread may use; none if that can't be told.
    pub(super) fn allowed() -> Vec<usize> {
        let set = sched_getaffinity(Some(getpid())).unwrap_or_else(|_| CpuSet::new());
        (0..CpuSet::MAX_CPU).filter(|processor| set.is_set(*processor)).collect()
    }

    pub(super) fn run_on(processors: &[usize]) {
        let mut set = CpuSet::new();
        processors.iter().for_each(|processor| set.set(*processor));
        if let Err(error) = sched_setaffinity(None, &set) {
            debug!("a thread stays where it is, not on {processors:?}: {error}");
        }
    }

    /// Starts a runtime with a worker on each of these processors. The threads on which it may block can
    /// use all of them: they begin later than any worker.
    pub(super) fn start_on_each(
        mut builder: Builder,
        processors: Vec<usize>,
    ) -> io::Result<Runtime> {
        let workers = processors.len();
        let (begins, begun) = mpsc::channel();
        let before = AtomicUsize::new(0);
        builder.worker_threads(workers).on_thread_start(move || {
            match processors.get(before.fetch_add(1, Ordering::Relaxed)) {
                Some(processor) => {
                    run_on(&[*processor]);
                    // Nobody listens any more if the runtime could not be started.
                    let _ = begins.send(());
                }
                None => run_on(&allowed()),
            }
        });
        let runtime = builder.build()?;
        begun.iter().take(workers).for_each(drop);
        Ok(runtime)
    }
}
