//! Patches: workflows that change while instances of them run.

use reweft_sdk::prelude::*;
use reweft_sdk::testing::Harness;

#[workflow]
async fn changed(ctx: Context, continues: bool) -> Result<Vec<bool>, Failure> {
    if continues {
        return ctx.continue_as_new(false, UnreadEvents::Keep).await;
    }
    let new_way = ctx.is_patched("new-way");
    ctx.sleep(Duration::from_secs(1)).await;
    Ok(vec![new_way, ctx.is_patched("new-way"), ctx.is_patched("newer-way")])
}

#[test]
fn a_run_that_begins_after_the_change_goes_the_new_way() {
    let mut harness = Harness::new();
    assert_eq!(harness.run(changed, false).unwrap(), [true, true, true]);
    let expected = ["mark patch new-way", "start a timer of 1000 ms", "mark patch newer-way"];
    assert_eq!(harness.commands(), expected, "each is noted once");
}

#[test]
fn a_run_that_was_beyond_the_change_goes_the_old_way_throughout() {
    let mut harness = Harness::new();
    harness.started_before_patch("new-way");
    assert_eq!(harness.run(changed, false).unwrap(), [false, false, true]);
    let expected = ["start a timer of 1000 ms", "mark patch newer-way"];
    assert_eq!(harness.commands(), expected, "an old history says nothing of a patch");
}

#[test]
fn the_next_generation_goes_the_new_way() {
    let mut harness = Harness::new();
    harness.started_before_patch("new-way");
    assert_eq!(harness.run(changed, true).unwrap(), [true, true, true]);
}

#[workflow]
async fn calls_changed(ctx: Context) -> Result<Vec<bool>, Failure> {
    ctx.workflow(changed, false).await
}

#[test]
fn a_child_goes_the_new_way_since_it_begins_now() {
    let mut harness = Harness::new();
    harness.started_before_patch("new-way").real_workflow(changed);
    assert_eq!(harness.run(calls_changed, ()).unwrap(), [true, true, true]);
}
