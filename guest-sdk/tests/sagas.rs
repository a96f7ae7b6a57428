//! Sagas: what was done is undone, backwards, once, and as far as possible.

use reweft_sdk::Saga;
use reweft_sdk::prelude::*;
use reweft_sdk::testing::Harness;
use serde_json::{Value, json};

#[activity]
fn undo(step: u32) -> Result<String, Failure> {
    Ok(format!("undid {step}"))
}

fn saga_of(ctx: &Context, steps: u32) -> Saga {
    let mut saga = Saga::new();
    for step in 1..=steps {
        saga.undo_with(ctx.activity(undo, step));
    }
    saga
}

#[workflow]
async fn rolls_back(ctx: Context, steps: u32) -> Result<(), Failure> {
    saga_of(&ctx, steps).roll_back().await
}

#[test]
fn the_last_step_is_undone_first() {
    let mut harness = Harness::new();
    harness.real_activity(undo);
    harness.run(rolls_back, 3).unwrap();
    assert_eq!(harness.calls("undo"), [json!(3), json!(2), json!(1)]);
    harness.run(rolls_back, 0).unwrap();
    assert!(harness.calls("undo").is_empty());
}

#[test]
fn one_compensation_runs_after_the_other() {
    let mut harness = Harness::new();
    harness.activity_taking(Duration::from_secs(1), undo, |_| Ok(String::new()));
    harness.run(rolls_back, 3).unwrap();
    assert_eq!(harness.elapsed(), Duration::from_secs(3));
}

#[test]
fn a_compensation_that_fails_keeps_no_other_from_running() {
    let mut harness = Harness::new();
    harness.activity(undo, |step| match step {
        2 | 4 => Err(Failure::new("stuck", format!("can't undo {step}"))),
        _ => Ok(String::new()),
    });
    let failure = harness.run(rolls_back, 4).unwrap_err();
    assert_eq!(harness.calls("undo"), [json!(4), json!(3), json!(2), json!(1)]);
    let message = "not everything could be undone: stuck: can't undo 4; stuck: can't undo 2";
    assert_eq!(failure, Failure::new("compensation-failed", message).non_retriable());
}

#[workflow]
async fn succeeds(ctx: Context) -> Result<(), Failure> {
    let saga = saga_of(&ctx, 3);
    ctx.sleep(Duration::from_secs(1)).await;
    drop(saga);
    Ok(())
}

#[test]
fn without_a_roll_back_nothing_is_undone() {
    let mut harness = Harness::new();
    harness.real_activity(undo).run(succeeds, ()).unwrap();
    assert_eq!(harness.commands(), ["start a timer of 1000 ms"]);
}

#[workflow]
async fn rolls_back_twice(ctx: Context) -> Result<(), Failure> {
    let mut saga = saga_of(&ctx, 2);
    let first = saga.roll_back().await;
    assert_eq!(saga.roll_back().await, Ok(()), "nothing is left to fail");
    let more = ctx.clone();
    saga.undo_with(async move { more.activity(undo, 7).await });
    saga.roll_back().await?;
    first
}

#[test]
fn each_compensation_runs_once() {
    let mut harness = Harness::new();
    harness.activity(undo, |step| match step {
        1 => Err(Failure::new("stuck", "no")),
        _ => Ok(String::new()),
    });
    let failure = harness.run(rolls_back_twice, ()).unwrap_err();
    assert_eq!(failure.error_type, "compensation-failed");
    let steps: Vec<Value> = harness.calls("undo");
    assert_eq!(steps, [json!(2), json!(1), json!(7)]);
}
