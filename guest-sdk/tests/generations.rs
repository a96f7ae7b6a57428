//! Continue-as-new: what one run leaves to the next, and what it does not.

use std::collections::BTreeMap;

use futures::future::join;
use reweft_sdk::prelude::*;
use reweft_sdk::testing::Harness;
use serde::{Deserialize, Serialize};
use serde_json::json;

const SECOND: Duration = Duration::from_secs(1);

#[activity]
fn tick(ctx: ActivityContext, number: u32) -> Result<String, Failure> {
    let _ = number;
    Ok(ctx.idempotency_key().to_owned())
}

#[workflow]
async fn countdown(
    ctx: Context,
    (left, mut keys): (u32, Vec<String>),
) -> Result<Vec<String>, Failure> {
    keys.push(ctx.activity(tick, left).await?);
    ctx.sleep(SECOND).await;
    if left > 1 {
        return ctx.continue_as_new((left - 1, keys), UnreadEvents::Keep).await;
    }
    Ok(keys)
}

#[test]
fn each_generation_begins_with_what_the_last_one_gave_it() {
    let mut harness = Harness::new();
    let keys = harness.real_activity(tick).run(countdown, (3, Vec::new())).unwrap();
    assert_eq!(keys, ["test-instance/1", "test-instance/2/1", "test-instance/3/1"]);
    assert_eq!(harness.generations(), 3);
    assert_eq!(harness.elapsed(), SECOND * 3);
    assert_eq!(harness.calls("tick"), [json!(3), json!(2), json!(1)]);
    assert_eq!(harness.commands().len(), 3 + 3 + 2);
    let last = r#"continue as new with [2,["test-instance/1"]], keeping unread events"#;
    assert_eq!(harness.commands()[2], last);
    harness.run(countdown, (1, Vec::new())).unwrap();
    assert_eq!(harness.generations(), 1);
}

#[workflow]
async fn in_no_time(ctx: Context, left: u32) -> Result<u32, Failure> {
    match left {
        0 => Ok(0),
        _ => ctx.continue_as_new(left - 1, UnreadEvents::Drop).await,
    }
}

#[test]
fn many_generations_need_no_wait_between_them() {
    let mut harness = Harness::new();
    assert_eq!(harness.run(in_no_time, 10_000).unwrap(), 0);
    assert_eq!(harness.generations(), 10_001);
}

#[derive(Serialize, Deserialize)]
struct Collection {
    left: u32,
    keep: bool,
    got: Vec<u32>,
}

#[workflow]
async fn one_each(ctx: Context, collection: Collection) -> Result<Vec<u32>, Failure> {
    let Collection { left, keep, mut got } = collection;
    // An event that has reached a wait, but was not read, counts as unread, too.
    let unread_wait = ctx.event::<u32>("Other");
    got.push(ctx.event("Number").await?);
    if left == 1 {
        return Ok(got);
    }
    let unread = if keep { UnreadEvents::Keep } else { UnreadEvents::Drop };
    let next = Collection { left: left - 1, keep, got };
    let result = ctx.continue_as_new(next, unread).await;
    drop(unread_wait);
    result
}

#[workflow]
async fn reads_the_other_last(ctx: Context, generation: u32) -> Result<(Vec<u32>, u32), Failure> {
    let other = ctx.event::<u32>("Other");
    ctx.sleep(SECOND).await;
    if generation < 3 {
        return ctx.continue_as_new(generation + 1, UnreadEvents::Keep).await;
    }
    let mut numbers = Vec::new();
    for _ in 0..3 {
        numbers.push(ctx.event("Number").await?);
    }
    Ok((numbers, other.await?))
}

#[test]
fn unread_events_are_kept_in_order_or_gone() {
    let mut harness = Harness::new();
    for number in 1..=3 {
        harness.raise_event("Number", number);
    }
    let collection = |keep| Collection { left: 3, keep, got: Vec::new() };
    // All three were raised before the first run had waited for its second one.
    harness.raise_event("Other", 9);
    assert_eq!(harness.run(one_each, collection(true)).unwrap(), [1, 2, 3]);
    assert_eq!(harness.run(reads_the_other_last, 1).unwrap(), (vec![1, 2, 3], 9));
}

#[workflow]
async fn after_a_pause(ctx: Context, keep: Option<bool>) -> Result<u32, Failure> {
    ctx.sleep(SECOND).await;
    match keep {
        Some(true) => ctx.continue_as_new((), UnreadEvents::Keep).await,
        Some(false) => ctx.continue_as_new((), UnreadEvents::Drop).await,
        None => ctx.event("Number").await,
    }
}

#[test]
fn events_that_are_not_to_be_kept_are_gone() {
    let mut harness = Harness::new();
    harness.raise_event("Number", 1).raise_event_after(SECOND * 5, "Number", 2);
    assert_eq!(harness.run(after_a_pause, Some(true)).unwrap(), 1);
    assert_eq!(harness.run(after_a_pause, Some(false)).unwrap(), 2);
    assert_eq!(harness.elapsed(), SECOND * 5);
}

#[workflow]
async fn leaves_things_behind(ctx: Context, first: bool) -> Result<Option<String>, Failure> {
    if first {
        ctx.set_custom_status("first");
        let _activity = ctx.activity(tick, 1).start();
        let _timer = ctx.sleep(SECOND * 1000);
        return ctx.continue_as_new(false, UnreadEvents::Keep).await;
    }
    ctx.sleep(SECOND).await;
    Ok(None)
}

#[test]
fn what_a_run_still_waited_for_is_cancelled() {
    let mut harness = Harness::new();
    harness.real_activity(tick).run(leaves_things_behind, true).unwrap();
    assert!(harness.calls("tick").is_empty());
    assert_eq!(harness.elapsed(), SECOND);
    assert_eq!(harness.custom_status(), None, "that of the last run");
}

