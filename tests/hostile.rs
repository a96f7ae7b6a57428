//! Bad input is normal: whatever a client or a guest does, the host answers, goes on, and loses
//! nothing.

mod guests;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::json;
use support::wire::{Wire, request, status};
use support::{Client, Host, module};

const LOCAL: &str = "host: localhost";

/// The host is as it should be: it runs workflows, and has no instances but these.
fn is_well(client: &Client, known: &[&str]) {
    for &id in known {
        client.send("GET", &format!("/v1.0/workflows/dapr/{id}"), b"").expect(200);
    }
    client.act("well", "purge", "");
    client.start("Chaining", "well", "2");
    assert_eq!(client.output_of("well"), json!(2));
}

#[test]
fn bytes_at_random_are_answered_or_cut_off() {
    let mut random = ChaCha8Rng::seed_from_u64(support::seed());
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "live", r#"{"name":"go","timeoutMs":3600000}"#);
    let requests: [&[u8]; 4] = [
        b"GET /v1.0/workflows/dapr/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        b"POST /v1.0/workflows/dapr/live/raiseEvent/x HTTP/1.1\r\nhost: localhost\r\n\
          connection: close\r\ncontent-length: 4\r\n\r\nnull",
        b"PUT /v1.0/modules/m HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
          transfer-encoding: chunked\r\n\r\n4\r\n\0asm\r\n0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\x05\0\0\0\x01\x82",
    ];
    for round in 0..400 {
        let mut bytes = match round % 5 {
            4 => (0..random.next_u32() % 2_000).map(|_| random.next_u32() as u8).collect(),
            kind => requests[kind].to_vec(),
        };
        for _ in 0..random.next_u32() % 4 {
            let position = random.next_u32() as usize % bytes.len().max(1);
            match random.next_u32() % 3 {
                0 => bytes.insert(position.min(bytes.len()), random.next_u32() as u8),
                1 => bytes.truncate(position),
                _ if position < bytes.len() => bytes[position] = random.next_u32() as u8,
                _ => {}
            }
        }
        let mut wire = Wire::connect(client.address()).unwrap();
        wire.send(&bytes);
        wire.end();
        wire.receive();
    }
    client.wait_for("live", "RUNNING");
    is_well(&client, &["live"]);
    let (ended, log) = host.stop();
    assert!(ended.success());
    assert!(!log.iter().any(|line| line.contains("panicked")), "{log:#?}");
}

#[test]
fn heads_have_limits() {
    let host = Host::with_patterns(&[]);
    let address = host.client().address().to_owned();
    let get = |path: &str, headers: &[&str]| status(&request(&address, "GET", path, headers, b""));
    let large = format!("x: {}", "y".repeat(70_000));
    assert_eq!(get("/v1.0/modules", &[LOCAL, &large]), Some(431));
    let many: Vec<_> = (0..150).map(|number| format!("x-{number}: y")).collect();
    let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
    many.push(LOCAL);
    assert_eq!(get("/v1.0/modules", &many), Some(431));
    let long = format!("/v1.0/workflows/dapr/{}", "x".repeat(60_000));
    assert_eq!(get(&long, &[LOCAL]), Some(404));
    is_well(&host.client(), &[]);
}

#[test]
fn paths_may_hold_anything() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let send = |method: &str, path: &str| request(client.address(), method, path, &[LOCAL], b"");
    for (method, path, code) in [
        ("GET", "/v1.0/workflows/dapr/%FF", 400),
        ("GET", "/v1.0/workflows/dapr/%00", 404),
        ("GET", "/v1.0/workflows/dapr/a%2Fb", 404),
        ("GET", "/v1.0/workflows/dapr/..%2F..%2Fetc%2Fpasswd", 404),
        ("GET", "/v1.0/workflows/dapr/%", 404),
        ("GET", "/v1.0/workflows//x", 404),
        ("GET", "/v1.0/workflows/dapr/", 404),
        ("GET", "/v2.0/workflows/dapr/x", 404),
        ("GET", "/", 404),
        ("GET", "//", 404),
        ("DELETE", "/v1.0/workflows/dapr/x", 405),
        ("BREW", "/v1.0/modules", 405),
        ("PUT", "/v1.0/modules/a%2Fb", 400),
        ("POST", "/v1.0/workflows/dapr/LongTimer/start?instanceID=%FF", 400),
        ("POST", "/v1.0/workflows/dapr/LongTimer/start?instanceID=a&instanceID=b%00", 400),
    ] {
        let answer = send(method, path);
        assert_eq!(status(&answer), Some(code), "{method} {path}: {answer}");
        assert!(answer.contains("\"errorCode\":\"ERR_"), "{method} {path}: {answer}");
    }
    is_well(&client, &[]);
}

