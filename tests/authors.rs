//! What an author may rely on: activities, timers, events, races, failures, determinism.

use serde_json::{Value, json};
use support::{Client, Failure, Host, HostOptions, module};

fn run(client: &Client, workflow: &str, input: &Value) -> Value {
    client.start(workflow, workflow, &input.to_string());
    client.output_of(workflow)
}

#[test]
fn e2_a_chain_of_activities() {
    let host = Host::with_patterns(&[]);
    assert_eq!(run(&host.client(), "Chaining", &json!(10)), json!(10));
}

#[test]
fn e3_activities_in_parallel_with_results_in_call_order() {
    let host = Host::with_patterns(&[]);
    let squares: u64 = (1..=200).map(|number| number * number).sum();
    assert_eq!(run(&host.client(), "FanOutFanIn", &json!(200)), json!(squares));
}

#[test]
fn e8_a_payload_as_large_as_a_body_may_be_arrives_whole() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let text = "ä\u{1f9f6}\\u0000".repeat(300_000);
    client.start("EventCollector", "large", r#"{"name":"go","count":1}"#);
    client.raise("large", "go", &Value::from(text.clone()).to_string());
    assert_eq!(client.output_of("large"), json!([text]));
}

#[test]
fn c1_c2_an_event_reaches_the_wait_whichever_comes_first() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let wait = json!({ "name": "go", "timeoutMs": 3_600_000 });
    client.start("EventWithTimeout", "waits", &wait.to_string());
    client.raise("waits", "go", r#"{"a":[1,"ü"]}"#);
    assert_eq!(client.output_of("waits"), json!({ "received": { "a": [1, "ü"] } }));
    client.start("EventCollector", "buffers", r#"{"name":"last","count":1}"#);
    client.raise("buffers", "earlier", "1");
    client.raise("buffers", "last", "2");
    assert_eq!(client.output_of("buffers"), json!([2]));
}

#[test]
fn c3_c4_events_of_a_name_are_first_in_first_out_whatever_their_case() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventCollector", "ten", r#"{"name":"MyEvent","count":10}"#);
    for (number, name) in (0..10).zip(["MyEvent", "MYEVENT", "myevent"].iter().cycle()) {
        client.raise("ten", name, &number.to_string());
    }
    assert_eq!(client.output_of("ten"), json!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
}

#[test]
fn c6_a_wait_with_a_limit_ends_when_nothing_comes() {
    let host = Host::with_patterns(&[]);
    let wait = json!({ "name": "go", "timeoutMs": 30 });
    assert_eq!(run(&host.client(), "EventWithTimeout", &wait), json!({ "timedOut": true }));
}

#[test]
fn c14_a_lost_race_swallows_no_event() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Race", "race", r#"{"name":"go","timeoutMs":200}"#);
    let of_the_first = client.wait_for_custom_status("race", "1 of 2 races");
    assert_eq!(of_the_first["runtimeStatus"], "RUNNING");
    client.raise("race", "go", "\"late\"");
    assert_eq!(client.output_of("race"), json!([{ "timedOut": true }, { "received": "late" }]));
}

#[test]
fn c20_an_event_without_payload_is_null() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventCollector", "null", r#"{"name":"go","count":1}"#);
    client.raise("null", "go", "");
    assert_eq!(client.output_of("null"), json!([null]));
}

#[test]
fn c27_fifty_events_at_the_same_moment_are_fifty_events() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventCollector", "fifty", r#"{"name":"go","count":50}"#);
    let raisers: Vec<_> = (0..50)
        .map(|number| {
            let client = host.client();
            std::thread::spawn(move || client.raise("fifty", "go", &number.to_string()))
        })
        .collect();
    raisers.into_iter().for_each(|raiser| raiser.join().unwrap());
    let collected = client.output_of("fifty");
    let mut numbers: Vec<_> =
        collected.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
}

#[test]
fn d1_a_timer_is_never_early() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for (position, delay_ms) in [0, 1, 7, 50, 120].iter().enumerate() {
        let id = format!("timer-{position}");
        client.start("LongTimer", &id, &delay_ms.to_string());
        let elapsed = client.output_of(&id).as_u64().unwrap();
        assert!(elapsed >= *delay_ms, "{elapsed} ms instead of {delay_ms}");
    }
}