#[workflow]
async fn slow(ctx: Context, seconds: u32) -> Result<(), Failure> {
    ctx.sleep(SECOND * seconds).await;
    ctx.activity(tick, seconds).await.map(drop)
}

#[workflow]
async fn leaves_a_child_behind(ctx: Context, first: bool) -> Result<(), Failure> {
    let child = ctx.workflow(slow, 5).start();
    if first {
        ctx.sleep(SECOND).await;
        return ctx.continue_as_new(false, UnreadEvents::Keep).await;
    }
    child.await
}

#[test]
fn children_go_on_while_their_parent_begins_anew() {
    let mut harness = Harness::new();
    harness.real_workflow(slow).real_activity(tick);
    harness.run(leaves_a_child_behind, true).unwrap();
    let ids: Vec<String> = harness.children().into_iter().map(|(id, _, _)| id).collect();
    assert_eq!(ids, ["test-instance:0001", "test-instance:0002"]);
    assert_eq!(harness.calls("tick").len(), 2);
}

#[workflow]
async fn nothing_after_the_end(ctx: Context, first: bool) -> Result<u32, Failure> {
    if first {
        let again = ctx.continue_as_new::<u32>(false, UnreadEvents::Keep);
        let more = async {
            ctx.raise_event("order-7", "Never", ())?;
            ctx.set_custom_status("never");
            ctx.activity(tick, 1).await
        };
        let (result, _) = join(again, more).await;
        return result;
    }
    Ok(1)
}

#[test]
fn nothing_happens_after_a_run_has_continued_as_new() {
    let mut harness = Harness::new();
    assert_eq!(harness.run(nothing_after_the_end, true).unwrap(), 1);
    assert_eq!(harness.commands(), ["continue as new with false, keeping unread events"]);
    assert!(harness.raised().is_empty());
}

#[workflow]
async fn runs_on(ctx: Context, first: bool) -> Result<(), Failure> {
    if first {
        let again = ctx.continue_as_new::<()>(false, UnreadEvents::Keep);
        let mut polled = false;
        let busy = std::future::poll_fn(|context| {
            assert!(!polled, "polled after the end");
            polled = true;
            context.waker().wake_by_ref();
            std::task::Poll::<()>::Pending
        });
        join(again, busy).await.0?;
    }
    Ok(())
}

#[test]
fn nothing_is_polled_after_a_run_has_continued_as_new() {
    Harness::new().run(runs_on, true).unwrap();
}

#[workflow]
async fn returns_all_the_same(ctx: Context, first: bool) -> Result<u32, Failure> {
    if first {
        let again = ctx.continue_as_new::<()>(false, UnreadEvents::Keep);
        assert!(futures::FutureExt::now_or_never(again).is_none());
        return Ok(1);
    }
    Ok(2)
}

#[test]
fn what_a_run_returns_after_it_has_continued_as_new_is_ignored() {
    assert_eq!(Harness::new().run(returns_all_the_same, true).unwrap(), 2);
}

#[workflow]
async fn calls_a_countdown(ctx: Context) -> Result<usize, Failure> {
    Ok(ctx.workflow(countdown, (4, Vec::new())).await?.len())
}

#[test]
fn a_child_may_continue_as_new_and_its_parent_gets_the_last_output() {
    let mut harness = Harness::new();
    harness.real_workflow(countdown).real_activity(tick);
    assert_eq!(harness.run(calls_a_countdown, ()).unwrap(), 4);
    assert_eq!(harness.generations(), 1, "of the parent");
    assert_eq!(harness.children().len(), 1);
}

#[workflow]
async fn unspeakable(ctx: Context) -> Result<String, Failure> {
    let map = BTreeMap::from([((1, 2), 3)]);
    let failure = ctx.continue_as_new::<()>(map, UnreadEvents::Keep).await.unwrap_err();
    Ok(failure.error_type)
}

#[test]
fn an_input_that_json_has_no_words_for_does_not_end_the_run() {
    let mut harness = Harness::new();
    assert_eq!(harness.run(unspeakable, ()).unwrap(), "invalid-input");
    assert_eq!(harness.generations(), 1);
}

#[workflow]
async fn strays_in_its_second_run(ctx: Context, first: bool) -> Result<(), Failure> {
    thread_local!(static RUNS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) });
    if first {
        return ctx.continue_as_new(false, UnreadEvents::Keep).await;
    }
    RUNS.set(RUNS.get() + 1);
    ctx.sleep(Duration::from_millis(RUNS.get())).await;
    Ok(())
}

#[test]
fn each_generation_is_replayed() {
    let failure = Harness::new().run(strays_in_its_second_run, true).unwrap_err();
    assert_eq!(failure.error_type, "nondeterminism");
}

#[workflow]
async fn asks_by_what_is_there(ctx: Context, left: u32) -> Result<u32, Failure> {
    let mut wait = ctx.event::<u32>("Number");
    match futures::FutureExt::now_or_never(&mut wait) {
        Some(number) => ctx.set_custom_status(format!("{} was there", number?)),
        None => ctx.set_custom_status(format!("{} came", wait.await?)),
    }
    match left {
        0 => Ok(0),
        _ => ctx.continue_as_new(left - 1, UnreadEvents::Drop).await,
    }
}

#[test]
fn an_event_that_comes_as_a_generation_begins_is_replayed_where_it_came() {
    let mut harness = Harness::new();
    harness.raise_event("Number", 1).raise_event("Number", 2).raise_event("Number", 3);
    harness.run(asks_by_what_is_there, 2).unwrap();
    assert_eq!(harness.custom_status(), Some("3 came"));
}
