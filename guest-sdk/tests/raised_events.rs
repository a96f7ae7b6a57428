//! Events that workflows raise to each other.

use std::collections::BTreeMap;

use reweft_sdk::prelude::*;
use reweft_sdk::testing::Harness;
use serde_json::json;

const SECOND: Duration = Duration::from_secs(1);

#[workflow]
async fn tells(ctx: Context, to: String) -> Result<(), Failure> {
    ctx.raise_event(&to, "Go", json!({ "by": ctx.instance_id() }))?;
    ctx.raise_event(&to, "Stop", ())
}

#[test]
fn an_event_for_an_instance_elsewhere_is_noted() {
    let mut harness = Harness::new();
    harness.run(tells, "order-7".to_owned()).unwrap();
    let raised = |name: &str, payload| ("order-7".to_owned(), name.to_owned(), payload);
    let expected = [raised("Go", json!({ "by": "test-instance" })), raised("Stop", json!(null))];
    assert_eq!(harness.raised(), expected);
    assert_eq!(harness.commands()[1], "raise event Stop to order-7 with null");
}

#[workflow]
async fn answers(ctx: Context) -> Result<(), Failure> {
    let question: String = ctx.event("Question").await?;
    ctx.sleep(SECOND).await;
    ctx.raise_event("test-instance", "answer", format!("{question}? no"))
}

#[workflow]
async fn asks(ctx: Context) -> Result<String, Failure> {
    let child = ctx.workflow(answers, ()).instance_id("oracle").start();
    ctx.raise_event("oracle", "question", "why")?;
    let answer = ctx.event("Answer").await?;
    child.await?;
    Ok(answer)
}

#[test]
fn parent_and_child_talk_to_each_other() {
    let mut harness = Harness::new();
    assert_eq!(harness.real_workflow(answers).run(asks, ()).unwrap(), "why? no");
    assert_eq!(harness.elapsed(), SECOND);
}

#[workflow]
async fn listens(ctx: Context) -> Result<String, Failure> {
    ctx.event("Word").await
}

#[workflow]
async fn calls_a_listener(ctx: Context) -> Result<String, Failure> {
    ctx.sleep(SECOND).await;
    ctx.workflow(listens, ()).await
}

#[test]
fn a_child_gets_the_events_that_are_raised_to_it_while_it_runs() {
    let mut harness = Harness::new();
    harness.real_workflow(listens);
    harness.raise_event_to_child_after(SECOND / 2, "test-instance:0001", "Word", "too early");
    harness.raise_event_to_child_after(SECOND * 2, "test-instance:0001", "word", "heard");
    harness.raise_event("Word", "to the parent");
    assert_eq!(harness.run(calls_a_listener, ()).unwrap(), "heard");
    assert_eq!(harness.elapsed(), SECOND * 2);
}

#[workflow]
async fn talks_to_itself(ctx: Context) -> Result<u32, Failure> {
    ctx.raise_event(&ctx.instance_id(), "Echo", 5)?;
    ctx.event("Echo").await
}

#[test]
fn an_instance_may_raise_events_to_itself() {
    assert_eq!(Harness::new().run(talks_to_itself, ()).unwrap(), 5);
}

#[workflow]
async fn raises_after_its_end(ctx: Context) -> Result<(), Failure> {
    let _timer = ctx.sleep(Duration::MAX);
    ctx.raise_event("order-7", "Go", ())
}

#[test]
fn a_run_that_is_over_raises_nothing() {
    let mut harness = Harness::new();
    let failure = harness.run(raises_after_its_end, ()).unwrap_err();
    assert_eq!(failure.error_type, "invalid-argument");
    assert!(harness.raised().is_empty());
}

#[workflow]
async fn unspeakable(ctx: Context) -> Result<(), Failure> {
    ctx.raise_event("order-7", "Go", BTreeMap::from([((1, 2), 3)]))
}

#[test]
fn a_payload_that_json_has_no_words_for_is_an_error() {
    let mut harness = Harness::new();
    assert_eq!(harness.run(unspeakable, ()).unwrap_err().error_type, "invalid-event");
    assert!(harness.raised().is_empty());
}
