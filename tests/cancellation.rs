//! Activities that are told to stop, and do; heartbeats, limits and progress.

use serde_json::json;
use support::{Host, HostOptions, module};

fn logged(host: &Host, text: &str) {
    support::eventually(text, || host.log().iter().any(|line| line.contains(text)).then_some(()));
}

#[test]
fn e24_an_attempt_goes_on_where_the_last_one_was_stopped() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Heartbeats", "counts", r#"{"to":10,"failHalfway":true}"#);
    assert_eq!(client.output_of("counts"), json!({ "from": 6, "to": 10 }));
}

#[test]
fn e24_silence_for_too_long_fails_the_attempt_and_its_progress_is_handed_on() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("HeartbeatTimeout", "twice", r#"{"heartbeatTimeoutMs":100,"maxAttempts":2}"#);
    assert_eq!(client.output_of("twice"), "about to hang");
    client.start("HeartbeatTimeout", "once", r#"{"heartbeatTimeoutMs":100,"maxAttempts":1}"#);
    assert_eq!(client.failure_of("once").error_type, "heartbeat-timeout");
}

#[test]
fn a_lost_race_tells_the_activity_to_stop() {
    let host = Host::with_patterns(&["--cancel-grace-ms", "60000"]);
    let client = host.client();
    client.start("CancelsActivity", "cancels", "100");
    assert_eq!(client.output_of("cancels"), json!(true));
    logged(&host, "cancelled after");
}

#[test]
fn j1_terminate_tells_the_activity_to_stop() {
    let host = Host::with_patterns(&["--cancel-grace-ms", "60000"]);
    let client = host.client();
    client.start("CancelsActivity", "stopped", "3600000");
    client.act("stopped", "terminate", "").expect(202);
    assert_eq!(client.get("stopped")["runtimeStatus"], "TERMINATED");
    logged(&host, "cancelled after");
}

#[test]
fn an_activity_that_does_not_listen_is_interrupted() {
    // One at a time: the next one runs only when the one before has been interrupted.
    let host = Host::with_patterns(&["--cancel-grace-ms", "50", "--activities-max", "1"]);
    let client = host.client();
    client.start("SpinsInActivity", "deaf", "");
    client.act("deaf", "terminate", "").expect(202);
    client.start("Chaining", "after", "3");
    assert_eq!(client.output_of("after"), json!(3));
}

#[test]
fn e16_no_more_run_at_once_than_allowed() {
    let host = Host::with_patterns(&["--activities-max", "2"]);
    let client = host.client();
    client.start("FanOutFanIn", "many", "50");
    assert_eq!(client.output_of("many"), json!((1..=50).map(|n| n * n).sum::<u64>()));
}

#[test]
fn e25_told_to_stop_a_host_ends_though_an_activity_does_not() {
    let mut host = Host::with_patterns(&[]);
    host.client().start("SpinsInActivity", "deaf", "");
    let (ended, log) = host.stop();
    assert!(ended.success());
    assert!(log.iter().any(|line| line.contains("took too long to end")), "{log:#?}");
    host.restart();
    host.client().wait_for("deaf", "RUNNING");
}

#[test]
fn l12_a_history_that_is_too_long_stalls_until_the_limit_is_raised() {
    let arguments = ["--history-events-max", "12"].map(str::to_owned).to_vec();
    let mut host = Host::start_with(HostOptions { arguments, ..HostOptions::default() });
    host.client().upload("patterns", &module("patterns"));
    host.client().start("Chaining", "short", "3");
    assert_eq!(host.client().output_of("short"), json!(3));
    host.client().start("Chaining", "long", "30");
    let stalled = host.client().wait_for("long", "STALLED");
    assert_eq!(stalled["stalled"]["reason"], "limit-exceeded");
    assert!(host.stop().0.success());
    host.restart_with(&["--history-events-max", "1000"]);
    assert_eq!(host.client().output_of("long"), json!(30));
}

#[test]
fn what_is_too_large_or_too_many_fails_with_a_word() {
    let host = Host::with_patterns(&["--payload-bytes-max", "1000", "--tasks-max", "20"]);
    let client = host.client();
    client.start("FanOutFanIn", "few", "20");
    assert_eq!(client.output_of("few"), json!(2870));
    client.start("FanOutFanIn", "many", "21");
    assert_eq!(client.failure_of("many").error_type, "limit-exceeded");
    client.start("EventCollector", "large", r#"{"name":"go","count":1}"#);
    client.raise("large", "go", &json!("x".repeat(2_000)).to_string());
    assert_eq!(
        client.failure_of("large").error_type,
        "limit-exceeded",
        "its output is the event's payload"
    );
}
