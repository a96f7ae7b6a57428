use std::fs;
use std::path::Path;

use wasmparser::{Parser, Payload};

use super::build;

const WORKFLOW: &str = "import { workflow } from 'reweft'; workflow('w', () => 1);";

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The modules that a module imports from, and what it exports.
fn surface(module: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            Payload::ImportSection(section) => {
                let of = section.into_imports().map(|import| import.unwrap().module.to_owned());
                imports.extend(of);
            }
            Payload::ExportSection(section) => {
                exports.extend(section.into_iter().map(|export| export.unwrap().name.to_owned()));
            }
            _ => {}
        }
    }
    imports.dedup();
    (imports, exports)
}

fn refusal(files: &[(&str, &str)]) -> String {
    let tree = tree(files);
    format!("{:#}", build(&tree.path().join(files[0].0)).unwrap_err())
}

#[test]
fn a_module_has_what_its_program_defines() {
    let only = "import { activity } from 'reweft'; activity('a', () => 1);";
    for (text, has, has_not) in
        [(WORKFLOW, "workflows", "activities"), (only, "activities", "workflows")]
    {
        let tree = tree(&[("x.js", text)]);
        let (imports, exports) = surface(&build(&tree.path().join("x.js")).unwrap());
        let ends = |ending: &str| exports.iter().any(|name| name.contains(ending));
        assert!(ends(&format!("{has}@0.1.0#names")) && !ends(has_not), "{exports:?}");
        assert!(!ends("load") && !ends("_initialize"), "{exports:?}");
        let other = if has == "workflows" { "activity-context@" } else { "/context@" };
        assert!(!imports.iter().any(|name| name.contains(other)), "{imports:?}");
        let reaches_out = imports.iter().any(|name| name.starts_with("wasi:http/"));
        assert_eq!(reaches_out, has == "activities", "{imports:?}");
    }
}

#[test]
fn the_same_sources_make_the_same_module_anywhere() {
    let files = [
        ("package.json", "{}"),
        (
            "src/index.ts",
            "import { f } from './f.js'; import { workflow } from 'reweft'; const frozen = [Math.random(), Date.now(), crypto.randomUUID()]; workflow('w', () => [f, frozen]);",
        ),
        ("src/f.ts", "export const f: number = 1;"),
    ];
    let build = |tree: &Path| build(&tree.join("src/index.ts")).unwrap();
    let (one, other) = (tree(&files), tree(&files));
    assert!(build(one.path()) == build(other.path()));
}

#[test]
fn modules_of_all_kinds_are_taken() {
    let tree = tree(&[
        (
            "index.ts",
            "import { workflow } from 'reweft'; import data, { list } from './data.json'; import cjs, { named } from 'cjs'; import * as esm from 'esm'; const late = await Promise.resolve(data.a); if (late + list[0] + cjs() + named + esm.x !== 15) throw new Error('no'); workflow('w', () => late);",
        ),
        ("data.json", r#"{"a":1,"list":[2]}"#),
        ("node_modules/cjs/package.json", "{}"),
        (
            "node_modules/cjs/index.js",
            "exports = module.exports = () => require('./other'); exports.named = 4;",
        ),
        ("node_modules/cjs/other.js", "module.exports = 3; try { require('fs'); } catch {}"),
        ("node_modules/esm/package.json", r#"{"type":"module","exports":"./x.js"}"#),
        ("node_modules/esm/x.js", "export let x = 5;"),
    ]);
    build(&tree.path().join("index.ts")).unwrap();
}

#[test]
fn what_is_wrong_with_a_program_is_said_with_its_place() {
    let thrown = refusal(&[(
        "x.ts",
        "type T = 1;\ninterface U {}\nfunction explode(): never { throw new RangeError('boom'); }\nexplode();",
    )]);
    assert!(thrown.starts_with("RangeError: boom\n    at explode (x.ts:3:"), "{thrown}");
    let nothing = refusal(&[("x.js", "export {};")]);
    assert!(nothing.contains("defines neither a workflow nor an activity"), "{nothing}");
    let missing = refusal(&[("src/x.js", "import './y.js';")]);
    assert_eq!(missing, "x.js: there is no file for './y.js'");
    let unknown = refusal(&[("x.js", "import { flow } from 'reweft';")]);
    assert!(unknown.contains("flow"), "{unknown}");
    let twice = format!("{WORKFLOW} workflow('w', () => 2);");
    let twice = refusal(&[("x.js", &twice)]);
    assert!(twice.contains("two of workflow \"w\""), "{twice}");
    let waiting = refusal(&[("x.js", "await new Promise(() => {});")]);
    assert!(waiting.contains("waits at its top level"), "{waiting}");
    let late = refusal(&[("x.js", "Promise.reject(new TypeError('nobody'));")]);
    assert!(late.contains("TypeError: nobody"), "{late}");
}
