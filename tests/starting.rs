//! What a client may say with a start: when it is to begin, and what becomes of an instance that has
//! its ID. And what it may say with an action.

use serde_json::{Value, json};
use support::{Answer, Client, Host};

const WAIT: &str = r#"{"name":"go","timeoutMs":3600000}"#;

fn start(client: &Client, workflow: &str, query: &str, input: &str) -> Answer {
    let path = format!("/v1.0/workflows/dapr/{workflow}/start?{query}");
    client.send("POST", &path, input.as_bytes())
}

fn text<'a>(instance: &'a Value, field: &str) -> &'a str {
    instance[field].as_str().unwrap_or_else(|| panic!("no {field}: {instance}"))
}

#[test]
fn a16_a18_a_delayed_start_waits_for_its_time() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    start(&client, "Generations", "instanceID=later&delay=1500ms", r#"{"left":2}"#).expect(202);
    let before = client.get("later");
    assert_eq!(before["runtimeStatus"], "PENDING");
    assert_eq!(before.get("startedAt"), None, "{before}");
    let start_at = text(&before, "startAt").to_owned();
    assert!(start_at.as_str() > text(&before, "createdAt"), "{before}");
    host.kill();
    host.restart();
    let after = host.client().wait_for("later", "COMPLETED");
    assert!(text(&after, "startedAt") >= start_at.as_str(), "{after}");
    assert_eq!(after["createdAt"], before["createdAt"]);
    assert_eq!((after.get("startAt"), &after["generation"]), (None, &json!(3)));
}

#[test]
fn a18_its_start_is_that_of_its_time_and_not_of_its_creation() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    start(&client, "Chaining", "instanceID=later&delay=200ms", "1").expect(202);
    let start_at = text(&client.get("later"), "startAt").to_owned();
    let after = client.wait_for("later", "COMPLETED");
    assert!(text(&after, "startedAt") >= start_at.as_str(), "{after}");
    assert_eq!((after.get("startAt"), after.get("generation")), (None, None));
}

#[test]
fn a17_a_start_whose_time_has_passed_runs_at_once() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for (id, when) in [
        ("past", "startTime=2001-02-03T04:05:06Z"),
        ("zone", "startTime=2001-02-03T04:05:06.789%2B01:00"),
        ("ancient", "startTime=0001-01-01T00:00:00Z"),
        ("now", "delay=0s"),
    ] {
        start(&client, "Chaining", &format!("instanceID={id}&{when}"), "1").expect(202);
        let ended = client.wait_for(id, "COMPLETED");
        assert!(text(&ended, "startedAt") >= text(&ended, "createdAt"), "{ended}");
    }
}

#[test]
fn a16_before_its_time_it_can_be_terminated_and_purged() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    start(&client, "Chaining", "instanceID=never&startTime=9999-12-31T23:59:59Z", "1").expect(202);
    assert_eq!(text(&client.get("never"), "startAt"), "9999-12-31T23:59:59.000Z");
    client.act("never", "terminate", "").expect(202);
    let ended = client.get("never");
    assert_eq!(ended["runtimeStatus"], "TERMINATED");
    assert_eq!((ended.get("startAt"), ended.get("startedAt")), (None, None), "it never began");
    client.act("never", "purge", "").expect(202);
}

#[test]
fn a_start_that_can_not_be_understood_is_refused() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for wrong in [
        "startTime=tomorrow",
        "startTime=2030-01-01",
        "delay=5",
        "delay=-1s",
        "delay=999999999d",
        "delay=1s&startTime=2030-01-01T00:00:00Z",
        "reuse=always",
    ] {
        let refused = start(&client, "Chaining", &format!("instanceID=wrong&{wrong}"), "1");
        let message = refused.expect_error(400, "ERR_MALFORMED_REQUEST");
        assert!(message.contains(wrong.split('=').next().unwrap()), "{message}");
    }
    client.send("GET", "/v1.0/workflows/dapr/wrong", b"").expect(404);
}

#[test]
fn a10_an_id_that_must_be_new_is_never_reused() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let begin = || start(&client, "Chaining", "instanceID=once&reuse=refuse", "2");
    begin().expect(202);
    let done = client.wait_for("once", "COMPLETED");
    let message = begin().expect_error(409, "ERR_START_WORKFLOW");
    assert!(message.contains("'once'"), "{message}");
    assert_eq!(client.get("once"), done);
    client.act("once", "purge", "").expect(202);
    begin().expect(202);
}

