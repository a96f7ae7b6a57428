//! Schedules: workflows that are started by the clock, once for each time, whatever happens to the host.

use std::sync::Arc;

use reweft::clock::Clock;
use reweft::scheduler::Handle;
use reweft::scheduler::schedules::{Definition, Outcome, Overlap, Timing};
use reweft::store::fault::{FaultyStore, Plan};
use reweft::store::memory::MemoryStore;
use reweft::workflow::id::Timestamp;
use serde_json::{Value, json};
use support::{Answer, Client, Host};

use crate::histories;
use crate::in_process::{Bench, at_every_write, eventually, has_ended, tick};

const HOUR_MS: u64 = 3_600_000;

fn put(client: &Client, name: &str, body: &Value) -> Answer {
    let path = format!("/v1.0/schedules/{name}");
    client.send("PUT", &path, body.to_string().as_bytes())
}

fn get(client: &Client, name: &str) -> Value {
    client.send("GET", &format!("/v1.0/schedules/{name}"), b"").expect(200).json()
}

fn act(client: &Client, name: &str, action: &str) -> Answer {
    client.send("POST", &format!("/v1.0/schedules/{name}/{action}"), b"")
}

fn trigger(client: &Client, name: &str) -> (String, String) {
    let firing = act(client, name, "trigger").expect(202).json();
    let text = |field: &str| firing[field].as_str().unwrap().to_owned();
    (text("outcome"), text("instanceID"))
}

fn wait_for_starts(client: &Client, name: &str, starts: u64) -> Value {
    support::eventually(&format!("{name} has started {starts}"), || {
        let schedule = get(client, name);
        (schedule["counts"]["started"].as_u64().unwrap() >= starts).then_some(schedule)
    })
}

#[test]
fn each_time_starts_an_instance_whose_id_names_it() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let body = json!({"workflow": "Chaining", "every": "200ms", "input": 2, "note": "often"});
    let created = put(&client, "often", &body).expect(200).json();
    assert_eq!(created["nextTimes"].as_array().unwrap().len(), 5, "{created}");
    assert_eq!((&created["input"], &created["every"]), (&json!(2), &json!("200ms")));
    let schedule = wait_for_starts(&client, "often", 3);
    for firing in schedule["lastFirings"].as_array().unwrap() {
        assert_eq!(firing["outcome"], "started");
        let digits = |text: &Value| text.as_str().unwrap().replace(['-', ':', '.'], "");
        let named = digits(&firing["time"]).replace("000Z", "Z");
        assert_eq!(firing["instanceID"], format!("often-{named}"));
        assert_eq!(client.output_of(firing["instanceID"].as_str().unwrap()), json!(2));
    }
    let all = client.send("GET", "/v1.0/schedules", b"").expect(200).json();
    assert_eq!(all["schedules"][0]["name"], "often");
    client.send("DELETE", "/v1.0/schedules/often", b"").expect(204);
    for (method, path) in [("GET", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/trigger")] {
        let answer = client.send(method, &format!("/v1.0/schedules/often{path}"), b"");
        assert!(answer.expect_error(404, "ERR_SCHEDULE_NOT_FOUND").contains("'often'"));
    }
}

#[test]
fn a_schedule_goes_on_after_a_crash() {
    let mut host = Host::with_patterns(&[]);
    let body = json!({"workflow": "Chaining", "every": "200ms", "input": 1});
    put(&host.client(), "often", &body).expect(200);
    let before = wait_for_starts(&host.client(), "often", 2);
    host.kill();
    host.restart();
    let starts = before["counts"]["started"].as_u64().unwrap();
    let after = wait_for_starts(&host.client(), "often", starts + 2);
    assert_eq!(after["createdAt"], before["createdAt"]);
}

