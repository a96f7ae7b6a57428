//! Events as the contract has them: kept until a wait takes them, first come first served, names
//! without regard to case, never swallowed by a wait that was dropped.

use std::collections::VecDeque;

use futures::future::join_all;
use futures::{FutureExt, select_biased};
use reweft_sdk::prelude::*;
use reweft_sdk::testing::Harness;

const SECOND: Duration = Duration::from_secs(1);

#[workflow]
async fn collect(ctx: Context, count: usize) -> Result<Vec<u32>, Failure> {
    let mut numbers = Vec::new();
    for _ in 0..count {
        numbers.push(ctx.event("Number").await?);
    }
    Ok(numbers)
}

#[test]
fn events_are_kept_and_come_in_order_whatever_the_case() {
    let mut harness = Harness::new();
    harness.raise_event("number", 1).raise_event("NUMBER", 2).raise_event("other", 3);
    harness.raise_event_after(SECOND, "nUmBeR", 4);
    assert_eq!(harness.run(collect, 3).unwrap(), [1, 2, 4]);
    assert_eq!(harness.elapsed(), SECOND);
}

#[test]
fn a_workflow_that_waits_for_ever_says_so() {
    let failure = Harness::new().raise_event("number", 1).run(collect, 2).unwrap_err();
    assert_eq!(failure.error_type, "waits-for-ever");
    assert!(failure.message.ends_with("asked for was to wait for event Number"), "{failure}");
}

#[test]
fn a_payload_of_another_shape_is_an_invalid_event() {
    let failure = Harness::new().raise_event("Number", "seven").run(collect, 1).unwrap_err();
    assert_eq!(failure.error_type, "invalid-event");
    assert!(failure.message.contains("payload of event \"Number\" as u32"), "{failure}");
}

#[workflow]
async fn waits_in_parallel(ctx: Context) -> Result<Vec<u32>, Failure> {
    join_all((0..4).map(|_| ctx.event("Number"))).await.into_iter().collect()
}

#[test]
fn each_wait_takes_one_event_in_order_of_creation() {
    let mut harness = Harness::new();
    for number in 0..4 {
        harness.raise_event_after(SECOND * number, "Number", number);
    }
    assert_eq!(harness.run(waits_in_parallel, ()).unwrap(), [0, 1, 2, 3]);
}

#[workflow]
async fn lost_race(ctx: Context) -> Result<u32, Failure> {
    for _ in 0..3 {
        assert_eq!(ctx.timeout(SECOND, ctx.event::<u32>("Number")).await, Err(Elapsed));
    }
    ctx.event("Number").await
}

#[test]
fn a_wait_that_lost_its_race_takes_nothing() {
    let mut harness = Harness::new();
    harness.raise_event_after(SECOND * 10, "Number", 7);
    assert_eq!(harness.run(lost_race, ()).unwrap(), 7);
}

#[workflow]
async fn given_back(ctx: Context) -> Result<Vec<u32>, Failure> {
    // The event reaches this wait, but its result is never taken.
    let unread = ctx.event::<u32>("Number");
    let second = ctx.event::<u32>("Number");
    ctx.sleep(SECOND * 3).await;
    drop(unread);
    let third = ctx.event::<u32>("Number");
    Ok(vec![second.await?, third.await?, ctx.event("Number").await?])
}

#[test]
fn an_event_that_was_not_read_goes_back_to_its_place() {
    let mut harness = Harness::new();
    for number in 1..=3 {
        harness.raise_event("Number", number);
    }
    assert_eq!(harness.run(given_back, ()).unwrap(), [2, 1, 3]);
}

#[workflow]
async fn handed_over(ctx: Context) -> Result<u32, Failure> {
    let first = ctx.event::<u32>("Number");
    let mut second = ctx.event::<u32>("Number");
    assert!((&mut second).now_or_never().is_none());
    ctx.sleep(SECOND).await;
    drop(first);
    second.await
}

#[test]
fn an_event_given_back_goes_to_the_next_wait() {
    assert_eq!(Harness::new().raise_event("Number", 5).run(handed_over, ()).unwrap(), 5);
}

#[workflow]
async fn read_event_stays_read(ctx: Context) -> Result<bool, Failure> {
    let mut wait = ctx.event::<u32>("Number");
    (&mut wait).await?;
    drop(wait);
    Ok(ctx.timeout(SECOND, ctx.event::<u32>("Number")).await.is_ok())
}

#[test]
fn an_event_that_was_read_does_not_come_back() {
    let mut harness = Harness::new();
    assert!(!harness.raise_event("Number", 1).run(read_event_stays_read, ()).unwrap());
    let cancels = harness.commands().iter().filter(|command| command.starts_with("cancel"));
    assert_eq!(cancels.count(), 1, "of the second wait alone");
}

/// What `chaos` does next.
fn next_move(ctx: &Context) -> u64 {
    ctx.random_u64() % 6
}

/// Opens, drops and reads waits at random, and gives all it has read.
#[workflow]
async fn chaos(ctx: Context, count: usize) -> Result<Vec<u32>, Failure> {
    let mut waits = VecDeque::new();
    let mut read = Vec::new();
    while read.len() < count {
        match next_move(&ctx) {
            0 | 1 => waits.push_back(ctx.event::<u32>("Number")),
            2 => drop(waits.pop_front()),
            3 => drop(waits.pop_back()),
            4 => ctx.sleep(Duration::from_millis(ctx.random_u64() % 50)).await,
            _ => {
                let Some(mut wait) = waits.pop_front() else { continue };
                select_biased! {
                    number = wait => read.push(number?),
                    () = ctx.sleep(Duration::from_millis(ctx.random_u64() % 50)) => {}
                }
            }
        }
    }
    Ok(read)
}

#[test]
fn whatever_is_dropped_no_event_is_lost_or_doubled() {
    const COUNT: u32 = 40;
    for seed in 0..200 {
        println!("seed {seed}");
        let mut harness = Harness::new();
        harness.seed(seed);
        for number in 0..COUNT {
            harness.raise_event_after(
                Duration::from_millis(u64::from(number) * 17),
                "Number",
                number,
            );
        }
        let mut read = harness.run(chaos, COUNT as usize).unwrap();
        read.sort_unstable();
        assert_eq!(read, (0..COUNT).collect::<Vec<_>>(), "seed {seed}");
    }
}
