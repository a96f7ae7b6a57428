//! Owns how sources become a module in languages that need no tools but this program. It must not know
//! what a host does with the module.

mod javascript;

use std::path::Path;

use anyhow::bail;

/// Makes a module of the source in a file, and of all that it imports.
///
/// # Errors
/// The language is none that this program builds, or the source can't be built.
pub fn build(source: &Path) -> anyhow::Result<Vec<u8>> {
    match source.extension().and_then(|extension| extension.to_str()) {
        Some("js" | "mjs" | "ts" | "mts") => javascript::build(source),
        _ => bail!("{}: this program builds JavaScript and TypeScript", source.display()),
    }
}
