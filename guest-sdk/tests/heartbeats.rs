//! Heartbeats: progress that one attempt hands to the next, and silence that ends one.

use std::collections::BTreeMap;

use reweft_sdk::prelude::*;
use reweft_sdk::testing::{Harness, execute};

const SECOND: Duration = Duration::from_secs(1);

/// Fails in each attempt but the last one, after so many more steps.
#[activity]
fn climb(ctx: ActivityContext, (steps, attempts): (u32, u32)) -> Result<(u32, u32), Failure> {
    let start = ctx.last_progress::<u32>()?.unwrap_or(0);
    for step in start + 1..=start + steps {
        ctx.heartbeat(step)?;
    }
    if ctx.attempt() < attempts {
        return Err(Failure::new("tired", "a rest, please"));
    }
    Ok((start, start + steps))
}

#[workflow]
async fn climbs(ctx: Context, (steps, attempts): (u32, u32)) -> Result<(u32, u32), Failure> {
    ctx.activity(climb, (steps, attempts)).retry(RetryPolicy::new(9, SECOND)).await
}

#[test]
fn an_attempt_begins_where_the_one_before_it_has_stopped() {
    let mut harness = Harness::new();
    harness.real_activity(climb);
    assert_eq!(harness.run(climbs, (5, 1)).unwrap(), (0, 5));
    assert_eq!(harness.run(climbs, (5, 3)).unwrap(), (10, 15));
    assert_eq!(harness.run(climbs, (0, 3)).unwrap(), (0, 0), "who says nothing leaves nothing");
    assert_eq!(execute(climb, (4, 1)).unwrap(), (0, 4));
}

/// Speaks in its first attempt only.
#[activity]
fn falls_silent(ctx: ActivityContext) -> Result<Option<String>, Failure> {
    let last = ctx.last_progress()?;
    if ctx.attempt() == 1 {
        ctx.heartbeat("hello")?;
    }
    if ctx.attempt() < 3 {
        return Err(Failure::new("not-yet", format!("{last:?}")));
    }
    Ok(last)
}

#[workflow]
async fn listens(ctx: Context) -> Result<Option<String>, Failure> {
    ctx.activity(falls_silent, ()).retry(RetryPolicy::new(3, SECOND)).await
}

#[test]
fn progress_is_that_of_the_attempt_before_and_no_older() {
    assert_eq!(Harness::new().real_activity(falls_silent).run(listens, ()).unwrap(), None);
}

/// Writes a number, and wants to read a text.
#[activity]
fn misreads(ctx: ActivityContext) -> Result<(), Failure> {
    ctx.last_progress::<String>()?;
    ctx.heartbeat(7)?;
    Err(Failure::new("again", "once more"))
}

#[workflow]
async fn misled(ctx: Context) -> Result<(), Failure> {
    ctx.activity(misreads, ()).retry(RetryPolicy::new(9, SECOND)).await
}

#[test]
fn progress_of_another_shape_is_invalid() {
    let mut harness = Harness::new();
    let failure = harness.real_activity(misreads).run(misled, ()).unwrap_err();
    assert_eq!(failure.error_type, "invalid-progress");
    assert!(failure.message.starts_with("can't read the last progress as String: "), "{failure}");
    assert_eq!(harness.calls("misreads").len(), 2, "no attempt could read it better");
}

#[activity]
fn unspeakable(ctx: ActivityContext) -> Result<(), Failure> {
    Ok(ctx.heartbeat(BTreeMap::from([((1, 2), 3)]))?)
}

#[test]
#[should_panic(expected = "can't write the progress as JSON")]
fn progress_that_json_has_no_words_for_is_a_panic() {
    let _ = execute(unspeakable, ());
}

#[test]
fn a_cancelled_attempt_ends_with_the_error_type_of_the_contract() {
    fn ends() -> Result<(), Failure> {
        Err(Cancelled)?;
        Ok(())
    }
    let failure = ends().unwrap_err();
    assert_eq!(failure, Failure::new("cancelled", "the attempt is no longer wanted"));
}

#[workflow]
async fn watched(ctx: Context, seconds: (u32, u32)) -> Result<(u32, u32), Failure> {
    let (timeout, heartbeat_timeout) = seconds;
    let call = ctx.activity(climb, (1, 1)).timeout(SECOND * timeout);
    call.heartbeat_timeout(SECOND * heartbeat_timeout).await
}

#[test]
fn silence_ends_an_attempt_before_its_timeout_does() {
    let mut harness = Harness::new();
    harness.activity_taking(SECOND * 10, climb, Ok);
    assert_eq!(harness.run(watched, (10, 10)).unwrap(), (1, 1));
    assert_eq!(harness.run(watched, (9, 3)).unwrap_err().error_type, "heartbeat-timeout");
    assert_eq!(harness.elapsed(), SECOND * 3);
    assert_eq!(harness.run(watched, (3, 9)).unwrap_err().error_type, "timeout");
    assert_eq!(harness.elapsed(), SECOND * 3);
    assert_eq!(harness.run(watched, (9, 0)).unwrap_err().error_type, "invalid-argument");
}
