//! Calls of activities: retries and timeouts in simulated time, values through JSON, failures.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use reweft_sdk::prelude::*;
use reweft_sdk::testing::{Harness, execute};
use serde::{Deserialize, Serialize};
use serde_json::json;

const SECOND: Duration = Duration::from_secs(1);

#[activity]
fn work(ctx: ActivityContext, until: u32) -> Result<String, Failure> {
    ctx.log(Level::Info, format!("attempt {}", ctx.attempt()));
    if ctx.attempt() < until {
        return Err(Failure::new("not-yet", format!("attempt {}", ctx.attempt())));
    }
    Ok(format!("{} {}", ctx.idempotency_key(), ctx.attempt()))
}

#[derive(Clone, Serialize, Deserialize)]
struct Plan {
    until: u32,
    attempts: u32,
    backoff: f64,
    max_interval_s: u64,
    timeout_s: u64,
}

const PLAN: Plan =
    Plan { until: 5, attempts: 5, backoff: 2.0, max_interval_s: 10, timeout_s: 1000 };

#[workflow]
async fn persist(ctx: Context, plan: Plan) -> Result<String, Failure> {
    let policy = RetryPolicy::new(plan.attempts, SECOND * 2)
        .backoff(plan.backoff)
        .max_interval(Duration::from_secs(plan.max_interval_s))
        .timeout(Duration::from_secs(plan.timeout_s));
    ctx.activity(work, plan.until).retry(policy).await
}

#[test]
fn retries_follow_the_policy_in_simulated_time() {
    let mut harness = Harness::new();
    harness.real_activity(work);
    assert_eq!(harness.run(persist, PLAN).unwrap(), "test-instance/1 5");
    assert_eq!(harness.elapsed(), SECOND * (2 + 4 + 8 + 10));
    assert_eq!(harness.calls("work"), vec![json!(5); 5]);
    assert_eq!(harness.log().len(), 5, "not again in the replay");
    assert_eq!(harness.log()[4], (Level::Info, "attempt 5".to_owned()));
}

#[test]
fn attempts_are_limited_by_number_and_by_time() {
    let mut harness = Harness::new();
    harness.real_activity(work);
    let failure = harness.run(persist, Plan { attempts: 4, ..PLAN }).unwrap_err();
    assert_eq!((failure.error_type.as_str(), failure.message.as_str()), ("not-yet", "attempt 4"));
    let failure = harness.run(persist, Plan { timeout_s: 14, ..PLAN }).unwrap_err();
    assert_eq!(failure.message, "attempt 4", "which starts at 14 s");
    let failure = harness.run(persist, Plan { timeout_s: 13, ..PLAN }).unwrap_err();
    assert_eq!(failure.message, "attempt 3", "another would start after 13 s");
    let failure = harness.run(persist, Plan { attempts: 1, ..PLAN }).unwrap_err();
    assert_eq!((failure.message.as_str(), harness.elapsed()), ("attempt 1", Duration::ZERO));
}

#[test]
fn a_non_retriable_failure_is_not_retried() {
    let mut harness = Harness::new();
    harness.activity(work, |_| Err(Failure::new("fatal", "no").non_retriable()));
    assert_eq!(harness.run(persist, PLAN).unwrap_err().error_type, "fatal");
    assert_eq!(harness.calls("work").len(), 1);
}

#[test]
fn a_policy_that_breaks_the_rules_ends_the_run() {
    let mut harness = Harness::new();
    harness.real_activity(work);
    for plan in [Plan { attempts: 0, ..PLAN }, Plan { backoff: 0.9, ..PLAN }] {
        let failure = harness.run(persist, plan).unwrap_err();
        assert_eq!(failure.error_type, "invalid-argument");
    }
}

#[workflow]
async fn impatient(ctx: Context, seconds: u64) -> Result<String, Failure> {
    let call = ctx.activity(work, 1).timeout(Duration::from_secs(seconds));
    call.retry(RetryPolicy::new(3, SECOND)).await
}

#[test]
fn an_attempt_that_takes_too_long_fails_and_is_retried() {
    let mut harness = Harness::new();
    harness.activity_taking(SECOND * 5, work, |_| Ok("done".to_owned()));
    assert_eq!(harness.run(impatient, 5).unwrap(), "done");
    assert_eq!(harness.elapsed(), SECOND * 5);
    assert_eq!(harness.run(impatient, 4).unwrap_err().error_type, "timeout");
    assert_eq!(harness.elapsed(), SECOND * (4 + 1 + 4 + 1 + 4));
    assert_eq!(harness.run(impatient, 0).unwrap_err().error_type, "invalid-argument");
}

