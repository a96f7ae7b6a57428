//! A, H, L and N: how runs begin, follow each other, and what code they are on.

use std::sync::Arc;

use reweft::scheduler::{Limits, StartError};
use reweft::store::Store;
use reweft::store::fault::{FaultyStore, Plan, Then, When};
use reweft::store::memory::MemoryStore;
use reweft::workflow::id::{InstanceId, Timestamp};
use serde_json::json;
use support::guest::module_of;
use support::{Host, module};

use super::{count, run, start, stored};
use crate::in_process::{self, Bench};

#[test]
fn a2_a3_the_answer_has_the_id_that_was_given_and_a_body_may_be_empty() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let path = "/v1.0/workflows/dapr/Patched/start?instanceID=mine";
    let answer = client.send("POST", path, b"").expect(202).json();
    assert_eq!(answer, json!({ "instanceID": "mine" }));
    assert_eq!(client.output_of("mine"), json!(2));
    assert_eq!(client.get("mine")["properties"]["dapr.workflow.input"], "");
}

#[test]
fn a6_without_the_name_of_a_workflow_there_is_no_such_route() {
    let host = Host::with_patterns(&[]);
    for path in ["/v1.0/workflows/dapr//start", "/v1.0/workflows/dapr/start"] {
        let answer = host.client().send("POST", path, b"");
        assert!([400, 404, 405].contains(&answer.status), "{path}: {answer:?}");
        assert!(answer.json()["errorCode"].is_string());
    }
}

#[test]
fn a19_a_workflow_that_nobody_had_runs_once_its_module_is_there() {
    let host = Host::start();
    let client = host.client();
    let path = "/v1.0/workflows/dapr/Chaining/start?instanceID=early";
    client.send("POST", path, b"2").expect_error(404, "ERR_WORKFLOW_NOT_FOUND");
    client.upload("patterns", &module("patterns"));
    client.send("POST", path, b"2").expect(202);
    assert_eq!(client.output_of("early"), json!(2));
}

#[test]
fn a20_a_store_that_can_not_be_used_gives_a_clear_error() {
    let bench = Bench::at(Timestamp(1_000_000));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        // The third write is the first that an instance makes.
        let plan = Plan { write: 3, when: When::Before, then: Then::StayDown };
        let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default()), Some(plan)));
        let host = bench.host_with(store, Limits::default()).await.unwrap();
        host.handle().upload("patterns", bench.module.clone(), true).await.unwrap();
        let id = InstanceId::unchecked("nobody");
        let start = in_process::start("nobody", "Chaining", "1");
        for _ in 0..2 {
            let refused = host.handle().start(start.clone()).await.unwrap_err();
            assert!(matches!(&refused, StartError::Other(_)), "{refused}");
            assert!(refused.to_string().contains("can't be read or written"), "{refused}");
        }
        assert!(host.handle().get(&id).await.unwrap_err().to_string().contains("can't be read"));
        assert!(host.handle().purge(&id, true, false).await.is_err());
    });
}

#[test]
fn a22_an_id_is_used_again_and_again_over_restarts() {
    let mut host = Host::with_patterns(&[]);
    for round in 0..4 {
        assert_eq!(
            run(&host.client(), "again", &json!([{ "square": round }])),
            json!([round * round])
        );
        host.kill();
        host.restart();
    }
    assert_eq!(stored(&mut host).len(), 1);
}

#[test]
fn h3_what_an_abandoned_turn_asked_for_does_not_run() {
    let mut host = Host::with_patterns(&[]);
    let steps =
        json!([{ "forget": 30 }, "again", { "square": 2 }, { "forget": 3 }, { "retry": 1 }]);
    assert_eq!(run(&host.client(), "abandons", &steps), json!([4, 1]));
    let (_, log) = host.stop();
    let attempts = log.iter().filter(|line| line.contains("under key")).count();
    assert!(attempts <= 4, "those of the last generation alone: {attempts}");
}

#[test]
fn h9_h11_failures_timers_and_children_of_each_generation_are_its_own() {
    let mut host = Host::with_patterns(&[]);
    let generation =
        || json!([{ "failingChild": "no" }, { "sleep": 5 }, { "child": [{ "square": 2 }] }]);
    let mut steps = Vec::new();
    for _ in 0..4 {
        steps.extend(generation().as_array().unwrap().clone());
        steps.push(json!("again"));
    }
    let values = run(&host.client(), "generations", &json!(steps));
    let expected: Vec<_> = (0..4).flat_map(|_| [json!("no"), json!(null), json!([4])]).collect();
    assert_eq!(values, json!(expected));
    let instances = stored(&mut host);
    assert_eq!(instances.len(), 1 + 8, "each child once, under an ID of its own");
}

