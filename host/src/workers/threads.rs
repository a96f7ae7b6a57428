//! Owns the threads of the workers, and those beside them on which tasks compute for long: one for each, and
//! for as long as the host runs.

use std::io;
use std::sync::mpsc;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

use super::{HERE, Worker, Workers};
use crate::machine;

/// Threads of a worker on which something may block: reading a long history, compiling.
const BLOCKING_THREADS_MAX: usize = 64;

/// The workers' threads. Dropping this ends them, wherever their tasks are, and waits for it.
pub(crate) struct Threads {
    workers: Workers,
    stopping: CancellationToken,
    threads: Vec<JoinHandle<()>>,
}

/// Starts so many workers; if it is not said how many, as many as may run at the same time.
///
/// # Errors
/// The system has no thread or no descriptor left.
pub(crate) fn start(count: Option<usize>) -> io::Result<Threads> {
    let stopping = CancellationToken::new();
    let processors = machine::processors(count);
    let count = processors.len();
    let (mut all, mut threads) = (Vec::new(), Vec::new());
    for index in 0..2 * count {
        let processor = processors.get(index).copied().flatten();
        let (begins, begun) = mpsc::channel();
        let (stopping, is_worker) = (stopping.clone(), index < count);
        let name = if is_worker { "reweft-worker" } else { "reweft-long" };
        threads.push(std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            HERE.set(is_worker.then_some(index));
            if let Some(processor) = processor {
                machine::run_on(processor);
            }
            work(is_worker, &begins, stopping);
        })?);
        let gone = |_| Err(io::Error::other("a thread has ended before it began"));
        all.push(Worker::new(begun.recv().unwrap_or_else(gone)?));
    }
    Ok(Threads { workers: Workers { all: all.into(), count }, stopping, threads })
}

fn work(is_worker: bool, begins: &mpsc::Sender<io::Result<Handle>>, stopping: CancellationToken) {
    let mut builder = Builder::new_current_thread();
    if !is_worker {
        // Each task takes so long that between any two it is worth looking for others.
        builder.event_interval(1).global_queue_interval(1);
    }
    // Threads on which something may block can use all processors.
    let runtime = builder
        .enable_all()
        .on_thread_start(machine::run_anywhere)
        .thread_name("reweft-blocking")
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build();
    let said = begins.send(runtime.as_ref().map(|it| it.handle().clone()).map_err(copy));
    if let (Ok(runtime), Ok(())) = (runtime, said) {
        runtime.block_on(stopping.cancelled_owned());
        // What blocks can't be interrupted, and is safe to leave.
        runtime.shutdown_background();
    }
}

fn copy(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

impl Threads {
    pub(crate) fn workers(&self) -> Workers {
        self.workers.clone()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stopping.cancel();
        for thread in self.threads.drain(..) {
            // It has said what was wrong if it panicked.
            let _ = thread.join();
        }
    }
}
