//! Components that other tools make of JavaScript, from the contract alone: componentize-js.

use serde_json::json;
use support::{Failure, Host};

use super::module_of;
use crate::histories::replay_all;

#[test]
fn starlingmonkey() {
    let modules = ["starlingmonkey", "js"].map(|language| module_of("guest", language));
    let [Some(starlingmonkey), Some(js)] = modules else { return };
    let mut host = Host::sharing_compiled_modules(&[]);
    let client = host.client();
    client.upload("guest-js", &js);
    client.upload("starlingmonkey", &starlingmonkey);

    client.start("starlingmonkey.mixed", "mixed", "{\"a\":1}");
    client.start("starlingmonkey.mixed", "other", "2");
    let (mixed, other) = (client.output_of("mixed"), client.output_of("other"));
    assert_eq!((&mixed["input"], &other["input"]), (&json!({ "a": 1 }), &json!(2)));
    assert_eq!((&mixed["slept"], &mixed["said"]), (&json!("slept"), &json!("hello")));
    assert!(mixed["passed"].as_u64().unwrap() >= 30, "{mixed}");
    for random in 0..2 {
        assert_ne!(mixed["random"][random], other["random"][random], "frozen at the build");
    }
    let kinds = client.kinds("mixed");
    assert!(kinds.contains(&"TimerFired".to_owned()), "a timeout is durable: {kinds:?}");

    client.start("starlingmonkey.refuse", "refuse", "\"not today\"");
    let Failure { error_type, message, .. } = client.failure_of("refuse");
    assert_eq!((error_type.as_str(), message.as_str()), ("refused", "not today"));
    client.start("starlingmonkey.throw", "throw", "\"really\"");
    let Failure { error_type, message, stack_trace: stack } = client.failure_of("throw");
    // Without a payload there is nothing that its bindings could return.
    assert_eq!(error_type, "trap");
    assert!(stack.contains("initializer.js"), "what it printed is told: {message}\n{stack}");

    client.start("starlingmonkey.wait", "wait", "null");
    host.kill();
    host.restart();
    let client = host.client();
    client.raise("wait", "Go", "7");
    assert_eq!(client.output_of("wait"), json!(7));
    replay_all(&mut host);
}
