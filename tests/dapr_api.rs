//! Dapr's seven operations: paths, codes, field names and error bodies, under all three prefixes.

use serde_json::{Value, json};
use support::{Answer, Client, Host};

fn start(client: &Client, prefix: &str, query: &str, input: &str) -> Answer {
    let path = format!("/{prefix}/workflows/dapr/EventWithTimeout/start{query}");
    client.send("POST", &path, input.as_bytes())
}

const WAIT: &str = r#"{"name":"go","timeoutMs":3600000}"#;

#[test]
fn k7_o1_o4_a_full_life_under_each_prefix() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for prefix in ["v1.0-alpha1", "v1.0-beta1", "v1.0"] {
        let id = prefix.replace('.', "_");
        let of = |action: &str| format!("/{prefix}/workflows/dapr/{id}{action}");
        let act = |action: &str| client.send("POST", &of(action), b"");
        let get = || client.send("GET", &of(""), b"");
        let started = start(&client, prefix, &format!("?instanceID={id}"), WAIT);
        assert_eq!(started.expect(202).json(), json!({ "instanceID": id }));
        client.wait_for(&id, "RUNNING");
        assert_eq!(act("/pause").expect(202).json(), json!({}));
        assert_eq!(get().expect(200).json()["runtimeStatus"], "SUSPENDED");
        assert_eq!(act("/resume").expect(202).json(), json!({}));
        assert_eq!(client.send("POST", &of("/raiseEvent/go"), b"1").expect(202).json(), json!({}));
        client.wait_for(&id, "COMPLETED");
        assert_eq!(act("/purge").expect(202).json(), json!({}));
        get().expect_error(404, "ERR_INSTANCE_ID_NOT_FOUND");
        start(&client, prefix, &format!("?instanceID={id}"), WAIT).expect(202);
        assert_eq!(act("/terminate").expect(202).json(), json!({}));
        assert_eq!(get().json()["runtimeStatus"], "TERMINATED");
    }
}

#[test]
fn a1_without_an_id_a_uuid_is_given() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for query in ["", "?instanceID="] {
        let started = start(&client, "v1.0", query, WAIT).expect(202).json();
        let id = started["instanceID"].as_str().unwrap();
        let dashes = id.match_indices('-').map(|(position, _)| position);
        assert_eq!((id.len(), dashes.collect::<Vec<_>>()), (36, vec![8, 13, 18, 23]), "{id}");
        assert_eq!(id.as_bytes()[14], b'4', "a random one: {id}");
        assert_eq!(client.get(id)["instanceID"], id);
    }
}

#[test]
fn a4_a5_an_id_follows_its_rules() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    start(&client, "v1.0", &format!("?instanceID={}", "x".repeat(64)), WAIT).expect(202);
    start(&client, "v1.0", "?instanceID=gr%C3%B6%C3%9Fe_1-A", WAIT).expect(202);
    assert_eq!(client.get("gr%C3%B6%C3%9Fe_1-A")["instanceID"], "größe_1-A");
    let refused = start(&client, "v1.0", &format!("?instanceID={}", "x".repeat(65)), WAIT);
    let message = refused.expect_error(400, "ERR_INSTANCE_ID_TOO_LONG");
    assert_eq!(message, "workflow instance ID exceeds the max length of 64 characters");
    for (sent, id) in [("invalid$ID", "invalid$ID"), ("invalid%2312", "invalid#12"), ("a:1", "a:1")]
    {
        let refused = start(&client, "v1.0", &format!("?instanceID={sent}"), WAIT);
        let message = refused.expect_error(400, "ERR_INSTANCE_ID_INVALID");
        assert!(message.contains(id), "{message}");
        client.send("GET", &format!("/v1.0/workflows/dapr/{sent}"), b"").expect(404);
    }
}

