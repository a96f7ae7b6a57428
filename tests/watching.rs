//! How a client learns what becomes of instances without asking again and again: by waiting for the end
//! of one, and by a stream of changes that misses nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::stream::EventStream;
use support::{Answer, Client, Host};

const WAIT: &str = r#"{"name":"go","timeoutMs":3600000}"#;

fn wait(client: &Client, id: &str, query: &str) -> Answer {
    client.send("GET", &format!("/v1.0/workflows/dapr/{id}/wait?{query}"), b"")
}

fn watch(client: &Client, path: &str, last_id: &str) -> EventStream {
    EventStream::open(client.address(), &format!("/v1.0{path}"), last_id)
}

fn told(id: &str, status: &str) -> (String, String) {
    (id.to_owned(), status.to_owned())
}

/// Reads until an instance has this status, and returns the last that was told of each instance.
fn read_until(stream: &mut EventStream, id: &str, status: &str) -> BTreeMap<String, String> {
    let mut last = BTreeMap::new();
    while last.get(id).map(String::as_str) != Some(status) {
        let (id, status) = stream.next_event().told();
        last.insert(id, status);
    }
    last
}

#[test]
fn b7_waiting_for_what_has_ended_returns_at_once() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Chaining", "done", "2");
    client.wait_for("done", "COMPLETED");
    let begun = Instant::now();
    assert_eq!(wait(&client, "done", "timeout=5m").expect(200).json(), client.get("done"));
    assert!(begun.elapsed() < Duration::from_secs(30));
    wait(&client, "nobody", "").expect_error(404, "ERR_INSTANCE_ID_NOT_FOUND");
}

#[test]
fn b7_waiting_ends_with_the_instance() {
    let host = Host::with_patterns(&[]);
    for (id, end) in [("raised", "raiseEvent/go"), ("stopped", "terminate"), ("purged", "purge")] {
        host.client().start("EventWithTimeout", id, WAIT);
        let client = host.client();
        let waiting = std::thread::spawn(move || wait(&client, id, "timeout=60s"));
        let body = if end == "purge" { r#"{"force":true}"# } else { "1" };
        let body = if end == "terminate" { "" } else { body };
        host.client().wait_for(id, "RUNNING");
        host.client().act(id, end, body).expect(202);
        let answer = waiting.join().unwrap();
        match end {
            "raiseEvent/go" => assert_eq!(answer.expect(200).json()["runtimeStatus"], "COMPLETED"),
            "terminate" => assert_eq!(answer.expect(200).json()["runtimeStatus"], "TERMINATED"),
            // It may have been seen between its end and its removal.
            _ => assert!([200, 404].contains(&answer.status), "{answer:?}"),
        }
    }
}

#[test]
fn b6_a_wait_that_is_over_changes_nothing() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "live", WAIT);
    let begun = Instant::now();
    let waited = wait(&client, "live", "timeout=300ms").expect(200).json();
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(waited["runtimeStatus"], "RUNNING");
    client.raise("live", "go", "1");
    assert_eq!(wait(&client, "live", "").expect(200).json()["runtimeStatus"], "COMPLETED");
    for query in ["timeout=301s", "timeout=6m", "timeout=10", "timeout=soon", "timeuot=1s"] {
        wait(&client, "live", query).expect_error(400, "ERR_MALFORMED_REQUEST");
    }
}

