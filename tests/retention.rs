//! Retention: what has ended goes after its time, with all below it, and nothing else goes.

use std::sync::Arc;

use reweft::scheduler::retention::{Retention, Rules};
use reweft::scheduler::{Handle, Reuse, Start};
use reweft::store::Store;
use reweft::store::fault::{FaultyStore, Plan, Then, When};
use reweft::store::memory::MemoryStore;
use reweft::workflow::event::Message;
use reweft::workflow::id::{InstanceId, Timestamp};
use serde_json::{Value, json};
use support::{Answer, Client, Host};

use crate::in_process::{Bench, eventually, exists, has_ended, start};

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

fn put(client: &Client, body: &Value) -> Answer {
    client.send("PUT", "/v1.0/retention", body.to_string().as_bytes())
}

fn is_gone(client: &Client, id: &str) -> bool {
    client.send("GET", &format!("/v1.0/workflows/dapr/{id}"), b"").status == 404
}

fn wait_until_gone(client: &Client, id: &str) {
    support::eventually(&format!("{id} is gone"), || is_gone(client, id).then_some(()));
}

#[test]
fn the_rules_are_shown_as_they_were_set_and_outlive_the_host() {
    let mut host = Host::start();
    let client = host.client();
    assert_eq!(client.send("GET", "/v1.0/retention", b"").expect(200).json(), json!({}));
    let rules = json!({
        "anyTerminal": "30d", "completed": "1h", "failed": "7d", "terminated": "0s",
        "workflows": {"Order": {"completed": "90s"}, "Audit": {}},
    });
    assert_eq!(put(&client, &rules).expect(200).json(), rules);
    host.kill();
    host.restart();
    let client = host.client();
    assert_eq!(client.send("GET", "/v1.0/retention", b"").expect(200).json(), rules);
    for (body, says) in [
        (json!({"completed": "soon"}), "'soon'"),
        (json!({"completed": 7}), "string"),
        (json!({"cancelled": "1h"}), "cancelled"),
        (json!({"workflows": {"Order": {"failed": "-1s"}}}), "'-1s'"),
    ] {
        let message = put(&client, &body).expect_error(400, "ERR_MALFORMED_REQUEST");
        assert!(message.contains(says), "{body}: {message}");
    }
    client.send("PUT", "/v1.0/retention", b"").expect_error(400, "ERR_MALFORMED_REQUEST");
    assert_eq!(client.send("GET", "/v1.0/retention", b"").expect(200).json(), rules);
    assert_eq!(put(&client, &json!({})).expect(200).json(), json!({}));
}

#[test]
fn k8_zero_means_at_once_and_no_rule_means_kept() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Chaining", "before", "1");
    client.output_of("before");
    put(&client, &json!({"completed": "0s", "workflows": {"FanOutFanIn": {"completed": "1h"}}}));
    // One that had ended before the rule was set goes as well.
    wait_until_gone(&client, "before");
    client.start("FanOutFanIn", "own-rule", "2");
    client.start("AlwaysFails", "failed", "\"no\"");
    client.start("LongTimer", "terminated", "3600000");
    client.act("terminated", "terminate", "").expect(202);
    client.wait_for("failed", "FAILED");
    client.output_of("own-rule");
    client.start("Chaining", "after", "1");
    wait_until_gone(&client, "after");
    for kept in ["own-rule", "failed", "terminated"] {
        assert!(!is_gone(&client, kept), "{kept}");
    }
}

#[test]
fn a_parent_goes_with_its_children() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    put(&client, &json!({"workflows": {"Children": {"completed": "0s"}}}));
    client.start("Children", "parent", r#"{"count":3,"each":1}"#);
    wait_until_gone(&client, "parent");
    assert!((0..3).all(|child| is_gone(&client, &format!("parent:{child:04}"))));
    put(&client, &json!({}));
}

fn rules(general: Rules) -> Retention {
    Retention { general, ..Retention::default() }
}

