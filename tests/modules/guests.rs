//! Guests that are good for nothing but an upload.

use support::guest::{module_for, module_of};
use wit_component::ComponentEncoder;

/// Returns a component of a core module, as a build tool would make it.
pub(super) fn component_of(core: &[u8]) -> Vec<u8> {
    let encode = || ComponentEncoder::default().validate(true).module(core)?.encode();
    encode().unwrap()
}

/// Returns a module with workflows of these names, none of which can be run.
pub(super) fn named_module(names: &[&str]) -> Vec<u8> {
    let (mut text, mut list) = (String::new(), String::new());
    let mut at = 4096;
    for name in names {
        let escaped: String = name.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        text.push_str(&format!("(data (i32.const {at}) \"{escaped}\")\n"));
        for number in [at, name.len()] {
            list.extend(number.to_le_bytes()[..4].iter().map(|byte| format!("\\{byte:02x}")));
        }
        at += name.len();
    }
    let names = format!(
        r#"(i32.store (i32.const 8) (i32.const 1024))
           (i32.store (i32.const 12) (i32.const {}))
           (i32.const 8)"#,
        names.len()
    );
    workflows(&names, &format!("(data (i32.const 1024) \"{list}\")\n{text}"))
}

/// Returns a module that never says which workflows it has.
pub(super) fn endless_workflows() -> Vec<u8> {
    workflows("(loop $again (br $again)) (unreachable)", "")
}

/// Returns a module whose names of workflows are nowhere in its memory.
pub(super) fn names_out_of_bounds() -> Vec<u8> {
    workflows("(i32.const -4)", "")
}

/// Returns a module with names that are not UTF-8.
pub(super) fn names_not_utf8() -> Vec<u8> {
    let names = r"(i32.store (i32.const 8) (i32.const 16)) (i32.store (i32.const 12) (i32.const 1))
        (i32.store (i32.const 16) (i32.const 24)) (i32.store (i32.const 20) (i32.const 2))
        (i32.const 8)";
    workflows(names, r#"(data (i32.const 24) "\ff\fe")"#)
}

/// Returns a module that waits for a timer before it says which workflows it has.
pub(super) fn waiting_workflows() -> Vec<u8> {
    let text = format!(
        r#"(module
          (import "reweft:workflow/context@0.1.0" "start-timer"
            (func $start-timer (param i64) (result i32)))
          (import "reweft:workflow/context@0.1.0" "select"
            (func $select (param i32 i32) (result i32)))
          {RUN}
          (func (export "reweft:workflow/workflows@0.1.0#names") (result i32)
            (i32.store (i32.const 32) (call $start-timer (i64.const 1)))
            (drop (call $select (i32.const 32) (i32.const 1)))
            (i32.const 8)))"#
    );
    module_of(&text, "workflow-module")
}

const RUN: &str = r#"
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (unreachable))
  (func (export "reweft:workflow/workflows@0.1.0#run") (param i32 i32 i32 i32) (result i32)
    (unreachable))"#;

fn workflows(names: &str, data: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
          {RUN}
          {data}
          (func (export "reweft:workflow/workflows@0.1.0#names") (result i32) {names}))"#
    );
    module_of(&text, "workflow-module")
}

/// Returns a module with one activity, which always fails with this error type.
pub(super) fn activity_module(activity: &str, error_type: &str) -> Vec<u8> {
    activities(activity, error_type, &one_name(activity))
}

/// Returns the same, but the activity first reads the clock of this version of WASI.
pub(super) fn clock_reading_module(wasi: &str, activity: &str, error_type: &str) -> Vec<u8> {
    let clock =
        format!(r#"(import "wasi:clocks/monotonic-clock@{wasi}" "now" (func $now (result i64)))"#);
    let read = "(drop (call $now))";
    let text = activities_text(&clock, read, activity, error_type, &one_name(activity));
    let world = format!(
        "package wasi:clocks@{wasi} {{ interface monotonic-clock {{ now: func() -> u64; }} }}
         world w {{
           import wasi:clocks/monotonic-clock@{wasi};
           include reweft:workflow/activity-module@0.1.0;
         }}"
    );
    module_for(&text, &world)
}

fn one_name(activity: &str) -> String {
    format!(
        r"(i32.store (i32.const 8) (i32.const 16)) (i32.store (i32.const 12) (i32.const 1))
          (i32.store (i32.const 16) (i32.const 1024))
          (i32.store (i32.const 20) (i32.const {}))
          (i32.const 8)",
        activity.len()
    )
}

/// Returns a module that never says which activities it has.
pub(super) fn endless_activities() -> Vec<u8> {
    activities("", "", "(loop $again (br $again)) (unreachable)")
}

fn activities(activity: &str, error_type: &str, names: &str) -> Vec<u8> {
    module_of(&activities_text("", "", activity, error_type, names), "activity-module")
}

fn activities_text(
    imports: &str,
    execute: &str,
    activity: &str,
    error_type: &str,
    names: &str,
) -> String {
    format!(
        r#"(module
          {imports}
          (memory (export "memory") 1)
          (global $free (mut i32) (i32.const 8192))
          (data (i32.const 1024) "{activity}")
          (data (i32.const 2048) "{error_type}")
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $free)
            (global.set $free (i32.and
              (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 7)) (i32.const -8))))
          (func (export "reweft:workflow/activities@0.1.0#names") (result i32) {names})
          (func (export "reweft:workflow/activities@0.1.0#execute")
            (param i32 i32 i32 i32) (result i32)
            {execute}
            (i32.store8 (i32.const 64) (i32.const 1))
            (i32.store (i32.const 68) (i32.const 2048))
            (i32.store (i32.const 72) (i32.const {}))
            (i32.const 64)))"#,
        error_type.len()
    )
}
