use std::collections::BTreeMap;
use std::sync::Mutex;
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
        (0..workers.0.len()).map(|index| workers.count(index, kind.counter())).collect()
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

/// What the tasks that compute have in common.
#[derive(Default)]
struct Computing {
    /// On which worker each was last.
    on: Mutex<BTreeMap<usize, usize>>,
    over: std::sync::atomic::AtomicBool,
}

#[tokio::test]
async fn those_that_compute_for_long_are_spread_evenly() {
    let started = Started::with(2);
    let computing = Arc::new(Computing::default());
    let shared = computing.clone();
    started
        .on_the_first(move |workers, tracker| {
            for task in 0..6 {
                let computing = shared.clone();
                let compute = std::future::poll_fn(move |context: &mut Context<'_>| {
                    computing.on.lock().unwrap().insert(task, HERE.get().unwrap());
                    let begun = Instant::now();
                    while begun.elapsed() < Duration::from_millis(3) {
                        std::hint::spin_loop();
                    }
                    context.waker().wake_by_ref();
                    match computing.over.load(Ordering::Relaxed) {
                        true => Poll::Ready(()),
                        false => Poll::Pending,
                    }
                });
                workers.spawn(Kind::Activity, &tracker, compute);
            }
        })
        .await;
    let begun = Instant::now();
    loop {
        let on: Vec<usize> = computing.on.lock().unwrap().values().copied().collect();
        if on.len() == 6 && on.iter().sum::<usize>() == 3 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "they stay on {on:?}");
        tokio::task::yield_now().await;
    }
    computing.over.store(true, Ordering::Relaxed);
    started.tracker.close();
    started.tracker.wait().await;
    assert_eq!(started.counts(Kind::Activity), [0, 0]);
    let workers = started.threads.workers();
    assert!(workers.0.iter().all(|worker| worker.long.load(Ordering::Relaxed) == 0));
}

#[tokio::test]
async fn one_that_waits_after_it_has_computed_counts_no_more() {
    let started = Started::with(2);
    let (tell, told) = oneshot::channel();
    started
        .on_the_first(move |workers, tracker| {
            let (mut polls, mut tell, all) = (0, Some(tell), workers.clone());
            let compute = std::future::poll_fn(move |context: &mut Context<'_>| {
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(3) {
                    std::hint::spin_loop();
                }
                polls += 1;
                match polls {
                    // The last time it does not ask to be polled again.
                    3 => drop(tell.take().map(|tell| tell.send(all.count(0, long)))),
                    _ => context.waker().wake_by_ref(),
                }
                Poll::<()>::Pending
            });
            workers.spawn(Kind::Instance, &tracker, compute);
        })
        .await;
    assert_eq!(told.await.unwrap(), 1, "it counted");
    let workers = started.threads.workers();
    let begun = Instant::now();
    while workers.count(0, long) > 0 {
        assert!(begun.elapsed() < PATIENCE, "it still counts");
        tokio::task::yield_now().await;
    }
    assert_eq!(started.counts(Kind::Instance), [1, 0]);
}