#[test]
fn a_paused_schedule_starts_nothing_until_it_is_triggered_or_resumed() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let body = json!({"workflow": "Chaining", "every": "200ms", "input": 1, "paused": true});
    assert_eq!(put(&client, "paused", &body).expect(200).json()["nextTimes"], json!([]));
    // One that is not paused shows that time goes on.
    put(&client, "other", &json!({"workflow": "Chaining", "every": "200ms", "input": 1}));
    wait_for_starts(&client, "other", 2);
    assert_eq!(get(&client, "paused")["counts"]["started"], 0);
    let (outcome, instance) = trigger(&client, "paused");
    assert_eq!((outcome.as_str(), client.output_of(&instance)), ("started", json!(1)));
    // To replace a schedule does not resume it, unless it says so.
    let body = json!({"workflow": "Chaining", "every": "200ms", "input": 1});
    assert_eq!(put(&client, "paused", &body).expect(200).json()["paused"], true);
    assert_eq!(act(&client, "paused", "resume").expect(200).json()["paused"], false);
    let resumed = wait_for_starts(&client, "paused", 3);
    assert_eq!(resumed["counts"]["missed"], 0);
    assert_eq!(act(&client, "paused", "pause").expect(200).json()["paused"], true);
}

#[test]
fn what_overlaps_is_dealt_with_as_the_schedule_says() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let schedule = |overlap: &str| {
        let body =
            json!({"workflow": "LongTimer", "input": 3_600_000, "every": "1d", "overlap": overlap});
        put(&client, overlap, &body).expect(200);
        let (outcome, first) = trigger(&client, overlap);
        assert_eq!(outcome, "started");
        client.wait_for(&first, "RUNNING");
        let (outcome, second) = trigger(&client, overlap);
        (first, outcome, second)
    };
    let status = |id: &str| client.get(id)["runtimeStatus"].clone();

    let (first, outcome, second) = schedule("skip");
    assert_eq!((outcome.as_str(), status(&first)), ("skipped", json!("RUNNING")));
    let path = format!("/v1.0/workflows/dapr/{second}");
    client.send("GET", &path, b"").expect_error(404, "ERR_INSTANCE_ID_NOT_FOUND");

    let (first, outcome, second) = schedule("allow");
    assert_eq!(outcome, "started");
    client.wait_for(&second, "RUNNING");
    assert_eq!(status(&first), "RUNNING");

    let (first, outcome, second) = schedule("terminate-previous");
    assert_eq!((outcome.as_str(), status(&first)), ("started", json!("TERMINATED")));
    client.wait_for(&second, "RUNNING");

    let (first, outcome, second) = schedule("buffer-one");
    assert_eq!(outcome, "buffered");
    assert!(get(&client, "buffer-one")["buffered"].is_string());
    assert_eq!(trigger(&client, "buffer-one").0, "skipped", "one waits already");
    client.act(&first, "terminate", "").expect(202);
    support::eventually("the buffered one is started", || {
        let path = format!("/v1.0/workflows/dapr/{second}");
        (client.send("GET", &path, b"").status == 200).then_some(())
    });
    support::eventually("that is noted", || {
        get(&client, "buffer-one").get("buffered").is_none().then_some(())
    });
}

#[test]
fn a_firing_that_can_start_nothing_says_why() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    put(&client, "vain", &json!({"workflow": "Nobodys", "every": "1d"})).expect(200);
    let firing = act(&client, "vain", "trigger").expect(202).json();
    assert_eq!(firing["outcome"], "failed");
    assert!(firing["message"].as_str().unwrap().contains("'Nobodys'"), "{firing}");
    assert_eq!(get(&client, "vain")["counts"]["failed"], 1);
}