#[test]
fn bodies_have_limits() {
    let host = Host::with_patterns(&[
        "--body-bytes-max",
        "1000",
        "--module-bytes-max",
        "1000000",
        "--body-seconds-max",
        "1",
    ]);
    let client = host.client();
    let path = "/v1.0/workflows/dapr/EventWithTimeout/start?instanceID=body";
    let refused = client.send("POST", path, &[b'x'; 1_001]);
    let message = refused.expect_error(400, "ERR_BODY_READ");
    assert!(message.contains("1000") && message.contains("limit"), "{message}");
    client.send("POST", path, b"\"\xff\"").expect_error(400, "ERR_BODY_READ");
    client
        .send("PUT", "/v1.0/modules/m", &[0; 1_000_001])
        .expect_error(413, "ERR_MODULE_TOO_LARGE");
    // Without a length, and without an end.
    let mut wire = Wire::connect(client.address()).unwrap();
    wire.send(
        format!("POST {path} HTTP/1.1\r\n{LOCAL}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n")
            .as_bytes(),
    );
    for _ in 0..2_000 {
        if !wire.send(b"400\r\n") || !wire.send(&[b'x'; 1_024]) || !wire.send(b"\r\n") {
            break;
        }
    }
    wire.send(b"0\r\n\r\n");
    assert_eq!(status(&wire.receive()), Some(400));
    // Slower than is allowed.
    let mut wire = Wire::connect(client.address()).unwrap();
    wire.send(
        format!(
            "POST {path} HTTP/1.1\r\n{LOCAL}\r\nconnection: close\r\ncontent-length: 9\r\n\r\n12345"
        )
        .as_bytes(),
    );
    let answer = wire.receive();
    assert!(status(&answer) == Some(400) && answer.contains("within 1 s"), "{answer}");
    client.send("GET", "/v1.0/workflows/dapr/body", b"").expect(404);
    is_well(&client, &[]);
}

#[test]
fn a_client_that_goes_away_leaves_nothing_behind() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let bytes = module("orders");
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        let mut wire = Wire::connect(client.address()).unwrap();
        let head = format!(
            "PUT /v1.0/modules/orders HTTP/1.1\r\n{LOCAL}\r\ncontent-length: {}\r\n\r\n",
            bytes.len()
        );
        wire.send(head.as_bytes());
        wire.send(&bytes[..cut]);
        drop(wire);
    }
    is_well(&client, &[]);
    client.send("GET", "/v1.0/modules/orders", b"").expect(404);
}

#[test]
fn connections_that_say_nothing_keep_nobody_out() {
    let host = Host::with_patterns(&["--connections-max", "600"]);
    let client = host.client();
    let silent: Vec<_> = (0..500).map(|_| Wire::connect(client.address()).unwrap()).collect();
    is_well(&client, &[]);
    drop(silent);
}

#[test]
fn more_connections_than_allowed_wait_for_their_turn() {
    let host = Host::with_patterns(&["--connections-max", "3"]);
    let address = host.client().address().to_owned();
    let mut silent: Vec<_> = (0..3).map(|_| Wire::connect(&address).unwrap()).collect();
    let waiting =
        std::thread::spawn(move || request(&address, "GET", "/v1.0/healthz", &[LOCAL], b""));
    silent.pop();
    silent.pop();
    assert_eq!(status(&waiting.join().unwrap()), Some(204));
}

#[test]
fn json_that_is_deep_or_of_another_kind_is_refused() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("EventWithTimeout", "live", r#"{"name":"go","timeoutMs":3600000}"#);
    let deep = "[".repeat(100_000);
    for body in [deep.as_str(), "{", "\"", "nul", "1 2", "{\"a\":}"] {
        for action in ["pause", "resume", "terminate", "purge", "migrate"] {
            client.act("live", action, body).expect_error(400, "ERR_MALFORMED_REQUEST");
        }
    }
    client.wait_for("live", "RUNNING");
    // As a payload it is nobody's business but the workflow's.
    client.raise("live", "other", &deep);
    client.raise("live", "go", &deep);
    assert_eq!(
        client.wait_for("live", "FAILED")["properties"]["dapr.workflow.failure.error_type"],
        "invalid-event"
    );
    is_well(&client, &["live"]);
}
