//! Guests that want more than they may have.

use support::guest::module_of;

use support::Host;

use super::is_well;

/// A module with one workflow, whose code is this. Its output, if it returns, is empty.
fn workflow(name: &str, functions: &str, code: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
          (import "reweft:workflow/context@0.1.0" "start-timer"
            (func $start-timer (param i64) (result i32)))
          (import "reweft:workflow/context@0.1.0" "set-custom-status"
            (func $set-custom-status (param i32 i32)))
          (import "reweft:workflow/context@0.1.0" "select"
            (func $select (param i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 1024) "{name}")
          {functions}
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8192))
          (func (export "reweft:workflow/workflows@0.1.0#names") (result i32)
            (i32.store (i32.const 16) (i32.const 1024))
            (i32.store (i32.const 20) (i32.const {length}))
            (i32.store (i32.const 8) (i32.const 16))
            (i32.store (i32.const 12) (i32.const 1))
            (i32.const 8))
          (func (export "reweft:workflow/workflows@0.1.0#run")
            (param i32 i32 i32 i32) (result i32)
            {code}
            (i32.store8 (i32.const 64) (i32.const 0))
            (i32.store (i32.const 68) (i32.const 3072))
            (i32.store (i32.const 72) (i32.const 0))
            (i32.const 64)))"#,
        length = name.len(),
    );
    module_of(&text, "workflow-module")
}

#[test]
fn a_guest_that_asks_for_too_much_fails_alone() {
    let host = Host::with_patterns(&["--guest-bytes-max", "8388608", "--turn-ms-max", "500"]);
    let client = host.client();
    let recursive =
        "(func $down (param i32) (result i32) (i32.add (i32.const 1) (call $down (local.get 0))))";
    let cases = [
        // Grows until it is told no, and then writes where nothing is.
        (
            "Grows",
            "",
            "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
             (i32.store (i32.const 8388608) (i32.const 1))",
            "trap",
        ),
        ("Recurses", recursive, "(drop (call $down (i32.const 0)))", "trap"),
        ("Traps", "", "(unreachable)", "trap"),
        ("DividesByZero", "", "(drop (i32.div_u (i32.const 1) (i32.const 0)))", "trap"),
        ("Computes", "", "(loop $again (br $again))", "compute-limit"),
        // An address far beyond its memory.
        ("Points", "", "(call $set-custom-status (i32.const -16) (i32.const 64))", "trap"),
        (
            "WaitsForNothing",
            "",
            "(drop (call $select (i32.const 32) (i32.const 0)))",
            "invalid-argument",
        ),
        (
            "WaitsForNobody",
            "",
            "(i32.store (i32.const 32) (i32.const 77)) (drop (call $select (i32.const 32) (i32.const 1)))",
            "trap",
        ),
        ("WaitsTooLong", "", "(drop (call $start-timer (i64.const -1)))", "invalid-argument"),
    ];
    for (name, functions, code, error_type) in cases {
        client.upload(&name.to_lowercase(), &workflow(name, functions, code));
        client.start(name, name, "");
        let failed = client.wait_for(name, "FAILED");
        let properties = &failed["properties"];
        assert_eq!(properties["dapr.workflow.failure.error_type"], error_type, "{failed}");
        let message = properties["dapr.workflow.failure.error_message"].as_str().unwrap();
        assert!(!message.is_empty(), "{failed}");
    }
    is_well(&client, &cases.map(|(name, ..)| name));
}
