//! Owns which modules are in a program: the one it begins with, and all that are asked for from there on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use super::helper;
use super::packages::Package;
use super::resolving::{self, Target};
use super::source::{self, Kind, Request};

/// What marks the root of a project, from which its files are named.
const ROOT_MARKS: [&str; 2] = ["package.json", "reweft.toml"];

/// A program, as the engine takes it.
#[derive(Debug, Serialize)]
pub(super) struct Program {
    /// What to evaluate, one after the other.
    entries: [String; 3],
    modules: BTreeMap<String, Module>,
}

#[derive(Debug, Serialize)]
struct Module {
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mappings: Option<String>,
    /// What it means by the names of others.
    imports: BTreeMap<String, String>,
    /// Whether it is a script of CommonJS.
    script: bool,
}

impl Program {
    /// Gathers the program that begins with a file.
    pub(super) fn gather(entry: &Path) -> anyhow::Result<Self> {
        let entry = std::path::absolute(entry)?;
        let mut gathering = Gathering::new(root_of(&entry));
        let begin = gathering.name_of(&entry);
        gathering.wanted.push(Target::File(entry));
        for name in [helper::START, helper::INDEX, helper::END] {
            gathering.wanted.push(Target::Helper(name.to_owned()));
        }
        while let Some(target) = gathering.wanted.pop() {
            match target {
                Target::Helper(name) => gathering.add_helper(name)?,
                Target::File(path) => gathering.add_file(&path)?,
            }
        }
        let entries = [helper::START.to_owned(), begin, helper::END.to_owned()];
        Ok(Self { entries, modules: gathering.modules })
    }
}

/// Returns the folder of the project that a file belongs to.
fn root_of(entry: &Path) -> PathBuf {
    let is_root = |folder: &&Path| ROOT_MARKS.iter().any(|mark| folder.join(mark).is_file());
    let folder = entry.parent().unwrap_or(Path::new("/"));
    entry.ancestors().skip(1).find(is_root).unwrap_or(folder).to_owned()
}

struct Gathering {
    root: PathBuf,
    wanted: Vec<Target>,
    modules: BTreeMap<String, Module>,
}

impl Gathering {
    fn new(root: PathBuf) -> Self {
        Self { root, wanted: Vec::new(), modules: BTreeMap::new() }
    }

    /// Names a file from the root of the project, so that the same sources make the same module anywhere.
    fn name_of(&self, path: &Path) -> String {
        let mut name = String::new();
        for folder in self.root.ancestors() {
            if let Ok(rest) = path.strip_prefix(folder) {
                return name + &rest.to_string_lossy().replace('\\', "/");
            }
            name += "../";
        }
        path.to_string_lossy().into_owned()
    }

    fn add_helper(&mut self, name: String) -> anyhow::Result<()> {
        if self.modules.contains_key(&name) {
            return Ok(());
        }
        let text = helper::source(&name).with_context(|| format!("{name} is not there"))?;
        let read = source::read(&name, text, Kind::Module)?;
        let mut imports = BTreeMap::new();
        for Request { specifier, .. } in read.requests {
            // What else it imports is the engine's.
            if let Some(found) = helper::resolve(&name, &specifier) {
                self.wanted.push(Target::Helper(found.clone()));
                imports.insert(specifier, found);
            }
        }
        let module = Module { source: read.text, mappings: None, imports, script: false };
        self.modules.insert(name, module);
        Ok(())
    }

    fn add_file(&mut self, path: &Path) -> anyhow::Result<()> {
        let name = self.name_of(path);
        if self.modules.contains_key(&name) {
            return Ok(());
        }
        let text = fs::read_to_string(path).with_context(|| format!("{name} can't be read"))?;
        if path.extension().is_some_and(|ending| ending == "json") {
            let module = json_module(&name, &text)?;
            self.modules.insert(name, module);
            return Ok(());
        }
        let read = source::read(&name, text, kind_of(path)?)?;
        let mut imports = BTreeMap::new();
        for request in &read.requests {
            let target = match resolving::resolve(path, request) {
                Ok(target) => target,
                // A library may do without what it asks for in a function.
                Err(_) if request.is_required => continue,
                Err(error) => return Err(error.context(name)),
            };
            let found = match &target {
                Target::Helper(name) => name.clone(),
                Target::File(path) => self.name_of(path),
            };
            self.wanted.push(target);
            imports.insert(request.specifier.clone(), found);
        }
        let module =
            Module { source: read.text, mappings: read.mappings, imports, script: read.is_script };
        self.modules.insert(name, module);
        Ok(())
    }
}

/// A script that gives what a JSON text says: it can be imported as well as required.
fn json_module(name: &str, text: &str) -> anyhow::Result<Module> {
    let value: Box<serde_json::value::RawValue> =
        serde_json::from_str(text).with_context(|| format!("{name} is not JSON"))?;
    let text = serde_json::to_string(value.get())?;
    let source = format!("module.exports = JSON.parse({text});");
    Ok(Module { source, mappings: None, imports: BTreeMap::new(), script: true })
}

fn kind_of(path: &Path) -> anyhow::Result<Kind> {
    Ok(match path.extension().and_then(|ending| ending.to_str()) {
        Some("mjs" | "mts" | "ts" | "tsx") => Kind::Module,
        Some("cjs" | "cts") => Kind::Script,
        _ => match Package::around(path)?.and_then(|package| package.has_modules()) {
            Some(true) => Kind::Module,
            _ => Kind::Either,
        },
    })
}