async fn run(handle: &Handle, id: &str) {
    handle.start(start(id, "Chaining", "1")).await.unwrap();
    eventually("it has ended", async || has_ended(handle, id).await).await;
}

async fn eventually_gone(handle: &Handle, id: &str) {
    eventually(&format!("{id} is gone"), async || !exists(handle, id).await).await;
}

#[tokio::test]
async fn k8_each_goes_after_its_own_time() {
    let bench = Bench::at(Timestamp(DAY_MS));
    let host = bench.host_with_patterns(Arc::new(MemoryStore::default())).await;
    let handle = host.handle();
    let general = Rules {
        completed_ms: Some(HOUR_MS),
        terminated_ms: Some(2 * HOUR_MS),
        any_terminal_ms: Some(30 * DAY_MS),
        ..Rules::default()
    };
    handle.set_retention(rules(general)).await.unwrap();
    run(&handle, "completed").await;
    for id in ["terminated", "alive"] {
        handle.start(start(id, "LongTimer", &(90 * DAY_MS).to_string())).await.unwrap();
    }
    let terminate = Message::Terminate { output: None, reason: None, recursive: true };
    handle.deliver(&InstanceId::unchecked("terminated"), terminate).await.unwrap();
    handle.start(start("failed", "AlwaysFails", "\"no\"")).await.unwrap();
    eventually("it has failed", async || has_ended(&handle, "failed").await).await;

    bench.clock.advance_ms(HOUR_MS);
    eventually_gone(&handle, "completed").await;
    assert!(exists(&handle, "terminated").await);
    bench.clock.advance_ms(HOUR_MS);
    eventually_gone(&handle, "terminated").await;
    assert!(exists(&handle, "failed").await);
    bench.clock.advance_ms(30 * DAY_MS - 2 * HOUR_MS);
    eventually_gone(&handle, "failed").await;
    assert!(exists(&handle, "alive").await);
}

#[tokio::test]
async fn k9_k10_what_was_purged_or_started_anew_meanwhile_is_left_alone() {
    let bench = Bench::at(Timestamp(DAY_MS));
    let host = bench.host_with_patterns(Arc::new(MemoryStore::default())).await;
    let handle = host.handle();
    let general = Rules { any_terminal_ms: Some(HOUR_MS), ..Rules::default() };
    handle.set_retention(rules(general)).await.unwrap();
    for id in ["purged", "other", "a14-again"] {
        run(&handle, id).await;
    }
    handle.purge(&InstanceId::unchecked("purged"), true, false).await.unwrap();
    // Half an hour later the ID is used again: that run has an hour of its own.
    bench.clock.advance_ms(HOUR_MS / 2);
    run(&handle, "purged").await;
    run(&handle, "a14-again").await;
    bench.clock.advance_ms(HOUR_MS / 2);
    eventually_gone(&handle, "other").await;
    assert!(exists(&handle, "purged").await && exists(&handle, "a14-again").await);
    bench.clock.advance_ms(HOUR_MS / 2);
    eventually_gone(&handle, "purged").await;
    eventually_gone(&handle, "a14-again").await;
}

#[tokio::test]
async fn a14_a_new_run_that_lives_does_not_go_with_the_old_ones_rule() {
    let bench = Bench::at(Timestamp(DAY_MS));
    let host = bench.host_with_patterns(Arc::new(MemoryStore::default())).await;
    let handle = host.handle();
    let general = Rules { any_terminal_ms: Some(HOUR_MS), ..Rules::default() };
    handle.set_retention(rules(general)).await.unwrap();
    run(&handle, "again").await;
    run(&handle, "other").await;
    let long = (90 * DAY_MS).to_string();
    let again = Start { reuse: Reuse::ReplaceEnded, ..start("again", "LongTimer", &long) };
    handle.start(again).await.unwrap();
    bench.clock.advance_ms(2 * HOUR_MS);
    eventually_gone(&handle, "other").await;
    assert!(!has_ended(&handle, "again").await && exists(&handle, "again").await);
}

