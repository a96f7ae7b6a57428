//! What an operator may rely on: pause and resume, terminate, purge, and moving instances between
//! versions.

use serde_json::{Value, json};
use support::guest::{Step, workflow_module};
use support::{Client, Host, HostOptions, module};

fn status(client: &Client, id: &str) -> Value {
    client.get(id)["runtimeStatus"].clone()
}

#[test]
fn i1_i2_paused_nothing_runs_and_everything_is_recorded() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventCollector", "paused", r#"{"name":"go","count":10}"#);
    client.act("paused", "pause", "").expect(202);
    client.act("paused", "pause", "").expect(202);
    for number in 0..10 {
        client.raise("paused", "go", &number.to_string());
    }
    assert_eq!(status(&client, "paused"), "SUSPENDED");
    client.act("paused", "resume", "").expect(202);
    client.act("paused", "resume", "").expect(202);
    assert_eq!(client.output_of("paused"), json!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
}

#[test]
fn i4_paused_a_result_wakes_no_code() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("LongTimer", "paused", "50");
    client.act("paused", "pause", "").expect(202);
    let paused_at = client.get("paused")["lastUpdatedAt"].clone();
    support::eventually("the timer has fired", || {
        (client.get("paused")["lastUpdatedAt"] != paused_at).then_some(())
    });
    assert_eq!(status(&client, "paused"), "SUSPENDED");
    client.act("paused", "resume", "").expect(202);
    client.wait_for("paused", "COMPLETED");
}

#[test]
fn i5_paused_it_can_be_terminated() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("LongTimer", "paused", "3600000");
    client.act("paused", "pause", "").expect(202);
    client.act("paused", "terminate", "").expect(202);
    assert_eq!(status(&client, "paused"), "TERMINATED");
}

#[test]
fn i7_events_around_a_resume_are_not_lost() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventCollector", "around", r#"{"name":"go","count":30}"#);
    for round in 0..10 {
        client.act("around", "pause", "").expect(202);
        client.raise("around", "go", &(3 * round).to_string());
        let resuming = {
            let client = host.client();
            std::thread::spawn(move || client.act("around", "resume", "").expect(202).status)
        };
        client.raise("around", "go", &(3 * round + 1).to_string());
        resuming.join().unwrap();
        client.raise("around", "go", &(3 * round + 2).to_string());
    }
    assert_eq!(client.output_of("around"), json!((0..30).collect::<Vec<_>>()));
}

#[test]
fn j1_j13_terminate_ends_what_waits_for_a_hanging_activity_or_never_yields() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for workflow in ["SpinsInActivity", "Spins"] {
        client.start(workflow, workflow, "");
        client.act(workflow, "terminate", "").expect(202);
        assert_eq!(status(&client, workflow), "TERMINATED");
    }
    client.start("Chaining", "after", "3");
    assert_eq!(client.output_of("after"), json!(3));
}

#[test]
fn i_a_guest_that_never_yields_can_be_paused_and_asked() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Spins", "spins", "");
    client.raise("spins", "go", "1");
    client.act("spins", "pause", "").expect(202);
    assert_eq!(status(&client, "spins"), "SUSPENDED");
    client.act("spins", "terminate", "").expect(202);
}

