//! What an instance keeps when it is taken out of one host and restored in another: all of it, or it is
//! said what is wrong.

use serde_json::{Value, json};
use support::guest::{Step, workflow_module};
use support::{Answer, Client, Host};

const WAIT: &str = r#"{"name":"go","timeoutMs":3600000}"#;

fn export(client: &Client, id: &str) -> Value {
    client.send("GET", &format!("/v1.0/workflows/dapr/{id}/export"), b"").expect(200).json()
}

fn import(client: &Client, id: &str, document: &Value) -> Answer {
    client.act(id, "import", &document.to_string())
}

/// Exported events, without what is said of whose they are.
fn events(document: &Value) -> Value {
    let mut events = document["events"].clone();
    events[0].as_object_mut().unwrap().remove("instanceID");
    events
}

#[test]
fn an_ended_instance_is_restored_as_it_was() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("FanOutFanIn", "done", "4");
    client.start("Panics", "failed", "");
    client.start("EventWithTimeout", "stopped", WAIT);
    client.act("stopped", "terminate", r#"{"output":[1],"reason":"enough"}"#).expect(202);
    for (id, status) in [("done", "COMPLETED"), ("failed", "FAILED"), ("stopped", "TERMINATED")] {
        client.wait_for(id, status);
        let document = export(&client, id);
        assert_eq!(document["format"], 1);
        let copy = format!("{id}-copy");
        assert_eq!(
            import(&client, &copy, &document).expect(202).json(),
            json!({ "instanceID": copy })
        );
        let (mut expected, mut shown) = (client.get(id), client.get(&copy));
        for instance in [&mut expected, &mut shown] {
            instance.as_object_mut().unwrap().remove("instanceID");
        }
        assert_eq!(shown, expected);
        assert_eq!(events(&export(&client, &copy)), events(&document));
    }
}

#[test]
fn what_a_live_instance_owes_is_taken_up() {
    let (from, to) = (Host::with_patterns(&[]), Host::with_patterns(&[]));
    let (source, target) = (from.client(), to.client());
    source.start("EventWithTimeout", "waits", WAIT);
    source.start("LongTimer", "sleeps", "5000");
    source.start("SpinsInActivity", "works", "60000");
    source.start("Retries", "retries", r#"{"succeedAt":2,"maxAttempts":2,"firstIntervalMs":1000}"#);
    source.start("EventWithTimeout", "paused", WAIT);
    source.act("paused", "pause", "").expect(202);
    let later = "/v1.0/workflows/dapr/Chaining/start?instanceID=later&delay=1s";
    source.send("POST", later, b"2").expect(202);
    support::eventually("the attempt has failed", || {
        let exported = export(&source, "retries");
        (exported["events"].as_array().unwrap().len() > 2).then_some(())
    });
    for id in ["waits", "sleeps", "works"] {
        source.wait_for(id, "RUNNING");
    }
    let ids = ["waits", "sleeps", "works", "retries", "paused", "later"];
    let documents = ids.map(|id| export(&source, id));
    for (id, document) in ids.iter().zip(&documents) {
        import(&target, id, document).expect(202);
    }
    assert_eq!(target.get("paused")["runtimeStatus"], "SUSPENDED");
    target.wait_for("works", "RUNNING");
    target.act("works", "terminate", "").expect(202);
    target.act("paused", "resume", "").expect(202);
    for id in ["waits", "paused"] {
        target.raise(id, "go", "1");
        assert_eq!(target.output_of(id), json!({ "received": 1 }));
    }
    assert_eq!(target.output_of("retries"), 2);
    assert_eq!(target.output_of("later"), 2);
    target.output_of("sleeps");
    let ended = export(&target, "retries");
    let before = documents[3]["events"].as_array().unwrap();
    assert_eq!(ended["events"].as_array().unwrap()[..before.len()], before[..], "nothing anew");
}

#[test]
fn an_imported_instance_survives_a_crash() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "waits", WAIT);
    client.wait_for("waits", "RUNNING");
    let document = export(&client, "waits");
    import(&client, "copy", &document).expect(202);
    host.kill();
    host.restart();
    let client = host.client();
    client.wait_for("copy", "RUNNING");
    client.raise("copy", "go", "1");
    assert_eq!(client.output_of("copy"), json!({ "received": 1 }));
    client.wait_for("waits", "RUNNING");
}

