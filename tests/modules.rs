//! Uploads: which version a module is on, what becomes of the others, and how a module goes.

mod compiled;
mod guests;
mod refusals;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::guest::{Step, workflow_module};
use support::{Client, Host, module};

use self::guests::{activity_module, clock_reading_module, component_of};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn get(client: &Client, name: &str) -> Value {
    client.send("GET", &format!("/v1.0/modules/{name}"), b"").expect(200).json()
}

fn list(client: &Client) -> Value {
    client.send("GET", "/v1.0/modules", b"").expect(200).json()
}

fn delete(client: &Client, name: &str) -> support::Answer {
    client.send("DELETE", &format!("/v1.0/modules/{name}"), b"")
}

/// A version of a module whose workflow waits for the event `go`, and then returns `output`.
fn version(workflow: &str, output: &str) -> Vec<u8> {
    workflow_module(workflow, Step::WaitEvent("go"), output)
}

/// Runs the workflow of a version on whatever version is active.
fn run(client: &Client, workflow: &str, id: &str) -> Value {
    client.start(workflow, id, "");
    client.raise(id, "go", "");
    client.output_of(id)
}

fn versions(module: &Value) -> Vec<(String, bool)> {
    let versions = module["versions"].as_array().unwrap();
    let digest = |version: &Value| version["digest"].as_str().unwrap().to_owned();
    versions.iter().map(|it| (digest(it), it["active"].as_bool().unwrap())).collect()
}

#[test]
fn a_core_module_and_a_component_of_it_do_the_same() {
    let host = Host::start();
    let client = host.client();
    let core = version("Greets", "1");
    let component = component_of(&core);
    for (number, bytes) in [core, component].iter().enumerate() {
        let uploaded = client.upload("greets", bytes);
        assert_eq!(uploaded["digest"], sha256(bytes), "of the bytes as they were sent");
        assert_eq!(uploaded["workflows"], json!(["Greets"]));
        assert_eq!(uploaded["activities"], json!([]));
        assert_eq!(uploaded["versions"][number]["sizeBytes"], bytes.len());
        assert_eq!(run(&client, "Greets", &format!("run-{number}")), json!(1));
    }
}

#[test]
fn an_example_shows_what_it_holds() {
    let host = Host::start();
    let client = host.client();
    assert_eq!(list(&client), json!({ "modules": [] }));
    let bytes = module("orders");
    let uploaded = client.upload("orders", &bytes);
    assert_eq!(uploaded["name"], "orders");
    assert_eq!(uploaded["digest"], sha256(&bytes));
    let workflows = ["OrderProcessingWorkflow", "BestOfferWorkflow"];
    assert_eq!(uploaded["workflows"], json!(workflows));
    let activities = uploaded["activities"].as_array().unwrap();
    assert!(activities.contains(&json!("NotifyActivity")), "{uploaded}");
    let version = &uploaded["versions"][0];
    assert_eq!((&version["digest"], &version["active"]), (&uploaded["digest"], &json!(true)));
    assert!(version["uploadedAt"].as_str().unwrap().ends_with('Z'), "{uploaded}");
    for limit in ["memoryBytes", "tableElements", "stackBytes"] {
        assert!(version["limits"][limit].as_u64().unwrap() > 0, "{uploaded}");
    }
    assert_eq!(get(&client, "orders"), uploaded);
    assert_eq!(list(&client), json!({ "modules": [uploaded] }));
    let nobody = client.send("GET", "/v1.0/modules/nobody", b"");
    assert!(nobody.expect_error(404, "ERR_MODULE_NOT_FOUND").contains("'nobody'"));
}

#[test]
fn a_module_in_rust_imports_no_more_than_it_uses() {
    let engine = wasmtime::Engine::default();
    let chain = wasmtime::Module::new(&engine, module("chain")).unwrap();
    let mut imports: Vec<_> = chain.imports().map(|import| import.name().to_owned()).collect();
    imports.sort();
    let of_the_workflow = ["[method]task.cancel", "[method]task.outcome", "[resource-drop]task"];
    let of_both = ["call-activity", "fail", "fail", "info", "select-any"];
    assert_eq!(imports, [&of_the_workflow[..], &of_both].concat());
}

#[test]
fn the_same_bytes_again_change_nothing() {
    let mut host = Host::start();
    let bytes = version("Same", "1");
    let first = host.client().upload("same", &bytes);
    assert_eq!(host.client().upload("same", &bytes), first);
    host.kill();
    host.restart();
    assert_eq!(host.client().upload("same", &bytes), first);
    assert_eq!(get(&host.client(), "same"), first);
}

