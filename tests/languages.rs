//! What holds in every language: a module of each goes through the same scenarios, and must come to the
//! same outcomes by the same events.
//!
//! A language whose tools could not be installed is skipped with the reason, except in CI.

mod costs;
mod fetch;
mod guests;
mod orders;
mod sockets;
mod starlingmonkey;
mod together;
mod wat;

/// Every language with an order example and a guest of its own, by the names of their modules. Rust's
/// example is what the others are compared with.
const LANGUAGES: [&str; 7] = ["assemblyscript", "c", "go", "js", "python", "ts", "zig"];

fn go_through_everything(language: &'static str) {
    orders::compare_with_rust(language);
    guests::go_through(language);
}

#[test]
fn assemblyscript() {
    go_through_everything("assemblyscript");
}

#[test]
fn c() {
    go_through_everything("c");
}

#[test]
fn go() {
    go_through_everything("go");
}

#[test]
fn js() {
    go_through_everything("js");
}

#[test]
fn ts() {
    go_through_everything("ts");
}

#[test]
fn python() {
    go_through_everything("python");
}

#[test]
fn zig() {
    go_through_everything("zig");
}

/// Returns a module of a language, or nothing if its tools could not be installed here.
fn module_of(kind: &str, language: &str) -> Option<Vec<u8>> {
    let name = format!("{kind}-{language}");
    match support::reason_to_skip(language) {
        None => Some(support::module(&name)),
        Some(reason) => {
            println!("skipped: {name}: {reason}");
            None
        }
    }
}
