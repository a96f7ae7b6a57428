//! The smallest guests: written by hand in WebAssembly's text form, so that a test can have a module
//! that does just what it needs.

use std::path::Path;

use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve, WorldId};

/// What a hand-written workflow does before it returns.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Waits for an event of this name.
    WaitEvent(&'a str),
    /// Waits for a timer of this many milliseconds.
    Timer(u64),
}

/// Returns a core module with one workflow, which takes one step and then returns `output`.
///
/// # Panics
/// The text below is wrong.
pub fn workflow_module(workflow: &str, step: Step<'_>, output: &str) -> Vec<u8> {
    let event = if let Step::WaitEvent(name) = step { name } else { "" };
    let command = match step {
        Step::WaitEvent(name) => {
            format!("(call $wait-event (i32.const 2048) (i32.const {}))", name.len())
        }
        Step::Timer(delay_ms) => format!("(call $start-timer (i64.const {delay_ms}))"),
    };
    let text = format!(
        r#"(module
          (import "reweft:workflow/context@0.1.0" "wait-event"
            (func $wait-event (param i32 i32) (result i32)))
          (import "reweft:workflow/context@0.1.0" "start-timer"
            (func $start-timer (param i64) (result i32)))
          (import "reweft:workflow/context@0.1.0" "select"
            (func $select (param i32 i32) (result i32)))
          (memory (export "memory") 1)
          (global $free (mut i32) (i32.const 8192))
          (data (i32.const 1024) "{workflow}")
          (data (i32.const 2048) "{event}")
          (data (i32.const 3072) "{output}")
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $free)
            (global.set $free (i32.and
              (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 7)) (i32.const -8))))
          (func (export "reweft:workflow/workflows@0.1.0#names") (result i32)
            (i32.store (i32.const 16) (i32.const 1024))
            (i32.store (i32.const 20) (i32.const {workflow_bytes}))
            (i32.store (i32.const 8) (i32.const 16))
            (i32.store (i32.const 12) (i32.const 1))
            (i32.const 8))
          (func $wait_for_it
            (i32.store (i32.const 32) {command})
            (drop (call $select (i32.const 32) (i32.const 1))))
          (func (export "reweft:workflow/workflows@0.1.0#run")
            (param i32 i32 i32 i32) (result i32)
            (call $wait_for_it)
            (i32.store8 (i32.const 64) (i32.const 0))
            (i32.store (i32.const 68) (i32.const 3072))
            (i32.store (i32.const 72) (i32.const {output_bytes}))
            (i32.const 64)))"#,
        workflow_bytes = workflow.len(),
        output = output.replace('\\', "\\\\").replace('"', "\\\""),
        output_bytes = output.len(),
    );
    module_of(&text, "workflow-module")
}

/// Returns the core module of this text, for a world of the contract.
///
/// # Panics
/// Either is wrong.
pub fn module_of(text: &str, world: &str) -> Vec<u8> {
    module_for(text, &format!("world w {{ include reweft:workflow/{world}@0.1.0; }}"))
}

/// Returns the core module of this text, for the one world that is described here.
///
/// # Panics
/// Either is wrong.
pub fn module_for(text: &str, world: &str) -> Vec<u8> {
    module_for_world(text, &format!("package test:guest; {world}"))
}

/// Returns the core module of this text, for the one world of this WIT.
///
/// # Panics
/// Either is wrong.
pub fn module_for_world(text: &str, wit: &str) -> Vec<u8> {
    let (resolve, world) = contract(wit);
    let mut module = wat::parse_str(text).expect("the text is WebAssembly");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)
        .expect("the module takes a section more");
    module
}

/// Returns a core module for a world, all of whose functions trap when they are called.
///
/// # Panics
/// The world is wrong.
pub fn dummy_module(world: &str) -> Vec<u8> {
    let (resolve, world) = contract(world);
    let mut module = wit_component::dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)
        .expect("the module takes a section more");
    module
}

/// Returns a core module as a toolchain leaves it that knows nothing of components.
///
/// # Panics
/// It is not one that has a description.
pub fn without_description(module: &[u8]) -> Vec<u8> {
    let (stripped, _) = wit_component::metadata::decode(module).expect("it is WebAssembly");
    stripped.expect("it has a description")
}

fn contract(world: &str) -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit"));
    resolve.push_dir(folder).expect("the contract is WIT");
    let package = resolve.push_str("test.wit", world).expect("the world is WIT");
    let world = resolve.select_world(&[package], None).expect("there is one world");
    (resolve, world)
}
