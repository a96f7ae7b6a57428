//! A start that is answered with the result: one request does what a start and a wait do.

use std::future::{pending, ready};
use std::sync::Arc;
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use reweft::store::memory::MemoryStore;
use reweft::workflow::id::{InstanceId, Timestamp};
use serde_json::Value;
use support::wire::Wire;
use support::{Answer, Client, Host};

use crate::in_process::{self, Bench, eventually, has_ended};

const POLL: &str = r#"{"succeedAfter":1,"intervalMs":1,"maxPolls":1}"#;
const WAIT: &str = r#"{"name":"go","timeoutMs":3600000}"#;

fn start(client: &Client, workflow: &str, query: &str, input: &str) -> Answer {
    let path = format!("/v1.0/workflows/dapr/{workflow}/start?{query}");
    client.send("POST", &path, input.as_bytes())
}

fn find(client: &Client, id: &str) -> Answer {
    client.send("GET", &format!("/v1.0/workflows/dapr/{id}"), b"")
}

/// Starts an instance that waits for an event, and returns once it is there: from then on its client is
/// told whatever becomes of it.
fn start_waiting(client: &Client, query: &'static str, id: &str) -> JoinHandle<Answer> {
    let theirs = client.clone();
    let answer = spawn(move || start(&theirs, "EventWithTimeout", query, WAIT));
    support::eventually(&format!("{id} is there"), || {
        (find(client, id).status == 200).then_some(())
    });
    answer
}

fn output(instance: &Value) -> Option<&str> {
    instance["properties"]["dapr.workflow.output"].as_str()
}

#[test]
fn the_result_is_the_answer() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for (id, workflow, input, status) in [
        ("chain", "Chaining", "3", "COMPLETED"),
        ("one-turn", "Chaining", "0", "COMPLETED"),
        ("fails", "AlwaysFails", "\"no\"", "FAILED"),
        ("generations", "Generations", r#"{"left":2}"#, "COMPLETED"),
        ("status-before", "PollingMonitor", POLL, "COMPLETED"),
        ("status-at-the-end", "Interpreter", r#"{"steps":["look"]}"#, "COMPLETED"),
    ] {
        let query = format!("instanceID={id}&wait=30s");
        let ended = start(&client, workflow, &query, input).expect(200).json();
        assert_eq!((&ended["instanceID"], &ended["runtimeStatus"]), (&id.into(), &status.into()));
        assert_eq!(ended, client.get(id));
    }
    for id in ["status-before", "status-at-the-end"] {
        assert!(client.get(id)["properties"]["dapr.workflow.custom_status"].is_string(), "{id}");
    }
    let ended = start(&client, "Chaining", "wait=30s", "1").expect(200).json();
    let id = ended["instanceID"].as_str().expect("it has been given an ID");
    assert_eq!(ended, client.get(id));
}

#[test]
fn when_the_time_is_over_the_answer_is_the_instance_as_it_is() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let begun = Instant::now();
    let query = "instanceID=live&wait=300ms";
    let live = start(&client, "EventWithTimeout", query, WAIT).expect(200).json();
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!((&live["instanceID"], &live["runtimeStatus"]), (&"live".into(), &"RUNNING".into()));
    let query = "instanceID=later&delay=1h&wait=0s";
    let later = start(&client, "Chaining", query, "1").expect(200).json();
    assert_eq!(later["runtimeStatus"], "PENDING");
    assert_eq!(later, client.get("later"));
    let query = "instanceID=soon&delay=100ms&wait=30s";
    let soon = start(&client, "Chaining", query, "1").expect(200).json();
    assert_eq!((&soon["runtimeStatus"], output(&soon)), (&"COMPLETED".into(), Some("1")));
    client.raise("live", "go", "1");
    client.wait_for("live", "COMPLETED");
}

#[test]
fn a_wait_that_can_not_be_understood_starts_nothing() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Chaining", "ended", "1");
    let ended = client.wait_for("ended", "COMPLETED");
    for wrong in ["301s", "6m", "10", "soon", "-1s", "1.5s"] {
        for id in ["new", "ended"] {
            let query = format!("instanceID={id}&wait={wrong}");
            let refused = start(&client, "EventWithTimeout", &query, WAIT);
            let message = refused.expect_error(400, "ERR_MALFORMED_REQUEST");
            assert!(message.contains(&format!("wait is '{wrong}'")), "{message}");
        }
    }
    find(&client, "new").expect(404);
    assert_eq!(client.get("ended"), ended);
    start(&client, "Unknown", "instanceID=new&wait=5m", "")
        .expect_error(404, "ERR_WORKFLOW_NOT_FOUND");
}

