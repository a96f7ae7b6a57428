//! Owns the threads on which connections are answered, instances take turns and activities run, and which
//! of them does what. It must not know what a task is about.
//!
//! What a task has touched lies in the caches of one processor, and to fetch it into those of another often
//! takes longer than the task does. So a task stays where it began, and begins where it was asked for. Two
//! things are put elsewhere: what comes where much more is under way than on another worker, and what
//! computes for long. For that there are as many threads besides, between which and the workers the system
//! shares the processors: who waits for little is not to wait for them.

mod placed;
#[cfg(test)]
mod tests;
mod threads;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use self::placed::Placed;
pub(crate) use self::threads::start;

/// How many more tasks a worker may have than another before new ones go there: these, and a sixteenth of
/// what that one has.
const MORE_MAX: usize = 16;

thread_local! {
    /// Which worker this thread is, if it is one.
    static HERE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// What a task is for. Each kind is spread by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It answers one client.
    Connection,
    /// It is an instance at work.
    Instance,
    /// It is an attempt of an activity.
    Activity,
}

impl Kind {
    fn counter(self) -> Counter {
        match self {
            Self::Connection => |worker| &worker.connections,
            Self::Instance => |worker| &worker.instances,
            Self::Activity => |worker| &worker.activities,
        }
    }
}

/// One worker, or one of the threads beside them. Those of two lie in no common line of a cache.
#[repr(align(128))]
struct Worker {
    runtime: Handle,
    // How many tasks of each kind it has.
    connections: AtomicUsize,
    instances: AtomicUsize,
    activities: AtomicUsize,
    /// How many tasks compute for long here.
    long: AtomicUsize,
}

impl Worker {
    fn new(runtime: Handle) -> Self {
        let none = AtomicUsize::default;
        let (connections, instances, activities, long) = (none(), none(), none(), none());
        Self { runtime, connections, instances, activities, long }
    }
}

/// The workers of a host.
#[derive(Clone)]
pub struct Workers {
    /// The workers, and after them the threads on which tasks compute for long.
    all: Arc<[Worker]>,
    count: usize,
}

impl Workers {
    /// Returns one worker: whatever runs the caller.
    ///
    /// # Panics
    /// Nothing does that tasks can be spawned on.
    pub fn here() -> Self {
        Self { all: [Worker::new(Handle::current())].into(), count: 1 }
    }

    /// Sets a task to work, as one of those that are waited for together: here, unless another worker has
    /// much less to do.
    pub fn spawn(
        &self,
        kind: Kind,
        tracker: &TaskTracker,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let counter = kind.counter();
        let (least, count) = (self.least(counter), |index| self.count(index, counter));
        let enough = count(least) + count(least) / 16 + MORE_MAX;
        let here = HERE.get().filter(|&here| here < self.count && count(here) <= enough);
        self.spawn_on(here.unwrap_or(least), kind, tracker, task);
    }

    /// The same, but where there is the least to do.
    pub fn spread(
        &self,
        kind: Kind,
        tracker: &TaskTracker,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        self.spawn_on(self.least(kind.counter()), kind, tracker, task);
    }

    fn spawn_on(
        &self,
        index: usize,
        kind: Kind,
        tracker: &TaskTracker,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let place = Place::take(self, index, kind.counter());
        tracker.spawn_on(Placed::new(place, tracker, task), &self.all[index].runtime);
    }

    fn count(&self, index: usize, counter: Counter) -> usize {
        counter(&self.all[index]).load(Ordering::Relaxed)
    }

    fn least(&self, counter: Counter) -> usize {
        let count = |index: &usize| self.count(*index, counter);
        // Hosts beside each other are not to have the first worker do everything, each on the same processor.
        let first = std::process::id() as usize % self.count;
        (first..self.count).chain(0..first).min_by_key(count).unwrap_or_default()
    }

    /// Returns on which of the threads for that the fewest compute for long; none if there are none.
    fn least_long(&self) -> Option<usize> {
        (self.count..self.all.len()).min_by_key(|&index| self.count(index, long))
    }
}

type Counter = fn(&Worker) -> &AtomicUsize;

fn long(worker: &Worker) -> &AtomicUsize {
    &worker.long
}

/// What counts among those of a worker until it is dropped.
struct Place {
    workers: Workers,
    index: usize,
    counter: Counter,
}

impl Place {
    fn take(workers: &Workers, index: usize, counter: Counter) -> Self {
        counter(&workers.all[index]).fetch_add(1, Ordering::Relaxed);
        Self { workers: workers.clone(), index, counter }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        (self.counter)(&self.workers.all[self.index]).fetch_sub(1, Ordering::Relaxed);
    }
}
