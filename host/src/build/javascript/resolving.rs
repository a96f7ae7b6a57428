//! Owns which file a source means by the name of a module: by Node's rules, with those of TypeScript for
//! endings.

use std::path::{Component, Path, PathBuf};

use anyhow::bail;

use super::helper;
use super::packages::Package;
use super::source::Request;

/// What may be left out at the end of a name, in the order of trying.
const ENDINGS: [&str; 6] = ["ts", "mts", "js", "mjs", "cjs", "json"];

/// An ending that TypeScript writes for another.
const WRITTEN_FOR: [(&str, &str); 4] =
    [("js", "ts"), ("mjs", "mts"), ("cjs", "cts"), ("jsx", "tsx")];

/// Node's own modules, as far as libraries ask for them.
const OF_NODE: [&str; 24] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "crypto",
    "dns",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "net",
    "os",
    "path",
    "process",
    "querystring",
    "stream",
    "timers",
    "tls",
    "url",
    "util",
    "worker_threads",
    "zlib",
];

/// What is meant by a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A module that is in every program.
    Helper(String),
    File(PathBuf),
}

/// Returns what a file means by the name of a module.
pub(super) fn resolve(from: &Path, request: &Request) -> anyhow::Result<Target> {
    let Request { specifier, is_required } = request;
    if specifier == helper::PACKAGE {
        return Ok(Target::Helper(helper::INDEX.to_owned()));
    }
    let folder = from.parent().unwrap_or(Path::new("."));
    let is_path = specifier.starts_with('.') || specifier.starts_with('/');
    let found = if is_path {
        file_or_folder(&folder.join(specifier), *is_required)?
    } else if specifier.starts_with('#') {
        own_name(from, specifier, *is_required)?
    } else {
        of_package(from, specifier, *is_required)?
    };
    match found {
        Some(path) => Ok(Target::File(plain(&path))),
        None if is_of_node(specifier) => {
            bail!("'{specifier}' is a module of Node, which is not here")
        }
        None if specifier.contains(':') => bail!("'{specifier}' is nothing that can be imported"),
        None if is_path => bail!("there is no file for '{specifier}'"),
        None => bail!("there is no package for '{specifier}': is it installed?"),
    }
}

fn is_of_node(specifier: &str) -> bool {
    let name = specifier.split('/').next().unwrap_or(specifier);
    specifier.starts_with("node:") || OF_NODE.contains(&name)
}

/// Takes `.` and `..` out of a path.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

fn file_or_folder(path: &Path, is_required: bool) -> anyhow::Result<Option<PathBuf>> {
    if let Some(file) = file(path) {
        return Ok(Some(file));
    }
    if !path.is_dir() {
        return Ok(None);
    }
    let package = Package::of(path)?;
    let main = package.as_ref().and_then(|package| package.main(is_required));
    let main = main
        .and_then(|main| file(&path.join(main)).or_else(|| file(&path.join(main).join("index"))));
    Ok(main.or_else(|| file(&path.join("index"))))
}

fn file(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_owned());
    }
    let written = path.extension().and_then(|ending| ending.to_str());
    let meant =
        written.and_then(|ending| WRITTEN_FOR.iter().find(|(written, _)| *written == ending));
    let meant = meant.map(|(_, meant)| path.with_extension(meant));
    let added = ENDINGS.iter().map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(".");
        name.push(ending);
        PathBuf::from(name)
    });
    meant.into_iter().chain(added).find(|path| path.is_file())
}

fn own_name(from: &Path, name: &str, is_required: bool) -> anyhow::Result<Option<PathBuf>> {
    let Some(package) = Package::around(from)? else { return Ok(None) };
    match package.imported(name, is_required) {
        Some(path) if path.starts_with('.') => Ok(file(&package.folder.join(path))),
        Some(other) => of_package(from, &other, is_required),
        None => Ok(None),
    }
}

fn of_package(from: &Path, specifier: &str, is_required: bool) -> anyhow::Result<Option<PathBuf>> {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(parts - 1).map_or(specifier.len(), |(at, _)| at);
    let (name, rest) = specifier.split_at(end);
    let path = format!(".{rest}");
    if let Some(own) = Package::around(from)?
        && own.name() == Some(name)
        && let Some(exported) = own.exported(&path, is_required)
    {
        return Ok(exported.and_then(|target| file(&own.folder.join(target))));
    }
    for folder in from.ancestors().skip(1) {
        let folder = folder.join("node_modules").join(name);
        let Some(package) = Package::of(&folder)? else { continue };
        return match package.exported(&path, is_required) {
            Some(exported) => Ok(exported.and_then(|target| file(&folder.join(target)))),
            None => file_or_folder(&folder.join(&path), is_required),
        };
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn found(folder: &Path, from: &str, specifier: &str, is_required: bool) -> String {
        let request = Request { specifier: specifier.to_owned(), is_required };
        match resolve(&folder.join(from), &request) {
            Ok(Target::File(path)) => path.strip_prefix(folder).unwrap().display().to_string(),
            Ok(Target::Helper(name)) => name,
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names_mean_files() {
        let tree = tree(&[
            (
                "package.json",
                r##"{"name":"own","exports":{"./x":"./src/a.ts"},"imports":{"#a":"./src/a.ts"}}"##,
            ),
            ("src/a.ts", ""),
            ("src/data.json", ""),
            ("src/inner/index.mjs", ""),
            ("node_modules/plain/package.json", r#"{"main":"lib/main","module":"lib/main.mjs"}"#),
            ("node_modules/plain/lib/main.js", ""),
            ("node_modules/plain/lib/main.mjs", ""),
            ("node_modules/plain/part.js", ""),
            ("node_modules/@some/one/package.json", r#"{"exports":{".":"./one.js"}}"#),
            ("node_modules/@some/one/one.js", ""),
            ("node_modules/@some/one/hidden.js", ""),
        ]);
        let expected = [
            ("./a", "src/a.ts"),
            ("./a.js", "src/a.ts"),
            ("./data.json", "src/data.json"),
            ("./inner", "src/inner/index.mjs"),
            ("../src/./a.ts", "src/a.ts"),
            ("#a", "src/a.ts"),
            ("own/x", "src/a.ts"),
            ("plain", "node_modules/plain/lib/main.mjs"),
            ("plain/part.js", "node_modules/plain/part.js"),
            ("@some/one", "node_modules/@some/one/one.js"),
            ("reweft", "reweft:index.js"),
        ];
        for (specifier, file) in expected {
            assert_eq!(found(tree.path(), "src/from.ts", specifier, false), file, "{specifier}");
        }
        assert_eq!(found(tree.path(), "src/a.ts", "plain", true), "node_modules/plain/lib/main.js");
        let refused = [
            ("./nothing", "there is no file"),
            ("@some/one/hidden.js", "there is no package"),
            ("nobody", "is it installed"),
            ("node:fs", "a module of Node"),
            ("fs/promises", "a module of Node"),
            ("https://example.com/x.js", "nothing that can be imported"),
        ];
        for (specifier, why) in refused {
            let message = found(tree.path(), "src/from.ts", specifier, false);
            assert!(message.contains(why), "{specifier}: {message}");
        }
    }
}
