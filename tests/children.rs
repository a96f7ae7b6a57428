//! Child workflows: instances of their own, which end with their parent unless they are detached.

use serde_json::{Value, json};
use support::{Client, Host};

fn status(client: &Client, id: &str) -> Value {
    client.get(id)["runtimeStatus"].clone()
}

/// Starts a parent whose children wait for an hour, and waits until they do.
fn start_waiting(client: &Client, parent: &str, children: u32) -> Vec<String> {
    client.start("ParentOfWaiting", parent, &children.to_string());
    let ids: Vec<_> = (1..=children).map(|number| format!("{parent}:{number:04x}")).collect();
    for id in &ids {
        support::eventually(id, || {
            let found = client.send("GET", &format!("/v1.0/workflows/dapr/{id}"), b"");
            (found.status == 200 && found.json()["runtimeStatus"] == "RUNNING").then_some(())
        });
    }
    ids
}

#[test]
fn g1_g3_results_of_children_come_back_in_call_order() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Children", "parent", r#"{"count":20,"each":3}"#);
    assert_eq!(client.output_of("parent"), json!(60));
    client.start("Nested", "nested", "5");
    assert_eq!(client.output_of("nested"), json!(5));
}

#[test]
fn g2_a_child_that_fails_hands_its_failure_on() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let trial = |attempts: u32| json!({ "message": "no way", "maxAttempts": attempts, "firstIntervalMs": 5 });
    client.start("ChildRetries", "once", &trial(1).to_string());
    let failed = json!({ "errorType": "always-fails", "message": "no way" });
    assert_eq!(client.output_of("once"), failed);
    assert_eq!(status(&client, "once:0001"), "FAILED");
}

#[test]
fn f9_each_attempt_of_a_child_without_an_id_is_an_instance_of_its_own() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let trial = json!({ "message": "no way", "maxAttempts": 3, "firstIntervalMs": 5 });
    client.start("ChildRetries", "thrice", &trial.to_string());
    client.output_of("thrice");
    for number in 1..=3 {
        assert_eq!(status(&client, &format!("thrice:000{number}")), "FAILED");
    }
    client.send("GET", "/v1.0/workflows/dapr/thrice:0004", b"").expect(404);
}

#[test]
fn g4_a_child_has_an_id_made_from_that_of_its_parent() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let ids = start_waiting(&client, "parent", 3);
    for id in &ids {
        client.raise(id, "go", "1");
    }
    assert_eq!(client.output_of("parent"), json!(3));
    for id in &ids {
        assert_eq!(client.output_of(id), json!({ "received": 1 }));
    }
}

#[test]
fn g9_a_child_that_somebody_terminates_fails_for_its_parent() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let ids = start_waiting(&client, "parent", 2);
    client.act(&ids[0], "terminate", "").expect(202);
    let failed = client.wait_for("parent", "FAILED");
    let properties = &failed["properties"];
    assert_eq!(properties["dapr.workflow.failure.error_type"], "terminated");
    let message = properties["dapr.workflow.failure.error_message"].as_str().unwrap();
    assert!(message.contains(&ids[0]), "{message}");
}

#[test]
fn j6_j7_children_and_grandchildren_end_with_the_root() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let ids = start_waiting(&client, "root", 8);
    client.act("root", "terminate", "").expect(202);
    for id in &ids {
        client.wait_for(id, "TERMINATED");
    }
    client.raise(&ids[0], "go", "1");
    assert_eq!(status(&client, &ids[0]), "TERMINATED");
}

#[test]
fn j2_a_root_that_is_paused_takes_its_children_along_when_it_is_terminated() {
    let mut host = Host::with_patterns(&[]);
    let ids = start_waiting(&host.client(), "root", 3);
    host.client().act("root", "pause", "").expect(202);
    host.client().act("root", "terminate", "").expect(202);
    host.kill();
    host.restart();
    for id in &ids {
        host.client().wait_for(id, "TERMINATED");
    }
}

#[test]
fn k3_purging_a_root_purges_what_is_below_it() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Nested", "root", "3");
    client.output_of("root");
    let below = ["root:0001", "root:0001:0001", "root:0001:0001:0001"];
    for id in below {
        client.get(id);
    }
    client.act("root", "purge", "").expect(202);
    for id in below.iter().chain(&["root"]) {
        client.send("GET", &format!("/v1.0/workflows/dapr/{id}"), b"").expect(404);
    }
}

#[test]
fn a13_a_child_that_was_purged_is_missed_by_nobody() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Children", "parent", r#"{"count":2,"each":1}"#);
    client.output_of("parent");
    client.act("parent:0001", "purge", "").expect(202);
    client.start("Children", "parent", r#"{"count":2,"each":2}"#);
    assert_eq!(client.output_of("parent"), json!(4));
    client.act("parent:0002", "purge", "").expect(202);
    client.act("parent", "purge", "").expect(202);
}

