//! What activities may reach: nothing, unless the operator says so, and what is denied says how to allow
//! it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};
use support::guest::module_for_world;
use support::{Answer, Client, Failure, Host};

fn host(arguments: &[&str]) -> Host {
    let host = Host::start_with_arguments(arguments);
    let (text, world) =
        (include_str!("permissions/reach.wat"), include_str!("permissions/reach.wit"));
    host.client().upload("reach", &module_for_world(text, world));
    host
}

fn permit(client: &Client, permissions: &Value) -> Answer {
    let body = permissions.to_string();
    client.send("PUT", "/v1.0/modules/reach/permissions", body.as_bytes())
}

fn allow(client: &Client, permissions: &Value) {
    let answer = permit(client, permissions);
    answer.expect(200);
}

fn output(client: &Client, id: &str, input: &Value) -> Value {
    client.start("reach", id, &input.to_string());
    client.output_of(id)
}

fn failure(client: &Client, id: &str, input: &Value) -> Failure {
    client.start("reach", id, &input.to_string());
    client.failure_of(id)
}

/// Serves HTTP on a free port, and returns it. Everybody gets 204.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
        }
    });
    port
}

#[test]
fn nothing_is_reached_unless_it_is_allowed() {
    let host = host(&[]);
    let (client, port) = (host.client(), server());
    let address = format!("localhost:{port}");
    let Failure { error_type, message, .. } = failure(&client, "denied", &json!(address));
    assert_eq!(error_type, "no-answer");
    for part in [&address, "PUT /v1.0/modules/reach/permissions", "\"network\""] {
        assert!(message.contains(part), "{message}");
    }
    for allowed in [json!(["localhost:1"]), json!([format!("127.0.0.1:{port}")])] {
        allow(&client, &json!({ "network": allowed }));
        failure(&client, "denied", &json!(address));
    }
    for allowed in [address.clone(), "localhost:*".to_owned(), "*:*".to_owned()] {
        allow(&client, &json!({ "network": [allowed] }));
        assert_eq!(output(&client, "allowed", &json!(address)), json!(204));
    }
    // Without them it is as before.
    allow(&client, &json!({}));
    failure(&client, "denied", &json!(address));
}

#[test]
fn a_module_sees_only_its_own_variables_and_secrets() {
    let secrets = tempfile::tempdir().unwrap();
    fs::write(secrets.path().join("ANSWER"), "42\n").unwrap();
    let host = host(&["--secrets-dir", secrets.path().to_str().unwrap()]);
    let client = host.client();
    assert_eq!(output(&client, "none", &json!(0)), Value::Null);
    allow(&client, &json!({ "environment": { "A": "7" }, "secrets": ["ANSWER"] }));
    assert_eq!(output(&client, "first", &json!(0)), json!(7));
    assert_eq!(output(&client, "second", &json!(1)), json!(42));
    assert_eq!(output(&client, "third", &json!(2)), Value::Null);
    let shown = client.send("GET", "/v1.0/modules/reach/permissions", b"").expect(200).json();
    let stated = json!({ "network": [], "environment": { "A": "7" }, "secrets": ["ANSWER"] });
    assert_eq!(shown, stated, "a secret's value is not shown");
    // A secret may be renewed while the host runs. This one is in no time and no address.
    fs::write(secrets.path().join("ANSWER"), "618033988749").unwrap();
    assert_eq!(output(&client, "renewed", &json!(1)), json!(618_033_988_749_u64));
    fs::remove_file(secrets.path().join("ANSWER")).unwrap();
    let Failure { error_type, message, .. } = failure(&client, "gone", &json!(1));
    assert_eq!(error_type, "secret-missing");
    assert!(message.contains("ANSWER") && message.contains("no file"), "{message}");
    assert!(!host.log().iter().any(|line| line.contains("618033988749")), "no value is logged");
}

#[test]
fn permissions_outlive_the_host_and_an_upload() {
    let mut host = host(&[]);
    let client = host.client();
    allow(&client, &json!({ "environment": { "A": "7" } }));
    host.kill();
    host.restart();
    let client = host.client();
    assert_eq!(output(&client, "kept", &json!(0)), json!(7));
    let (text, world) =
        (include_str!("permissions/reach.wat"), include_str!("permissions/reach.wit"));
    let other = text.replace("the request came to nothing", "the request came to naught!");
    client.upload("reach", &module_for_world(&other, world));
    assert_eq!(output(&client, "uploaded", &json!(0)), json!(7));
    client.send("DELETE", "/v1.0/modules/reach", b"").expect(204);
    client.upload("reach", &module_for_world(text, world));
    assert_eq!(output(&client, "deleted", &json!(0)), Value::Null, "gone with the module");
}

#[test]
fn secrets_need_a_folder() {
    let host = host(&[]);
    let client = host.client();
    allow(&client, &json!({ "secrets": ["KEY"] }));
    let Failure { error_type, message, .. } = failure(&client, "it", &json!(0));
    assert_eq!(error_type, "secret-missing");
    assert!(message.contains("--secrets-dir"), "{message}");
}

#[test]
fn permissions_that_make_no_sense_are_refused_and_change_nothing() {
    let host = host(&[]);
    let client = host.client();
    allow(&client, &json!({ "environment": { "A": "7" } }));
    for (permissions, named) in [
        (json!({ "network": ["example.com"] }), "example.com"),
        (json!({ "network": ["http://example.com:80"] }), "host:port"),
        (json!({ "environment": { "A=B": "" } }), "A=B"),
        (json!({ "environment": { "A": "\0" } }), "NUL"),
        (json!({ "secrets": ["../../etc/passwd"] }), "../../etc/passwd"),
        (json!({ "environment": { "A": "" }, "secrets": ["A"] }), "twice"),
    ] {
        let answer = permit(&client, &permissions);
        let message = answer.expect_error(400, "ERR_MODULE_PERMISSIONS_INVALID");
        assert!(message.contains(named), "{message}");
    }
    for body in ["", "[]", "{\"network\":1}", "{\"files\":[]}", "{", "\u{0}"] {
        let answer = client.send("PUT", "/v1.0/modules/reach/permissions", body.as_bytes());
        answer.expect_error(400, "ERR_MALFORMED_REQUEST");
    }
    assert_eq!(output(&client, "kept", &json!(0)), json!(7));
    let nobody = client.send("PUT", "/v1.0/modules/nobody/permissions", b"{}");
    nobody.expect_error(404, "ERR_MODULE_NOT_FOUND");
}
