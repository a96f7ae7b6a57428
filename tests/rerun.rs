//! Doing part of a run again, under another ID.

use serde_json::{Value, json};
use support::{Answer, Client, Host};

fn rerun(client: &Client, source: &str, body: &Value) -> Answer {
    client.act(source, "rerun", &body.to_string())
}

/// The index of the n-th event of a kind.
fn place(client: &Client, id: &str, kind: &str, n: usize) -> u64 {
    let events = client.history(id);
    let mut of_kind = events.iter().filter(|event| event["kind"] == kind);
    of_kind.nth(n).unwrap()["index"].as_u64().unwrap()
}

fn attempts(host: &Host, instance: &str) -> usize {
    let mark = format!("\"instance\":\"{instance}\"");
    host.log().iter().filter(|line| line.contains("under key") && line.contains(&mark)).count()
}

#[test]
fn m1_m5_what_was_before_is_taken_over_and_the_rest_done_again() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let steps: Vec<_> = (0..8).map(|_| json!({ "retry": 1 })).collect();
    client.start("Interpreter", "first", &json!({ "steps": steps }).to_string());
    let output = client.output_of("first");
    let event = place(&client, "first", "ActivityScheduled", 3);
    let answer = rerun(&client, "first", &json!({ "eventId": event, "newInstanceID": "again" }));
    assert_eq!(answer.expect(202).json(), json!({ "instanceID": "again" }));
    assert_eq!(client.output_of("again"), output);
    assert_eq!((attempts(&host, "first"), attempts(&host, "again")), (8, 5));
    let first = client.history("again")[0].clone();
    assert_eq!(first["origin"]["event"], event, "it says where it came from: {first}");
    // A failed one as well, under an ID of the host's choice.
    client.start("Interpreter", "failed", r#"{"steps":[{"square":2},{"all":[["again"]]}]}"#);
    client.wait_for("failed", "FAILED");
    let event = place(&client, "failed", "ActivityScheduled", 0);
    let answer = rerun(&client, "failed", &json!({ "eventId": event })).expect(202).json();
    let id = answer["instanceID"].as_str().unwrap();
    client.wait_for(id, "FAILED");
}

#[test]
fn m2_what_can_not_be_done_again_is_refused() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Chaining", "source", "2");
    client.output_of("source");
    client.start("LongTimer", "live", "3600000");
    client.start("LongTimer", "paused", "3600000");
    client.act("paused", "pause", "").expect(202);
    client.start("Nested", "parent", "1");
    client.output_of("parent");
    let at = |id: &str| json!({ "eventId": 1, "newInstanceID": id });
    rerun(&client, "nobody", &at("new")).expect_error(404, "ERR_INSTANCE_ID_NOT_FOUND");
    for source in ["live", "paused", "parent:0001"] {
        rerun(&client, source, &at("new")).expect_error(400, "ERR_RERUN_WORKFLOW");
    }
    rerun(&client, "source", &at("source")).expect_error(400, "ERR_RERUN_WORKFLOW");
    rerun(&client, "source", &at("live")).expect_error(409, "ERR_RERUN_WORKFLOW");
    rerun(&client, "source", &at("a$b")).expect_error(400, "ERR_INSTANCE_ID_INVALID");
    for body in ["", "{}", "[]", r#"{"eventId":-1}"#, r#"{"eventId":1,"x":1}"#] {
        client.act("source", "rerun", body).expect_error(400, "ERR_MALFORMED_REQUEST");
    }
}

#[test]
fn m3_an_event_of_another_kind_is_named() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "source", r#"{"name":"go","timeoutMs":10}"#);
    client.output_of("source");
    let message = rerun(&client, "source", &json!({ "eventId": 99 }));
    assert!(message.expect_error(404, "ERR_RERUN_WORKFLOW").contains("99"));
    let event = place(&client, "source", "EventAwaited", 0);
    let message = rerun(&client, "source", &json!({ "eventId": event }));
    assert!(message.expect_error(404, "ERR_RERUN_WORKFLOW").contains("EventAwaited"));
    let event = place(&client, "source", "TimerCreated", 0);
    let with_input = rerun(&client, "source", &json!({ "eventId": event, "input": 1 }));
    with_input.expect_error(400, "ERR_RERUN_WORKFLOW");
    rerun(&client, "source", &json!({ "eventId": event })).expect(202);
}

#[test]
fn m4_another_input_is_what_the_activity_sees() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Interpreter", "source", r#"{"steps":[{"square":2},{"square":3},{"square":4}]}"#);
    client.output_of("source");
    let event = place(&client, "source", "ActivityScheduled", 1);
    let again =
        |id: &str, input: Value| json!({ "eventId": event, "newInstanceID": id, "input": input });
    rerun(&client, "source", &again("ten", json!(10))).expect(202);
    assert_eq!(client.output_of("ten"), json!([4, 100, 16]));
    rerun(&client, "source", &again("null", Value::Null)).expect(202);
    let failed = client.wait_for("null", "FAILED");
    assert_eq!(failed["properties"]["dapr.workflow.failure.error_type"], "invalid-input");
    // What the code asked for is still what its history says: it replays.
    host.kill();
    host.restart();
    assert_eq!(host.client().output_of("ten"), json!([4, 100, 16]));
}

#[test]
fn m6_what_was_under_way_is_begun_again() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let steps = json!([{ "all": [
        [{ "event": "go" }], [{ "sleep": 50 }], [{ "child": [{ "square": 3 }] }], [{ "square": 2 }],
    ] }]);
    client.start("Interpreter", "source", &json!({ "steps": steps }).to_string());
    client.raise("source", "go", "1");
    let output = client.output_of("source");
    let event = place(&client, "source", "ActivityScheduled", 0);
    rerun(&client, "source", &json!({ "eventId": event, "newInstanceID": "again" })).expect(202);
    client.raise("again", "go", "1");
    assert_eq!(client.output_of("again"), output);
    assert_eq!(client.output_of("again:0001"), json!([9]), "a child of its own");
}

#[test]
fn m8_from_event_0_everything_is_done_again() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Chaining", "source", "3");
    client.output_of("source");
    rerun(&client, "source", &json!({ "eventId": 0, "newInstanceID": "same" })).expect(202);
    assert_eq!(client.output_of("same"), json!(3));
    let other = json!({ "eventId": 0, "newInstanceID": "other", "input": 5 });
    rerun(&client, "source", &other).expect(202);
    assert_eq!(client.output_of("other"), json!(5));
}
