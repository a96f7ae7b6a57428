use std::future::poll_fn;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::threads::Threads;
use super::*;

const PATIENCE: Duration = Duration::from_secs(60);

struct Started {
    threads: Threads,
    tracker: TaskTracker,
}

impl Started {
    fn with(count: usize) -> Self {
        Self { threads: start(Some(count)).unwrap(), tracker: TaskTracker::new() }
    }

    /// Has the first worker do something.
    async fn on_the_first<T: Send + 'static>(
        &self,
        work: impl FnOnce(Workers, TaskTracker) -> T + Send + 'static,
    ) -> T {
        let (workers, tracker) = (self.threads.workers(), self.tracker.clone());
        let (tell, told) = oneshot::channel();
        let (then, trackers) = (workers.clone(), tracker.clone());
        workers.spawn_on(0, Kind::Connection, &tracker, async move {
            let _ = tell.send(work(then, trackers));
        });
        told.await.unwrap()
    }

    /// Has the first worker set so many tasks to work that last; returns on which workers they are.
    async fn lasting(&self, kind: Kind, count: usize) -> Vec<usize> {
        let (tell, mut told) = mpsc::unbounded_channel();
        self.on_the_first(move |workers, tracker| {
            for _ in 0..count {
                let tell = tell.clone();
                workers.spawn(kind, &tracker, async move {
                    tell.send(HERE.get().unwrap()).unwrap();
                    std::future::pending().await
                });
            }
        })
        .await;
        let mut all = Vec::new();
        while let Some(here) = told.recv().await {
            all.push(here);
            if all.len() == count {
                break;
            }
        }
        all
    }

    fn counts(&self, kind: Kind) -> Vec<usize> {
        let workers = self.threads.workers();
        (0..workers.count).map(|index| workers.count(index, kind.counter())).collect()
    }
}

#[tokio::test]
async fn a_task_begins_where_it_is_asked_for() {
    let started = Started::with(3);
    assert_eq!(started.lasting(Kind::Instance, MORE_MAX).await, [0; MORE_MAX]);
    assert_eq!(started.counts(Kind::Instance), [MORE_MAX, 0, 0]);
}

#[tokio::test]
async fn where_much_more_is_under_way_others_help() {
    let started = Started::with(2);
    let all = started.lasting(Kind::Activity, 1_000).await;
    let first = all.iter().filter(|&&here| here == 0).count();
    assert!((500..=530).contains(&first), "{first} of 1,000");
    // Another kind is spread by itself.
    assert_eq!(started.lasting(Kind::Instance, 1).await, [0]);
}

#[tokio::test]
async fn what_comes_from_elsewhere_goes_where_least_is_to_do() {
    let started = Started::with(2);
    started.lasting(Kind::Instance, 3).await;
    let (tell, told) = oneshot::channel();
    started.threads.workers().spawn(Kind::Instance, &started.tracker, async move {
        tell.send(HERE.get()).unwrap();
    });
    assert_eq!(told.await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_task_that_ends_or_panics_leaves_its_place() {
    let started = Started::with(1);
    started
        .on_the_first(|workers, tracker| {
            workers.spawn(Kind::Activity, &tracker, async {});
            workers.spawn(Kind::Activity, &tracker, async { panic!("it has failed") });
        })
        .await;
    started.tracker.close();
    started.tracker.wait().await;
    assert_eq!(started.counts(Kind::Activity), [0]);
}

fn compute() {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(3) {
        std::hint::spin_loop();
    }
}

/// Waits until so many tasks compute for long on each of the threads for that.
async fn computing(workers: &Workers, expected: &[usize]) {
    let begun = Instant::now();
    loop {
        let counts = workers.count..workers.all.len();
        let counts: Vec<_> = counts.map(|index| workers.count(index, long)).collect();
        if counts == expected {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{counts:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn those_that_compute_for_long_leave_the_workers_and_are_spread_evenly() {
    let started = Started::with(2);
    let over = Arc::new(AtomicBool::new(false));
    let told_over = over.clone();
    started
        .on_the_first(move |workers, tracker| {
            for _ in 0..6 {
                let over = told_over.clone();
                let task = poll_fn(move |context: &mut Context<'_>| {
                    compute();
                    context.waker().wake_by_ref();
                    match over.load(Ordering::Relaxed) {
                        true => Poll::Ready(()),
                        false => Poll::Pending,
                    }
                });
                workers.spawn(Kind::Activity, &tracker, task);
            }
        })
        .await;
    let workers = started.threads.workers();
    computing(&workers, &[3, 3]).await;
    assert_eq!(started.counts(Kind::Activity), [6, 0], "they have their places");
    over.store(true, Ordering::Relaxed);
    started.tracker.close();
    started.tracker.wait().await;
    assert_eq!(started.counts(Kind::Activity), [0, 0]);
    computing(&workers, &[0, 0]).await;
}

#[tokio::test]
async fn one_that_waits_after_it_has_computed_comes_back() {
    let started = Started::with(1);
    let (tell, mut told) = mpsc::unbounded_channel();
    let waits = Arc::new(AtomicBool::new(false));
    let to_wait = waits.clone();
    started
        .on_the_first(move |workers, tracker| {
            let task = poll_fn(move |context: &mut Context<'_>| {
                let waits = to_wait.load(Ordering::Relaxed);
                tell.send((HERE.get(), waits)).unwrap();
                if !waits {
                    compute();
                    context.waker().wake_by_ref();
                }
                Poll::<()>::Pending
            });
            workers.spawn(Kind::Instance, &tracker, task);
        })
        .await;
    let workers = started.threads.workers();
    computing(&workers, &[1]).await;
    waits.store(true, Ordering::Relaxed);
    computing(&workers, &[0]).await;
    let mut last = None;
    while last != Some((Some(0), true)) {
        last = told.recv().await;
    }
    assert_eq!(started.counts(Kind::Instance), [1]);
}
