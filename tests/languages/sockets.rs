//! Sockets, through a language that has them: an activity connects to where its module may, and nowhere
//! else.

use std::io::Write;
use std::net::TcpListener;

use serde_json::{Value, json};
use support::{Client, Host};

use super::module_of;

/// Serves on a free port, and returns it. Everybody is greeted.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A guest that may not connect is gone before it is greeted.
            let _ = stream.unwrap().write_all(b"hello");
        }
    });
    port
}

fn start(client: &Client, id: &str, address: &Value) {
    let call = json!({ "activity": "guest/receive", "child": "python.echo", "input": address });
    client.start("python.call", id, &call.to_string());
}

fn allow(client: &Client, destinations: &[String]) {
    let body = json!({ "network": destinations }).to_string();
    client.send("PUT", "/v1.0/modules/guest/permissions", body.as_bytes()).expect(200);
}

#[test]
fn an_activity_connects_to_where_its_module_may() {
    let Some(module) = module_of("guest", "python") else { return };
    let host = Host::sharing_compiled_modules(&[]);
    let (client, port) = (host.client(), server());
    client.upload("guest", &module);
    let (by_address, by_name) = (json!(["127.0.0.1", port]), json!(["localhost", port]));

    start(&client, "denied", &by_address);
    let message = client.failure_of("denied").message;
    assert!(message.contains(&format!("127.0.0.1:{port}")), "{message}");
    assert!(message.contains("PUT /v1.0/modules/guest/permissions"), "{message}");
    start(&client, "unknown", &by_name);
    let message = client.failure_of("unknown").message;
    assert!(message.contains("localhost:*"), "a name may not be looked up either: {message}");

    allow(&client, &[format!("127.0.0.1:{port}")]);
    start(&client, "address", &by_address);
    assert_eq!(client.output_of("address")["activity"], "hello");
    allow(&client, &[format!("localhost:{port}")]);
    for (id, address) in [("name", by_name), ("address-of-a-name", by_address.clone())] {
        start(&client, id, &address);
        assert_eq!(client.output_of(id)["activity"], "hello");
    }
    allow(&client, &["127.0.0.1:1".to_owned(), "example.com:*".to_owned()]);
    start(&client, "elsewhere", &by_address);
    client.failure_of("elsewhere");
}