#[test]
fn who_is_returned_what_is_there_waits_for_that() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "same", WAIT);
    let query = "instanceID=same&reuse=return-existing&wait=60s";
    let waiting: Vec<_> = (0..3).map(|_| start_waiting(&client, query, "same")).collect();
    start(&client, "Chaining", "instanceID=same&reuse=refuse&wait=60s", "1")
        .expect_error(409, "ERR_START_WORKFLOW");
    start(&client, "Chaining", "instanceID=same&wait=60s", "1")
        .expect_error(409, "ERR_START_WORKFLOW");
    client.raise("same", "go", "7");
    for waiting in waiting {
        let ended = waiting.join().unwrap().expect(200).json();
        assert_eq!(output(&ended), Some(r#"{"received":7}"#), "{ended}");
    }
    let ended = start(&client, "EventWithTimeout", query, "other").expect(200).json();
    assert_eq!(ended, client.get("same"), "one that has ended is one that exists");
    let query = "instanceID=same&wait=60s";
    let replaced = start(&client, "Chaining", query, "2").expect(200).json();
    assert_eq!(output(&replaced), Some("2"), "{replaced}");
}

#[test]
fn each_start_is_answered_with_its_own_instance() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let first = start_waiting(&client, "instanceID=mine&wait=60s", "mine");
    let query = "instanceID=mine&reuse=terminate-and-replace&wait=60s";
    let second = start(&client, "Chaining", query, "2").expect(200).json();
    assert_eq!((&second["runtimeStatus"], output(&second)), (&"COMPLETED".into(), Some("2")));
    let first = first.join().unwrap().expect(200).json();
    assert_eq!(
        (&first["runtimeStatus"], &first["workflowName"]),
        (&"TERMINATED".into(), &"EventWithTimeout".into())
    );
    let purged = start_waiting(&client, "instanceID=purged&wait=60s", "purged");
    client.act("purged", "purge", r#"{"force":true}"#).expect(202);
    assert_eq!(purged.join().unwrap().expect(200).json()["runtimeStatus"], "TERMINATED");
}

#[test]
fn what_goes_as_soon_as_it_has_ended_has_been_answered() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.send("PUT", "/v1.0/retention", br#"{"anyTerminal":"0s"}"#).expect(200);
    for number in 0..50 {
        let (id, input) = (format!("brief-{number}"), (number % 3).to_string());
        let query = format!("instanceID={id}&wait=60s");
        let ended = start(&client, "Chaining", &query, &input).expect(200).json();
        assert_eq!(output(&ended), Some(input.as_str()), "{ended}");
        assert_eq!(ended["properties"]["dapr.workflow.input"], input.as_str());
        support::eventually("it is gone", || (find(&client, &id).status == 404).then_some(()));
    }
}

#[tokio::test]
async fn whoever_looks_late_is_told_all_the_same() {
    let bench = Bench::at(Timestamp(1_000_000));
    let host = bench.host_with_patterns(Arc::new(MemoryStore::default())).await;
    let (handle, id) = (host.handle(), InstanceId::unchecked("late"));
    let mut watches = Vec::new();
    for input in ["0", "1", "2"] {
        // Each replaces the one before it.
        let start = in_process::start("late", "Chaining", input);
        watches.push(handle.start_watched(start).await.unwrap());
        eventually("it has ended", async || has_ended(&handle, "late").await).await;
    }
    handle.purge(&id, true, false).await.unwrap();
    for (watch, output) in watches.into_iter().zip(["0", "1", "2"]) {
        let found = watch.outcome(pending()).await.unwrap();
        assert_eq!(found.output.as_deref(), Some(output));
    }
    handle.start(in_process::start("late", "LongTimer", "1000")).await.unwrap();
    let watch = handle.watch(&id).await.unwrap();
    assert_eq!(watch.outcome(ready(())).await.unwrap().output, None, "it has not ended");
}

#[test]
fn a_client_that_goes_away_loses_nothing() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let mut wire = Wire::connect(client.address()).unwrap();
    let head = "POST /v1.0/workflows/dapr/EventWithTimeout/start?instanceID=left&wait=5m HTTP/1.1";
    let length = WAIT.len();
    let request = format!("{head}\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{WAIT}");
    assert!(wire.send(request.as_bytes()));
    support::eventually("it is there", || (find(&client, "left").status == 200).then_some(()));
    drop(wire);
    client.raise("left", "go", "1");
    client.wait_for("left", "COMPLETED");
}

#[test]
fn a_wait_ends_when_the_host_closes() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    let waiting = start_waiting(&client, "instanceID=live&wait=5m", "live");
    client.wait_for("live", "RUNNING");
    let (ended, log) = host.stop();
    assert!(ended.success() && !log.iter().any(|line| line.contains("cut off")), "{log:#?}");
    assert_eq!(waiting.join().unwrap().expect(200).json()["runtimeStatus"], "RUNNING");
    host.restart();
    host.client().raise("live", "go", "1");
    host.client().wait_for("live", "COMPLETED");
}
