//! An author's first day, in each language: a new project, its module, and a change while it runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use support::{Host, HostOptions};
use tempfile::TempDir;

/// A new project in a folder of its own, which goes with it.
struct Project {
    parent: TempDir,
    language: &'static str,
}

impl Project {
    /// Makes one; none if the language's tools could not be installed here.
    fn new(language: &'static str) -> Option<Self> {
        if let Some(reason) = support::reason_to_skip(language) {
            println!("skipped: {language}: {reason}");
            return None;
        }
        // Beside the build: a project in memory would be a large one.
        let parent = TempDir::new_in(support::target_folder()).unwrap();
        let made = support::binary()
            .args(["new", "my-first", "--language", language])
            .current_dir(parent.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{language}: {}", String::from_utf8_lossy(&made.stderr));
        Some(Self { parent, language })
    }

    fn folder(&self) -> PathBuf {
        self.parent.path().join("my-first")
    }

    /// What an author's machine has: the language's own tools in the path, or wherever it looks.
    fn environment(&self) -> Vec<(String, String)> {
        let built = support::target_folder().canonicalize().unwrap();
        let tools = built.join("tools").join(self.language);
        let (bin, own) = match self.language {
            "rust" => (
                built.join("wasm-target"),
                vec![("CARGO_TARGET_DIR", self.folder().join("target"))],
            ),
            "go" => (
                tools.join("go/bin"),
                vec![("GOCACHE", tools.join("cache")), ("GOPATH", tools.join("path"))],
            ),
            "c" => (
                tools.clone(),
                vec![("CC", tools.join("clang")), ("SYSROOT", tools.join("sysroot"))],
            ),
            "zig" => {
                let cache = tools.join("cache");
                let zig = format!("{} -m ziglang", tools.join("bin/python").display());
                let own = ["ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"];
                let caches = own.map(|name| (name, cache.clone()));
                (tools, [("ZIG", zig.into())].into_iter().chain(caches).collect())
            }
            // There are none.
            "js" | "ts" => (tools, Vec::new()),
            _ => (tools.join("bin"), Vec::new()),
        };
        let path = std::env::var("PATH").unwrap();
        let path = ("PATH".to_owned(), format!("{}:{path}", bin.display()));
        let own =
            own.into_iter().map(|(name, value)| (name.to_owned(), value.display().to_string()));
        own.chain([path]).collect()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = support::binary();
        command.args(words).current_dir(self.folder()).envs(self.environment());
        command
    }

    /// The one source that holds the workflow.
    fn source(&self) -> PathBuf {
        let mut found = Vec::new();
        find(&self.folder(), &mut found);
        let [source] = found.as_slice() else { panic!("not one source: {found:?}") };
        source.clone()
    }
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["reweft", "target", "node_modules", "build"].contains(&name.as_str())
        {
            find(&path, found);
        } else if fs::read_to_string(&path).is_ok_and(|text| text.contains("no answer")) {
            found.push(path);
        }
    }
}

/// Goes through an author's first day.
fn first_day(language: &'static str) {
    let Some(project) = Project::new(language) else { return };
    let built = project.command(&["build"]).output().unwrap();
    let (said, complained) =
        (String::from_utf8_lossy(&built.stdout), String::from_utf8_lossy(&built.stderr));
    assert!(built.status.success(), "{language}: {said}\n{complained}");
    assert!(said.contains("workflows: my-first\nactivities: say"), "{language}: {said}");

    let folder = project.folder();
    let host = Host::start_with(HostOptions {
        command: vec!["dev".to_owned(), folder.to_str().unwrap().to_owned()],
        environment: project.environment(),
        ..HostOptions::default()
    });
    let client = host.client();
    let is_there = |workflow: &str| {
        let modules = client.send("GET", "/v1.0/modules", b"").json();
        (modules["modules"][0]["workflows"] == json!([workflow])).then_some(())
    };
    support::eventually_within_minutes("the module", || is_there("my-first"));
    client.start("my-first", "first", "\"Ada\"");
    client.raise("first", "Answer", "\"Hi!\"");
    assert_eq!(client.output_of("first"), json!("said: Thanks for 'Hi!'."), "{language}");

    let source = project.source();
    let text = fs::read_to_string(&source).unwrap();
    fs::write(&source, text.replace("my-first", "my-second")).unwrap();
    support::eventually_within_minutes("the changed module", || is_there("my-second"));
    client.start("my-second", "second", "\"Ada\"");
    client.raise("second", "Answer", "\"Hi!\"");
    assert_eq!(client.output_of("second"), json!("said: Thanks for 'Hi!'."), "{language}");
}

#[test]
fn a_first_day_with_assemblyscript() {
    first_day("assemblyscript");
}

#[test]
fn a_first_day_with_c() {
    first_day("c");
}

#[test]
fn a_first_day_with_go() {
    first_day("go");
}

#[test]
fn a_first_day_with_js() {
    first_day("js");
}

#[test]
fn a_first_day_with_python() {
    first_day("python");
}

#[test]
fn a_first_day_with_rust() {
    first_day("rust");
}

#[test]
fn a_first_day_with_ts() {
    first_day("ts");
}

#[test]
fn a_first_day_with_zig() {
    first_day("zig");
}

#[test]
fn a_project_that_does_not_build_says_why() {
    let Some(project) = Project::new("rust") else { return };
    let manifest = project.folder().join("reweft.toml");
    for (build, module, named) in [
        ("exit 3", "x.wasm", "the project's command failed: exit 3"),
        ("true", "x.wasm", "left no module at"),
        ("echo something else > x.wasm", "x.wasm", "not WebAssembly"),
    ] {
        let text = format!("name = \"x\"\nbuild = \"{build}\"\nmodule = \"{module}\"\n");
        fs::write(&manifest, text).unwrap();
        let built = project.command(&["build"]).output().unwrap();
        assert!(!built.status.success());
        let complained = String::from_utf8_lossy(&built.stderr);
        assert!(complained.contains(named), "{complained}");
    }
    fs::remove_file(&manifest).unwrap();
    let built = project.command(&["build"]).output().unwrap();
    assert!(String::from_utf8_lossy(&built.stderr).contains("reweft new"));
}
