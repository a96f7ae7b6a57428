//! The gate between an upload and the instances that are under way: what would diverge is known before
//! it does, and nothing moves but what fits.

use serde_json::{Value, json};
use support::guest::{Step, workflow_module};
use support::{Answer, Client, Host, module};

/// A module whose workflow waits for this event, and then returns `output`.
fn version(event: &str, output: &str) -> Vec<u8> {
    workflow_module("Versioned", Step::WaitEvent(event), output)
}

fn post(client: &Client, digest: &Value, action: &str, body: &Value) -> Answer {
    let digest = digest.as_str().unwrap();
    let path = format!("/v1.0/modules/versioned/versions/{digest}/{action}");
    client.send("POST", &path, body.to_string().as_bytes())
}

fn upload(client: &Client, bytes: &[u8], activate: &str) -> Value {
    let path = format!("/v1.0/modules/versioned?activate={activate}");
    client.send("PUT", &path, bytes).expect(200).json()
}

fn start_waiting(client: &Client, ids: &[&str]) {
    for id in ids {
        client.start("Versioned", id, "");
        client.wait_for(id, "RUNNING");
    }
}

fn names(divergences: &Value) -> Vec<&str> {
    let divergences = divergences.as_array().unwrap();
    divergences.iter().map(|divergence| divergence["instanceID"].as_str().unwrap()).collect()
}

#[test]
fn what_would_diverge_is_known_before_it_does() {
    let host = Host::start();
    let client = host.client();
    let one = upload(&client, &version("go", "1"), "always")["uploaded"].clone();
    start_waiting(&client, &["a", "b"]);
    let two = upload(&client, &version("other", "2"), "never");
    assert_eq!((&two["activated"], &two["digest"]), (&json!(false), &one));
    let two = two["uploaded"].clone();
    start_waiting(&client, &["c"]);
    assert_eq!(client.get("c")["moduleDigest"], one, "it is not the active one");

    let verified = post(&client, &two, "verify", &json!({})).expect(200).json();
    assert_eq!(verified["passed"], json!(false));
    assert_eq!(verified["live"]["checked"], 3);
    assert_eq!(names(&verified["live"]["divergences"]), ["a", "b", "c"]);
    let divergence = &verified["live"]["divergences"][0];
    assert_eq!(divergence["event"], 1);
    assert!(divergence["expected"].as_str().unwrap().contains("\"go\""), "{divergence}");
    assert!(divergence["got"].as_str().unwrap().contains("\"other\""), "{divergence}");
    let verified = post(&client, &one, "verify", &json!({})).expect(200).json();
    assert_eq!(verified["passed"], json!(true));
    for id in ["a", "b", "c"] {
        assert_eq!(client.get(id)["runtimeStatus"], "RUNNING", "nothing was changed");
    }
}

#[test]
fn only_what_fits_is_moved() {
    let host = Host::start();
    let client = host.client();
    upload(&client, &version("go", "1"), "always");
    start_waiting(&client, &["a", "b"]);
    upload(&client, &version("other", "2"), "always");
    start_waiting(&client, &["c"]);
    let three = upload(&client, &version("go", "3"), "always")["uploaded"].clone();
    let migrated = post(&client, &three, "migrate", &json!({ "instances": ["b", "c", "nobody"] }));
    let migrated = migrated.expect(200).json();
    assert_eq!((&migrated["migrated"], names(&migrated["refused"])), (&json!(1), vec!["c"]));
    assert_eq!(client.get("b")["moduleDigest"], three);
    assert_ne!(client.get("a")["moduleDigest"], three, "it was not chosen");
    let migrated = post(&client, &three, "migrate", &json!({})).expect(200).json();
    assert_eq!((&migrated["migrated"], names(&migrated["refused"])), (&json!(1), vec!["c"]));
    for id in ["a", "b", "c"] {
        client.raise(id, "go", "");
        client.raise(id, "other", "");
    }
    assert_eq!(["a", "b", "c"].map(|id| client.output_of(id)), [3, 3, 2].map(Value::from));
}

#[test]
fn an_upload_may_wait_for_everybody_to_pass() {
    let host = Host::start();
    let client = host.client();
    let one = upload(&client, &version("go", "1"), "if-all-pass");
    assert_eq!(one["activated"], json!(true), "there is nobody yet");
    start_waiting(&client, &["a"]);
    let refused = upload(&client, &version("other", "2"), "if-all-pass");
    assert_eq!(refused["activated"], json!(false));
    assert_eq!(refused["digest"], one["digest"]);
    assert_eq!(names(&refused["verification"]["live"]["divergences"]), ["a"]);
    let taken = upload(&client, &version("go", "3"), "if-all-pass");
    assert_eq!((&taken["activated"], &taken["digest"]), (&json!(true), &taken["uploaded"]));
    let wrong = client.send("PUT", "/v1.0/modules/versioned?activate=perhaps", b"");
    wrong.expect_error(400, "ERR_MALFORMED_REQUEST");
}