#[test]
fn h10_h13_the_next_generation_begins_afresh() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    start(&client, "afresh", &json!(["look", { "event": "go" }, "again", { "event": "go" }]));
    support::eventually("it shows a status", || {
        client.get("afresh")["properties"]["dapr.workflow.custom_status"].is_string().then_some(())
    });
    client.raise("afresh", "go", "1");
    support::eventually("the status is gone", || {
        client.get("afresh")["properties"]
            .get("dapr.workflow.custom_status")
            .is_none()
            .then_some(())
    });
    client.raise("afresh", "go", "2");
    assert_eq!(client.output_of("afresh"), json!([1, 2]));
}

/// A workflow that asks whether it is patched, and waits for `new` if it is, for `go` if not.
fn patched_module() -> Vec<u8> {
    let text = r#"(module
      (import "reweft:workflow/context@0.1.0" "wait-event"
        (func $wait-event (param i32 i32) (result i32)))
      (import "reweft:workflow/context@0.1.0" "is-patched"
        (func $is-patched (param i32 i32) (result i32)))
      (import "reweft:workflow/context@0.1.0" "select" (func $select (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 1024) "Versioned")
      (data (i32.const 2048) "go")
      (data (i32.const 2064) "new")
      (data (i32.const 3072) "2")
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8192))
      (func (export "reweft:workflow/workflows@0.1.0#names") (result i32)
        (i32.store (i32.const 16) (i32.const 1024))
        (i32.store (i32.const 20) (i32.const 9))
        (i32.store (i32.const 8) (i32.const 16))
        (i32.store (i32.const 12) (i32.const 1))
        (i32.const 8))
      (func (export "reweft:workflow/workflows@0.1.0#run") (param i32 i32 i32 i32) (result i32)
        (if (call $is-patched (i32.const 2064) (i32.const 3))
          (then (i32.store (i32.const 32) (call $wait-event (i32.const 2064) (i32.const 3))))
          (else (i32.store (i32.const 32) (call $wait-event (i32.const 2048) (i32.const 2)))))
        (drop (call $select (i32.const 32) (i32.const 1)))
        (i32.store8 (i32.const 64) (i32.const 0))
        (i32.store (i32.const 68) (i32.const 3072))
        (i32.store (i32.const 72) (i32.const 1))
        (i32.const 64)))"#;
    module_of(text, "workflow-module")
}

#[test]
fn l10_a_run_from_before_a_patch_stays_on_its_old_way_for_ever() {
    let mut host = Host::start();
    let client = host.client();
    let before =
        support::guest::workflow_module("Versioned", support::guest::Step::WaitEvent("go"), "1");
    client.upload("versioned", &before);
    for id in ["old", "older"] {
        client.start("Versioned", id, "");
        client.wait_for(id, "RUNNING");
    }
    let patched = client.upload("versioned", &patched_module())["digest"].clone();
    let moved = client.act("old", "migrate", &json!({ "moduleDigest": patched }).to_string());
    moved.expect(202);
    client.start("Versioned", "new", "");
    client.wait_for("new", "RUNNING");
    for _ in 0..2 {
        host.kill();
        host.restart();
    }
    let client = host.client();
    client.raise("new", "go", "1");
    client.raise("old", "new", "1");
    assert_eq!(client.get("new")["runtimeStatus"], "RUNNING", "it waits for the other event");
    client.raise("new", "new", "1");
    client.raise("old", "go", "1");
    client.raise("older", "go", "1");
    assert_eq!(
        ["new", "old", "older"].map(|id| client.output_of(id)),
        [2, 2, 1].map(|it| json!(it))
    );
    let instances = stored(&mut host);
    assert_eq!(["new", "old"].map(|id| count(&instances[id], "PatchUsed")), [1, 0]);
}

#[test]
fn n4_a_host_that_was_overtaken_writes_nothing_any_more() {
    let bench = Bench::at(Timestamp(1_000_000));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.spawn(in_process::tick(bench.clock.clone()));
    runtime.block_on(async {
        let store = Arc::new(MemoryStore::default());
        let first = bench.host_with(store.clone(), Limits::default()).await.unwrap();
        first.handle().upload("patterns", bench.module.clone(), true).await.unwrap();
        let wait = r#"{"name":"go","timeoutMs":3600000}"#;
        first.handle().start(in_process::start("one", "EventWithTimeout", wait)).await.unwrap();
        let second = bench.host_with(store.clone(), Limits::default()).await.unwrap();
        let id = InstanceId::unchecked("one");
        let raise = |payload: &str| reweft::workflow::event::Message::RaiseEvent {
            name: "go".to_owned(),
            payload: payload.to_owned(),
        };
        let refused = first.handle().deliver(&id, raise("\"lost\"")).await.unwrap_err();
        assert!(refused.to_string().contains("no longer valid"), "{refused}");
        second.handle().deliver(&id, raise("1")).await.unwrap();
        let found = loop {
            let found = second.handle().get(&id).await.unwrap();
            if found.output.is_some() {
                break found;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(found.output.as_deref(), Some(r#"{"received":1}"#));
        assert_eq!(store.instances(None, 9).await.unwrap().len(), 1);
    });
}
