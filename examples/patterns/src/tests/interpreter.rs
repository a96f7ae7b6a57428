//! The workflow that does what its input says.

use reweft_sdk::testing::Harness;
use serde_json::json;

use crate::activities::{square, succeed_at};
use crate::child_retries::always_fails;
use crate::interpreter::interpreter;

#[test]
fn a_program_gives_the_values_of_its_steps() {
    let mut harness = Harness::new();
    harness.real_activity(square).real_activity(succeed_at);
    harness.real_workflow(interpreter).real_workflow(always_fails);
    harness.raise_event("go", 7);
    let steps = json!([
        { "square": 3 },
        "look",
        "again",
        { "all": [[{ "sleep": 50 }, { "square": 2 }], [{ "retry": 2 }], []] },
        { "event": "go" },
        { "child": [{ "square": 4 }, "again", { "failingChild": "no" }] },
        { "race": { "square": 5 } },
        { "raise": { "to": "other", "name": "go", "payload": 1 } },
    ]);
    let output = harness.run_text(interpreter, &json!({ "steps": steps }).to_string()).unwrap();
    let values = json!([9, [[null, 4], [2], []], 7, [16, "no"], 25]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&output).unwrap(), values);
    assert_eq!(harness.generations(), 2);
}