#[test]
fn each_change_of_an_instance_is_told_once_and_in_order() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventCollector", "watched", r#"{"name":"go","count":2}"#);
    client.start("EventWithTimeout", "other", WAIT);
    client.wait_for("watched", "RUNNING");
    let mut stream = watch(&client, "/workflows/dapr/watched/changes", "");
    let mut expect = |kind: &str, status: &str| {
        let event = stream.next_event();
        assert_eq!((event.kind.as_str(), event.told()), (kind, told("watched", status)));
        event.data
    };
    let mut now = client.get("watched");
    now.as_object_mut().unwrap().remove("properties");
    assert_eq!(expect("status", "RUNNING"), now, "as it is now, in the form of a list");
    client.act("watched", "pause", "").expect(202);
    expect("status", "SUSPENDED");
    client.act("other", "pause", "").expect(202);
    client.act("watched", "resume", "").expect(202);
    expect("status", "RUNNING");
    client.raise("watched", "go", "1");
    expect("status", "RUNNING");
    assert_eq!(
        client.get("watched")["properties"]["dapr.workflow.custom_status"],
        "1 of 2",
        "what has changed is its custom status"
    );
    client.raise("watched", "go", "2");
    expect("status", "COMPLETED");
    client.act("watched", "purge", "").expect(202);
    expect("purged", "COMPLETED");
    client.start("Chaining", "watched", "0");
    assert_eq!(read_until(&mut stream, "watched", "COMPLETED").len(), 1);
}

#[test]
fn all_are_watched_or_those_that_a_filter_names() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let mut all = watch(&client, "/changes", "").place();
    let mut ended = watch(&client, "/changes?status=COMPLETED&status=TERMINATED", "").place();
    let mut named = watch(&client, "/changes?name=Chaining", "").place();
    client.start("EventWithTimeout", "waits", WAIT);
    client.wait_for("waits", "RUNNING");
    client.start("Nested", "nested", "1");
    client.wait_for("nested", "COMPLETED");
    client.start("Chaining", "chain", "1");
    client.wait_for("chain", "COMPLETED");
    client.act("waits", "terminate", "").expect(202);
    let statuses = |stream: &mut EventStream, id: &str| {
        let mut of = Vec::new();
        while of.last().is_none_or(|last| last != "COMPLETED" && last != "TERMINATED") {
            let (found, status) = stream.next_event().told();
            // A first turn that takes long is told of before it is over.
            of.extend((found == id && status != "PENDING").then_some(status));
        }
        of
    };
    assert_eq!(statuses(&mut all, "waits"), ["RUNNING", "TERMINATED"]);
    let (first, _) = named.next_event().told();
    assert_eq!(first, "chain");
    assert_eq!(*statuses(&mut named, "chain").last().unwrap(), "COMPLETED");
    let expected = [
        told("nested:0001", "COMPLETED"),
        told("nested", "COMPLETED"),
        told("chain", "COMPLETED"),
        told("waits", "TERMINATED"),
    ];
    for expected in expected {
        assert_eq!(ended.next_event().told(), expected);
    }
}

#[test]
fn a_child_is_told_of_when_it_is_born() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let mut stream = watch(&client, "/changes?name=EventWithTimeout", "").place();
    client.start("ParentOfWaiting", "parent", "1");
    let born = stream.next_event();
    assert_eq!(born.told(), told("parent:0001", "PENDING"));
    assert_eq!(born.data["parentInstanceID"], "parent");
    assert_eq!(stream.next_event().told(), told("parent:0001", "RUNNING"));
}

#[test]
fn a_reader_who_comes_back_is_told_what_it_missed_and_nothing_twice() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let first = watch(&client, "/changes?status=COMPLETED", "").place();
    let mut at = first.last_id.clone();
    drop(first);
    for round in 0..3 {
        for number in 0..5 {
            let id = format!("missed-{round}-{number}");
            client.start("Chaining", &id, "1");
            client.wait_for(&id, "COMPLETED");
        }
        let mut stream = watch(&client, "/changes?status=COMPLETED", &at);
        for number in 0..5 {
            let id = format!("missed-{round}-{number}");
            assert_eq!(stream.next_event().told(), told(&id, "COMPLETED"));
        }
        at = stream.last_id;
    }
    let by_query = format!("/changes?status=COMPLETED&lastEventId={at}");
    let mut stream = watch(&client, &by_query, "");
    client.start("Chaining", "last", "1");
    assert_eq!(stream.next_event().told(), told("last", "COMPLETED"));
}

