//! Owns how a project becomes a module, and the check that a host would take it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::manifest::Project;
use crate::wasm::component::{LoadedModule, Names, listed};
use crate::wasm::engine::{GuestLimits, WasmEngine};

const MEMORY_BYTES: u64 = 1 << 30;
const NAMES_TICKS_MAX: u32 = 2_000;

/// Makes the module of the project in a folder, or of a source, and says what is in it.
///
/// # Errors
/// The folder has no project, its command fails, the source can't be built, or no host would take the
/// module.
pub fn build(source: &Path, output: Option<&Path>) -> anyhow::Result<()> {
    if source.is_file() {
        let bytes = crate::build::build(source)?;
        let named = PathBuf::from(source.with_extension("wasm").file_name().unwrap_or_default());
        let module = output.unwrap_or(&named);
        let folder = module.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(module, &bytes))
            .with_context(|| format!("{} can't be written", module.display()))?;
        return report(module, &bytes);
    }
    anyhow::ensure!(output.is_none(), "a project says itself where its module is put");
    let project = Project::open(source)?;
    let bytes = make(&project)?;
    report(&project.module(), &bytes)
}

/// Says what is in a module.
fn report(module: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let Names { workflows, activities } = inspect(bytes)?;
    println!("{} ({} bytes)", module.display(), bytes.len());
    println!("workflows: {}", listed(&workflows));
    println!("activities: {}", listed(&activities));
    Ok(())
}

/// Runs the project's command, and returns the bytes of the module it leaves.
pub(super) fn make(project: &Project) -> anyhow::Result<Vec<u8>> {
    let command = &project.manifest.build;
    // Where the project's own tools are to find this program.
    let program = std::env::current_exe().context("this program can't be found")?;
    let status = Command::new("sh")
        .args(["-c", command])
        .current_dir(&project.folder)
        .env("REWEFT", program)
        .status()
        .context("there is no shell to run the project's command")?;
    if !status.success() {
        bail!("the project's command failed: {command}");
    }
    let module = project.module();
    fs::read(&module).with_context(|| {
        format!("the project's command left no module at {}: {command}", module.display())
    })
}

/// Asks a module what it holds, as a host does when it is uploaded.
fn inspect(bytes: &[u8]) -> anyhow::Result<Names> {
    let engine = WasmEngine::start(1)?;
    let module = LoadedModule::for_once(&engine, bytes)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let limits = GuestLimits::with_memory(MEMORY_BYTES);
    Ok(runtime.block_on(module.names(&limits, NAMES_TICKS_MAX))?)
}
