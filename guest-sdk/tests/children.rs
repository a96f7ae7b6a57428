//! Child workflows: mocked and real ones, their IDs and failures, retries, and what becomes of them
//! when nobody waits any more.

use std::collections::BTreeMap;

use futures::future::{join_all, try_join_all};
use reweft_sdk::prelude::*;
use reweft_sdk::testing::Harness;
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);

#[workflow(name = "Double")]
async fn double(ctx: Context, number: u32) -> Result<u32, Failure> {
    ctx.sleep(SECOND).await;
    if number > 100 {
        return Err(Failure::new("too-large", format!("{number} is too large")));
    }
    Ok(number * 2)
}

#[workflow]
async fn doubles(ctx: Context, numbers: Vec<u32>) -> Result<Vec<u32>, Failure> {
    try_join_all(numbers.into_iter().map(|number| ctx.workflow(double, number))).await
}

fn started(id: &str, workflow: &str, input: Value) -> (String, String, Value) {
    (id.to_owned(), workflow.to_owned(), input)
}

#[test]
fn children_run_side_by_side_and_answer_in_the_order_of_the_calls() {
    let mut harness = Harness::new();
    harness.real_workflow(double);
    assert_eq!(harness.run(doubles, vec![3, 1, 2]).unwrap(), [6, 2, 4]);
    assert_eq!(harness.elapsed(), SECOND);
    let expected = [
        started("test-instance:0001", "Double", json!(3)),
        started("test-instance:0002", "Double", json!(1)),
        started("test-instance:0003", "Double", json!(2)),
    ];
    assert_eq!(harness.children(), expected);
    assert_eq!(harness.commands()[0], "call workflow Double with 3");
    assert_eq!(harness.commands().len(), 3, "what children ask for is not among it");
}

#[test]
fn a_closure_may_stand_in_for_a_child() {
    let mut harness = Harness::new();
    harness.workflow(double, |number| Ok(number + 1));
    assert_eq!(harness.run(doubles, vec![3, 1]).unwrap(), [4, 2]);
    assert_eq!(harness.elapsed(), Duration::ZERO);
    harness.workflow_taking(SECOND * 3, double, Ok);
    assert_eq!(harness.run(doubles, vec![3, 1]).unwrap(), [3, 1]);
    assert_eq!(harness.elapsed(), SECOND * 3);
}

#[test]
fn a_child_fails_as_itself() {
    let mut harness = Harness::new();
    let failure = harness.real_workflow(double).run(doubles, vec![1, 101]).unwrap_err();
    assert_eq!(failure, Failure::new("too-large", "101 is too large"));
}

#[test]
#[should_panic(expected = "calls the workflow \"Double\", which the harness doesn't know")]
fn a_child_that_the_harness_does_not_know_is_named() {
    let _ = Harness::new().run(doubles, vec![1]);
}

#[workflow]
async fn by_name(ctx: Context) -> Result<u32, Failure> {
    ctx.workflow_named("Elsewhere", json!({ "item": "car" })).await
}

#[test]
fn a_workflow_is_called_by_its_name() {
    let mut harness = Harness::new();
    harness.workflow_named("Elsewhere", |input| {
        assert_eq!(input, json!({ "item": "car" }));
        Ok(json!(7))
    });
    assert_eq!(harness.run(by_name, ()).unwrap(), 7);
    harness.workflow_named("Elsewhere", |_| Ok(json!("seven")));
    let failure = harness.run(by_name, ()).unwrap_err();
    assert_eq!(failure.error_type, "invalid-output");
    let expected = "can't read the output of workflow \"Elsewhere\" as u32: ";
    assert!(failure.message.starts_with(expected), "{failure}");
}

#[workflow]
async fn unspeakable(ctx: Context) -> Result<(String, String), Failure> {
    let map = BTreeMap::from([((1, 2), 3)]);
    let child = ctx.workflow_named::<()>("Any", &map).await.unwrap_err();
    let detached = ctx.workflow_named::<()>("Any", &map).detached().await.unwrap_err();
    Ok((child.error_type, detached.error_type))
}

#[test]
fn an_input_that_json_has_no_words_for_fails_the_call() {
    let mut harness = Harness::new();
    let expected = ("invalid-input".to_owned(), "invalid-input".to_owned());
    assert_eq!(harness.run(unspeakable, ()).unwrap(), expected);
    assert!(harness.commands().is_empty());
}

#[workflow]
async fn never_awaited(ctx: Context) -> Result<u32, Failure> {
    let _unused = ctx.workflow(double, 1);
    let started = ctx.workflow(double, 2).start();
    ctx.sleep(SECOND).await;
    started.await
}