#[test]
fn c19_d5_an_instance_dropped_from_memory_comes_back() {
    let arguments = vec!["--idle-guests-max".to_owned(), "1".to_owned()];
    let host = Host::start_with(HostOptions { arguments, ..HostOptions::default() });
    let client = host.client();
    client.upload("patterns", &module("patterns"));
    let ids: Vec<_> = (0..8).map(|number| format!("dropped-{number}")).collect();
    for id in &ids {
        client.start("EventCollector", id, r#"{"name":"go","count":3}"#);
        client.start("LongTimer", &format!("timer-{id}"), "100");
    }
    for round in 0..3 {
        for id in &ids {
            client.raise(id, "go", &round.to_string());
        }
    }
    for id in &ids {
        assert_eq!(client.output_of(id), json!([0, 1, 2]));
        client.output_of(&format!("timer-{id}"));
    }
}

/// Two versions of one module that do not do the same.
fn versions() -> [Vec<u8>; 2] {
    [
        workflow_module("Versioned", Step::WaitEvent("go"), "1"),
        workflow_module("Versioned", Step::WaitEvent("other"), "2"),
    ]
}

fn migrate(client: &Client, id: &str, digest: &Value) -> support::Answer {
    client.act(id, "migrate", &json!({ "moduleDigest": digest }).to_string())
}

fn force_migration(client: &Client, id: &str, digest: &Value) -> support::Answer {
    client.act(id, "migrate", &json!({ "moduleDigest": digest, "force": true }).to_string())
}

#[test]
fn l3_l7_code_that_disagrees_stalls_and_the_old_version_goes_on() {
    let mut host = Host::start();
    let client = host.client();
    let [one, two] = versions().map(|bytes| client.upload("versioned", &bytes)["digest"].clone());
    assert_eq!(client.upload("versioned", &versions()[0])["digest"], one);
    client.start("Versioned", "moved", "");
    support::eventually("its first turn is over", || {
        (status(&client, "moved") == "RUNNING").then_some(())
    });
    let message = migrate(&client, "moved", &two).expect_error(409, "ERR_MIGRATE_WORKFLOW");
    assert!(message.contains("event 1"), "{message}");
    assert_eq!(status(&client, "moved"), "RUNNING", "it stays where it fits");
    force_migration(&client, "moved", &two).expect(202);
    let stalled = client.wait_for("moved", "STALLED");
    assert_eq!(stalled["moduleDigest"], two);
    assert_eq!(stalled["stalled"]["reason"], "nondeterminism");
    assert_eq!(stalled["stalled"]["event"], 1);
    let text = |field: &str| stalled["stalled"][field].as_str().unwrap().to_owned();
    assert!(text("expected").contains("\"go\"") && text("got").contains("\"other\""), "{stalled}");
    // Nothing is lost meanwhile, not even over a crash.
    client.raise("moved", "go", "1");
    host.kill();
    host.restart();
    let client = host.client();
    assert_eq!(client.wait_for("moved", "STALLED")["stalled"], stalled["stalled"]);
    migrate(&client, "moved", &one).expect(202);
    assert_eq!(client.output_of("moved"), json!(1));
    assert_eq!(client.get("moved").get("stalled"), None);
}

#[test]
fn b16_l5_running_instances_stay_on_their_version() {
    let host = Host::start();
    let client = host.client();
    let [one, two] = versions();
    let one = client.upload("versioned", &one)["digest"].clone();
    client.start("Versioned", "old", "");
    let two = client.upload("versioned", &two)["digest"].clone();
    client.start("Versioned", "new", "");
    assert_eq!(client.get("old")["moduleDigest"], one);
    assert_eq!(client.get("new")["moduleDigest"], two);
    for id in ["old", "new"] {
        client.raise(id, "go", "");
        client.raise(id, "other", "");
    }
    assert_eq!((client.output_of("old"), client.output_of("new")), (json!(1), json!(2)));
}

#[test]
fn a_migration_asks_for_a_version_that_is_there() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("LongTimer", "live", "3600000");
    let unknown = json!("0".repeat(64));
    migrate(&client, "live", &unknown).expect_error(404, "ERR_MODULE_VERSION_NOT_FOUND");
    migrate(&client, "live", &json!("abc")).expect_error(400, "ERR_MALFORMED_REQUEST");
    client.act("live", "migrate", "").expect_error(400, "ERR_MALFORMED_REQUEST");
    client.act("live", "migrate", "{}").expect_error(400, "ERR_MALFORMED_REQUEST");
    migrate(&client, "nobody", &unknown).expect_error(404, "ERR_INSTANCE_ID_NOT_FOUND");
    assert_eq!(status(&client, "live"), "RUNNING");
}