#[test]
fn d9_d10_a_timer_of_an_hour_keeps_nobody() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "won", r#"{"name":"go","timeoutMs":3600000}"#);
    client.raise("won", "go", "1");
    client.output_of("won");
    client.start("LongTimer", "stopped", "3600000");
    client.act("stopped", "terminate", "").expect(202);
    assert_eq!(client.get("stopped")["runtimeStatus"], "TERMINATED");
    for id in ["won", "stopped"] {
        client.act(id, "purge", "").expect(202);
    }
}

#[test]
fn e19_what_a_guest_does_wrong_fails_its_instance_and_nobody_else() {
    let options = HostOptions {
        arguments: vec!["--turn-ms-max".to_owned(), "200".to_owned()],
        ..HostOptions::default()
    };
    let host = Host::start_with(options);
    let client = host.client();
    client.upload("patterns", &module("patterns"));
    for spinner in 0..4 {
        client.start("Spins", &format!("spins-{spinner}"), "");
    }
    // While four guests compute for ever on two processors, others get on.
    client.start("Chaining", "meanwhile", "5");
    assert_eq!(client.output_of("meanwhile"), json!(5));
    for spinner in 0..4 {
        let Failure { error_type, message, .. } = client.failure_of(&format!("spins-{spinner}"));
        assert_eq!(error_type, "compute-limit");
        assert!(message.contains("activity"), "it says what to do: {message}");
    }
    client.start("SpinsInActivity", "timeout", "50");
    assert_eq!(client.failure_of("timeout").error_type, "timeout");
}

#[test]
fn e22_an_unknown_activity_is_an_error_that_the_workflow_may_catch() {
    let host = Host::with_patterns(&[]);
    for name in ["Nobody", "nowhere/Nobody", "patterns/Nobody", "/", "patterns/"] {
        let client = host.client();
        client.act("CallsUnknownActivity", "purge", "");
        let caught = run(&client, "CallsUnknownActivity", &json!(name));
        assert_eq!(caught, "activity-not-found", "{name}");
    }
}

#[test]
fn f1_f7_retries_follow_their_policy() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let trial = |succeed_at: u32, max_attempts: u32| json!({ "succeedAt": succeed_at, "maxAttempts": max_attempts, "firstIntervalMs": 5 });
    client.start("Retries", "third", &trial(3, 3).to_string());
    assert_eq!(client.output_of("third"), json!(3));
    client.start("Retries", "never", &trial(4, 3).to_string());
    let message = client.failure_of("never").message;
    assert!(message.contains('3'), "the last error: {message}");
    let invalid = json!({ "succeedAt": 1, "maxAttempts": 0, "firstIntervalMs": 5 });
    client.start("Retries", "invalid", &invalid.to_string());
    assert_eq!(client.failure_of("invalid").error_type, "invalid-argument");
}

#[test]
fn f13_a_retry_delay_goes_on_over_a_crash() {
    let mut host = Host::with_patterns(&[]);
    let trial = json!({ "succeedAt": 2, "maxAttempts": 2, "firstIntervalMs": 300 });
    host.client().start("Retries", "delayed", &trial.to_string());
    host.kill();
    host.restart();
    assert_eq!(host.client().output_of("delayed"), json!(2), "the second attempt, not the first");
}

#[test]
fn l2_time_and_randomness_are_the_same_in_every_replay() {
    let mut host = Host::with_patterns(&[]);
    host.client().start("Determinism", "samples", "300");
    host.kill();
    host.restart();
    let samples = host.client().output_of("samples");
    let of = |when: &str, what: &str| samples[when][what].clone();
    for what in ["uuids", "randoms"] {
        let drawn: Vec<_> = ["before", "after"]
            .iter()
            .flat_map(|when| of(when, what).as_array().unwrap().clone())
            .collect();
        assert_eq!(drawn.len(), 6);
        for (position, one) in drawn.iter().enumerate() {
            assert!(!drawn[..position].contains(one), "{one} twice");
        }
    }
    let (before, after) =
        (of("before", "nowMs").as_u64().unwrap(), of("after", "nowMs").as_u64().unwrap());
    assert!(after >= before + 300, "{before} {after}");
}
