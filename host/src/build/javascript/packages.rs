//! Owns `package.json`: what a package shows to others, and what it means by names of its own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Map, Value};

/// What the author of a package may tell apart that goes for this program, beside `import`, `require` and
/// `default`. What is meant for browsers needs no Node.
const CONDITIONS: [&str; 2] = ["reweft", "browser"];

/// A package, as its `package.json` describes it.
pub(super) struct Package {
    pub(super) folder: PathBuf,
    fields: Map<String, Value>,
}

impl Package {
    /// Reads the package of a folder, if there is one.
    pub(super) fn of(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join("package.json");
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path);
        let text = text.with_context(|| format!("{} can't be read", path.display()))?;
        let fields = serde_json::from_str(&text);
        let fields = fields.with_context(|| format!("{} can't be used", path.display()))?;
        Ok(Some(Self { folder: folder.to_owned(), fields }))
    }

    /// Returns the package that a file belongs to.
    pub(super) fn around(file: &Path) -> anyhow::Result<Option<Self>> {
        for folder in file.ancestors().skip(1) {
            if let Some(package) = Self::of(folder)? {
                return Ok(Some(package));
            }
        }
        Ok(None)
    }

    /// Returns whether its files are modules unless they say otherwise; nothing if it doesn't say.
    pub(super) fn has_modules(&self) -> Option<bool> {
        self.text("type").map(|kind| kind == "module")
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// Returns the file that is meant by the package as such, if it says.
    pub(super) fn main(&self, is_required: bool) -> Option<&str> {
        let module = if is_required { None } else { self.text("module") };
        self.text("browser").or(module).or_else(|| self.text("main"))
    }

    /// Returns what others get under a path, which begins with `.`; the outer nothing means that it doesn't
    /// say what it shows at all.
    pub(super) fn exported(&self, path: &str, is_required: bool) -> Option<Option<String>> {
        let exports = self.fields.get("exports")?;
        let has_paths =
            exports.as_object().is_some_and(|fields| fields.keys().any(|key| key.starts_with('.')));
        Some(match exports.as_object() {
            Some(paths) if has_paths => chosen(paths, path, is_required),
            _ if path == "." => target(exports, None, is_required),
            _ => None,
        })
    }

    /// Returns what the package itself means by a name that begins with `#`.
    pub(super) fn imported(&self, name: &str, is_required: bool) -> Option<String> {
        chosen(self.fields.get("imports")?.as_object()?, name, is_required)
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }
}

/// Finds a path among those that are given, as such or by a pattern with `*`: the longest that fits.
fn chosen(paths: &Map<String, Value>, path: &str, is_required: bool) -> Option<String> {
    if let Some(exact) = paths.get(path) {
        return target(exact, None, is_required);
    }
    let fits = paths.iter().filter_map(|(pattern, value)| {
        let (before, after) = pattern.split_once('*')?;
        let part = path.strip_prefix(before)?.strip_suffix(after)?;
        Some((before.len(), part, value))
    });
    let (_, part, value) = fits.max_by_key(|(length, ..)| *length)?;
    target(value, Some(part), is_required)
}

/// Chooses among conditions and alternatives, and puts in what a pattern has left open.
fn target(value: &Value, part: Option<&str>, is_required: bool) -> Option<String> {
    let how = if is_required { "require" } else { "import" };
    match value {
        Value::String(path) => {
            Some(part.map_or_else(|| path.clone(), |part| path.replace('*', part)))
        }
        Value::Array(alternatives) => {
            alternatives.iter().find_map(|value| target(value, part, is_required))
        }
        Value::Object(conditions) => {
            let holds = |name: &str| CONDITIONS.contains(&name) || name == how || name == "default";
            let held = conditions.iter().filter(|(name, _)| holds(name));
            held.map(|(_, value)| value).find_map(|value| target(value, part, is_required))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(fields: Value) -> Package {
        let Value::Object(fields) = fields else { unreachable!() };
        Package { folder: PathBuf::new(), fields }
    }

    #[test]
    fn a_package_shows_what_it_says() {
        let shows = package(json!({ "exports": {
            ".": { "types": "./a.d.ts", "require": "./a.cjs", "import": "./a.mjs" },
            "./inner": { "node": "./node.js", "default": ["./inner.js"] },
            "./parts/*": "./dist/*.js",
            "./parts/secret/*": null,
        }}));
        let found = |path: &str, is_required| shows.exported(path, is_required).unwrap();
        assert_eq!(found(".", false).as_deref(), Some("./a.mjs"));
        assert_eq!(found(".", true).as_deref(), Some("./a.cjs"));
        assert_eq!(found("./inner", false).as_deref(), Some("./inner.js"));
        assert_eq!(found("./parts/x/y", false).as_deref(), Some("./dist/x/y.js"));
        assert_eq!(found("./parts/secret/x", false), None);
        assert_eq!(found("./other", false), None);
        let one = package(json!({ "exports": "./one.js" }));
        assert_eq!(one.exported(".", true), Some(Some("./one.js".to_owned())));
        assert_eq!(one.exported("./x", true), Some(None));
        let open = package(json!({ "main": "lib.js", "module": "lib.mjs" }));
        assert_eq!(open.exported(".", false), None);
        assert_eq!((open.main(false), open.main(true)), (Some("lib.mjs"), Some("lib.js")));
    }

    #[test]
    fn a_package_has_names_of_its_own() {
        let package =
            package(json!({ "imports": { "#db": { "default": "./db.js" }, "#in/*": "./in/*" } }));
        assert_eq!(package.imported("#db", false).as_deref(), Some("./db.js"));
        assert_eq!(package.imported("#in/a.js", false).as_deref(), Some("./in/a.js"));
        assert_eq!(package.imported("#nothing", false), None);
    }
}
