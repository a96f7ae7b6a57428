//! The executor: every combinator runs things in parallel, asks in a fixed order, and leaves nothing
//! behind.

use std::cell::Cell;
use std::rc::Rc;

use futures::future::{join_all, select, try_join_all};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{FutureExt, join, pin_mut, select_biased, try_join};
use reweft_sdk::prelude::*;
use reweft_sdk::testing::Harness;

const SECOND: Duration = Duration::from_secs(1);

fn seconds(count: u64) -> Duration {
    SECOND * u32::try_from(count).unwrap()
}

#[activity]
fn step(number: u64) -> Result<u64, Failure> {
    Ok(number)
}

/// A world in which `step` takes a second.
fn slow_world() -> Harness {
    let mut harness = Harness::new();
    harness.activity_taking(SECOND, step, |number| Ok(number * 10));
    harness
}

#[workflow]
async fn fan_out(ctx: Context, count: u64) -> Result<Vec<u64>, Failure> {
    try_join_all((0..count).map(|number| ctx.activity(step, number))).await
}

#[test]
fn join_all_runs_in_parallel_and_asks_in_order() {
    for count in [0, 1, 2, 30, 31, 100, 1000] {
        let mut harness = slow_world();
        let results = harness.run(fan_out, count).unwrap();
        assert_eq!(results, (0..count).map(|number| number * 10).collect::<Vec<_>>());
        assert_eq!(harness.elapsed(), if count == 0 { Duration::ZERO } else { SECOND });
        let asked: Vec<u64> =
            harness.calls("step").iter().map(|input| input.as_u64().unwrap()).collect();
        assert_eq!(asked, (0..count).collect::<Vec<_>>());
        assert_eq!(harness.commands().len() as u64, count, "nothing is cancelled");
    }
}

#[workflow]
async fn in_order_of_completion(ctx: Context, delays: Vec<u64>) -> Result<Vec<u64>, Failure> {
    let timers: FuturesUnordered<_> =
        delays.into_iter().map(|delay| ctx.sleep(seconds(delay)).map(move |()| delay)).collect();
    Ok(timers.collect().await)
}

#[test]
fn futures_unordered_yields_what_comes_first() {
    let mut harness = Harness::new();
    let delays = vec![5, 1, 3, 1, 0, 2];
    assert_eq!(harness.run(in_order_of_completion, delays).unwrap(), [0, 1, 1, 2, 3, 5]);
    assert_eq!(harness.elapsed(), seconds(5));
}

#[workflow]
async fn nested(ctx: Context) -> Result<Vec<u64>, Failure> {
    let branch = async |number: u64| -> Result<u64, Failure> {
        ctx.sleep(seconds(number)).await;
        let (one, other) = try_join!(ctx.activity(step, number), ctx.activity(step, 1))?;
        let rest = join_all((0..number).map(|length| ctx.sleep(seconds(length)))).await;
        Ok(one + other + rest.len() as u64)
    };
    let (one, two, three) = join!(branch(1), branch(2), branch(3));
    Ok(vec![one?, two?, three?])
}

#[test]
fn combinators_nest() {
    let mut harness = slow_world();
    assert_eq!(harness.run(nested, ()).unwrap(), [21, 32, 43]);
    assert_eq!(harness.elapsed(), seconds(3 + 1 + 2));
}

#[workflow]
async fn started_early(ctx: Context) -> Result<u64, Failure> {
    let task = ctx.activity(step, 4).start();
    let lazy = ctx.activity(step, 5);
    ctx.sleep(SECOND).await;
    Ok(task.await? + lazy.await?)
}

#[test]
fn a_started_call_runs_meanwhile_and_an_unstarted_one_does_not() {
    let mut harness = slow_world();
    assert_eq!(harness.run(started_early, ()).unwrap(), 90);
    assert_eq!(harness.elapsed(), seconds(2));
    assert_eq!(
        harness.commands(),
        ["call activity step with 4", "start a timer of 1000 ms", "call activity step with 5"]
    );
}

#[workflow]
async fn never_awaited(ctx: Context) -> Result<(), Failure> {
    let _unused = ctx.activity(step, 1);
    Ok(())
}

#[test]
fn a_call_that_is_never_polled_asks_for_nothing() {
    let mut harness = Harness::new();
    harness.run(never_awaited, ()).unwrap();
    assert!(harness.commands().is_empty());
}

#[workflow]
async fn race(ctx: Context, limit: u64) -> Result<String, Failure> {
    let mut work = ctx.activity(step, 1).start();
    let mut timer = ctx.sleep(seconds(limit));
    Ok(select_biased! {
        result = work => format!("worked: {}", result?),
        () = timer => "late".to_owned(),
    })
}

#[test]
fn the_loser_of_a_race_is_cancelled() {
    let mut harness = Harness::new();
    harness.activity_taking(seconds(5), step, Ok);
    assert_eq!(harness.run(race, 3).unwrap(), "late");
    assert_eq!(harness.commands().last().unwrap(), "cancel task 1");
    assert_eq!(harness.elapsed(), seconds(3));
    assert_eq!(harness.run(race, 7).unwrap(), "worked: 1");
    assert_eq!(harness.commands().last().unwrap(), "cancel task 2");
    assert_eq!(harness.elapsed(), seconds(5));
}

