//! The patterns in which events go further than one run.

use reweft_sdk::testing::Harness;
use serde_json::json;

use super::SECOND;
use crate::activities::add_one;
use crate::event_generations::event_generations;
use crate::event_relay::{Relay, event_relay};
use crate::generations::generations;

#[test]
fn each_generation_adds_one() {
    let mut harness = Harness::new();
    harness.real_activity(add_one);
    assert_eq!(harness.run_text(generations, r#"{"left":5}"#).unwrap(), "5");
    assert_eq!(harness.generations(), 6);
    assert_eq!(harness.calls("AddOne").len(), 5);
    assert_eq!(harness.run_text(generations, r#"{"left":1,"total":6}"#).unwrap(), "7");
}

#[test]
fn events_are_handed_on_in_order() {
    let mut harness = Harness::new();
    harness.raise_event("in", 1).raise_event("IN", json!({ "two": 2 }));
    let relay = Relay { to: "order-7".to_owned(), name: "out".to_owned(), count: 2 };
    assert_eq!(harness.run(event_relay, relay).unwrap(), 2);
    let raised = |payload| ("order-7".to_owned(), "out".to_owned(), payload);
    assert_eq!(harness.raised(), [raised(json!(1)), raised(json!({ "two": 2 }))]);
}

#[test]
fn unread_events_reach_the_next_generation_if_they_are_kept() {
    let mut harness = Harness::new();
    for number in 1..=3 {
        harness.raise_event("Number", number);
    }
    let keep = r#"{"name":"number","left":3,"keep":true}"#;
    assert_eq!(harness.run_text(event_generations, keep).unwrap(), "[1,2,3]");
    assert_eq!(harness.generations(), 4);
    let drop = r#"{"name":"number","left":3,"keep":false}"#;
    harness.raise_event_after(SECOND, "number", 4);
    let numbers = harness.run_text(event_generations, drop).unwrap();
    assert_eq!(numbers, "[1,2,3]", "each generation is there before the next event is raised");
}