#[test]
fn the_last_upload_is_active_and_older_ones_stay() {
    let mut host = Host::start();
    let client = host.client();
    let [one, two] = ["1", "2"].map(|output| version("Changes", output));
    let digests = [&one, &two].map(|bytes| sha256(bytes));
    let of = |active: [bool; 2]| digests.clone().into_iter().zip(active).collect::<Vec<_>>();
    client.upload("changes", &one);
    client.start("Changes", "old", "");
    let second = client.upload("changes", &two);
    assert_eq!(second["digest"], digests[1]);
    assert_eq!(versions(&second), of([false, true]));
    client.start("Changes", "new", "");
    let again = client.upload("changes", &one);
    assert_eq!(again["digest"], digests[0]);
    assert_eq!(versions(&again), of([true, false]), "the order is that of the first uploads");
    assert_eq!(again["versions"][1]["uploadedAt"], second["versions"][1]["uploadedAt"]);
    client.start("Changes", "newest", "");
    host.kill();
    host.restart();
    let client = host.client();
    assert_eq!(get(&client, "changes"), again);
    for (id, version) in [("old", 0), ("new", 1), ("newest", 0)] {
        assert_eq!(client.get(id)["moduleDigest"], digests[version], "{id}");
        client.raise(id, "go", "");
        assert_eq!(client.output_of(id), json!(version + 1), "{id}");
    }
}

#[test]
fn a_version_without_a_workflow_takes_no_new_instances_of_it() {
    let host = Host::start();
    let client = host.client();
    client.upload("changes", &version("Old", "1"));
    client.start("Old", "old", "");
    client.upload("changes", &version("New", "2"));
    let start = client.send("POST", "/v1.0/workflows/dapr/Old/start", b"");
    start.expect_error(404, "ERR_WORKFLOW_NOT_FOUND");
    assert_eq!(run(&client, "New", "new"), json!(2));
    // The name is free, and whoever is on it goes on.
    client.upload("another", &version("Old", "3"));
    assert_eq!(run(&client, "Old", "another"), json!(3));
    client.raise("old", "go", "");
    assert_eq!(client.output_of("old"), json!(1));
    // Going back would take the name away from the other module.
    let back = client.send("PUT", "/v1.0/modules/changes", &version("Old", "1"));
    assert!(back.expect_error(409, "ERR_WORKFLOW_TAKEN").contains("'another'"));
    assert_eq!(get(&client, "changes")["workflows"], json!(["New"]));
}

#[test]
fn a_module_that_is_needed_can_not_be_deleted() {
    let mut host = Host::start();
    let client = host.client();
    client.upload("needed", &version("Needed", "1"));
    for id in ["one", "two", "three"] {
        client.start("Needed", id, "");
    }
    // Instances of versions that are no longer active count as well.
    client.upload("needed", &version("Needed", "2"));
    let message = delete(&client, "needed").expect_error(409, "ERR_MODULE_IN_USE");
    assert!(message.contains("3 of its instances"), "{message}");
    assert!(["one", "two", "three"].iter().any(|id| message.contains(id)), "{message}");
    client.raise("one", "go", "");
    client.wait_for("one", "COMPLETED");
    client.act("two", "terminate", "").expect(202);
    client.act("three", "pause", "").expect(202);
    let message = delete(&client, "needed").expect_error(409, "ERR_MODULE_IN_USE");
    assert!(message.contains("1 of its instances") && message.contains("'three'"), "{message}");
    client.start("Needed", "four", "");
    for id in ["three", "four"] {
        client.act(id, "terminate", "").expect(202);
    }
    compiled::compiled(&host, 2);
    assert_eq!(delete(&client, "needed").expect(204).body, "");
    delete(&client, "needed").expect_error(404, "ERR_MODULE_NOT_FOUND");
    client.send("GET", "/v1.0/modules/needed", b"").expect_error(404, "ERR_MODULE_NOT_FOUND");
    let start = client.send("POST", "/v1.0/workflows/dapr/Needed/start", b"");
    start.expect_error(404, "ERR_WORKFLOW_NOT_FOUND");
    assert_eq!(list(&client), json!({ "modules": [] }));
    assert_eq!(compiled::files(&host), []);
    assert_eq!(client.get("one")["runtimeStatus"], "COMPLETED", "what has ended stays");
    host.kill();
    host.restart();
    assert_eq!(list(&host.client()), json!({ "modules": [] }));
}

