//! Every pattern, in every way it can go.

mod families;
mod generations;
mod interpreter;

use reweft_sdk::prelude::*;
use reweft_sdk::testing::Harness;
use serde_json::json;

use crate::activities::{add_one, check, panic_now, spin_now, square, succeed_at};
use crate::chaining::chaining;
use crate::determinism::determinism;
use crate::event_collector::{Collection, event_collector};
use crate::event_with_timeout::{Wait, Waited, event_with_timeout};
use crate::fan_out_fan_in::fan_out_fan_in;
use crate::heartbeats::{
    Count, Counted, Patience, cancels_activity, count_up, hang_silently, heartbeat_timeout,
    heartbeats, spin_with_heartbeats,
};
use crate::long_timer::long_timer;
use crate::misbehaviour::{panics, panics_in_activity, spins_in_activity};
use crate::patched::patched;
use crate::polling_monitor::{Monitor, Monitored, polling_monitor};
use crate::race::race;
use crate::retries::{Trial, retries};
use crate::saga::{Purchase, pay, purchase_saga, refund, release, reserve, ship};

const SECOND: Duration = Duration::from_secs(1);

fn wait(name: &str, timeout_ms: u64) -> Wait {
    Wait { name: name.to_owned(), timeout_ms }
}

#[test]
fn a_chain_is_as_long_as_asked() {
    let mut harness = Harness::new();
    harness.real_activity(add_one);
    assert_eq!(harness.run(chaining, 0).unwrap(), 0);
    assert_eq!(harness.run(chaining, 10).unwrap(), 10);
    assert_eq!(harness.calls("AddOne"), (0..10).map(|number| json!(number)).collect::<Vec<_>>());
    harness.activity_taking(SECOND, add_one, |number| Ok(number + 2));
    assert_eq!(harness.run(chaining, 5).unwrap(), 10);
    assert_eq!(harness.elapsed(), SECOND * 5);
}

#[test]
fn a_fan_out_takes_as_long_as_one() {
    let mut harness = Harness::new();
    assert_eq!(harness.real_activity(square).run(fan_out_fan_in, 0).unwrap(), 0);
    assert_eq!(harness.run(fan_out_fan_in, 100).unwrap(), 338_350);
    harness.activity_taking(SECOND, square, Ok);
    assert_eq!(harness.run(fan_out_fan_in, 100).unwrap(), 5_050);
    assert_eq!(harness.elapsed(), SECOND);
}

#[test]
fn a_fan_out_fails_with_its_first_failure() {
    let mut harness = Harness::new();
    harness.activity(square, |number| match number {
        3 => Err(Failure::new("three", "not three")),
        _ => Ok(number),
    });
    assert_eq!(harness.run(fan_out_fan_in, 5).unwrap_err().error_type, "three");
}

