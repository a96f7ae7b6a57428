//! What a workflow sees of its host, what the attributes accept, and what the replay finds.

use std::cell::Cell;
use std::num::ParseIntError;
use std::time::SystemTime;

use reweft_sdk::prelude::*;
use reweft_sdk::testing::Harness;
use reweft_sdk::{Activity, Workflow};

/// With documentation, a visibility and an attribute of its own.
#[workflow(name = "Documented Workflow")]
#[allow(clippy::unused_async, reason = "an attribute of its own")]
pub async fn documented(_: Context, (one, other): (u8, u8)) -> Result<u8, Failure> {
    Ok(one + other)
}

type Parsed = Result<u32, ParseIntError>;

#[workflow]
async fn converts_its_error(mut _ctx: Context, text: String) -> Parsed {
    text.parse()
}

#[workflow(name = "trailing")]
async fn without_input(ctx: Context) -> Result<(), Failure> {
    let _ = ctx;
    Ok(())
}

#[activity]
fn nothing_at_all() -> Result<(), Failure> {
    Ok(())
}

#[activity]
fn context_only(ctx: ActivityContext) -> Result<String, std::io::Error> {
    Ok(ctx.instance_id().to_owned())
}

#[activity(name = "Both")]
fn both(ctx: reweft_sdk::ActivityContext, mut count: u32) -> Result<u32, Failure> {
    count += ctx.attempt();
    Ok(count)
}

#[activity]
fn r#type(input: Option<String>) -> Result<bool, Failure> {
    Ok(input.is_none())
}

#[workflow]
async fn calls_all(ctx: Context) -> Result<(String, u32, bool), Failure> {
    ctx.activity(nothing_at_all, ()).await?;
    let id = ctx.activity(context_only, ()).await?;
    Ok((id, ctx.activity(both, 2).await?, ctx.activity(r#type, None).await?))
}

reweft_sdk::export! {
    workflows: [documented, converts_its_error, without_input, calls_all],
    activities: [nothing_at_all, context_only, both, r#type],
}

mod only_activities {
    reweft_sdk::export! { activities: [super::both] }
}

mod only_workflows {
    reweft_sdk::export! { workflows: [super::documented] }
}

#[test]
fn the_attributes_take_every_form() {
    assert_eq!(documented::NAME, "Documented Workflow");
    assert_eq!(without_input::NAME, "trailing");
    assert_eq!(r#type::NAME, "type");
    assert_eq!(both::NAME, "Both");
    let mut harness = Harness::new();
    harness.real_activity(nothing_at_all).real_activity(context_only);
    harness.real_activity(both).real_activity(r#type).instance_id("me");
    assert_eq!(harness.run(documented, (3, 4)).unwrap(), 7);
    assert_eq!(harness.run(converts_its_error, "12".to_owned()).unwrap(), 12);
    let failure = harness.run(converts_its_error, "x".to_owned()).unwrap_err();
    assert_eq!(failure.error_type, "ParseIntError");
    harness.run(without_input, ()).unwrap();
    assert_eq!(harness.run(calls_all, ()).unwrap(), ("me".to_owned(), 3, true));
}

#[workflow]
async fn looks_around(ctx: Context) -> Result<(Vec<u64>, Vec<String>), Failure> {
    let info = ctx.info();
    assert_eq!(info.instance_id, ctx.instance_id());
    assert_eq!(info.workflow_name, "looks_around");
    assert_eq!(info.started_at, ctx.now());
    ctx.set_custom_status("looking");
    ctx.log(Level::Warn, format_args!("{} looks", info.instance_id));
    let before = ctx.now();
    let mut numbers = vec![ctx.random_u64(), ctx.random_u64()];
    ctx.sleep(Duration::from_nanos(1)).await;
    assert_eq!(ctx.now().duration_since(before)?, Duration::from_millis(1), "rounded up");
    numbers.push(ctx.clone().random_u64());
    ctx.set_custom_status(String::from("done"));
    Ok((numbers, vec![ctx.new_uuid(), ctx.new_uuid()]))
}

#[test]
fn the_context_is_deterministic() {
    let mut harness = Harness::new();
    let first = harness.run(looks_around, ()).unwrap();
    assert_eq!(harness.custom_status(), Some("done"));
    assert_eq!(harness.log(), [(Level::Warn, "test-instance looks".to_owned())]);
    assert_eq!(harness.run(looks_around, ()).unwrap(), first);
    assert_ne!(harness.seed(1).run(looks_around, ()).unwrap(), first);
    let (numbers, uuids) = first;
    assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2]);
    for uuid in &uuids {
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"), "{uuid}");
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
    }
    assert_ne!(uuids[0], uuids[1]);
}

#[workflow]
async fn sleeps(ctx: Context, ms: u64) -> Result<(), Failure> {
    let deadline = ctx.now() + Duration::from_millis(ms.min(1 << 40));
    ctx.sleep(Duration::from_millis(ms)).await;
    assert_eq!(ctx.now(), deadline);
    Ok(())
}

#[test]
fn timers_skip_however_long_they_are() {
    let mut harness = Harness::new();
    harness.run(sleeps, 1 << 40).unwrap();
    assert_eq!(harness.elapsed(), Duration::from_millis(1 << 40));
    harness.run(sleeps, 0).unwrap();
    assert_eq!(harness.run(sleeps, u64::MAX).unwrap_err().error_type, "invalid-argument");
}

thread_local!(static RUNS: Cell<u64> = const { Cell::new(0) });

fn runs() -> u64 {
    RUNS.set(RUNS.get() + 1);
    RUNS.get()
}

#[workflow]
async fn strays_in_what_it_asks(ctx: Context) -> Result<(), Failure> {
    ctx.sleep(Duration::from_millis(runs())).await;
    Ok(())
}

#[workflow]
async fn strays_in_how_much_it_asks(ctx: Context, more: bool) -> Result<(), Failure> {
    if (runs() % 2 == 1) != more {
        ctx.set_custom_status("odd");
    }
    Ok(())
}

#[workflow]
async fn strays_in_what_it_returns(_ctx: Context) -> Result<SystemTime, Failure> {
    Ok(SystemTime::now())
}

#[test]
fn the_replay_finds_what_is_not_deterministic() {
    let mut harness = Harness::new();
    let failure = harness.run(strays_in_what_it_asks, ()).unwrap_err();
    assert_eq!(failure.error_type, "nondeterminism");
    assert!(failure.message.contains("\"start a timer of 1 ms\" in its first run"), "{failure}");
    RUNS.set(0);
    for more in [false, true] {
        let failure = harness.run(strays_in_how_much_it_asks, more).unwrap_err();
        assert_eq!(failure.error_type, "nondeterminism", "{failure}");
    }
    let failure = harness.run(strays_in_what_it_returns, ()).unwrap_err();
    assert_eq!(failure.error_type, "nondeterminism");
}

#[workflow]
async fn panics(_ctx: Context) -> Result<(), Failure> {
    panic!("the workflow gave up")
}

#[test]
#[should_panic(expected = "the workflow gave up")]
fn a_panic_of_the_workflow_is_one_of_the_test() {
    let _ = Harness::new().run(panics, ());
}

#[workflow]
async fn keeps_its_task(ctx: Context) -> Result<(), Failure> {
    std::mem::forget(ctx.event::<()>("Never"));
    Ok(())
}

#[test]
#[should_panic(expected = "beyond its end")]
fn a_task_that_outlives_its_run_is_found() {
    let _ = Harness::new().run(keeps_its_task, ());
}
