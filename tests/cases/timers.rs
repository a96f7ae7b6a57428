//! D: timers.

use reweft::workflow::command::Command;
use reweft::workflow::event::Event;
use serde_json::json;

use support::Host;

use super::{count, kinds, run, start, stored, waits_for_timers};

#[test]
fn d2_timers_at_once_take_as_long_as_the_longest() {
    let mut host = Host::with_patterns(&[]);
    let sleep = |ms: u32| json!([{ "sleep": ms }]);
    run(&host.client(), "three", &json!([{ "all": [sleep(60), sleep(30), sleep(90)] }]));
    let instances = stored(&mut host);
    let kinds = kinds(&instances["three"]);
    let last_created = kinds.iter().rposition(|kind| *kind == "TimerCreated").unwrap();
    let first_fired = kinds.iter().position(|kind| *kind == "TimerFired").unwrap();
    assert!(last_created < first_fired, "they run side by side: {kinds:?}");
}

#[test]
fn d3_a_pause_neither_stops_a_timer_nor_starts_it_again() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    start(&client, "sleeps", &json!([{ "sleep": 150 }]));
    client.act("sleeps", "pause", "").expect(202);
    client.act("sleeps", "resume", "").expect(202);
    assert_eq!(client.output_of("sleeps"), json!([null]));
    let instances = stored(&mut host);
    let history = &instances["sleeps"].history;
    assert_eq!(count(&instances["sleeps"], "TimerCreated"), 1);
    let fire_at = history.iter().find_map(|recorded| match &recorded.event {
        Event::Asked(Command::StartTimer { fire_at }) => Some(*fire_at),
        _ => None,
    });
    let asked_at = history[1].time;
    assert_eq!(fire_at.map(|at| at.0), Some(asked_at.0.min(history[0].time.0) + 150));
    let fired = history.iter().find(|it| matches!(it.event, Event::TimerFired { .. })).unwrap();
    assert!(Some(fired.time) >= fire_at, "never early");
}

#[test]
fn d6_many_sleeps_at_once_all_end_once() {
    let mut host = Host::with_patterns(&[]);
    let sleeps: Vec<_> = (0..200).map(|number| json!([{ "sleep": number % 50 }])).collect();
    run(&host.client(), "many", &json!([{ "all": sleeps }]));
    let instances = stored(&mut host);
    let many = &instances["many"];
    assert_eq!((count(many, "TimerCreated"), count(many, "TimerFired")), (200, 200));
}

#[test]
fn d7_a_timer_may_be_as_long_as_time_goes() {
    let mut host = Host::with_patterns(&[]);
    let century_ms = 100_u64 * 365 * 24 * 3_600_000;
    start(&host.client(), "century", &json!([{ "race": { "sleep": century_ms } }]));
    start(&host.client(), "cancels", &json!([{ "sleep": century_ms }]));
    host.kill();
    host.restart();
    waits_for_timers(&host.client(), "cancels", 1);
    host.client().act("cancels", "terminate", "").expect(202);
    waits_for_timers(&host.client(), "century", 2);
}