#[test]
fn an_event_comes_in_time_or_not() {
    let mut harness = Harness::new();
    assert_eq!(harness.run(event_with_timeout, wait("Go", 10)).unwrap(), Waited::TimedOut(true));
    harness.raise_event_after(SECOND, "go", json!({ "by": "me" }));
    let output = harness.run_text(event_with_timeout, r#"{"name":"Go","timeoutMs":1001}"#);
    assert_eq!(output.unwrap(), r#"{"received":{"by":"me"}}"#);
    let output = harness.run_text(event_with_timeout, r#"{"name":"Go","timeoutMs":999}"#);
    assert_eq!(output.unwrap(), r#"{"timedOut":true}"#);
}

#[test]
fn an_event_too_late_for_one_race_is_there_for_the_next() {
    let mut harness = Harness::new();
    let lost = || Waited::TimedOut(true);
    assert_eq!(harness.run(race, wait("Go", 1000)).unwrap(), [lost(), lost()]);
    assert_eq!(harness.elapsed(), SECOND * 2);
    harness.raise_event_after(SECOND * 3 / 2, "Go", 1);
    let won = |number| Waited::Received(json!(number));
    assert_eq!(harness.run(race, wait("Go", 1000)).unwrap(), [lost(), won(1)]);
    harness.raise_event_after(SECOND / 2, "Go", 2);
    assert_eq!(harness.run(race, wait("Go", 1000)).unwrap(), [won(2), won(1)]);
}

#[test]
fn a_timer_tells_how_long_it_was() {
    let mut harness = Harness::new();
    assert_eq!(harness.run(long_timer, 31_536_000_000).unwrap(), 31_536_000_000);
    assert_eq!(harness.elapsed(), Duration::from_secs(365 * 24 * 60 * 60));
}

#[test]
fn a_monitor_polls_until_it_is_ready_or_has_enough() {
    let mut harness = Harness::new();
    harness.real_activity(check);
    let monitor = |succeed_after| Monitor { succeed_after, interval_ms: 1_000, max_polls: 5 };
    let result = harness.run(polling_monitor, monitor(3)).unwrap();
    assert_eq!(result, Monitored { ready: true, polls: 3 });
    assert_eq!(harness.elapsed(), SECOND * 2);
    assert_eq!(harness.custom_status(), Some("poll 3 of 5"));
    let result = harness.run(polling_monitor, monitor(6)).unwrap();
    assert_eq!(result, Monitored { ready: false, polls: 5 });
    assert_eq!(harness.elapsed(), SECOND * 4);
}

#[test]
fn retries_end_with_success_or_with_the_policy() {
    let mut harness = Harness::new();
    harness.real_activity(succeed_at);
    let trial = |max_attempts| Trial {
        succeed_at: 3,
        max_attempts,
        first_interval_ms: 1_000,
        backoff_coefficient: 2.0,
        max_interval_ms: Some(1_500),
        timeout_ms: Some(60_000),
    };
    assert_eq!(harness.run(retries, trial(3)).unwrap(), 3);
    assert_eq!(harness.elapsed(), Duration::from_millis(2_500));
    assert_eq!(harness.run(retries, trial(2)).unwrap_err().error_type, "not-yet");
    let short = r#"{"succeedAt":2,"maxAttempts":2,"firstIntervalMs":5}"#;
    assert_eq!(harness.run_text(retries, short).unwrap(), "2");
}

#[test]
fn events_are_collected_in_order() {
    let mut harness = Harness::new();
    for number in 0..10 {
        harness.raise_event("Number", number);
    }
    let collection = Collection { name: "number".to_owned(), count: 10 };
    let numbers = harness.run(event_collector, collection).unwrap();
    assert_eq!(numbers, (0..10).map(|number| json!(number)).collect::<Vec<_>>());
    assert_eq!(harness.custom_status(), Some("10 of 10"));
}

#[test]
fn samples_differ_but_not_between_replays() {
    let mut harness = Harness::new();
    let samples = harness.run(determinism, Some(250)).unwrap();
    assert_eq!(samples.after.now_ms - samples.before.now_ms, 250);
    assert_ne!(samples.before.uuids, samples.after.uuids);
    assert_ne!(samples.before.randoms, samples.after.randoms);
    assert_eq!(harness.run(determinism, Some(250)).unwrap(), samples);
    harness.run_text(determinism, "").unwrap();
    assert_eq!(harness.elapsed(), Duration::from_millis(1));
}

/// A world in which the saga runs.
fn shop() -> Harness {
    let mut harness = Harness::new();
    harness.real_activity(reserve).real_activity(pay).real_activity(ship);
    harness.real_activity(release).real_activity(refund);
    harness
}

fn failing(steps: &[&str]) -> Purchase {
    Purchase { failing: steps.iter().map(ToString::to_string).collect() }
}

#[test]
fn a_saga_undoes_what_was_done() {
    let mut harness = shop();
    let all = harness.run(purchase_saga, failing(&[])).unwrap();
    assert_eq!(all, ["reserve", "pay", "ship"]);
    let undone = harness.run(purchase_saga, failing(&["ship"])).unwrap();
    assert_eq!(undone, ["reserve", "pay", "refund", "release"]);
    let undone = harness.run(purchase_saga, failing(&["pay"])).unwrap();
    assert_eq!(undone, ["reserve", "release"]);
    assert_eq!(harness.run_text(purchase_saga, r#"{"failing":["reserve"]}"#).unwrap(), "[]");
}

#[test]
fn a_saga_undoes_as_much_as_it_can() {
    let mut harness = shop();
    let failure = harness.run(purchase_saga, failing(&["ship", "refund"])).unwrap_err();
    assert_eq!(failure.error_type, "compensation-failed");
    assert_eq!(harness.calls("Release").len(), 1);
}

#[test]
fn a_count_goes_on_where_it_was_stopped() {
    let mut harness = Harness::new();
    harness.real_activity(count_up);
    let count = |fail_halfway| Count { to: 10, fail_halfway };
    assert_eq!(harness.run(heartbeats, count(false)).unwrap(), Counted { from: 1, to: 10 });
    assert_eq!(harness.run(heartbeats, count(true)).unwrap(), Counted { from: 6, to: 10 });
    assert_eq!(harness.calls("CountUp").len(), 2);
    assert_eq!(harness.run_text(heartbeats, r#"{"to":3}"#).unwrap(), r#"{"from":1,"to":3}"#);
}

#[test]
fn an_activity_that_loses_its_race_is_cancelled() {
    let mut harness = Harness::new();
    harness.activity_taking(SECOND * 9, spin_with_heartbeats, Ok);
    assert!(harness.run(cancels_activity, 500).unwrap());
    assert_eq!(harness.elapsed(), SECOND / 2);
    assert!(!harness.run(cancels_activity, 9_500).unwrap());
}

#[test]
fn silence_ends_an_attempt() {
    let mut harness = Harness::new();
    harness.activity_taking(SECOND * 9, hang_silently, |()| Ok("done".to_owned()));
    let patience = |ms| Patience { heartbeat_timeout_ms: ms, max_attempts: 2 };
    let failure = harness.run(heartbeat_timeout, patience(500)).unwrap_err();
    assert_eq!(failure.error_type, "heartbeat-timeout");
    assert_eq!(harness.calls("HangSilently").len(), 2);
    assert_eq!(harness.run(heartbeat_timeout, patience(9_000)).unwrap(), "done");
}

#[test]
fn a_run_from_before_the_patch_goes_the_old_way() {
    let mut harness = Harness::new();
    assert_eq!(harness.real_activity(add_one).run(patched, ()).unwrap(), 2);
    assert_eq!(harness.started_before_patch("new-way").run(patched, ()).unwrap(), 1);
}

#[test]
#[should_panic(expected = "this workflow always panics")]
fn a_panic_is_a_panic() {
    let _ = Harness::new().run(panics, ());
}

#[test]
#[should_panic(expected = "this activity always panics")]
fn a_panic_in_an_activity_is_a_panic() {
    let _ = Harness::new().real_activity(panic_now).run(panics_in_activity, ());
}

#[test]
fn an_activity_that_takes_too_long_is_stopped() {
    let mut harness = Harness::new();
    harness.activity_taking(SECOND * 9, spin_now, Ok);
    let failure = harness.run(spins_in_activity, Some(500)).unwrap_err();
    assert_eq!(failure.error_type, "timeout");
    assert_eq!(harness.elapsed(), SECOND / 2);
}
