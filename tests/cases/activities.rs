//! E: activities.

use reweft::workflow::event::Event;
use serde_json::json;
use support::{Host, module};

use super::{count, kinds, outputs, run, start, stored};

#[test]
fn e1_values_pass_unchanged() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.upload("orders", &module("orders"));
    let name = "größe \u{1f9f6} \"x\" \\ \u{0} </script>";
    let order = json!({ "name": name, "quantity": 1, "totalCost": 1 });
    client.start("OrderProcessingWorkflow", "order", &order.to_string());
    let reason = client.output_of("order")["reason"].clone();
    assert_eq!(reason, format!("there are only 0 {name} in stock"));
}

#[test]
fn e4_what_nobody_waits_for_runs_all_the_same_and_once() {
    let mut host = Host::with_patterns(&[]);
    assert_eq!(run(&host.client(), "forgets", &json!([{ "forget": 30 }])), json!([]));
    // Some of them may have ended before the host dies, others are for the next one.
    host.kill();
    host.restart();
    support::eventually("all have ended", || {
        // Ask a host that is there; look at its store when it is not.
        let ended = host.log().iter().filter(|line| line.contains("under key")).count();
        (ended > 0 || stored_completions(&mut host) == 30).then_some(())
    });
    support::eventually("all thirty are recorded", || {
        (stored_completions(&mut host) == 30).then_some(())
    });
}

fn stored_completions(host: &mut support::Host) -> usize {
    let instances = stored(host);
    host.restart();
    let forgets = &instances["forgets"];
    assert_eq!(count(forgets, "ActivityScheduled"), 30);
    count(forgets, "ActivityCompleted")
}

#[test]
fn e6_a_failure_that_is_caught_is_compensated() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Saga", "saga", r#"{"failing":["ship"]}"#);
    assert_eq!(client.output_of("saga"), json!(["reserve", "pay", "refund", "release"]));
}

#[test]
fn e7_waiting_for_all_a_failure_is_reported_when_all_have_ended() {
    let mut host = Host::with_patterns(&[]);
    start(
        &host.client(),
        "all",
        &json!([{ "all": [["again"], [{ "sleep": 30 }, { "square": 2 }]] }]),
    );
    assert_eq!(host.client().failure_of("all").error_type, "misplaced");
    let kinds = kinds(&stored(&mut host)["all"]);
    let place = |kind| kinds.iter().position(|found| *found == kind).unwrap();
    assert!(place("ActivityCompleted") < place("RunFailed"), "{kinds:?}");
}

#[test]
fn e12_a_result_that_comes_before_the_code_asks_is_kept() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    let branches = json!([{ "all": [[{ "event": "go" }, { "square": 2 }], [{ "square": 3 }]] }]);
    start(&client, "early", &branches);
    client.act("early", "pause", "").expect(202);
    client.raise("early", "go", "1");
    host.kill();
    host.restart();
    host.client().act("early", "resume", "").expect(202);
    assert_eq!(host.client().output_of("early"), json!([[[1, 4], [9]]]));
    assert_eq!(count(&stored(&mut host)["early"], "ActivityScheduled"), 2);
}

#[test]
fn e14_a_late_result_for_what_is_gone_changes_nothing() {
    let mut host = Host::with_patterns(&["--cancel-grace-ms", "10"]);
    let client = host.client();
    for _ in 0..5 {
        client.start("SpinsInActivity", "late", "100");
        client.act("late", "terminate", "").expect(202);
        client.act("late", "purge", "").expect(202);
    }
    start(&client, "late", &json!([{ "sleep": 300 }, { "square": 3 }]));
    assert_eq!(client.output_of("late"), json!([null, 9]));
    let (ended, log) = host.stop();
    assert!(ended.success() && !log.iter().any(|line| line.contains("\"ERROR\"")), "{log:#?}");
}

#[test]
fn e15_the_key_of_a_call_is_the_same_in_each_attempt() {
    let host = Host::with_patterns(&[]);
    run(&host.client(), "keys", &json!([{ "retry": 3 }, { "retry": 2 }]));
    let keys: Vec<String> = host
        .log()
        .iter()
        .filter_map(|line| Some(line.split_once("under key ")?.1.split('"').next()?.to_owned()))
        .collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    assert!(keys[..3].iter().all(|key| *key == keys[0]), "{keys:?}");
    assert!(keys[3] == keys[4] && keys[3] != keys[0], "{keys:?}");
}

#[test]
fn e23_nothing_is_null() {
    let mut host = Host::with_patterns(&[]);
    host.client().upload("orders", &module("orders"));
    let order = json!({ "name": "cars", "quantity": 1, "totalCost": 1 });
    host.client().start("OrderProcessingWorkflow", "order", &order.to_string());
    host.client().output_of("order");
    let instances = stored(&mut host);
    assert_eq!(outputs(&instances["order"])[0], "null", "of an activity that returns nothing");
}

#[test]
fn b10_each_of_a_fan_out_is_scheduled_once_over_many_replays() {
    let mut host = Host::with_patterns(&[]);
    host.client().start("FanOutFanIn", "fan", "40");
    for _ in 0..4 {
        host.kill();
        host.restart();
    }
    host.client().output_of("fan");
    let instances = stored(&mut host);
    let fan = &instances["fan"];
    assert_eq!((count(fan, "ActivityScheduled"), count(fan, "ActivityCompleted")), (40, 40));
}

#[test]
fn l4_what_is_asked_for_in_one_turn_is_recorded_in_that_order() {
    let mut host = Host::with_patterns(&[]);
    let branches: Vec<_> = (0..20).map(|number| json!([{ "square": number }])).collect();
    run(&host.client(), "order", &json!([{ "all": branches }]));
    let instances = stored(&mut host);
    let inputs = instances["order"].history.iter().filter_map(|recorded| match &recorded.event {
        Event::Asked(reweft::workflow::command::Command::CallActivity(call)) => {
            Some(call.input.parse::<u32>().unwrap())
        }
        _ => None,
    });
    assert_eq!(inputs.collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
}