#[test]
fn over_a_restart_nothing_final_is_missed() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    for id in ["before", "ends", "stays", "sleeps"] {
        client.start("EventWithTimeout", id, WAIT);
        client.wait_for(id, "RUNNING");
    }
    client.act("before", "terminate", "").expect(202);
    let mut stream = watch(&client, "/changes", "").place();
    client.act("stays", "pause", "").expect(202);
    assert_eq!(stream.next_event().told(), told("stays", "SUSPENDED"));
    client.raise("ends", "go", "1");
    client.wait_for("ends", "COMPLETED");
    host.kill();
    host.restart();
    let client = host.client();
    client.act("stays", "terminate", "").expect(202);
    let mut resumed = watch(&client, "/changes", &stream.last_id);
    let begun_at = resumed.last_id.clone();
    client.start("Chaining", "after", "1");
    let last = read_until(&mut resumed, "after", "COMPLETED");
    assert_eq!((last["ends"].as_str(), last["stays"].as_str()), ("COMPLETED", "TERMINATED"));
    assert_ne!(resumed.last_id, begun_at, "from here on it is this life's news");
    let mut one = watch(&client, "/workflows/dapr/ends/changes", &stream.last_id);
    assert_eq!(one.next_event().told(), told("ends", "COMPLETED"));
}

#[test]
fn waits_and_streams_end_when_the_host_closes() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "live", WAIT);
    client.wait_for("live", "RUNNING");
    let mut all = watch(&client, "/changes", "").place();
    let mut one = watch(&client, "/workflows/dapr/live/changes", "").place();
    let waiting = std::thread::spawn(move || wait(&client, "live", "timeout=5m"));
    // Whether the host has begun to wait makes no difference to what is promised.
    let begun = Instant::now();
    let (ended, log) = host.stop();
    assert!(ended.success(), "{log:#?}");
    assert!(begun.elapsed() < Duration::from_secs(8), "in {:?}: {log:#?}", begun.elapsed());
    assert!(!log.iter().any(|line| line.contains("cut off")), "{log:#?}");
    drop((all.rest(), one.rest()));
    // Only a request that had not reached the host is without an answer.
    if let Ok(answer) = waiting.join() {
        assert_eq!(answer.expect(200).json()["runtimeStatus"], "RUNNING");
    }
}

#[test]
fn a_reader_that_reads_nothing_stops_nobody() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    let idle: Vec<_> = (0..10).map(|_| watch(&client, "/changes", "").place()).collect();
    for number in 0..50 {
        client.start("Chaining", &format!("busy-{number}"), "2");
    }
    for number in 0..50 {
        assert_eq!(client.output_of(&format!("busy-{number}")), 2);
    }
    assert!(host.stop().0.success());
    drop(idle);
}

#[test]
fn a_stream_that_can_not_be_understood_is_refused() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for path in [
        "/changes?lastEventId=yesterday",
        "/changes?lastEventId=1-2",
        "/changes?status=DONE",
        "/changes?idPrefix=a",
        "/workflows/dapr/x/changes?name=a",
    ] {
        let refused = client.send("GET", &format!("/v1.0{path}"), b"");
        refused.expect_error(400, "ERR_MALFORMED_REQUEST");
    }
    let refused = client.send("GET", "/v1.0/workflows/dapr/nobody/changes", b"");
    refused.expect_error(404, "ERR_INSTANCE_ID_NOT_FOUND");
    // An ID that nobody ever sent, but that might have been: everything there is, and then the news.
    client.start("Chaining", "done", "1");
    client.wait_for("done", "COMPLETED");
    let mut stream = watch(&client, "/changes", "999-18446744073709551615-0");
    assert_eq!(stream.next_event().told(), told("done", "COMPLETED"));
    let none: Value = client.send("GET", "/v1.0/counts", b"").expect(200).json();
    assert_eq!(none["total"], json!(1));
}
