//! Owns a project under development: a host beside it that always has its latest module, made anew
//! whenever a source changes.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info};

use super::build::make;
use super::manifest::Project;
use crate::cli::Serve;
use crate::scheduler::Handle;
use crate::serve;

/// How often sources are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(300);

/// Serves the project of a folder until told to stop. What its workflows print and log is in the log.
///
/// # Errors
/// The folder has no project, or a host can't be run with these arguments.
pub fn develop(folder: &Path, arguments: Serve) -> anyhow::Result<()> {
    let project = Arc::new(Project::open(folder)?);
    serve::run_beside(arguments, |handle| keep_uploaded(project, handle))
}

/// Makes and uploads the module, again with every change, for ever.
async fn keep_uploaded(project: Arc<Project>, handle: Handle) {
    loop {
        let seen = sources(&project);
        let making = project.clone();
        match tokio::task::spawn_blocking(move || make(&making)).await {
            Ok(Ok(bytes)) => upload(&project, &handle, bytes).await,
            Ok(Err(failed)) => error!("{failed:#}"),
            Err(failed) => error!("the module could not be made: {failed}"),
        }
        while sources(&project) == seen {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
}

async fn upload(project: &Project, handle: &Handle, bytes: Vec<u8>) {
    let name = &project.manifest.name;
    match handle.upload(name, bytes.into(), true).await {
        Ok((digest, module)) => {
            let (workflows, activities) = match module.active_version() {
                Some(version) => (version.workflows.join(", "), version.activities.join(", ")),
                None => Default::default(),
            };
            info!(%digest, workflows, activities, "module '{name}' is there");
        }
        Err(refused) => error!("module '{name}' is refused: {refused}"),
    }
}

/// Returns what tells one state of the sources from another.
fn sources(project: &Project) -> u64 {
    let mut seen = DefaultHasher::new();
    for source in project.sources() {
        look(&source, &mut seen);
    }
    seen.finish()
}

fn look(path: &Path, seen: &mut DefaultHasher) {
    // What vanishes between two looks has changed.
    let Ok(found) = fs::metadata(path) else { return };
    path.hash(seen);
    if !found.is_dir() {
        (found.modified().ok(), found.len()).hash(seen);
        return;
    }
    let Ok(entries) = fs::read_dir(path) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().for_each(|path| look(path, seen));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_any_source_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let text = "name = \"hello\"\nbuild = \"make\"\nmodule = \"hello.wasm\"\n";
        fs::write(folder.path().join("reweft.toml"), text).unwrap();
        let project = Project::open(folder.path()).unwrap();
        let inner = folder.path().join("src/inner");
        let mut states = vec![sources(&project)];
        fs::create_dir_all(&inner).unwrap();
        for (name, content) in [("a", "1"), ("a", "22"), ("b", "1")] {
            fs::write(inner.join(name), content).unwrap();
            states.push(sources(&project));
        }
        fs::remove_file(inner.join("a")).unwrap();
        states.push(sources(&project));
        fs::write(folder.path().join("elsewhere"), "").unwrap();
        assert_eq!(states.last(), Some(&sources(&project)), "only sources count");
        states.sort_unstable();
        states.dedup();
        assert_eq!(states.len(), 5);
    }
}
