//! WebAssembly written by hand: the smallest guests there are.

use serde_json::json;
use support::{Failure, Host};

use super::module_of;
use crate::histories::replay_all;

#[test]
fn wat() {
    let modules = ["hello", "guest", "poll"].map(|kind| module_of(kind, "wat"));
    let [Some(hello), Some(guest), Some(poll)] = modules else { return };
    let mut host = Host::sharing_compiled_modules(&[]);
    let client = host.client();
    for (name, module) in [("hello", hello), ("guest", guest), ("poll", poll)] {
        client.upload(name, &module);
    }
    client.start("wat.hello", "hello", "null");
    assert_eq!(client.output_of("hello"), json!("hello"));
    client.start("wat.poll", "poll", "null");
    assert_eq!(client.output_of("poll"), json!([0]), "of 50 ms and an hour");
    client.start("wat.sleep", "sleep", "20");
    assert!(client.output_of("sleep").as_u64().unwrap() >= 20);
    client.start("wat.echo", "echo", "{\"a\":[1]}");
    assert_eq!(client.output_of("echo"), json!({ "a": [1] }));

    client.start("wat.fail", "fail", "null");
    let Failure { error_type, message, stack_trace: stack } = client.failure_of("fail");
    assert_eq!((error_type.as_str(), message.as_str()), ("by-hand", "it was asked to fail"));
    assert!(stack.contains("at fail_by_hand"), "{stack}");
    client.start("wat.throw", "throw", "null");
    let Failure { error_type, message, stack_trace: stack } = client.failure_of("throw");
    assert_eq!(error_type, "trap");
    assert!(message.contains("unreachable"), "{message}");
    assert!(stack.contains("explode"), "a trap comes with the guest's stack: {stack}");

    client.start("wat.wait", "wait", "null");
    host.kill();
    host.restart();
    let client = host.client();
    client.raise("wait", "Go", "7");
    assert_eq!(client.output_of("wait"), json!(7));
    replay_all(&mut host);
}