#[test]
fn a21_a_crash_makes_no_child_twice_and_loses_none() {
    let mut host = Host::with_patterns(&[]);
    for round in 0..5 {
        let id = format!("parent-{round}");
        host.client().start("Children", &id, r#"{"count":30,"each":4}"#);
        host.kill();
        host.restart();
        assert_eq!(host.client().output_of(&id), json!(120));
        let number = |child: u32| format!("/v1.0/workflows/dapr/{id}:{child:04x}");
        host.client().send("GET", &number(30), b"").expect(200);
        host.client().send("GET", &number(31), b"").expect(404);
    }
}

#[test]
fn g11_g12_a_detached_child_goes_its_own_way() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("DetachedChild", "parent", r#"{"sleepMs":3600000}"#);
    let child = client.output_of("parent");
    assert_eq!(child, "parent-1");
    client.act("parent", "terminate", "").expect(202);
    client.act("parent", "purge", "").expect(202);
    client.wait_for("parent-1", "RUNNING");
    assert_eq!(client.get("parent-1").get("parentInstanceID"), None);
}

#[test]
fn g13_a_detached_child_is_started_once_however_often_its_parent_is_replayed() {
    let mut host = Host::with_patterns(&[]);
    host.client().start("DetachedChild", "parent", r#"{"sleepMs":3600000,"instanceId":"mine"}"#);
    for _ in 0..3 {
        host.kill();
        host.restart();
    }
    assert_eq!(host.client().output_of("parent"), "mine");
    host.client().wait_for("mine", "RUNNING");
    host.client().send("GET", "/v1.0/workflows/dapr/parent-1", b"").expect(404);
}

#[test]
fn g14_an_id_in_use_is_refused_and_its_owner_is_untouched() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("LongTimer", "mine", "3600000");
    let before = client.wait_for("mine", "RUNNING");
    client.start("DetachedChild", "parent", r#"{"sleepMs":1,"instanceId":"mine"}"#);
    let failed = client.wait_for("parent", "FAILED");
    assert_eq!(failed["properties"]["dapr.workflow.failure.error_type"], "instance-exists");
    assert_eq!(client.get("mine"), before);
}

#[test]
fn a7_an_id_may_hold_what_could_be_mistaken_for_a_separator() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for (number, id) in ["a||b", "a@b", "a:b|c", "größe", "a%2Fb", "..", "a b"].iter().enumerate()
    {
        let parent = format!("parent-{number}");
        let input = json!({ "sleepMs": 1, "instanceId": id });
        client.start("DetachedChild", &parent, &input.to_string());
        assert_eq!(client.output_of(&parent), *id);
        let path: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(client.wait_for(&path, "COMPLETED")["instanceID"], *id);
    }
}

#[test]
fn a11_a12_an_id_is_not_free_while_a_child_lives() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let ids = start_waiting(&client, "parent", 1);
    // Its parent gives up on it: the other child fails.
    client.act("parent", "terminate", r#"{"recursive":false}"#).expect(202);
    assert_eq!(status(&client, &ids[0]), "RUNNING");
    let start =
        || client.send("POST", "/v1.0/workflows/dapr/LongTimer/start?instanceID=parent", b"0");
    let message = start().expect_error(409, "ERR_START_WORKFLOW");
    assert!(message.contains(&ids[0]), "{message}");
    client.act("parent", "purge", "").expect_error(409, "ERR_PURGE_WORKFLOW");
    client.raise(&ids[0], "go", "1");
    client.wait_for(&ids[0], "COMPLETED");
    start().expect(202);
}

#[test]
fn children_are_nested_no_deeper_than_allowed() {
    let host = Host::with_patterns(&["--depth-max", "3"]);
    let client = host.client();
    client.start("Nested", "shallow", "3");
    assert_eq!(client.output_of("shallow"), json!(3));
    client.start("Nested", "deep", "4");
    let failed = client.wait_for("deep", "FAILED");
    assert_eq!(failed["properties"]["dapr.workflow.failure.error_type"], "limit-exceeded");
}

#[test]
fn c24_g15_n10_one_instance_raises_events_to_another() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventCollector", "collects", r#"{"name":"out","count":3}"#);
    client.start("EventRelay", "relays", r#"{"to":"collects","name":"OUT","count":3}"#);
    client.start("EventRelay", "to-nobody", r#"{"to":"nobody","name":"out","count":1}"#);
    for number in 0..3 {
        client.raise("relays", "in", &number.to_string());
    }
    client.raise("to-nobody", "in", "1");
    assert_eq!(client.output_of("collects"), json!([0, 1, 2]));
    assert_eq!(client.output_of("relays"), json!(3));
    assert_eq!(client.output_of("to-nobody"), json!(1));
    client.send("GET", "/v1.0/workflows/dapr/nobody", b"").expect(404);
}

#[test]
fn thousands_of_children_of_one_parent() {
    // So many that its turns are interrupted by those who have ended.
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Children", "parent", r#"{"count":3000,"each":1}"#);
    assert_eq!(client.output_of("parent"), json!(3000));
}
