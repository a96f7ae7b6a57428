//! C: events from outside.

use serde_json::{Value, json};

use support::Host;

use super::{run, start, stored, waits_for, waits_for_timers};

#[test]
fn c5_events_that_come_in_any_order_are_there_for_waits_in_a_row() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let waits = json!([{ "event": "a" }, { "event": "b" }, { "event": "c" }]);
    for (number, order) in [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]].iter().enumerate() {
        let id = format!("waits-{number}");
        start(&client, &id, &waits);
        for name in order {
            client.raise(&id, name, &json!(name).to_string());
        }
        assert_eq!(client.output_of(&id), json!(["a", "b", "c"]));
    }
}

#[test]
fn c10_each_event_takes_away_its_own_timer_only() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let race = |name: &str| json!([{ "race": { "event": name } }]);
    start(&client, "three", &json!([{ "all": [race("a"), race("b"), race("c")] }]));
    waits_for_timers(&client, "three", 3);
    client.raise("three", "b", "1");
    waits_for_timers(&client, "three", 2);
    client.raise("three", "a", "2");
    waits_for_timers(&client, "three", 1);
    client.raise("three", "c", "3");
    assert_eq!(client.output_of("three"), json!([[[2], [1], [3]]]));
}

#[test]
fn c11_waits_in_a_row_leak_no_timer() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let race = || json!({ "race": { "event": "go" } });
    start(&client, "row", &json!([race(), race(), race(), { "event": "last" }]));
    for number in 0..3 {
        waits_for_timers(&client, "row", 1);
        client.raise("row", "go", &number.to_string());
    }
    waits_for_timers(&client, "row", 0);
    assert_eq!(waits_for(&client, "row").get("event"), Some(&1));
    client.raise("row", "last", "9");
    assert_eq!(client.output_of("row"), json!([0, 1, 2, 9]));
}

#[test]
fn c12_a_wait_without_limit_leaves_nothing_behind() {
    let mut host = Host::with_patterns(&[]);
    start(&host.client(), "waits", &json!([{ "event": "go" }]));
    assert_eq!(waits_for(&host.client(), "waits").get("timer"), None);
    host.client().raise("waits", "go", "1");
    host.client().output_of("waits");
    assert_eq!(stored(&mut host)["waits"].history.len(), 4);
}

#[test]
fn c25_events_that_race_the_end_are_taken_or_dropped_and_hurt_nobody() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventCollector", "ends", r#"{"name":"go","count":5}"#);
    let raisers: Vec<_> = (0..40)
        .map(|number| {
            let client = host.client();
            std::thread::spawn(move || client.raise("ends", "go", &number.to_string()))
        })
        .collect();
    raisers.into_iter().for_each(|raiser| raiser.join().unwrap());
    let collected = client.output_of("ends");
    let mut numbers: Vec<_> =
        collected.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 5, "{collected}");
}

#[test]
fn c26_an_event_right_after_the_start_is_its_first() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for number in 0..20 {
        let id = format!("first-{number}");
        start(&client, &id, &json!([{ "event": "go" }]));
        client.raise(&id, "go", &number.to_string());
        client.raise(&id, "go", "\"second\"");
        assert_eq!(client.output_of(&id), json!([number]));
    }
}

#[test]
fn c28_a_burst_of_requests_is_handed_out_each_once() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventCollector", "collects", r#"{"name":"out","count":30}"#);
    client.start("EventRelay", "coordinates", r#"{"to":"collects","name":"out","count":30}"#);
    let requests: Vec<_> = (0..30)
        .map(|number| {
            let client = host.client();
            std::thread::spawn(move || client.raise("coordinates", "in", &number.to_string()))
        })
        .collect();
    requests.into_iter().for_each(|request| request.join().unwrap());
    let collected = client.output_of("collects");
    let mut numbers: Vec<_> =
        collected.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..30).collect::<Vec<_>>());
}

#[test]
fn n6_hundreds_under_constant_eviction_all_get_on() {
    let host = Host::with_patterns(&["--idle-guests-max", "0"]);
    let client = host.client();
    let ids: Vec<_> = (0..300).map(|number| format!("short-{number}")).collect();
    for id in &ids {
        start(&client, id, &json!([{ "square": 2 }, { "event": "go" }, { "sleep": 5 }]));
    }
    for id in &ids {
        client.raise(id, "go", "1");
    }
    for id in &ids {
        assert_eq!(client.output_of(id), json!([4, 1, Value::Null]));
    }
}

#[test]
fn o5_it_runs_until_it_is_terminated() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    start(&client, "waits", &json!([{ "event": "go" }]));
    let other = run(&client, "other", &json!([{ "sleep": 100 }]));
    assert_eq!(other, json!([null]));
    client.wait_for("waits", "RUNNING");
    client.act("waits", "terminate", "").expect(202);
    assert_eq!(client.get("waits")["runtimeStatus"], "TERMINATED");
    assert_eq!(client.get("waits")["instanceID"], "waits");
}
