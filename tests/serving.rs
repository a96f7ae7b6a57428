//! What an operator may rely on when a host is started and stopped: who may use it, what it writes to
//! its log, and how it ends.

use std::fs;
use std::net::TcpListener;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use support::host::binary;
use support::wire::{self, Wire};
use support::{Host, HostOptions, module};

fn with_arguments(arguments: &[&str]) -> HostOptions {
    let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    HostOptions { arguments, ..HostOptions::default() }
}

/// Runs a host that can't come up, and returns how it ended.
fn refused(arguments: &[&str]) -> String {
    let ended = binary().arg("serve").args(arguments).stdin(Stdio::null()).output().unwrap();
    let Output { status, stdout, stderr } = ended;
    let log = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(stdout.is_empty() && !log.contains("panicked"), "{log}");
    log
}

#[test]
fn every_setting_can_be_a_variable() {
    let environment = vec![("REWEFT_API_TOKEN".to_owned(), "secret".to_owned())];
    let host = Host::start_with(HostOptions {
        by_environment: true,
        environment,
        ..HostOptions::default()
    });
    assert!(host.data_dir().join("reweft.redb").exists());
    assert_eq!(
        host.client().send("GET", "/v1.0/modules", b"").expect(401).body,
        "invalid api token"
    );
}

#[test]
fn a_token_lets_in_and_nothing_else_does() {
    let host = Host::start_with(with_arguments(&["--api-token", "secret"]));
    let address = host.client().address().to_owned();
    let get = |path: &str, header: &str| {
        wire::status(&wire::request(&address, "GET", path, &["host: localhost", header], b""))
    };
    assert_eq!(get("/v1.0/modules", "dapr-api-token: secret"), Some(200));
    for wrong in ["x: y", "dapr-api-token: secre", "authorization: Bearer secret"] {
        assert_eq!(get("/v1.0/modules", wrong), Some(401), "{wrong}");
    }
    assert_eq!(get("/v1.0/healthz", "x: y"), Some(204), "whoever asks may know that it is there");
}

#[test]
fn a_page_of_somebody_else_gets_nothing() {
    let host = Host::start();
    let address = host.client().address().to_owned();
    let get = |headers: &[&str]| {
        wire::status(&wire::request(&address, "GET", "/v1.0/modules", headers, b""))
    };
    let own = format!("host: {address}");
    assert_eq!(get(&[&own, &format!("origin: http://{address}")]), Some(200));
    assert_eq!(get(&[&own, "origin: http://example.org"]), Some(403));
    assert_eq!(get(&["host: example.org"]), Some(403), "a name that was made to lead here");
}

#[test]
fn a_second_host_on_the_same_directory_is_refused() {
    let mut host = Host::start();
    let data_dir = host.data_dir().to_str().unwrap().to_owned();
    let log = refused(&["--listen", "127.0.0.1:0", "--data-dir", &data_dir]);
    assert!(log.contains(&data_dir) && log.contains("in use by another host"), "{log}");
    host.client().send("GET", "/v1.0/healthz", b"").expect(204);
    host.kill();
    host.restart();
}

#[test]
fn what_it_can_not_use_is_said_and_left_alone() {
    let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = somebody.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().to_str().unwrap();
    let log = refused(&["--listen", &taken, "--data-dir", data_dir]);
    assert!(log.contains(&taken), "{log}");

    let log = refused(&["--listen", "0.0.0.0:0", "--data-dir", data_dir]);
    assert!(log.contains("--api-token") && log.contains("--allow-unauthenticated"), "{log}");
    let log = refused(&["--listen", "127.0.0.1:0", "--data-dir", data_dir, "--api-token", ""]);
    assert!(log.contains("token is empty"), "{log}");

    let file = directory.path().join("reweft.redb");
    let content = "a letter to somebody".repeat(1_000);
    fs::write(&file, &content).unwrap();
    let log = refused(&["--listen", "127.0.0.1:0", "--data-dir", data_dir]);
    assert!(log.contains("reweft.redb"), "{log}");
    assert_eq!(fs::read_to_string(&file).unwrap(), content);
    let log = refused(&["--listen", "127.0.0.1:0", "--data-dir", file.to_str().unwrap()]);
    assert!(log.contains("can't be made"), "{log}");
}

#[test]
fn every_line_of_the_log_is_an_object() {
    let mut host = Host::start();
    let client = host.client();
    client.upload("orders", &module("orders"));
    client.start(
        "OrderProcessingWorkflow",
        "logged",
        r#"{"name":"cars","quantity":1,"totalCost":1}"#,
    );
    client.wait_for("logged", "COMPLETED");
    let (ended, log) = host.stop();
    assert!(ended.success());
    let lines: Vec<Value> = log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
    let said = |text: &str| lines.iter().filter(|line| line["fields"]["message"] == text).count();
    for text in ["listening", "closing", "closed"] {
        assert_eq!(said(text), 1, "{text}");
    }
    let of_guests: Vec<_> = lines.iter().filter(|line| line["target"] == "guest").collect();
    assert!(!of_guests.is_empty());
    for line in of_guests {
        assert_eq!(line["fields"]["instance"], "logged", "{line}");
    }
}

#[test]
fn the_log_holds_what_is_asked_for() {
    let environment = vec![("RUST_LOG".to_owned(), "warn,reweft::serve=info".to_owned())];
    let mut host = Host::start_with(HostOptions { environment, ..HostOptions::default() });
    let (_, log) = host.stop();
    assert!(log.iter().all(|line| line.contains("reweft::serve")), "{log:#?}");
}