#[test]
fn a9_the_id_of_an_ended_instance_can_be_used_again() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    start(&client, "v1.0", "?instanceID=again", r#"{"name":"a","timeoutMs":3600000}"#).expect(202);
    let refused = start(&client, "v1.0", "?instanceID=again", WAIT);
    let message = refused.expect_error(409, "ERR_START_WORKFLOW");
    assert!(message.contains("an active workflow with ID 'again' already exists"), "{message}");
    client.raise("again", "a", "1");
    client.wait_for("again", "COMPLETED");
    start(&client, "v1.0", "?instanceID=again", WAIT).expect(202);
    let again = client.wait_for("again", "RUNNING");
    assert_eq!(
        again["properties"],
        json!({ "dapr.workflow.input": WAIT }),
        "nothing of the old run"
    );
    client.raise("again", "go", "2");
    assert_eq!(client.output_of("again"), json!({ "received": 2 }));
}

#[test]
fn n9_of_many_starts_with_one_id_exactly_one_succeeds() {
    let host = Host::with_patterns(&[]);
    let clients: Vec<_> = (0..16).map(|_| host.client()).collect();
    let racing = clients.into_iter().map(|client| {
        std::thread::spawn(move || start(&client, "v1.0", "?instanceID=one", WAIT).status)
    });
    let racing: Vec<_> = racing.collect();
    let mut statuses: Vec<_> = racing.into_iter().map(|thread| thread.join().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 202);
    assert_eq!(statuses[1..], [409; 15]);
}

#[test]
fn a15_a_workflow_nobody_has_is_not_found() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let start = |component: &str, workflow: &str| {
        client.send("POST", &format!("/v1.0/workflows/{component}/{workflow}/start"), b"")
    };
    let message = start("dapr", "Nobody").expect_error(404, "ERR_WORKFLOW_NOT_FOUND");
    assert!(message.contains("'Nobody'"), "{message}");
    start("orders", "LongTimer").expect_error(404, "ERR_WORKFLOW_NOT_FOUND");
    start("patterns", "LongTimer").expect(202);
    start("dapr", "LongTimer").expect(202);
}

#[test]
fn b1_an_instance_shows_what_it_has_and_nothing_else() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let input = r#"{"succeedAfter":1,"intervalMs":1,"maxPolls":3}"#;
    client.start("PollingMonitor", "monitor", input);
    let done = client.wait_for("monitor", "COMPLETED");
    let properties = json!({
        "dapr.workflow.input": input,
        "dapr.workflow.output": r#"{"ready":true,"polls":1}"#,
        "dapr.workflow.custom_status": "poll 1 of 3",
    });
    assert_eq!(done["properties"], properties);
    assert_eq!(done["workflowName"], "PollingMonitor");
    assert_eq!(done["moduleName"], "patterns");
    for time in ["createdAt", "lastUpdatedAt"] {
        let text = done[time].as_str().unwrap();
        assert!(text.starts_with("20") && text.ends_with('Z') && text.len() == 24, "{text}");
    }
    assert_eq!(done.get("stalled"), None);
}

#[test]
fn b3_e5_a_failed_instance_shows_why_and_no_output() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for (workflow, place) in [("Panics", "misbehaviour.rs"), ("PanicsInActivity", "activities.rs")]
    {
        client.start(workflow, workflow, "");
        let failed = client.wait_for(workflow, "FAILED");
        let properties = failed["properties"].as_object().unwrap();
        assert_eq!(properties["dapr.workflow.failure.error_type"], "panic");
        let message = properties["dapr.workflow.failure.error_message"].as_str().unwrap();
        assert!(message.contains("panics"), "{message}");
        let trace = properties["dapr.workflow.failure.stack_trace"].as_str().unwrap();
        assert!(trace.contains(place), "{trace}");
        assert_eq!(properties["dapr.workflow.input"], "");
        assert!(!properties.contains_key("dapr.workflow.output"));
    }
}

#[test]
fn a_pending_instance_shows_its_name_and_times() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    // It computes for ever, so its first turn is never over.
    client.start("Spins", "spins", "");
    let pending = client.get("spins");
    assert_eq!(pending["runtimeStatus"], "PENDING");
    assert_eq!(pending["workflowName"], "Spins");
    assert_eq!(pending["createdAt"], pending["lastUpdatedAt"]);
    client.act("spins", "terminate", "").expect(202);
    assert_eq!(client.get("spins")["runtimeStatus"], "TERMINATED");
}

