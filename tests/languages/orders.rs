//! The order example in every language: what it does is what the Rust one does, event by event.

use serde_json::{Value, json};
use support::{Client, Host};

use super::module_of;
use crate::histories::replay_all;

/// What the example is asked, and the answer that its manager gives.
fn cases() -> Vec<(&'static str, &'static str, Value, Option<Value>)> {
    let order = |name: &str, quantity: u32, cost: f64| json!({ "name": name, "quantity": quantity, "totalCost": cost });
    let impatient =
        json!({ "name": "cars", "quantity": 1, "totalCost": 7500.0, "approvalTimeoutMs": 50 });
    let inquiry = |suppliers: &[&str], timeout_ms: u64| json!({ "item": "cars", "suppliers": suppliers, "timeoutMs": timeout_ms });
    let (processing, offers) = ("OrderProcessingWorkflow", "BestOfferWorkflow");
    vec![
        ("cheap", processing, order("paperclips", 100, 20.5), None),
        ("scarce", processing, order("cars", 11, 1.0), None),
        ("approved", processing, order("cars", 1, 7500.0), Some(json!({ "approved": true }))),
        ("bare", processing, order("cars", 1, 7500.0), Some(json!(true))),
        ("rejected", processing, order("cars", 2, 7500.0), Some(json!({ "approved": false }))),
        ("unanswered", processing, impatient, None),
        ("declined", processing, order("cars", 10, 1_000_001.0), Some(json!(true))),
        ("offers", offers, inquiry(&["north", "south", "mars", "east"], 60_000), None),
        ("silence", offers, inquiry(&["west", "north"], 2_000), None),
        ("nonsense", processing, json!({ "name": 5 }), None),
    ]
}

fn start(client: &Client) {
    for (id, workflow, input, _) in cases() {
        client.start(workflow, id, &input.to_string());
    }
}

fn answer(client: &Client) {
    for (id, _, _, approval) in cases() {
        if let Some(approval) = approval {
            client.wait_for_custom_status(id, "waiting for approval");
            client.raise(id, "ManagerApproval", &approval.to_string());
        }
    }
    for (id, ..) in cases() {
        client.wait_for_end(id);
    }
}

/// What has happened to an instance, without what differs from run to run, and with JSON read.
fn told(client: &Client, id: &str) -> Vec<Value> {
    let mut events = client.history(id);
    for event in &mut events {
        let fields = event.as_object_mut().unwrap();
        for varying in [
            "index",
            "timestamp",
            "time",
            "elapsedMs",
            "fireAt",
            "retryAt",
            "run",
            "seed",
            "moduleDigest",
            "createdAt",
        ] {
            fields.remove(varying);
        }
        for text in ["input", "output", "payload"] {
            if let Some(Value::String(json)) = fields.get(text) {
                let read = serde_json::from_str(json).map_or(Value::Null, plain);
                fields.insert(text.to_owned(), read);
            }
        }
        if let Some(failure) = fields.get_mut("failure").and_then(Value::as_object_mut) {
            failure.remove("stackTrace");
            // How a language finds fault with an input is its own.
            if failure["errorType"] == "invalid-input" {
                failure.remove("message");
            }
        }
    }
    // Activities that run at the same time end in any order.
    let is_result = |event: &Value| {
        event["kind"].as_str().unwrap().starts_with("Activity")
            && event["kind"] != "ActivityScheduled"
    };
    let in_order = |event: &Value| if is_result(event) { event["task"].as_u64() } else { None };
    for stretch in events.chunk_by_mut(|one, other| is_result(one) == is_result(other)) {
        stretch.sort_by_key(in_order);
    }
    events
}

/// 7500 and 7500.0 are the same number.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, plain(value))).collect()
        }
        other => other,
    }
}

/// Runs all cases on a module, and returns what has happened in each, after the host was killed in the
/// middle.
fn run(module: &[u8], arguments: &[&str]) -> (Host, Vec<(&'static str, Vec<Value>)>) {
    let mut host = Host::sharing_compiled_modules(arguments);
    let uploaded = host.client().upload("orders", module);
    // Some cases are a race between the activities and a timer.
    host.wait_until_compiled(uploaded["digest"].as_str().unwrap());
    start(&host.client());
    host.kill();
    host.restart();
    let client = host.client();
    answer(&client);
    let stories = cases().into_iter().map(|(id, ..)| (id, told(&client, id))).collect();
    (host, stories)
}

/// Compares a language with Rust: with guests kept in memory, and with none that may rest there.
pub(super) fn compare_with_rust(language: &str) {
    let Some(module) = module_of("orders", language) else { return };
    for arguments in [&[][..], &["--idle-guest-bytes-max", "0"]] {
        let (_rust, expected) = run(&support::module("orders"), arguments);
        let (mut host, stories) = run(&module, arguments);
        for ((id, expected), (_, story)) in expected.iter().zip(&stories) {
            for (position, event) in expected.iter().enumerate() {
                let found = story.get(position);
                assert_eq!(found, Some(event), "{language}, {id}, event {position}: {story:#?}");
            }
            assert_eq!(story.len(), expected.len(), "{language}, {id}: {story:#?}");
        }
        replay_all(&mut host);
    }
}
