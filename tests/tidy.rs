//! What the tree promises about itself: which layer may use which, and that every module says what it
//! owns.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn files(folder: &Path, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The lines of a file that are code: no comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(position, line)| (position + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn refuse(folder: &str, banned: &[&str], why: &str) {
    for (path, text) in files(&root().join("host/src").join(folder), "rs") {
        for (line, code) in code(&text) {
            for word in banned {
                assert!(!code.contains(word), "{}:{line}: `{word}`: {why}", path.display());
            }
        }
    }
}

#[test]
fn the_core_is_pure() {
    let banned = [
        "tokio",
        "wasmtime",
        "redb",
        "hyper",
        "SystemTime",
        "Instant",
        "async ",
        ".await",
        "tracing",
        "std::fs",
        "std::net",
        "std::io",
        "std::thread",
        "std::env::",
        "Mutex",
        "OsRng",
        "crate::store",
        "crate::wasm",
        "crate::scheduler",
        "crate::http",
        "crate::clock",
    ];
    for (path, text) in files(&root().join("host/src/workflow"), "rs") {
        if path.ends_with("tests.rs") || path.ends_with("simulation.rs") {
            continue;
        }
        for (line, code) in code(&text) {
            for word in banned {
                assert!(!code.contains(word), "{}:{line}: `{word}` in the core", path.display());
            }
        }
    }
}

#[test]
fn what_the_host_does_by_rules_is_decided_by_pure_functions() {
    let pure = [
        "schedules/definition.rs",
        "schedules/planning.rs",
        "schedules/record.rs",
        "schedules/timing.rs",
        "retention/rules.rs",
        "jobs/record.rs",
    ];
    for name in pure {
        let path = root().join("host/src/scheduler").join(name);
        for (line, code) in code(&fs::read_to_string(path).unwrap()) {
            for word in ["async ", ".await", "tokio", "Mutex", "crate::store", "crate::clock"] {
                assert!(!code.contains(word), "{name}:{line}: `{word}` where all is plain values");
            }
        }
    }
}

#[test]
fn no_layer_reaches_up() {
    let up = ["crate::scheduler", "crate::http", "crate::cli", "crate::serve"];
    let with = |more: &[&'static str]| up.iter().chain(more).copied().collect::<Vec<_>>();
    refuse("store", &with(&["crate::wasm", "crate::clock"]), "a store knows nothing of guests");
    refuse("store", &["workflow::event", "workflow::codec"], "a store never knows events");
    refuse("wasm", &with(&["crate::store", "crate::clock"]), "guests know nothing of stores");
    refuse("scheduler", &["crate::http", "StatusCode", "hyper"], "the scheduler knows no HTTP");
    refuse("http", &["crate::store", "wasmtime", "redb"], "HTTP goes through the scheduler");
}

#[test]
fn only_the_clock_reads_the_clock() {
    for (path, text) in files(&root().join("host/src"), "rs") {
        if path.ends_with("clock.rs")
            || path.components().any(|part| part.as_os_str() == "tests.rs")
        {
            continue;
        }
        for (line, code) in code(&text) {
            for word in ["SystemTime", "Instant::now", "OffsetDateTime::now"] {
                assert!(!code.contains(word), "{}:{line}: `{word}`", path.display());
            }
        }
    }
}

#[test]
fn every_module_says_what_it_owns() {
    for folder in ["host/src", "guest-sdk/src", "guest-sdk/macros/src", "tests"] {
        for (path, text) in files(&root().join(folder), "rs") {
            let is_tests = path.ends_with("tests.rs");
            assert!(is_tests || text.starts_with("//!"), "{}", path.display());
        }
    }
}

#[test]
fn files_are_one_thing() {
    const LINES_MAX: usize = 500;
    for folder in ["host/src", "guest-sdk", "examples", "tests"] {
        for (path, text) in files(&root().join(folder), "rs") {
            let lines = text.lines().count();
            assert!(lines <= LINES_MAX, "{} has {lines} lines: is it one thing?", path.display());
        }
    }
}

#[test]
fn documents_name_files_that_exist() {
    let mut documents = files(&root().join("wit"), "md");
    documents.extend(files(&root().join("examples"), "md"));
    for name in ["README.md", "CHANGELOG.md"] {
        let path = root().join(name);
        documents.push((path.clone(), fs::read_to_string(path).unwrap()));
    }
    for (path, text) in documents {
        for (_, link) in text.match_indices("](").map(|(at, _)| (at, &text[at + 2..])) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            let is_file = !target.is_empty() && !target.contains("://");
            let named = path.parent().unwrap().join(target);
            assert!(!is_file || named.exists(), "{}: {target} is not there", path.display());
        }
    }
}

#[test]
fn the_contract_is_valid() {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(root().join("wit")).unwrap();
    let package = &resolve.packages[package];
    assert_eq!(package.name.to_string(), "reweft:workflow@0.1.0");
    for interface in package.interfaces.values().map(|&id| &resolve.interfaces[id]) {
        assert!(interface.docs.contents.is_some(), "{:?} is not documented", interface.name);
        for function in interface.functions.values() {
            assert!(function.docs.contents.is_some(), "{} is not documented", function.name);
        }
        for &id in interface.types.values() {
            let defined = &resolve.types[id];
            let borrowed = matches!(defined.kind, wit_parser::TypeDefKind::Type(_));
            assert!(borrowed || defined.docs.contents.is_some(), "{:?}", defined.name);
        }
    }
}