#[test]
fn a_name_that_was_deleted_can_be_used_again() {
    let host = Host::start();
    let client = host.client();
    for round in 0..3 {
        client.upload("again", &version("Again", "1"));
        assert_eq!(run(&client, "Again", &format!("run-{round}")), json!(1));
        delete(&client, "again").expect(204);
    }
    client.upload("other", &version("Again", "2"));
    assert_eq!(run(&client, "Again", "other"), json!(2));
}

#[test]
fn modules_survive_a_stop_and_a_crash() {
    let mut host = Host::start();
    let client = host.client();
    client.upload("one", &version("One", "1"));
    client.upload("two", &version("Two", "2"));
    client.upload("two", &version("Two", "3"));
    let before = list(&client);
    for crash in [true, false, true] {
        if crash {
            host.kill();
        } else {
            assert!(host.stop().0.success());
        }
        host.restart();
        assert_eq!(list(&host.client()), before);
    }
    assert_eq!(run(&host.client(), "One", "one"), json!(1));
    assert_eq!(run(&host.client(), "Two", "two"), json!(3));
}

#[test]
fn many_uploads_of_the_same_bytes_are_one_version() {
    let host = Host::start();
    let bytes = version("Same", "1");
    let uploads: Vec<_> = (0..8)
        .map(|_| {
            let (client, bytes) = (host.client(), bytes.clone());
            std::thread::spawn(move || client.upload("same", &bytes))
        })
        .collect();
    let answers: Vec<_> = uploads.into_iter().map(|upload| upload.join().unwrap()).collect();
    let found = get(&host.client(), "same");
    assert_eq!(versions(&found), [(sha256(&bytes), true)]);
    assert!(answers.iter().all(|answer| *answer == found), "{answers:#?}");
}

#[test]
fn many_uploads_at_once_are_all_there_but_a_workflow_is_in_one_module() {
    let host = Host::start();
    let uploads: Vec<_> = (0..12)
        .map(|number| {
            let client = host.client();
            std::thread::spawn(move || {
                // The last four want the same name.
                let workflow = format!("W{}", number.min(8));
                let bytes = version(&workflow, &number.to_string());
                client.send("PUT", &format!("/v1.0/modules/m{number}"), &bytes)
            })
        })
        .collect();
    let answers: Vec<_> = uploads.into_iter().map(|upload| upload.join().unwrap()).collect();
    let (alone, racing) = answers.split_at(8);
    assert!(alone.iter().all(|answer| answer.status == 200), "{alone:?}");
    assert_eq!(racing.iter().filter(|answer| answer.status == 200).count(), 1, "{racing:?}");
    for answer in racing.iter().filter(|answer| answer.status != 200) {
        answer.expect_error(409, "ERR_WORKFLOW_TAKEN");
    }
    assert_eq!(list(&host.client())["modules"].as_array().unwrap().len(), 9);
    for number in 0..9 {
        let output = run(&host.client(), &format!("W{number}"), &format!("run-{number}"));
        assert!(output.as_u64().unwrap() >= number, "{output}");
    }
}

#[test]
fn activities_of_another_module_are_those_of_its_active_version() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    let call = |client: &Client, id: &str| {
        client.start("CallsUnknownActivity", id, r#""tools/Saw""#);
        client.output_of(id)
    };
    assert_eq!(call(&client, "before"), json!("activity-not-found"));
    let uploaded = client.upload("tools", &activity_module("Saw", "blunt"));
    assert_eq!(uploaded["workflows"], json!([]));
    assert_eq!(uploaded["activities"], json!(["Saw"]));
    assert_eq!(call(&client, "first"), json!("blunt"));
    client.upload("tools", &activity_module("Saw", "stuck"));
    assert_eq!(call(&client, "second"), json!("stuck"));
    // Names of activities are their module's own.
    client.upload("more-tools", &activity_module("Saw", "stuck"));
    delete(&client, "tools").expect(204);
    assert_eq!(call(&client, "after"), json!("activity-not-found"));
    // The same bytes are there under another name, and have not gone with the first.
    host.kill();
    host.restart();
    let client = host.client();
    client.start("CallsUnknownActivity", "other", r#""more-tools/Saw""#);
    assert_eq!(client.output_of("other"), json!("stuck"));
}

#[test]
fn activities_have_every_release_of_wasi_0_2() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for (number, wasi) in ["0.2.0", "0.2.3", "0.2.6"].into_iter().enumerate() {
        client.upload("clocks", &clock_reading_module(wasi, "Read", "it-ran"));
        let id = format!("run-{number}");
        client.start("CallsUnknownActivity", &id, r#""clocks/Read""#);
        assert_eq!(client.output_of(&id), json!("it-ran"), "{wasi}");
    }
}