#[test]
fn what_makes_no_sense_is_refused_and_says_what_is_wrong() {
    let host = Host::start();
    let client = host.client();
    for (body, says) in [
        (json!({"workflow": "W"}), "exactly one of"),
        (json!({"workflow": "W", "every": "1h", "at": "2099-01-01T00:00:00Z"}), "exactly one of"),
        (json!({"workflow": "W", "every": "often"}), "'often'"),
        (json!({"workflow": "W", "every": "1h", "timeZone": "UTC"}), "'timeZone'"),
        (json!({"workflow": "W", "at": "2099-01-01T00:00:00Z", "from": "x"}), "'from'"),
        (json!({"workflow": "W", "at": "tomorrow"}), "'tomorrow'"),
        (json!({"workflow": "W", "every": "1h", "overlap": "sometimes"}), "sometimes"),
        (json!({"workflow": "W", "every": "1h", "unheard": 1}), "unheard"),
        (json!({"workflow": 7, "every": "1h"}), "string"),
        (json!({"every": "1h"}), "workflow"),
    ] {
        let message = put(&client, "x", &body).expect_error(400, "ERR_MALFORMED_REQUEST");
        assert!(message.contains(says), "{body}: {message}");
    }
    for (body, says) in [
        (json!({"workflow": "W", "every": "10ms"}), "10 ms"),
        (json!({"workflow": "", "every": "1h"}), "no workflow"),
        (json!({"workflow": "W", "cron": "0 0 * *"}), "'0 0 * *'"),
        (json!({"workflow": "W", "cron": "0 0 31 2 *"}), "'0 0 31 2 *'"),
        (json!({"workflow": "W", "cron": "0 0 * * *", "timeZone": "Mars/Base"}), "'Mars/Base'"),
        (json!({"workflow": "W", "at": "2001-01-01T00:00:00Z"}), "never be due"),
        (json!({"workflow": "W", "every": "1h", "catchUpWindow": "0s"}), "0 ms"),
        (json!({"workflow": "W", "every": "1h", "instanceIDPrefix": "a b"}), "'a b'"),
    ] {
        let message = put(&client, "x", &body).expect_error(400, "ERR_SCHEDULE_INVALID");
        assert!(message.contains(says), "{body}: {message}");
    }
    let good = json!({"workflow": "W", "every": "1h"});
    put(&client, &"x".repeat(45), &good).expect_error(400, "ERR_SCHEDULE_INVALID");
    put(&client, "a%20b", &good).expect_error(400, "ERR_SCHEDULE_INVALID");
    client.send("PUT", "/v1.0/schedules/x", b"").expect_error(400, "ERR_MALFORMED_REQUEST");
    client.send("PUT", "/v1.0/schedules/x", b"{").expect_error(400, "ERR_MALFORMED_REQUEST");
    let none = client.send("GET", "/v1.0/schedules", b"").expect(200).json();
    assert_eq!(none, json!({"schedules": []}));
}

fn hourly(overlap: Overlap, catch_up_ms: u64) -> Definition {
    Definition {
        module: "dapr".to_owned(),
        workflow: "Chaining".to_owned(),
        input: "1".to_owned(),
        timing: Timing::Every { period_ms: HOUR_MS, from: None },
        overlap,
        catch_up_ms,
        instance_id_prefix: None,
        start_at: None,
        end_at: None,
        note: None,
    }
}

fn starts(handle: &Handle, name: &str) -> u64 {
    handle.schedule(name).unwrap().record.counts.started
}

#[tokio::test]
async fn it_fires_at_its_time_and_makes_up_for_what_a_downtime_missed() {
    let bench = Bench::at(Timestamp(HOUR_MS / 2));
    let disk = Arc::new(MemoryStore::default());
    let host = bench.host_with_patterns(disk.clone()).await;
    let handle = host.handle();
    handle.put_schedule("hourly", hourly(Overlap::Allow, 3 * HOUR_MS), None).await.unwrap();
    bench.clock.advance_ms(HOUR_MS / 2);
    eventually("the first has ended", async || has_ended(&handle, "hourly-19700101T010000Z").await)
        .await;
    let firing = handle.schedule("hourly").unwrap().record.firings[0].clone();
    assert_eq!((firing.time, firing.fired_at), (Timestamp(HOUR_MS), Timestamp(HOUR_MS)));
    host.drain().await;

    // Nothing is started by a host that is closing.
    bench.clock.advance_ms(10 * HOUR_MS + 1);
    assert!(handle.trigger_schedule("hourly").await.is_err());
    assert_eq!(histories::read_instances(&*disk).await.len(), 1);
    drop(host);

    let host = bench.host(disk.clone()).await.unwrap();
    let handle = host.handle();
    eventually("the last hours are made up for", async || starts(&handle, "hourly") == 4).await;
    let record = handle.schedule("hourly").unwrap().record;
    let times: Vec<_> = record.firings.iter().rev().map(|it| it.time.0 / HOUR_MS).collect();
    assert_eq!((times, record.counts.missed), (vec![1, 9, 10, 11], 7));
    let next = handle.schedule("hourly").unwrap().next_times[0];
    assert_eq!(next, Timestamp(12 * HOUR_MS));
}