#[workflow]
async fn abandon(ctx: Context) -> Result<(), Failure> {
    let call = ctx.activity(work, 9).retry(RetryPolicy::new(9, SECOND * 10)).start();
    assert!(ctx.timeout(SECOND * 15, call).await.is_err());
    ctx.sleep(SECOND * 100).await;
    Ok(())
}

#[test]
fn an_activity_that_is_dropped_is_not_retried() {
    let mut harness = Harness::new();
    harness.real_activity(work).run(abandon, ()).unwrap();
    assert_eq!(harness.calls("work").len(), 2);
}

#[derive(Serialize, Deserialize)]
struct Quote {
    price: u32,
}

#[workflow]
async fn elsewhere(ctx: Context) -> Result<u32, Failure> {
    let quote = ctx.activity_named::<Quote>("pricing/Quote", json!({ "item": "car" })).await?;
    Ok(quote.price)
}

#[test]
fn activities_of_other_modules_are_called_by_name() {
    let mut harness = Harness::new();
    harness.activity_named("pricing/Quote", |input| {
        assert_eq!(input["item"], "car");
        Ok(json!({ "price": 3 }))
    });
    assert_eq!(harness.run(elsewhere, ()).unwrap(), 3);
    harness.activity_named("pricing/Quote", |_| Ok(json!({ "cost": 3 })));
    let failure = harness.run(elsewhere, ()).unwrap_err();
    assert_eq!(failure.error_type, "invalid-output");
    assert_eq!(
        failure.message,
        "can't read the output of activity \"pricing/Quote\" as Quote: missing field `price` at \
         line 1 column 10"
    );
}

#[test]
#[should_panic(expected = "calls the activity \"pricing/Quote\", which the harness doesn't know")]
fn an_activity_that_was_not_mocked_is_named() {
    let _ = Harness::new().run(elsewhere, ());
}

#[workflow]
async fn unspeakable(ctx: Context) -> Result<(), Failure> {
    let map = BTreeMap::from([((1, 2), 3)]);
    ctx.activity_named("Work", map).await
}

#[test]
fn an_input_that_json_has_no_words_for_fails_the_call() {
    let mut harness = Harness::new();
    let failure = harness.run(unspeakable, ()).unwrap_err();
    assert_eq!(failure.error_type, "invalid-input");
    assert!(harness.commands().is_empty());
}

#[test]
fn inputs_are_checked_by_the_one_who_takes_them() {
    let mut harness = Harness::new();
    let failure = harness.run_text(persist, "{\"until\": 1,\n \"attempts\": \"x\"}").unwrap_err();
    assert_eq!(failure.error_type, "invalid-input");
    assert_eq!(
        failure.message,
        "can't read the input of workflow \"persist\" as Plan: invalid type: string \"x\", \
         expected u32 at line 2 column 16"
    );
    let failure = harness.run_text(persist, "").unwrap_err();
    assert!(failure.message.contains("as Plan (none was given): invalid type: null"), "{failure}");
    assert_eq!(harness.run_text(abandon, "{}").unwrap_err().error_type, "invalid-input");
    assert_eq!(harness.real_activity(work).run_text(abandon, ""), Ok("null".to_owned()));
}

#[test]
fn an_activity_is_tested_by_itself() {
    assert_eq!(execute(work, 1).unwrap(), "test-instance/1 1");
    assert_eq!(execute(work, 2).unwrap_err().error_type, "not-yet");
}

#[workflow]
async fn twice(ctx: Context) -> Result<(String, String), Failure> {
    Ok((
        ctx.activity(work, 0).await?,
        ctx.activity(work, 2).retry(RetryPolicy::new(2, SECOND)).await?,
    ))
}

#[test]
fn idempotency_keys_differ_by_call_and_not_by_attempt() {
    let mut harness = Harness::new();
    let outputs = harness.instance_id("order-7").real_activity(work).run(twice, ()).unwrap();
    assert_eq!(outputs, ("order-7/1 1".to_owned(), "order-7/2 2".to_owned()));
}

#[test]
fn a_mock_may_remember() {
    let calls = Rc::new(Cell::new(0));
    let seen = calls.clone();
    let mut harness = Harness::new();
    harness.activity(work, move |_| {
        seen.set(seen.get() + 1);
        Ok(seen.get().to_string())
    });
    assert_eq!(harness.run(twice, ()).unwrap(), ("1".to_owned(), "2".to_owned()));
    assert_eq!(calls.get(), 2, "the replay calls nothing");
}