#[test]
fn a_child_begins_when_it_is_started_and_not_before() {
    let mut harness = Harness::new();
    assert_eq!(harness.real_workflow(double).run(never_awaited, ()).unwrap(), 4);
    assert_eq!(harness.elapsed(), SECOND);
    assert_eq!(harness.children(), [started("test-instance:0001", "Double", json!(2))]);
}

#[workflow]
async fn persistent(ctx: Context, id: Option<String>) -> Result<u32, Failure> {
    let policy = RetryPolicy::new(3, SECOND * 10).backoff(2.0);
    let call = ctx.workflow(double, 101).retry(policy);
    match id {
        Some(id) => call.instance_id(id).await,
        None => call.await,
    }
}

#[test]
fn each_attempt_of_a_child_is_a_new_instance() {
    let mut harness = Harness::new();
    let failure = harness.real_workflow(double).run(persistent, None).unwrap_err();
    assert_eq!(failure.error_type, "too-large");
    assert_eq!(harness.elapsed(), SECOND * (1 + 10 + 1 + 20 + 1));
    let ids: Vec<String> = harness.children().into_iter().map(|(id, _, _)| id).collect();
    assert_eq!(ids, ["test-instance:0001", "test-instance:0002", "test-instance:0003"]);
    let _ = harness.run(persistent, Some("mine".to_owned()));
    let ids: Vec<String> = harness.children().into_iter().map(|(id, _, _)| id).collect();
    assert_eq!(ids, ["mine", "mine", "mine"]);
}

#[test]
fn a_child_that_fails_for_good_is_not_retried() {
    let mut harness = Harness::new();
    harness.workflow(double, |_| Err(Failure::new("fatal", "no").non_retriable()));
    assert_eq!(harness.run(persistent, None).unwrap_err().error_type, "fatal");
    assert_eq!(harness.children().len(), 1);
}

#[workflow]
async fn same_name(ctx: Context) -> Result<Vec<String>, Failure> {
    let calls = ["a", "a", &ctx.instance_id()]
        .map(|id| ctx.workflow(double, 1).instance_id(id))
        .into_iter();
    let results = join_all(calls).await.into_iter();
    Ok(results
        .map(|result| result.map_or_else(|failure| failure.error_type, |_| "ok".to_owned()))
        .collect())
}

#[test]
fn an_instance_id_is_one_instance_at_a_time() {
    let mut harness = Harness::new();
    let expected = ["ok", "instance-exists", "instance-exists"];
    assert_eq!(harness.real_workflow(double).run(same_name, ()).unwrap(), expected);
    harness.workflow_taking(SECOND, double, Ok);
    assert_eq!(harness.run(same_name, ()).unwrap(), expected);
}

#[workflow]
async fn named(ctx: Context, id: String) -> Result<u32, Failure> {
    ctx.workflow(double, 1).instance_id(id).await
}

#[test]
fn an_instance_id_that_breaks_the_rules_ends_the_run() {
    let mut harness = Harness::new();
    harness.real_workflow(double);
    for id in [String::new(), "a\nb".to_owned(), "x".repeat(201)] {
        let failure = harness.run(named, id).unwrap_err();
        assert_eq!(failure.error_type, "invalid-argument");
        assert!(harness.children().is_empty());
    }
    assert_eq!(harness.run(named, "x".repeat(200)).unwrap(), 2);
}

#[activity]
fn note(what: String) -> Result<(), Failure> {
    let _ = what;
    Ok(())
}

#[workflow]
async fn slow(ctx: Context, levels: u32) -> Result<(), Failure> {
    if levels > 0 {
        return ctx.workflow(slow, levels - 1).await;
    }
    ctx.sleep(SECOND * 10).await;
    ctx.activity(note, "slept".to_owned()).await
}

#[workflow]
async fn impatient(ctx: Context, limit: u64) -> Result<bool, Failure> {
    let in_time = ctx.timeout(Duration::from_secs(limit), ctx.workflow(slow, 2)).await.is_ok();
    ctx.sleep(SECOND * 100).await;
    Ok(in_time)
}

#[test]
fn a_child_that_is_dropped_ends_with_its_own_children() {
    let mut harness = Harness::new();
    harness.real_workflow(slow).real_activity(note);
    assert!(harness.run(impatient, 11).unwrap());
    assert_eq!(harness.calls("note").len(), 1);
    assert_eq!(harness.children().len(), 3);
    assert_eq!(harness.children()[2].0, "test-instance:0001:0001:0001");
    assert!(!harness.run(impatient, 9).unwrap());
    assert!(harness.calls("note").is_empty());
}