#[test]
fn n9_a_start_may_return_what_is_there() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let begin = |input: &str| {
        start(&client, "EventWithTimeout", "instanceID=same&reuse=return-existing", input)
    };
    for input in [WAIT, "other", "third"] {
        assert_eq!(begin(input).expect(202).json(), json!({ "instanceID": "same" }));
    }
    assert_eq!(client.get("same")["properties"]["dapr.workflow.input"], WAIT);
    client.raise("same", "go", "1");
    let done = client.wait_for("same", "COMPLETED");
    begin("late").expect(202);
    assert_eq!(client.get("same"), done, "one that has ended is one that exists");
}

#[test]
fn a_start_may_terminate_what_is_there() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("ParentOfWaiting", "replaced", "2");
    let child = "replaced:0001";
    support::eventually("the children are there", || {
        let found = client.send("GET", &format!("/v1.0/workflows/dapr/{child}"), b"");
        (found.status == 200).then(|| assert_eq!(found.json()["parentInstanceID"], "replaced"))
    });
    let query = "instanceID=replaced&reuse=terminate-and-replace";
    start(&client, "EventWithTimeout", query, WAIT).expect(202);
    assert_eq!(client.get("replaced")["workflowName"], "EventWithTimeout");
    client.wait_for(child, "TERMINATED");
    client.raise("replaced", "go", "1");
    client.wait_for("replaced", "COMPLETED");
}

#[test]
fn j14_terminated_with_an_output_it_shows_that() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let outputs = [
        (r#"{"output":{"b":1,"a":[1.50]},"reason":"enough"}"#, Some(r#"{"b":1,"a":[1.50]}"#)),
        (r#"{"output":"stopped"}"#, Some(r#""stopped""#)),
        (r#"{"output":0, "unknown":{}}"#, Some("0")),
        (r#"{"output":null}"#, None),
        ("null", None),
        ("", None),
    ];
    for (position, (body, output)) in outputs.into_iter().enumerate() {
        let id = format!("ended-{position}");
        client.start("EventWithTimeout", &id, WAIT);
        client.act(&id, "terminate", body).expect(202);
        let ended = client.get(&id);
        assert_eq!(ended["runtimeStatus"], "TERMINATED");
        let shown = ended["properties"].get("dapr.workflow.output");
        assert_eq!(shown.and_then(Value::as_str), output, "{body}");
    }
}

#[test]
fn j9_terminated_alone_its_children_go_on() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("ParentOfWaiting", "parent", "1");
    client.wait_for("parent", "RUNNING");
    client.act("parent", "terminate", r#"{"recursive":false}"#).expect(202);
    client.wait_for("parent:0001", "RUNNING");
    let message = start(&client, "Chaining", "instanceID=parent", "1")
        .expect_error(409, "ERR_START_WORKFLOW");
    assert!(message.contains("parent:0001"), "{message}");
    client.act("parent", "purge", "").expect_error(409, "ERR_PURGE_WORKFLOW");
    client.raise("parent:0001", "go", "1");
    client.wait_for("parent:0001", "COMPLETED");
}

#[test]
fn k3_k6_a_purge_takes_as_much_as_it_is_told_to() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let status = |id: &str| client.send("GET", &format!("/v1.0/workflows/dapr/{id}"), b"").status;
    for root in ["all", "alone", "forced"] {
        client.start("ParentOfWaiting", root, "1");
        let child = format!("{root}:0001");
        support::eventually("the child is there", || (status(&child) == 200).then_some(()));
        if root != "forced" {
            client.raise(&child, "go", "1");
            client.wait_for(root, "COMPLETED");
        }
    }
    client.act("all", "purge", "{}").expect(202);
    client.act("alone", "purge", r#"{"recursive":false}"#).expect(202);
    client.act("forced", "purge", "").expect_error(409, "ERR_PURGE_WORKFLOW");
    client.act("forced", "purge", r#"{"force":true}"#).expect(202);
    for (id, expected) in [
        ("all", 404),
        ("all:0001", 404),
        ("alone", 404),
        ("alone:0001", 200),
        ("forced", 404),
        ("forced:0001", 404),
    ] {
        assert_eq!(status(id), expected, "{id}");
    }
}

#[test]
fn an_action_with_a_field_of_another_type_is_refused() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "live", WAIT);
    for (action, body) in [
        ("pause", r#"{"reason":1}"#),
        ("resume", r#"{"reason":["x"]}"#),
        ("terminate", r#"{"reason":{}}"#),
        ("terminate", r#"{"recursive":"yes"}"#),
        ("terminate", "[1]"),
        ("pause", r#"["why"]"#),
        ("purge", r#"{"force":1}"#),
        ("purge", "7"),
    ] {
        client.act("live", action, body).expect_error(400, "ERR_MALFORMED_REQUEST");
    }
    client.wait_for("live", "RUNNING");
}
