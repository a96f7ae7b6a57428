//! Owns how JavaScript and TypeScript become a module, without any other tool: a program is gathered,
//! loaded into an engine, and the engine as it is then is the module.

mod engine;
mod gathering;
mod helper;
mod packages;
mod resolving;
mod snapshot;
mod source;
#[cfg(test)]
mod tests;

use std::path::Path;

use self::gathering::Program;

/// Makes a module of a file and of all that it imports.
pub(super) fn build(entry: &Path) -> anyhow::Result<Vec<u8>> {
    let program = Program::gather(entry)?;
    engine::load(&program)
}