#[test]
fn l6_l7_without_its_version_it_is_stalled_until_that_is_there() {
    let (from, to) = (Host::start(), Host::start());
    let (source, target) = (from.client(), to.client());
    let bytes = workflow_module("Versioned", Step::WaitEvent("go"), "1");
    source.upload("versioned", &bytes);
    source.start("Versioned", "moved", "");
    source.wait_for("moved", "RUNNING");
    import(&target, "moved", &export(&source, "moved")).expect(202);
    let stalled = support::eventually("its code has been looked for", || {
        let found = target.get("moved");
        let message = found["stalled"]["message"].as_str().unwrap_or_default();
        (!message.contains("just been imported")).then_some(found)
    });
    assert_eq!(stalled["runtimeStatus"], "STALLED");
    assert_eq!(stalled["stalled"]["reason"], "version-unavailable");
    target.raise("moved", "go", "1");
    target.upload("versioned", &bytes);
    assert_eq!(target.output_of("moved"), 1);
}

#[test]
fn a_child_that_was_not_imported_is_a_failed_call() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("ParentOfWaiting", "parent", "2");
    client.wait_for("parent", "RUNNING");
    client.raise("parent:0001", "go", "1");
    support::eventually("the first child has ended", || {
        (export(&client, "parent")["events"].as_array().unwrap().len() > 3).then_some(())
    });
    import(&client, "copy", &export(&client, "parent")).expect(202);
    let failed = client.wait_for("copy", "FAILED");
    assert_eq!(failed["properties"]["dapr.workflow.failure.error_type"], "not-imported");
    client.raise("parent:0002", "go", "1");
    assert_eq!(client.output_of("parent"), 2, "the copy has nothing to do with it");
    // A child taken out alone has no parent.
    import(&client, "child", &export(&client, "parent:0002")).expect(202);
    assert_eq!(client.get("child").get("parentInstanceID"), None);
}

#[test]
fn an_id_that_lives_is_not_imported_over() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Chaining", "done", "2");
    client.wait_for("done", "COMPLETED");
    let document = export(&client, "done");
    client.start("EventWithTimeout", "live", WAIT);
    let message = import(&client, "live", &document).expect_error(409, "ERR_IMPORT_WORKFLOW");
    assert!(message.contains("'live'"), "{message}");
    client.act("live", "terminate", "").expect(202);
    import(&client, "live", &document).expect(202);
    assert_eq!(client.output_of("live"), 2);
    import(&client, "a$b", &document).expect_error(400, "ERR_INSTANCE_ID_INVALID");
}

#[test]
fn a_document_that_makes_no_sense_is_refused_with_its_place() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Chaining", "done", "2");
    client.wait_for("done", "COMPLETED");
    let good = export(&client, "done");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut document = good.clone();
        change(&mut document);
        document
    };
    let at = |path: &'static str, value: Value| {
        let document = changed(&|document| *document.pointer_mut(path).unwrap() = value.clone());
        (path, document)
    };
    let without = |index: usize| {
        ("a missing event", changed(&|it| drop(it["events"].as_array_mut().unwrap().remove(index))))
    };
    let cases = [
        (at("/format", json!(2)), "format 2"),
        (at("/events", json!([])), "empty"),
        (at("/instance/delivered", json!(9)), "9 deliveries"),
        (at("/instance/turned", json!("yes")), "expected a boolean"),
        (at("/events/0/kind", json!("RunCompleted")), "event 0"),
        (at("/events/0/generation", json!(0)), "event 0"),
        (at("/events/0/attachedChildren", json!(4_294_967_295_u32)), "event 0"),
        (at("/events/0/createdAt", json!("9999-01-01T00:00:00Z")), "event 0"),
        (at("/events/0/name", json!("x".repeat(1025))), "event 0"),
        (at("/events/1/time", json!("2001-01-01T00:00:00Z")), "event 1"),
        (at("/events/1/time", json!("soon")), "event 1"),
        (at("/events/2/task", json!(7)), "event 2"),
        (at("/events/2/kind", json!("ChildWorkflowCompleted")), "event 2"),
        (at("/events/2/output", json!(1)), "event 2"),
        (at("/events/5/kind", json!("Finished")), "event 5"),
        (without(0), "event 0"),
        (without(1), "event 1"),
    ];
    for ((what, document), named) in cases {
        let refused = import(&client, "copy", &document);
        let message = refused.expect_error(400, "ERR_MALFORMED_REQUEST");
        assert!(message.contains(named), "{what}: {message}");
    }
    for body in ["", "null", "[]", "{}", "{\"format\":1}", "{"] {
        client.act("copy", "import", body).expect_error(400, "ERR_MALFORMED_REQUEST");
    }
    client.send("GET", "/v1.0/workflows/dapr/copy", b"").expect(404);
}