#[workflow]
async fn gives_up(ctx: Context) -> Result<(), Failure> {
    let call = ctx.workflow(double, 101).retry(RetryPolicy::new(9, SECOND * 10));
    assert!(ctx.timeout(SECOND * 15, call).await.is_err());
    ctx.sleep(SECOND * 100).await;
    Ok(())
}

#[test]
fn a_child_that_is_dropped_is_not_retried() {
    let mut harness = Harness::new();
    harness.real_workflow(double).run(gives_up, ()).unwrap();
    assert_eq!(harness.children().len(), 2);
}

#[workflow]
async fn changes_its_mind(ctx: Context) -> Result<(), Failure> {
    drop(ctx.workflow(double, 1).start());
    ctx.sleep(SECOND).await;
    Ok(())
}

#[test]
fn a_child_that_is_dropped_before_the_turn_ends_never_begins() {
    let mut harness = Harness::new();
    harness.workflow(double, |_| panic!("it has begun"));
    harness.run(changes_its_mind, ()).unwrap();
    assert!(harness.children().is_empty());
    assert_eq!(harness.commands()[1], "cancel task 1");
}

#[workflow]
async fn lets_go(ctx: Context, id: Option<String>) -> Result<String, Failure> {
    // Nobody keeps this one, and it is started all the same.
    drop(ctx.workflow(slow, 0).detached());
    let call = ctx.workflow(slow, 0);
    let call = match id {
        Some(id) => call.instance_id(id),
        None => call,
    };
    let id = call.detached().await?;
    let now = ctx.now();
    assert_eq!(now, ctx.info().started_at, "it is not waited for");
    ctx.sleep(SECOND * 20).await;
    Ok(id)
}

#[test]
fn a_detached_child_is_on_its_own() {
    let mut harness = Harness::new();
    harness.real_workflow(slow).real_activity(note);
    assert_eq!(harness.run(lets_go, None).unwrap(), "test-instance-2");
    assert_eq!(harness.calls("note").len(), 2, "both have come to their end");
    assert_eq!(harness.run(lets_go, Some("free".to_owned())).unwrap(), "free");
    assert_eq!(harness.children()[0].0, "test-instance-1");
    assert_eq!(harness.commands()[1], "call detached workflow slow as free with 0");
    let failure = harness.run(lets_go, Some("test-instance-1".to_owned())).unwrap_err();
    assert_eq!(failure.error_type, "instance-exists");
}

#[workflow]
async fn family(ctx: Context, detached: bool) -> Result<Option<String>, Failure> {
    let me = ctx.info();
    match me.parent_instance_id {
        Some(parent) => Ok(Some(parent)),
        None if me.instance_id == "free" => Ok(None),
        None if detached => {
            ctx.workflow(family, false).instance_id("free").detached().await?;
            ctx.sleep(SECOND).await;
            Ok(None)
        }
        None => ctx.workflow(family, false).await,
    }
}

#[test]
fn a_child_knows_its_parent() {
    let mut harness = Harness::new();
    harness.real_workflow(family).instance_id("ancestor");
    assert_eq!(harness.run(family, false).unwrap().as_deref(), Some("ancestor"));
    assert_eq!(harness.run(family, true).unwrap(), None);
    assert_eq!(harness.children(), [started("free", "family", json!(false))]);
}

#[workflow]
async fn polled_then_detached(ctx: Context) -> Result<(), Failure> {
    let mut call = ctx.workflow(double, 1);
    assert!(futures::FutureExt::now_or_never(&mut call).is_none());
    drop(call.detached());
    Ok(())
}

#[test]
#[should_panic(expected = "a child that is under way can't be detached")]
fn a_child_that_has_begun_stays_attached() {
    let _ = Harness::new().real_workflow(double).run(polled_then_detached, ());
}

#[workflow]
async fn strays(ctx: Context) -> Result<(), Failure> {
    thread_local!(static RUNS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) });
    RUNS.set(RUNS.get() + 1);
    ctx.sleep(Duration::from_millis(RUNS.get())).await;
    Ok(())
}

#[workflow]
async fn calls_one_that_strays(ctx: Context) -> Result<(), Failure> {
    let _ = ctx.workflow(strays, ()).await;
    ctx.sleep(SECOND).await;
    Ok(())
}

#[test]
fn children_are_replayed_too() {
    let mut harness = Harness::new();
    let failure = harness.real_workflow(strays).run(calls_one_that_strays, ()).unwrap_err();
    assert_eq!(failure.error_type, "nondeterminism");
    assert!(failure.message.starts_with("in the child test-instance:0001: "), "{failure}");
}
