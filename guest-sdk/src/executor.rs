//! Owns the running of one future: it polls, and waits for the host when nothing else is left to do.
//! It must not know what a task is about.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::Failure;
use crate::host::{Host, TaskId};

/// Error type of a workflow that waits for nothing the host could ever give.
pub(crate) const DEADLOCK: &str = "deadlock";

/// A host, and who waits for which of its tasks.
pub(crate) struct Runtime {
    pub(crate) host: Rc<dyn Host>,
    /// In order of creation, so that the host is always asked in the same order.
    waiting: RefCell<BTreeMap<TaskId, Waker>>,
}

impl Runtime {
    pub(crate) fn new(host: Rc<dyn Host>) -> Self {
        Self { host, waiting: RefCell::default() }
    }

    /// Wakes `waker` once the task is resolved.
    pub(crate) fn wait(&self, task: TaskId, waker: &Waker) {
        let previous = self.waiting.borrow_mut().insert(task, waker.clone());
        // What a waker owns may be anything, so it goes only after the borrow has ended.
        drop(previous);
    }

    /// Returns whether somebody waits for a task that the host has not named yet.
    pub(crate) fn is_waiting(&self, task: TaskId) -> bool {
        self.waiting.borrow().contains_key(&task)
    }

    /// Ends the interest in a task that has not been read.
    pub(crate) fn abandon(&self, task: TaskId) {
        let waker = self.waiting.borrow_mut().remove(&task);
        drop(waker);
        self.host.cancel(task);
        self.host.release(task);
    }

    /// Runs a future to its end.
    ///
    /// # Errors
    /// The failure of the future; of a run that the host gives up; or `deadlock`, when the future
    /// waits for nothing that comes from the host, so that it would wait for ever.
    pub(crate) fn block_on<T>(
        &self,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut future = pin!(future);
        let signal = Arc::new(Signal(AtomicBool::new(true)));
        let waker = Waker::from(signal.clone());
        let mut context = Context::from_waker(&waker);
        loop {
            while signal.take() {
                if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
                    return result;
                }
            }
            self.wake_first_resolved()?;
        }
    }

    fn wake_first_resolved(&self) -> Result<(), Failure> {
        let tasks: Vec<TaskId> = self.waiting.borrow().keys().copied().collect();
        if tasks.is_empty() {
            let message = "the workflow waits for something that only the outside world could \
                           provide: not for an activity, nor a timer, nor an event";
            return Err(Failure::new(DEADLOCK, message));
        }
        let resolved = tasks[self.host.select(&tasks)?];
        let waker = self.waiting.borrow_mut().remove(&resolved);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }
}

/// Whether the root future is to be polled again.
struct Signal(AtomicBool);

impl Signal {
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
