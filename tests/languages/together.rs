//! Modules of several languages on one host: each calls activities and children of another.

use serde_json::json;
use support::Host;

use super::{LANGUAGES, module_of};

/// Returns a host with the guests of all languages, and which those are.
fn host() -> (Host, Vec<&'static str>) {
    let host = Host::sharing_compiled_modules(&[]);
    let mut there = Vec::new();
    for language in LANGUAGES {
        if let Some(module) = module_of("guest", language) {
            host.client().upload(&format!("guest-{language}"), &module);
            there.push(language);
        }
    }
    (host, there)
}

#[test]
fn a_workflow_calls_activities_and_children_of_other_languages() {
    let (host, there) = host();
    let client = host.client();
    let payload = json!({ "text": "ä", "numbers": [1, 2.5] });
    for (position, caller) in there.iter().enumerate() {
        let callee = there[(position + 1) % there.len()];
        let input = json!({
            "activity": format!("guest-{callee}/echo"),
            "child": format!("{callee}.echo"),
            "input": payload,
        });
        client.start(&format!("{caller}.call"), caller, &input.to_string());
    }
    for caller in there {
        let both = json!({ "activity": payload, "child": payload });
        assert_eq!(client.output_of(caller), both, "{caller}");
    }
}

#[test]
fn a_failure_crosses_from_one_language_to_another() {
    let (host, there) = host();
    let client = host.client();
    for (position, caller) in there.iter().enumerate() {
        let callee = there[(position + 1) % there.len()];
        let input = json!({
            "activity": format!("guest-{callee}/explode"),
            "child": format!("{callee}.echo"),
            "input": "why",
        });
        client.start(&format!("{caller}.call"), caller, &input.to_string());
    }
    for caller in there {
        let message = client.failure_of(caller).message;
        assert!(message.contains("boom: why"), "{caller}: {message}");
    }
}
