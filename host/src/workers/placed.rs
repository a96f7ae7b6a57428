//! Owns a task that has its place on a worker, leaves it to compute for long, and comes back when it waits.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio_util::task::TaskTracker;

use super::{Place, long};
use crate::clock::Stopwatch;

/// Whoever computes for so long at a time is not done soon. It is less than a guest may before it yields.
const LONG: Duration = Duration::from_millis(2);

struct Task {
    place: Place,
    /// It took long when it was last polled: next time it is seen whether it waits or goes on.
    took_long: bool,
    /// Where it computes for long, while it does.
    long: Option<Place>,
    tracker: TaskTracker,
    /// In a box of its own it is moved about as a pointer.
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// A task on a thread; none once it has gone to another.
pub(super) struct Placed(Option<Task>);

impl Placed {
    pub(super) fn new(
        place: Place,
        tracker: &TaskTracker,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let (tracker, future) = (tracker.clone(), Box::pin(future));
        Self(Some(Task { place, took_long: false, long: None, tracker, future }))
    }
}

impl Future for Placed {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(task) = &mut self.0 else { return Poll::Ready(()) };
        let Some(goes_on) = task.poll(context) else { return Poll::Ready(()) };
        let place = &task.place;
        let elsewhere = match (goes_on, &task.long) {
            (true, None) => place.workers.least_long(),
            (false, Some(_)) => Some(place.index),
            _ => None,
        };
        let Some(index) = elsewhere else { return Poll::Pending };
        task.long = goes_on.then(|| Place::take(&place.workers, index, long));
        if let Some(task) = self.0.take() {
            task.go_to(index);
        }
        Poll::Ready(())
    }
}

impl Task {
    /// Polls; returns whether it computes for long, and waits for nothing but to go on. None when it has
    /// ended.
    fn poll(&mut self, context: &mut Context<'_>) -> Option<bool> {
        let time = Stopwatch::start();
        let (polled, yielded) = if self.took_long || self.long.is_some() {
            let yields = Arc::new(Yields { waker: context.waker().clone(), at_once: false.into() });
            let waker = Waker::from(yields.clone());
            let polled = self.future.as_mut().poll(&mut Context::from_waker(&waker));
            (polled, yields.at_once.load(Ordering::Relaxed))
        } else {
            (self.future.as_mut().poll(context), false)
        };
        self.took_long = time.elapsed() >= LONG;
        polled.is_pending().then_some(yielded && (self.took_long || self.long.is_some()))
    }

    fn go_to(self, index: usize) {
        let (workers, tracker) = (self.place.workers.clone(), self.tracker.clone());
        // There it is polled at once, and says whom to wake.
        tracker.spawn_on(Placed(Some(self)), &workers.all[index].runtime);
    }
}

/// Wakes a task, and knows whether that was asked for while it was still being polled.
struct Yields {
    waker: Waker,
    at_once: AtomicBool,
}

impl Wake for Yields {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.at_once.store(true, Ordering::Relaxed);
        self.waker.wake_by_ref();
    }
}