#[test]
fn b2_c18_i6_j4_an_unknown_instance_is_404_on_every_route() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let expected = "unable to find workflow with the provided instance ID: nobody";
    let answer = client.send("GET", "/v1.0/workflows/dapr/nobody", b"");
    assert_eq!(
        answer.json(),
        json!({ "errorCode": "ERR_INSTANCE_ID_NOT_FOUND", "message": expected })
    );
    for action in ["pause", "resume", "terminate", "purge", "raiseEvent/go"] {
        let message =
            client.act("nobody", action, "").expect_error(404, "ERR_INSTANCE_ID_NOT_FOUND");
        assert_eq!(message, expected);
    }
    client.start("LongTimer", "somebody", "0");
    client.wait_for("somebody", "COMPLETED");
}

#[test]
fn k2_purging_is_for_the_ended_only() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "live", WAIT);
    client.act("live", "purge", "").expect_error(409, "ERR_PURGE_WORKFLOW");
    client.wait_for("live", "RUNNING");
    client.act("live", "terminate", "").expect(202);
    client.act("live", "purge", "").expect(202);
    client.act("live", "purge", "").expect_error(404, "ERR_INSTANCE_ID_NOT_FOUND");
}

#[test]
fn j3_j5_c17_what_has_ended_stays_as_it_ended() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("LongTimer", "done", "0");
    let done = client.wait_for("done", "COMPLETED");
    for action in ["terminate", "pause", "resume", "raiseEvent/go"] {
        client.act("done", action, "").expect(202);
    }
    assert_eq!(client.get("done"), done);
    client.start("EventWithTimeout", "stopped", WAIT);
    client.act("stopped", "terminate", "").expect(202);
    let stopped = client.get("stopped");
    client.act("stopped", "terminate", "").expect(202);
    assert_eq!(client.get("stopped"), stopped);
}

#[test]
fn a3_o2_n11_a_body_is_opaque_text_and_may_be_absent() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for (position, payload) in
        ["", "event payload", "{\"a\":", "\"ü\u{1f9f6}\"", " 1 "].iter().enumerate()
    {
        let id = format!("opaque-{position}");
        client.start("EventWithTimeout", &id, WAIT);
        client.raise(&id, "other", payload);
        let input = client.get(&id)["properties"]["dapr.workflow.input"].clone();
        assert_eq!(input, Value::from(WAIT));
    }
    client.start("EventWithTimeout", "unreadable", "text");
    let failed = client.wait_for("unreadable", "FAILED");
    assert_eq!(failed["properties"]["dapr.workflow.input"], "text", "as it was sent");
    assert_eq!(failed["properties"]["dapr.workflow.failure.error_type"], "invalid-input");
    client.start("LongTimer", "empty", "");
    assert_eq!(client.get("empty")["properties"]["dapr.workflow.input"], "");
}

#[test]
fn a_body_on_an_action_must_be_json_if_there_is_one() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "live", WAIT);
    client.act("live", "pause", r#"{"instanceId":"another","unknown":1}"#).expect(202);
    assert_eq!(client.get("live")["runtimeStatus"], "SUSPENDED");
    for action in ["pause", "resume", "terminate", "purge"] {
        client.act("live", action, "{").expect_error(400, "ERR_MALFORMED_REQUEST");
    }
    assert_eq!(client.get("live")["runtimeStatus"], "SUSPENDED");
}

#[test]
fn the_name_of_an_event_has_a_limit() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "live", WAIT);
    client.act("live", &format!("raiseEvent/{}", "x".repeat(1024)), "").expect(202);
    let refused = client.act("live", &format!("raiseEvent/{}", "x".repeat(1025)), "");
    refused.expect_error(400, "ERR_WORKFLOW_EVENT_NAME_TOO_LONG");
}

#[test]
fn what_daprs_clients_ask_beforehand_is_answered() {
    let host = Host::start();
    let client = host.client();
    for path in ["/v1.0/healthz", "/v1.0/healthz/outbound"] {
        assert_eq!(client.send("GET", path, b"").expect(204).body, "");
    }
    let metadata = client.send("GET", "/v1.0/metadata", b"").expect(200).json();
    assert_eq!(metadata["id"], "reweft");
    assert!(metadata["components"].is_array() && metadata["extended"].is_object());
    let document = client.send("GET", "/openapi.json", b"").expect(200).json();
    assert!(document["paths"]["/v1.0/workflows/{component}/{subject}/start"].is_object());
}