#[workflow]
async fn unbiased_race(ctx: Context) -> Result<u64, Failure> {
    let winner = futures::select! {
        () = ctx.sleep(seconds(2)) => 2,
        () = ctx.sleep(seconds(1)) => 1,
        number = ctx.event::<u64>("Number") => number?,
    };
    let (short, long) = (ctx.sleep(SECOND), ctx.sleep(seconds(9)));
    pin_mut!(short, long);
    select(short, long).await;
    Ok(winner)
}

#[test]
fn select_macro_and_select_function_work() {
    let mut harness = Harness::new();
    assert_eq!(harness.run(unbiased_race, ()).unwrap(), 1);
    assert_eq!(harness.elapsed(), seconds(2));
    let cancels = harness.commands().iter().filter(|command| command.starts_with("cancel"));
    assert_eq!(cancels.count(), 3);
    harness.raise_event("number", 77);
    assert_eq!(harness.run(unbiased_race, ()).unwrap(), 77);
}

#[workflow]
async fn many_races(ctx: Context) -> Result<u32, Failure> {
    let mut ticks = 0;
    let mut deadline = ctx.sleep(seconds(10) + SECOND / 2);
    loop {
        select_biased! {
            () = deadline => return Ok(ticks),
            () = ctx.sleep(SECOND) => ticks += 1,
        }
    }
}

#[test]
fn a_timer_may_be_raced_again_and_again() {
    let mut harness = Harness::new();
    assert_eq!(harness.run(many_races, ()).unwrap(), 10);
    assert_eq!(harness.commands().len(), 1 + 11 + 1, "only the last tick is cancelled");
}

#[workflow]
async fn limited(ctx: Context, limit: u64) -> Result<String, Failure> {
    let work = async {
        let first = ctx.activity(step, 1).await?;
        let second = ctx.activity(step, 2).await?;
        Ok::<u64, Failure>(first + second)
    };
    match ctx.timeout(seconds(limit), work).await {
        Ok(sum) => Ok(format!("{}", sum?)),
        Err(elapsed) => Ok(elapsed.to_string()),
    }
}

#[test]
fn timeout_limits_any_future() {
    let mut harness = slow_world();
    assert_eq!(harness.run(limited, 3).unwrap(), "30");
    assert_eq!(harness.commands().last().unwrap(), "cancel task 1", "the timer is removed");
    assert_eq!(harness.run(limited, 1).unwrap(), "it took longer than it may");
    assert_eq!(harness.commands().last().unwrap(), "cancel task 2", "the work is dropped");
    assert_eq!(harness.elapsed(), SECOND);
}

#[workflow]
async fn channel(ctx: Context) -> Result<u32, Failure> {
    let (sender, receiver) = futures::channel::oneshot::channel();
    let sending = async {
        ctx.sleep(SECOND).await;
        sender.send(42).unwrap();
    };
    let (received, ()) = join!(receiver, sending);
    Ok(received?)
}

#[test]
fn branches_may_talk_to_each_other() {
    assert_eq!(Harness::new().run(channel, ()).unwrap(), 42);
}

#[workflow]
async fn hopeless(_ctx: Context) -> Result<(), Failure> {
    std::future::pending().await
}

#[workflow]
async fn hopeless_later(ctx: Context) -> Result<(), Failure> {
    ctx.sleep(SECOND).await;
    let (_sender, receiver) = futures::channel::oneshot::channel::<()>();
    Ok(receiver.await?)
}

#[test]
fn waiting_for_nothing_is_a_deadlock() {
    let failure = Harness::new().run(hopeless, ()).unwrap_err();
    assert_eq!(failure.error_type, "deadlock");
    assert!(failure.message.contains("only the outside world could provide"), "{failure}");
    let failure = Harness::new().run(hopeless_later, ()).unwrap_err();
    assert_eq!(failure.error_type, "deadlock");
}

#[workflow]
async fn forgotten_waker(ctx: Context) -> Result<(), Failure> {
    // Polled once, then left alone: nobody reacts when this one is resolved.
    let mut left_alone = ctx.sleep(SECOND);
    assert!((&mut left_alone).now_or_never().is_none());
    ctx.sleep(seconds(3)).await;
    left_alone.await;
    Ok(())
}

#[test]
fn a_task_that_nobody_polls_any_more_holds_nothing_up() {
    let mut harness = Harness::new();
    harness.run(forgotten_waker, ()).unwrap();
    assert_eq!(harness.elapsed(), seconds(3));
}

#[workflow]
async fn polls_after_the_end(ctx: Context) -> Result<(), Failure> {
    let mut task = ctx.sleep(SECOND);
    (&mut task).await;
    task.await;
    Ok(())
}

#[test]
#[should_panic(expected = "polled after it had given its result")]
fn a_result_is_given_once() {
    let _ = Harness::new().run(polls_after_the_end, ());
}

#[test]
fn the_future_of_a_workflow_is_dropped_with_all_it_holds() {
    thread_local!(static DROPPED: Rc<Cell<u32>> = Rc::default());
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            DROPPED.with(|dropped| dropped.set(dropped.get() + 1));
        }
    }
    #[workflow]
    async fn guarded(ctx: Context) -> Result<(), Failure> {
        let _guard = Guard;
        ctx.event("Never").await
    }
    let failure = Harness::new().run(guarded, ()).unwrap_err();
    assert_eq!(failure.error_type, "waits-for-ever");
    DROPPED.with(|dropped| assert_eq!(dropped.get(), 1));
}
