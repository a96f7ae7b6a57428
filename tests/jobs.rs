//! Jobs: one thing done to all instances that match, each once, whatever happens to the host.

use std::sync::Arc;

use reweft::scheduler::Filter;
use reweft::scheduler::jobs::{Action, JobStatus};
use reweft::store::Store;
use reweft::store::fault::{FaultyStore, Plan};
use reweft::store::memory::MemoryStore;
use reweft::workflow::id::Timestamp;
use reweft::workflow::summary::Status;
use serde_json::{Value, json};
use support::{Answer, Client, Host};

use crate::histories;
use crate::in_process::{Bench, at_every_write, eventually, start};

fn create(client: &Client, body: &Value) -> Answer {
    client.send("POST", "/v1.0/jobs", body.to_string().as_bytes())
}

/// Creates a job, waits for its end, and returns it.
fn run(client: &Client, body: &Value) -> Value {
    let created = create(client, body).expect(202).json();
    let path = format!("/v1.0/jobs/{}", created["id"].as_str().unwrap());
    support::eventually("the job has ended", || {
        let job = client.send("GET", &path, b"").expect(200).json();
        (job["status"] != "running").then_some(job)
    })
}

fn counts(job: &Value) -> [u64; 3] {
    ["matched", "done", "failed"].map(|field| job[field].as_u64().unwrap())
}

fn status(client: &Client, id: &str) -> Value {
    client.get(id)["runtimeStatus"].clone()
}

#[test]
fn b15_each_action_reaches_what_matches_and_nothing_else() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for number in 0..5 {
        client.start("LongTimer", &format!("long-{number}"), "3600000");
        client.start("EventCollector", &format!("event-{number}"), r#"{"name":"go","count":1}"#);
    }
    let timers = json!({"name": ["LongTimer"], "status": ["PENDING", "RUNNING", "SUSPENDED"]});
    let paused = run(&client, &json!({"action": "pause", "filter": timers, "reason": "upgrade"}));
    assert_eq!((counts(&paused), &paused["filter"]), ([5, 5, 0], &timers));
    assert_eq!((&paused["status"], &paused["reason"]), (&json!("completed"), &json!("upgrade")));
    assert_eq!(paused["errors"], json!([]));
    assert!(paused["endedAt"].is_string());
    assert_eq!(status(&client, "long-4"), "SUSPENDED");
    assert_ne!(status(&client, "event-4"), "SUSPENDED");
    let one = json!({"action": "resume", "filter": {"idPrefix": "long-1"}});
    assert_eq!(counts(&run(&client, &one)), [1, 1, 0]);
    client.wait_for("long-1", "RUNNING");
    let ended = json!({
        "action": "terminate", "filter": {"status": ["SUSPENDED"]}, "output": {"by": "job"},
    });
    assert_eq!(counts(&run(&client, &ended)), [4, 4, 0]);
    let terminated = client.wait_for("long-0", "TERMINATED");
    assert_eq!(
        terminated["properties"]["dapr.workflow.output"],
        r#"{"by": "job"}"#.replace(' ', "")
    );
    let purged = run(&client, &json!({"action": "purge", "filter": {"idPrefix": "long-"}}));
    assert_eq!(counts(&purged), [5, 4, 1]);
    assert_eq!(purged["errors"][0]["instanceID"], "long-1");
    assert!(purged["errors"][0]["message"].as_str().unwrap().contains("has not ended"));
    let forced = json!({"action": "purge", "all": true, "force": true});
    assert_eq!(counts(&run(&client, &forced)), [6, 6, 0]);
    let jobs = client.send("GET", "/v1.0/jobs", b"").expect(200).json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 5);
}

#[test]
fn filters_by_time_and_version() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("LongTimer", "one", "3600000");
    client.start("LongTimer", "two", "3600000");
    let two = client.wait_for("two", "RUNNING");
    let pause =
        |filter: Value| counts(&run(&client, &json!({"action": "pause", "filter": filter})));
    assert_eq!(pause(json!({"createdFrom": "2999-01-01T00:00:00Z"})), [0, 0, 0]);
    assert_eq!(pause(json!({"createdTo": "2001-01-01T00:00:00Z"})), [0, 0, 0]);
    assert_eq!(pause(json!({"updatedTo": "2001-01-01T00:00:00+01:00"})), [0, 0, 0]);
    assert_eq!(pause(json!({"moduleDigest": "0".repeat(64)})), [0, 0, 0]);
    assert_eq!(pause(json!({"module": "patterns", "idPrefix": "on"})), [1, 1, 0]);
    assert_eq!(pause(json!({"moduleDigest": two["moduleDigest"]})), [2, 2, 0]);
}

#[test]
fn what_makes_no_sense_is_refused_and_says_what_is_wrong() {
    let host = Host::start();
    let client = host.client();
    for (body, says) in [
        (json!({"action": "terminate"}), "\"all\": true"),
        (json!({"action": "terminate", "filter": {}}), "\"all\": true"),
        (json!({"action": "terminate", "filter": {"name": ["A"]}, "all": true}), "\"all\""),
        (json!({"action": "forget", "all": true}), "forget"),
        (json!({"filter": {"name": ["A"]}}), "action"),
        (json!({"action": "pause", "filter": {"status": ["ASLEEP"]}}), "'ASLEEP'"),
        (json!({"action": "pause", "filter": {"createdTo": "now"}}), "'now'"),
        (json!({"action": "pause", "filter": {"moduleDigest": "abc"}}), "'abc'"),
        (json!({"action": "pause", "filter": {"nam": ["A"]}}), "nam"),
        (json!({"action": "pause", "all": true, "force": true}), "'force'"),
        (json!({"action": "pause", "all": true, "output": 1}), "'output'"),
        (json!({"action": "resume", "all": true, "recursive": true}), "'recursive'"),
        (json!({"action": "purge", "all": true, "reason": "x"}), "'reason'"),
    ] {
        let message = create(&client, &body).expect_error(400, "ERR_MALFORMED_REQUEST");
        assert!(message.contains(says), "{body}: {message}");
    }
    client.send("POST", "/v1.0/jobs", b"").expect_error(400, "ERR_MALFORMED_REQUEST");
    client.send("GET", "/v1.0/jobs/none", b"").expect_error(404, "ERR_JOB_NOT_FOUND");
    client.send("DELETE", "/v1.0/jobs/none", b"").expect_error(404, "ERR_JOB_NOT_FOUND");
    assert_eq!(client.send("GET", "/v1.0/jobs", b"").expect(200).json(), json!({"jobs": []}));
}

