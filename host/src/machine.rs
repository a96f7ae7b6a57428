//! Owns what a host asks of the system that it runs on: pages of the usual size, and a processor of its own
//! for each thread that takes turns. Nothing depends on getting it.

/// Has the system give no huge pages to this process and to those that it starts. It zeroes each as a whole
/// when that is first touched, which an upload waited for up to a tenth of a second; turns are no slower with
/// small ones.
pub(crate) fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!("huge pages stay allowed: {error}");
    }
}

/// Returns, for each thread that takes turns, on which processor it is to stay, if on one. If it is not said
/// how many they are, there is one for each processor.
///
/// Unless the system grants less time than all processors of this process have, each thread stays on one of
/// them. Threads that wake each other are otherwise often put on one, and wait there while another idles.
pub(crate) fn processors(threads: Option<usize>) -> Vec<Option<usize>> {
    let meant = std::thread::available_parallelism().map_or(1, usize::from);
    #[cfg(target_os = "linux")]
    {
        let processors = affinity::allowed();
        if threads.is_none() && processors.len() == meant {
            return processors.into_iter().map(Some).collect();
        }
    }
    vec![None; threads.unwrap_or(meant)]
}

/// Lets this thread run on this processor alone.
pub(crate) fn run_on(processor: usize) {
    #[cfg(target_os = "linux")]
    affinity::run_on(&[processor]);
    #[cfg(not(target_os = "linux"))]
    let _ = processor;
}

/// Lets this thread run on every processor that the process may use. A thread begins on those of the one
/// that made it.
pub(crate) fn run_anywhere() {
    #[cfg(target_os = "linux")]
    affinity::run_on(&affinity::allowed());
}

#[cfg(target_os = "linux")]
mod affinity {
    use rustix::process::getpid;
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
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
}