#[test]
fn the_active_version_is_switched_back_in_one_call() {
    let mut host = Host::start();
    let client = host.client();
    let one = upload(&client, &version("go", "1"), "always")["uploaded"].clone();
    let two = upload(&client, &version("go", "2"), "always")["uploaded"].clone();
    let back = post(&client, &one, "activate", &json!({})).expect(200).json();
    assert_eq!(back["digest"], one);
    assert_eq!(back["versions"].as_array().unwrap().len(), 2);
    host.kill();
    host.restart();
    let client = host.client();
    start_waiting(&client, &["a"]);
    assert_eq!(client.get("a")["moduleDigest"], one);
    post(&client, &two, "activate", &json!({})).expect(200);
    let unknown = json!("0".repeat(64));
    for action in ["activate", "verify", "migrate"] {
        let refused = post(&client, &unknown, action, &json!({}));
        refused.expect_error(404, "ERR_MODULE_VERSION_NOT_FOUND");
        post(&client, &json!("abc"), action, &json!({})).expect_error(400, "ERR_MALFORMED_REQUEST");
        let wrong = post(&client, &two, action, &json!({ "unknown": 1 }));
        assert!(action == "activate" || wrong.status == 400, "{wrong:?}");
    }
}

#[test]
fn a_version_without_the_workflow_fits_nobody() {
    let host = Host::start();
    let client = host.client();
    upload(&client, &version("go", "1"), "always");
    start_waiting(&client, &["a"]);
    let other = workflow_module("Other", Step::WaitEvent("go"), "1");
    // The hand-written guest runs whatever it is asked for, so it passes; one that does not know the
    // name fails, which its history does not say.
    let other = upload(&client, &other, "never")["uploaded"].clone();
    post(&client, &other, "verify", &json!({})).expect(200);
    let patterns = upload(&client, &module("patterns"), "never")["uploaded"].clone();
    let verified = post(&client, &patterns, "verify", &json!({})).expect(200).json();
    assert_eq!(names(&verified["live"]["divergences"]), ["a"], "{verified}");
}

#[test]
fn finished_instances_are_replayed_to_their_end() {
    let host = Host::start();
    let client = host.client();
    let one = upload(&client, &version("go", "1"), "always")["uploaded"].clone();
    let two = upload(&client, &version("go", "2"), "never")["uploaded"].clone();
    for id in ["a", "b", "c"] {
        client.start("Versioned", id, "");
        client.raise(id, "go", "");
        client.output_of(id);
    }
    let verify = |digest: &Value, finished: u32| {
        let scope = json!({ "finished": finished });
        post(&client, digest, "verify", &scope).expect(200).json()["finished"].clone()
    };
    assert_eq!(verify(&one, 9)["passed"], 3);
    let diverged = verify(&two, 2);
    assert_eq!((&diverged["checked"], &diverged["diverged"]), (&json!(2), &json!(2)));
    assert_eq!(names(&diverged["divergences"]), ["b", "c"], "the youngest");
    assert!(diverged["divergences"][0]["got"].as_str().unwrap().contains("`2`"), "{diverged}");
    let too_many = json!({ "finished": 1_000_000 });
    post(&client, &one, "verify", &too_many).expect_error(400, "ERR_MALFORMED_REQUEST");
}

#[test]
fn where_it_is_stuck() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    let waiting = |client: &Client, id: &str| {
        client.send("GET", &format!("/v1.0/workflows/dapr/{id}/waiting"), b"").expect(200).json()
    };
    client.start("EventWithTimeout", "waits", r#"{"name":"go","timeoutMs":3600000}"#);
    client.wait_for("waits", "RUNNING");
    let answer = waiting(&client, "waits");
    let kinds: Vec<_> =
        answer["waitingFor"].as_array().unwrap().iter().map(|task| task["kind"].clone()).collect();
    assert_eq!(kinds, ["event", "timer"]);
    assert_eq!(answer["waitingFor"][0]["name"], "go");
    assert!(answer["waitingFor"][1]["due"].is_string(), "{answer}");
    let functions = answer["callStack"].as_array().unwrap().iter();
    let is_the_wait = |name: &str| name.ends_with("reweft_sdk::host::Host>::select");
    assert!(functions.filter_map(|frame| frame["function"].as_str()).any(is_the_wait), "{answer}");
    client.start("ParentOfWaiting", "parent", "2");
    support::eventually("its children wait", || {
        (client.send("GET", "/v1.0/workflows/dapr/parent:0002", b"").status == 200).then_some(())
    });
    let answer = waiting(&client, "parent");
    assert_eq!(answer["waitingFor"][1]["instanceID"], "parent:0002");
    assert_eq!(answer["waitingFor"][1]["name"], "EventWithTimeout");
    client.act("waits", "terminate", "").expect(202);
    assert_eq!(waiting(&client, "waits")["reason"], "the instance has ended");
    client.send("GET", "/v1.0/workflows/dapr/nobody/waiting", b"").expect(404);
    // Asking has changed nothing.
    host.kill();
    host.restart();
    host.client().raise("parent:0001", "go", "1");
    host.client().raise("parent:0002", "go", "1");
    assert_eq!(host.client().output_of("parent"), json!(2));
}

#[test]
fn where_it_is_stuck_names_functions_of_a_module_that_has_names() {
    let host = Host::start();
    let client = host.client();
    client.upload("named", &version("go", "1"));
    client.start("Versioned", "waits", "");
    client.wait_for("waits", "RUNNING");
    let answer = client.send("GET", "/v1.0/workflows/dapr/waits/waiting", b"").expect(200).json();
    let functions: Vec<_> = answer["callStack"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|frame| frame["function"].as_str())
        .collect();
    assert!(functions.contains(&"wait_for_it"), "{answer}");
}