#[test]
fn a_job_goes_on_after_a_crash_and_an_ended_one_is_still_shown() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    for number in 0..300 {
        client.start("LongTimer", &format!("long-{number}"), "3600000");
    }
    let body = json!({"action": "terminate", "filter": {"name": ["LongTimer"]}});
    let created = create(&client, &body).expect(202).json();
    host.kill();
    host.restart();
    let client = host.client();
    let path = format!("/v1.0/jobs/{}", created["id"].as_str().unwrap());
    let job = support::eventually("the job has ended", || {
        let job = client.send("GET", &path, b"").expect(200).json();
        (job["status"] != "running").then_some(job)
    });
    assert_eq!(counts(&job), [300, 300, 0]);
    for number in 0..300 {
        assert_eq!(status(&client, &format!("long-{number}")), "TERMINATED");
    }
    // It has ended: to cancel it changes nothing.
    assert_eq!(client.send("DELETE", &path, b"").expect(200).json(), job);
}

#[test]
fn the_last_hundred_that_ended_are_kept() {
    let host = Host::start();
    let client = host.client();
    let body = json!({"action": "pause", "filter": {"idPrefix": "nobody"}});
    let first = run(&client, &body);
    for _ in 0..100 {
        run(&client, &body);
    }
    support::eventually("the first is forgotten", || {
        let path = format!("/v1.0/jobs/{}", first["id"].as_str().unwrap());
        (client.send("GET", &path, b"").status == 404).then_some(())
    });
    let jobs = client.send("GET", "/v1.0/jobs", b"").expect(200).json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 100);
}

fn terminate_all() -> Action {
    Action::Terminate { output: None, reason: None, recursive: true }
}

fn timers() -> Filter {
    Filter { workflows: vec!["LongTimer".to_owned()], ..Filter::default() }
}

#[tokio::test]
async fn a_cancelled_job_stops_and_what_is_younger_is_not_its_concern() {
    let bench = Bench::at(Timestamp(1_000_000));
    let disk = Arc::new(MemoryStore::default());
    let host = bench.host_with_patterns(disk.clone()).await;
    let handle = host.handle();
    for number in 0..500 {
        handle.start(start(&format!("{number}"), "LongTimer", "9000000")).await.unwrap();
    }
    let (id, created) = handle.create_job(terminate_all(), timers()).await.unwrap();
    assert_eq!(created.status, JobStatus::Running);
    let ended = handle.cancel_job(&id).await.unwrap();
    assert!(matches!(ended.status, JobStatus::Cancelled | JobStatus::Completed), "{ended:?}");
    assert_eq!(handle.job(&id).unwrap(), ended);
    let instances = histories::read_instances(&*disk).await;
    let terminated =
        instances.values().filter(|it| it.summary.status() == Status::Terminated).count();
    assert_eq!(terminated as u64, ended.done);
}

/// Runs a job on a store that fails as planned; returns how many writes there were.
async fn run_on_a_faulty_store(bench: &Bench, plan: Plan) -> u64 {
    let disk = Arc::new(MemoryStore::default());
    let host = bench.host_with_patterns(disk.clone()).await;
    for number in 0..6 {
        host.handle().start(start(&format!("{number}"), "LongTimer", "900000000")).await.unwrap();
    }
    eventually("all wait", async || {
        histories::read_instances(&*disk)
            .await
            .values()
            .all(|it| it.summary.status() == Status::Running)
    })
    .await;
    host.drain().await;
    drop(host);
    let faulty = Arc::new(FaultyStore::new(disk.clone(), Some(plan)));
    let mut created = None;
    if let Ok(host) = bench.host(faulty.clone()).await {
        let handle = host.handle();
        created = handle.create_job(terminate_all(), timers()).await.ok();
        eventually("the job has ended, or the store is down", async || {
            bench.clock.advance_ms(100);
            let ended = |id: &str| handle.job(id).unwrap().status == JobStatus::Completed;
            faulty.is_down() || created.as_ref().is_none_or(|(id, _)| ended(id))
        })
        .await;
    }
    let host = bench.host(disk.clone()).await.unwrap();
    let handle = host.handle();
    if let Some((id, _)) = created {
        eventually("the job has ended", async || {
            handle.job(&id).unwrap().status == JobStatus::Completed
        })
        .await;
        let record = handle.job(&id).unwrap();
        assert_eq!((record.matched, record.done), (6, 6), "{plan:?}: {record:?}");
        let instances = histories::read_instances(&*disk).await;
        let terminated = |it: &histories::Stored| it.summary.status() == Status::Terminated;
        assert!(instances.values().all(terminated), "{plan:?}");
    }
    assert_eq!(disk.instances(None, 9).await.unwrap().len(), 6);
    faulty.writes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_write_leaves_no_instance_out() {
    let bench = Bench::at(Timestamp(1_000_000));
    at_every_write(async |plan| run_on_a_faulty_store(&bench, plan).await).await;
}
