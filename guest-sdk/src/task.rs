//! Owns the future of a single result. It must not know who runs it.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_core::FusedFuture;

use crate::executor::Runtime;
use crate::host::{Outcome, TaskId};

/// A result that may arrive later: an activity or a child that has been started, a timer, or a wait
/// for an event.
///
/// A task is under way from the moment you have it, whether it is awaited or not. Awaiting it gives
/// `T`: nothing for a timer, a `Result` for everything else.
///
/// **Dropping a task cancels it**, unless its result has been taken by awaiting it: a timer is
/// removed, an activity is told to stop and is not retried, a child is terminated (unless it was
/// [detached](crate::ChildCall::detached)), and a wait takes no event any more; an event that had
/// reached it goes back to the front of its queue. So whatever loses a race can simply be dropped,
/// and no event is ever swallowed.
#[must_use = "a task that is dropped is cancelled: await it, or keep it"]
pub struct Task<T> {
    runtime: Rc<Runtime>,
    source: Source,
    /// What the result is the result of: an argument to `read`.
    name: String,
    read: fn(&str, Outcome) -> T,
    /// Whether what is under way goes on when this is dropped.
    outlives: bool,
}

enum Source {
    Host(TaskId),
    /// The host has never heard of it.
    Known(Outcome),
    Taken,
}

impl<T> Task<T> {
    pub(crate) fn new(
        runtime: Rc<Runtime>,
        task: TaskId,
        name: String,
        read: fn(&str, Outcome) -> T,
    ) -> Self {
        Self { runtime, source: Source::Host(task), name, read, outlives: false }
    }

    pub(crate) fn known(
        runtime: Rc<Runtime>,
        outcome: Outcome,
        name: String,
        read: fn(&str, Outcome) -> T,
    ) -> Self {
        Self { runtime, source: Source::Known(outcome), name, read, outlives: false }
    }

    /// Returns the same task, but one whose drop cancels nothing.
    pub(crate) fn outliving_its_owner(mut self) -> Self {
        self.outlives = true;
        self
    }

    /// Lets what is under way go on to its end, though nobody waits for it: an activity is run even
    /// after the workflow has returned, but from then on no longer retried.
    ///
    /// ```
    /// # use reweft_sdk::prelude::*;
    /// # #[activity]
    /// # fn tell_somebody() -> Result<(), Failure> { Ok(()) }
    /// # async fn example(ctx: Context) {
    /// ctx.activity(tell_somebody, ()).start().detach();
    /// # }
    /// ```
    pub fn detach(self) {
        drop(self.outliving_its_owner());
    }

    fn poll_source(&mut self, context: &Context<'_>) -> Poll<Outcome> {
        if let Source::Host(task) = self.source {
            let Some(outcome) = self.runtime.take(task) else {
                self.runtime.wait(task, context.waker());
                return Poll::Pending;
            };
            self.source = Source::Known(outcome);
        }
        match std::mem::replace(&mut self.source, Source::Taken) {
            Source::Known(outcome) => Poll::Ready(outcome),
            _ => panic!("a task was polled after it had given its result"),
        }
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let outcome = self.poll_source(context);
        outcome.map(|outcome| (self.read)(&self.name, outcome))
    }
}

impl<T> FusedFuture for Task<T> {
    fn is_terminated(&self) -> bool {
        matches!(self.source, Source::Taken)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        match self.source {
            Source::Host(task) if self.outlives => self.runtime.forget(task),
            Source::Host(task) => self.runtime.abandon(task),
            Source::Known(_) | Source::Taken => {}
        }
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("name", &self.name).finish_non_exhaustive()
    }
}