#[test]
fn l1_what_a_workflow_logs_is_logged_once() {
    let mut host = Host::with_patterns(&[]);
    host.client().start(
        "PollingMonitor",
        "once",
        r#"{"succeedAfter":9,"intervalMs":1,"maxPolls":2}"#,
    );
    host.client().output_of("once");
    host.client().start("EventCollector", "again", r#"{"name":"go","count":3}"#);
    let mut log = Vec::new();
    for number in 0..3 {
        host.client().raise("again", "go", &number.to_string());
        host.client().wait_for_custom_status("again", &format!("{} of 3", number + 1));
        let (ended, lines) = host.stop();
        assert!(ended.success());
        log.extend(lines);
        host.restart();
    }
    host.client().output_of("again");
    for number in 1..=3 {
        let text = format!("event {number} of 3");
        let logged = log.iter().filter(|line| line.contains(&text)).count();
        assert_eq!(logged, 1, "{text}: {log:#?}");
    }
}

#[test]
fn told_to_stop_it_answers_what_is_under_way_and_records_what_has_ended() {
    for signal in ["TERM", "INT"] {
        let mut host = Host::start();
        let client = host.client();
        client.upload("patterns", &module("patterns"));
        client.start("SpinsInActivity", "ends", "300");
        let mut under_way = Wire::connect(client.address()).unwrap();
        let head = "POST /v1.0/workflows/dapr/LongTimer/start?instanceID=late HTTP/1.1\r\n\
                    host: localhost\r\ncontent-length: 7\r\nexpect: 100-continue\r\n\r\n";
        assert!(under_way.send(head.as_bytes()));
        under_way.wait_for("100 Continue\r\n\r\n");
        assert!(under_way.send(b"360"));
        host.signal(signal);
        support::eventually("nobody is let in any more", || {
            Wire::connect(client.address()).is_none().then_some(())
        });
        assert!(under_way.send(b"0000"));
        let answer = under_way.receive();
        assert_eq!(wire::status(&answer), Some(202), "{answer}");
        let (ended, log) = host.wait();
        assert!(ended.success(), "{log:#?}");
        assert!(!log.iter().any(|line| line.contains("ERROR")), "{log:#?}");
        host.restart();
        let ends = host.client().get("ends");
        assert_eq!(
            ends["runtimeStatus"], "FAILED",
            "its activity had ended before the host: {ends}"
        );
        host.client().wait_for("late", "RUNNING");
    }
}

#[test]
fn n1_stopped_or_killed_everything_is_there_again() {
    let mut host = Host::with_patterns(&[]);
    let wait = json!({ "name": "go", "timeoutMs": 3_600_000 }).to_string();
    host.client().start("EventWithTimeout", "waits", &wait);
    host.client().start("Chaining", "done", "3");
    host.client().output_of("done");
    let before = ["waits", "done"].map(|id| host.client().get(id));
    for kill in [false, true, false] {
        if kill {
            host.kill();
        } else {
            assert!(host.stop().0.success());
        }
        host.restart();
        assert_eq!(["waits", "done"].map(|id| host.client().get(id)), before);
    }
    host.client().raise("waits", "go", "1");
    assert_eq!(host.client().output_of("waits"), json!({ "received": 1 }));
}

/// The names of the threads of a process, with the processors that each may run on.
#[cfg(target_os = "linux")]
fn threads(process: u32) -> Vec<(String, String)> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    // One may have ended meanwhile.
    tasks.filter_map(|task| of_status(&task.path().join("status"))).collect()
}

#[cfg(target_os = "linux")]
fn of_status(path: &std::path::Path) -> Option<(String, String)> {
    let status = fs::read_to_string(path).ok()?;
    let field = |name| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Some((field("Name:")?.to_owned(), field("Cpus_allowed_list:")?.to_owned()))
}

#[cfg(target_os = "linux")]
#[test]
fn each_worker_has_a_processor_of_its_own_and_every_other_thread_has_them_all() {
    let (_, all) = of_status("/proc/self/status".as_ref()).unwrap();
    let processors: usize = all
        .split(',')
        .map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            last.parse::<usize>().unwrap() - first.parse::<usize>().unwrap() + 1
        })
        .sum();
    let meant = std::thread::available_parallelism().unwrap().get();
    if processors == 1 || processors != meant {
        println!("of {processors} processors {meant} are meant to be used: they are shared");
        return;
    }
    let host = Host::start();
    let digest = host.client().upload("patterns", &module("patterns"))["digest"].clone();
    host.wait_until_compiled(digest.as_str().unwrap());
    // A thread that has just been made is still where the one is that made it.
    support::eventually("all threads are where they belong", || {
        let (mut alone, shared): (Vec<_>, Vec<_>) =
            threads(host.process_id()).into_iter().partition(|(_, on)| on.parse::<u32>().is_ok());
        let count = alone.len();
        alone.sort();
        alone.dedup();
        let each_its_own = count == processors && alone.len() == processors;
        let are_workers = alone.iter().all(|(name, _)| name == "reweft-worker");
        let compiling = shared.iter().filter(|(name, _)| name == "reweft-compile").count();
        let have_all = shared.iter().all(|(_, on)| *on == all);
        (each_its_own && are_workers && compiling == processors / 2 && have_all).then_some(())
    });
}
