//! The patterns in which workflows call workflows.

use reweft_sdk::prelude::*;
use reweft_sdk::testing::Harness;

use super::SECOND;
use crate::activities::add_one;
use crate::chaining::chaining;
use crate::child_retries::{Failed, always_fails, child_retries};
use crate::children::{Family, children};
use crate::detached_child::detached_child;
use crate::event_with_timeout::event_with_timeout;
use crate::long_timer::long_timer;
use crate::nested::nested;
use crate::parent_of_waiting::parent_of_waiting;

#[test]
fn children_do_their_part_at_the_same_time() {
    let mut harness = Harness::new();
    harness.real_workflow(chaining);
    harness.activity_taking(SECOND, add_one, |number| Ok(number + 1));
    assert_eq!(harness.run(children, Family { count: 4, each: 3 }).unwrap(), 12);
    assert_eq!(harness.elapsed(), SECOND * 3);
    assert_eq!(harness.children().len(), 4);
    assert_eq!(harness.run_text(children, r#"{"count":0,"each":3}"#).unwrap(), "0");
}

#[test]
fn a_child_is_tried_as_often_as_the_policy_says() {
    let mut harness = Harness::new();
    harness.real_workflow(always_fails);
    let trial = r#"{"message":"no","maxAttempts":3,"firstIntervalMs":1000}"#;
    let failed = harness.run_text(child_retries, trial).unwrap();
    assert_eq!(failed, r#"{"errorType":"always-fails","message":"no"}"#);
    assert_eq!(harness.children().len(), 3);
    assert_eq!(harness.elapsed(), SECOND * 2);
    let read: Failed = serde_json::from_str(&failed).unwrap();
    assert_eq!(read.error_type, "always-fails");
}

#[test]
fn a_detached_child_is_not_waited_for() {
    let mut harness = Harness::new();
    harness.real_workflow(long_timer);
    let id = harness.run_text(detached_child, r#"{"sleepMs":60000}"#).unwrap();
    assert_eq!(id, r#""test-instance-1""#);
    assert_eq!(harness.elapsed(), Duration::ZERO);
    let named = r#"{"sleepMs":60000,"instanceId":"mine"}"#;
    assert_eq!(harness.run_text(detached_child, named).unwrap(), r#""mine""#);
}

#[test]
fn children_have_children() {
    let mut harness = Harness::new();
    assert_eq!(harness.real_workflow(nested).run(nested, 5).unwrap(), 5);
    let (deepest, _, _) = harness.children().pop().unwrap();
    assert_eq!(deepest, format!("test-instance{}", ":0001".repeat(5)));
}

#[test]
fn waiting_children_get_what_is_raised_to_them() {
    let mut harness = Harness::new();
    harness.real_workflow(event_with_timeout);
    harness.raise_event_to_child_after(SECOND, "test-instance:0002", "go", ());
    harness.raise_event_to_child_after(SECOND * 3599, "test-instance:0003", "go", ());
    assert_eq!(harness.run(parent_of_waiting, 2).unwrap(), 1);
    assert_eq!(harness.run(parent_of_waiting, 3).unwrap(), 2);
    assert_eq!(harness.elapsed(), SECOND * 3600);
}