#[tokio::test]
async fn one_that_overlaps_itself_while_making_up_skips() {
    let bench = Bench::at(Timestamp(HOUR_MS / 2));
    let disk = Arc::new(MemoryStore::default());
    let host = bench.host_with_patterns(disk.clone()).await;
    let definition = Definition {
        workflow: "LongTimer".to_owned(),
        input: (100 * HOUR_MS).to_string(),
        ..hourly(Overlap::Skip, 5 * HOUR_MS)
    };
    let handle = host.handle();
    handle.put_schedule("long", definition, None).await.unwrap();
    bench.clock.advance_ms(4 * HOUR_MS);
    eventually("all are dealt with", async || {
        handle.schedule("long").unwrap().record.counts.skipped == 3
    })
    .await;
    assert_eq!(starts(&handle, "long"), 1);
}

#[tokio::test]
async fn a_replaced_schedule_keeps_what_it_has_done() {
    let bench = Bench::at(Timestamp(HOUR_MS / 2));
    let host = bench.host_with_patterns(Arc::new(MemoryStore::default())).await;
    let handle = host.handle();
    handle.put_schedule("hourly", hourly(Overlap::Allow, HOUR_MS), None).await.unwrap();
    bench.clock.advance_ms(HOUR_MS);
    eventually("it has fired", async || starts(&handle, "hourly") == 1).await;
    let other = Definition {
        timing: Timing::At { time: Timestamp(3 * HOUR_MS) },
        ..hourly(Overlap::Allow, HOUR_MS)
    };
    let replaced = handle.put_schedule("hourly", other.clone(), None).await.unwrap();
    assert_eq!(replaced.record.counts.started, 1);
    assert_eq!(replaced.next_times, [Timestamp(3 * HOUR_MS)]);
    bench.clock.advance_ms(5 * HOUR_MS / 2);
    eventually("it has fired once more", async || starts(&handle, "hourly") == 2).await;
    // To say the same again is no mistake, though its time has passed.
    assert!(handle.put_schedule("hourly", other, None).await.unwrap().next_times.is_empty());
}

/// Lets a schedule be due three times on a store that fails as planned; returns how many writes there
/// were.
async fn run_on_a_faulty_store(bench: &Bench, plan: Plan) -> u64 {
    let disk = Arc::new(MemoryStore::default());
    // Half past, so that just three hours strike below.
    let past_the_hour = bench.clock.now().0 % HOUR_MS;
    bench.clock.advance_ms((HOUR_MS + HOUR_MS / 2 - past_the_hour) % HOUR_MS);
    let first = bench.host_with_patterns(disk.clone()).await;
    let definition = hourly(Overlap::TerminatePrevious, 9 * HOUR_MS);
    first.handle().put_schedule("hourly", definition, None).await.unwrap();
    first.drain().await;
    drop(first);

    let faulty = Arc::new(FaultyStore::new(disk.clone(), Some(plan)));
    bench.clock.advance_ms(3 * HOUR_MS);
    if let Ok(host) = bench.host(faulty.clone()).await {
        let handle = host.handle();
        eventually("all are dealt with, or the store is down", async || {
            faulty.is_down() || starts(&handle, "hourly") == 3
        })
        .await;
    }
    let host = bench.host(disk.clone()).await.unwrap();
    let handle = host.handle();
    eventually("all are dealt with", async || starts(&handle, "hourly") == 3).await;
    let record = handle.schedule("hourly").unwrap().record;
    assert_eq!((record.counts.missed, record.counts.failed), (0, 0), "{plan:?}: {record:?}");
    assert!(record.firings.iter().all(|firing| firing.outcome == Outcome::Started));
    let mut expected: Vec<_> =
        record.firings.iter().map(|firing| firing.instance.clone()).collect();
    expected.sort();
    let instances = histories::read_instances(&*disk).await;
    assert!(instances.keys().eq(&expected), "{plan:?}: {expected:?}");
    faulty.writes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_write_neither_loses_nor_doubles_a_firing() {
    let bench = Bench::at(Timestamp(HOUR_MS / 2));
    // What fails is tried again a little later.
    tokio::spawn(tick(bench.clock.clone()));
    at_every_write(async |plan| run_on_a_faulty_store(&bench, plan).await).await;
}