#[tokio::test]
async fn one_whose_child_lives_waits_for_it() {
    let bench = Bench::at(Timestamp(DAY_MS));
    let host = bench.host_with_patterns(Arc::new(MemoryStore::default())).await;
    let handle = host.handle();
    handle.start(start("parent", "ParentOfWaiting", "1")).await.unwrap();
    let mut child = None;
    eventually("its child waits", async || {
        child = child_of(&handle, "parent").await;
        child.is_some()
    })
    .await;
    let child = child.unwrap();
    // Terminated alone, so that its child lives on.
    let alone = |recursive| Message::Terminate { output: None, reason: None, recursive };
    handle.deliver(&InstanceId::unchecked("parent"), alone(false)).await.unwrap();
    let general = Rules { terminated_ms: Some(0), ..Rules::default() };
    handle.set_retention(rules(general)).await.unwrap();
    run(&handle, "completed").await;
    handle.start(start("other", "LongTimer", "9")).await.unwrap();
    handle.deliver(&InstanceId::unchecked("other"), alone(true)).await.unwrap();
    eventually_gone(&handle, "other").await;
    assert!(exists(&handle, "parent").await, "its child lives");
    handle.deliver(&child, alone(true)).await.unwrap();
    eventually_gone(&handle, "parent").await;
    eventually_gone(&handle, child.as_str()).await;
}

async fn child_of(handle: &Handle, parent: &str) -> Option<InstanceId> {
    // Children that are given no ID are called after their parent, and numbered.
    for number in 0..9 {
        let id = InstanceId::unchecked(&format!("{parent}:{number:04}"));
        if let Ok(found) = handle.get(&id).await {
            return Some(found.summary.instance);
        }
    }
    None
}

#[tokio::test]
async fn after_a_restart_all_that_is_due_goes_whatever_there_is() {
    let bench = Bench::at(Timestamp(DAY_MS));
    let disk = Arc::new(MemoryStore::default());
    let host = bench.host_with_patterns(disk.clone()).await;
    let handle = host.handle();
    for number in 0..1_200 {
        let id = format!("{number}");
        handle.start(start(&id, "LongTimer", "9000000000")).await.unwrap();
        if number % 2 == 0 {
            let terminate = Message::Terminate { output: None, reason: None, recursive: true };
            handle.deliver(&InstanceId::unchecked(&id), terminate).await.unwrap();
        }
    }
    let general = Rules { any_terminal_ms: Some(30 * DAY_MS), ..Rules::default() };
    handle.set_retention(rules(general)).await.unwrap();
    host.drain().await;
    drop(host);
    bench.clock.advance_ms(29 * DAY_MS);
    let host = bench.host(disk.clone()).await.unwrap();
    run(&host.handle(), "late").await;
    bench.clock.advance_ms(DAY_MS);
    eventually("only what lives or is late is left", async || {
        disk.instances(None, 2_000).await.unwrap().len() == 601
    })
    .await;
    assert!(exists(&host.handle(), "late").await && exists(&host.handle(), "1").await);
}

#[tokio::test]
async fn a_store_that_fails_delays_it_only() {
    let bench = Bench::at(Timestamp(DAY_MS));
    for when in [When::Before, When::After] {
        let disk = Arc::new(MemoryStore::default());
        let host = bench.host_with_patterns(disk.clone()).await;
        for id in ["one", "two"] {
            run(&host.handle(), id).await;
        }
        let general = Rules { any_terminal_ms: Some(HOUR_MS), ..Rules::default() };
        host.handle().set_retention(rules(general)).await.unwrap();
        host.drain().await;
        drop(host);
        bench.clock.advance_ms(2 * HOUR_MS);
        // The lease is the first write, a purge the next.
        let plan = Plan { write: 1, when, then: Then::Recover };
        let faulty = Arc::new(FaultyStore::new(disk.clone(), Some(plan)));
        let _host = bench.host(faulty).await.unwrap();
        eventually("both are gone", async || {
            bench.clock.advance_ms(100);
            disk.instances(None, 9).await.unwrap().is_empty()
        })
        .await;
    }
}
