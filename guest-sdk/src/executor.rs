//! Owns the running of one workflow: it polls, and asks the host when nothing else is left to do. It
//! must not know what a task is about.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::host::answering::*;
use crate::host::{Outcome, TaskId};
use crate::{Failure, UnreadEvents};

/// Error type of a workflow that waits for nothing the host could ever give.
pub(crate) const DEADLOCK: &str = "deadlock";

/// A host, and who waits for which of its tasks.
pub(crate) struct Runtime {
    pub(crate) host: Rc<SomeHost>,
    waiting: RefCell<BTreeMap<TaskId, Waker>>,
    /// Whether the run has continued as new: nothing is polled any more.
    over: Cell<bool>,
}

impl Runtime {
    pub(crate) fn new(host: Rc<SomeHost>) -> Self {
        Self { host, waiting: RefCell::default(), over: Cell::new(false) }
    }

    /// Wakes `waker` once the task is resolved.
    pub(crate) fn wait(&self, task: TaskId, waker: &Waker) {
        let previous = self.waiting.borrow_mut().insert(task, waker.clone());
        // What a waker owns may be anything, so it goes only after the borrow has ended.
        drop(previous);
    }

    /// Takes what a task has resolved to, if it has; nobody will ask about it again.
    pub(crate) fn take(&self, task: TaskId) -> Option<Outcome> {
        // While somebody waits for it, the host has not named it, so there is no need to ask.
        if self.waiting.borrow().contains_key(&task) {
            return None;
        }
        let outcome = self.host.outcome(task)?;
        self.host.release(task);
        Some(outcome)
    }

    /// Ends the interest in a task that has not been read.
    pub(crate) fn abandon(&self, task: TaskId) {
        self.stop_waiting(task);
        self.host.cancel(task);
        self.host.release(task);
    }

    /// Ends the interest in a task that has not been read, but lets it go on.
    pub(crate) fn forget(&self, task: TaskId) {
        self.stop_waiting(task);
        self.host.release(task);
    }

    fn stop_waiting(&self, task: TaskId) {
        let waker = self.waiting.borrow_mut().remove(&task);
        drop(waker);
    }

    /// Ends the run, and gives its instance another one.
    pub(crate) fn continue_as_new(&self, input: &str, unread: UnreadEvents) {
        self.host.continue_as_new(input, unread);
        // Only the test harness lets this come back.
        self.over.set(true);
    }

    /// Wakes who waits for the next task that is resolved, and returns whether there is one.
    fn wake_next(&self) -> Result<bool, Failure> {
        if self.waiting.borrow().is_empty() {
            let message = "the workflow waits for something that only the outside world could \
                           provide: not for an activity or a child, nor a timer, nor an event";
            return Err(Failure::new(DEADLOCK, message));
        }
        let Some(resolved) = self.host.select() else { return Ok(false) };
        // Nobody may wait for it yet: then it is found resolved when somebody does.
        let waker = self.waiting.borrow_mut().remove(&resolved);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(true)
    }
}

/// A workflow on its way, from text to text.
pub(crate) struct Run {
    runtime: Rc<Runtime>,
    future: Pin<Box<dyn Future<Output = Outcome>>>,
    signal: Arc<Signal>,
}

impl Run {
    pub(crate) fn new(
        runtime: Rc<Runtime>,
        future: impl Future<Output = Outcome> + 'static,
    ) -> Self {
        let signal = Arc::new(Signal(AtomicBool::new(true)));
        Self { runtime, future: Box::pin(future), signal }
    }

    /// Runs until the end, or until the host has nothing to give. The real host always has, since it
    /// blocks until then; the test harness gives something, and calls this again.
    ///
    /// The failure is that of the workflow; or `deadlock`, when it waits for nothing that comes from
    /// the host, so that it would wait for ever.
    pub(crate) fn advance(&mut self) -> Poll<Outcome> {
        let waker = Waker::from(self.signal.clone());
        let mut context = Context::from_waker(&waker);
        loop {
            while self.signal.take() {
                if let Poll::Ready(outcome) = self.future.as_mut().poll(&mut context) {
                    return Poll::Ready(outcome);
                }
                if self.runtime.over.get() {
                    return Poll::Pending;
                }
            }
            match self.runtime.wake_next() {
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                Err(failure) => return Poll::Ready(Err(failure)),
            }
        }
    }

    /// Runs to the end, with a host that blocks.
    pub(crate) fn finish(mut self) -> Outcome {
        loop {
            if let Poll::Ready(outcome) = self.advance() {
                return outcome;
            }
        }
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
