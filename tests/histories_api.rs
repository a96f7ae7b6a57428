//! What a client reads of a history: every event once, in order, and with what it takes to understand
//! it.

use serde_json::{Value, json};
use support::{Answer, Client, Host};

fn ask(client: &Client, id: &str, query: &str) -> Answer {
    client.send("GET", &format!("/v1.0/workflows/dapr/{id}/history?{query}"), b"")
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

#[test]
fn b8_a_workflow_that_does_nothing_starts_and_completes() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Chaining", "nothing", "0");
    client.wait_for("nothing", "COMPLETED");
    let events = client.history("nothing");
    assert_eq!(kinds(&events), ["RunStarted", "RunCompleted"]);
    let (start, end) = (&events[0], &events[1]);
    assert_eq!(
        (&start["name"], &start["instanceID"], &start["input"], &start["index"]),
        (&json!("Chaining"), &json!("nothing"), &json!("0"), &json!(0))
    );
    let shown = client.get("nothing");
    assert_eq!(start["moduleDigest"], shown["moduleDigest"]);
    assert_eq!(start["createdAt"], shown["createdAt"]);
    assert_eq!((&end["output"], &end["index"]), (&json!("0"), &json!(1)));
    assert_eq!(end["time"], shown["lastUpdatedAt"]);
}

#[test]
fn b9_of_nobody_there_is_no_history() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    ask(&client, "nobody", "").expect_error(404, "ERR_INSTANCE_ID_NOT_FOUND");
}

#[test]
fn b10_a_fan_out_is_recorded_once_and_results_say_whose_they_are() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("FanOutFanIn", "fan", "5");
    client.wait_for("fan", "COMPLETED");
    let events = client.history("fan");
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["index"], index);
    }
    let of = |kind: &'static str| events.iter().filter(move |event| event["kind"] == kind);
    let tasks = |kind| {
        let mut tasks: Vec<_> = of(kind).map(|event| event["task"].as_u64().unwrap()).collect();
        tasks.sort_unstable();
        tasks
    };
    assert_eq!(tasks("ActivityScheduled"), [1, 2, 3, 4, 5]);
    assert_eq!(tasks("ActivityCompleted"), [1, 2, 3, 4, 5]);
    let name = of("ActivityScheduled").next().unwrap()["name"].clone();
    assert!(name.is_string());
    for result in of("ActivityCompleted") {
        assert_eq!(result["name"], name);
        assert!(result["elapsedMs"].is_u64() && result["output"].is_string(), "{result}");
    }
    assert_eq!(events.len(), 12, "no more than that: {events:#?}");
}

#[test]
fn attempts_say_what_failed_and_when_they_are_made_again() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let trial = r#"{"succeedAt":2,"maxAttempts":3,"firstIntervalMs":100,"backoffCoefficient":1.1}"#;
    client.start("Retries", "retried", trial);
    client.wait_for("retried", "COMPLETED");
    let events = client.history("retried");
    let expected = [
        "RunStarted",
        "ActivityScheduled",
        "ActivityAttemptFailed",
        "ActivityRetried",
        "ActivityCompleted",
        "RunCompleted",
    ];
    assert_eq!(kinds(&events), expected);
    let retry = json!({ "maxAttempts": 3, "firstIntervalMs": 100, "backoffCoefficient": 1.1 });
    assert_eq!(events[1]["retry"], retry);
    let failed = &events[2];
    assert!(failed["failure"]["message"].is_string() && failed["failure"]["errorType"].is_string());
    assert!(failed["retryAt"].as_str() > failed["time"].as_str(), "{failed}");
    assert!(events[3]["time"].as_str() >= failed["retryAt"].as_str(), "{}", events[3]);
    assert!(events[3]["elapsedMs"].as_u64() >= Some(100), "{}", events[3]);
    assert!(events[4]["elapsedMs"].as_u64() >= Some(100), "since it was asked for: {}", events[4]);
    for event in &events[1..5] {
        assert_eq!((&event["task"], &event["name"]), (&json!(1), &events[1]["name"]), "{event}");
    }
}

#[test]
fn i8_events_timers_and_children_are_told_in_full() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "waits", r#"{"name":"go","timeoutMs":3600000}"#);
    client.wait_for("waits", "RUNNING");
    client.act("waits", "pause", r#"{"reason":"lunch"}"#).expect(202);
    client.act("waits", "resume", r#"{"reason":"coffee"}"#).expect(202);
    client.raise("waits", "GO", "[1]");
    client.wait_for("waits", "COMPLETED");
    let events = client.history("waits");
    let of = |kind: &str| events.iter().find(|event| event["kind"] == kind).unwrap();
    assert_eq!(of("EventAwaited")["name"], "go");
    assert!(of("TimerCreated")["fireAt"].as_str() > of("TimerCreated")["time"].as_str());
    assert_eq!(of("Paused")["reason"], "lunch");
    assert_eq!(of("Resumed")["reason"], "coffee");
    assert_eq!(
        (&of("EventRaised")["name"], &of("EventRaised")["payload"]),
        (&json!("GO"), &json!("[1]"))
    );
    assert_eq!(of("TaskCancelled")["task"], of("TimerCreated")["task"]);

    client.start("Nested", "nested", "1");
    client.wait_for("nested", "COMPLETED");
    let events = client.history("nested");
    assert_eq!(
        kinds(&events),
        ["RunStarted", "ChildWorkflowCreated", "ChildWorkflowCompleted", "RunCompleted"]
    );
    assert_eq!((&events[2]["name"], &events[2]["output"]), (&json!("Nested"), &json!("0")));
    let child = client.history("nested:0001");
    assert_eq!(
        (&child[0]["parent"]["instanceID"], &child[0]["depth"]),
        (&json!("nested"), &json!(1))
    );
}

#[test]
fn pages_of_a_history_fit_together() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Chaining", "long", "40");
    client.wait_for("long", "COMPLETED");
    let whole = client.history("long");
    assert_eq!(whole.len(), 82);
    for limit in [1, 7, 41, 82, 100] {
        let (mut next, mut events) = (Some(0), Vec::new());
        while let Some(from) = next {
            let page = ask(&client, "long", &format!("from={from}&limit={limit}"));
            let page = page.expect(200).json();
            let more = page["events"].as_array().unwrap();
            assert!(!more.is_empty() && more.len() <= limit);
            events.extend(more.iter().cloned());
            next = page["next"].as_u64();
        }
        assert_eq!(events, whole, "pages of {limit}");
    }
    assert_eq!(ask(&client, "long", "").expect(200).json().get("next"), None);
    for from in ["82", "1000", "18446744073709551615"] {
        let page = ask(&client, "long", &format!("from={from}")).expect(200).json();
        assert_eq!(page, json!({ "instanceID": "long", "events": [] }));
    }
    for (query, named) in [
        ("from=-1", "from"),
        ("from=x", "from"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("form=1", "form"),
    ] {
        let message = ask(&client, "long", query).expect_error(400, "ERR_MALFORMED_REQUEST");
        assert!(message.contains(named), "{message}");
    }
}

#[test]
fn after_continuing_as_new_the_history_is_that_of_the_last_run() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Generations", "anew", r#"{"left":3}"#);
    client.wait_for("anew", "COMPLETED");
    let events = client.history("anew");
    assert_eq!(kinds(&events), ["RunStarted", "RunCompleted"]);
    assert_eq!(events[0]["generation"], 4);
}
