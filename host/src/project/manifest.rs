//! Owns `reweft.toml`, which says how a project becomes a module.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

/// The file's name.
pub(super) const FILE: &str = "reweft.toml";

/// A project, as its `reweft.toml` describes it.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) folder: PathBuf,
    pub(super) manifest: Manifest,
}

/// What a `reweft.toml` says.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The name its module is uploaded under.
    pub(super) name: String,
    /// The command that makes the module, run by the shell in the project's folder.
    pub(super) build: String,
    /// Where that leaves the module.
    pub(super) module: PathBuf,
    /// Files and folders that it is made of.
    #[serde(default = "everything")]
    pub(super) sources: Vec<PathBuf>,
}

fn everything() -> Vec<PathBuf> {
    vec![PathBuf::from("src")]
}

impl Project {
    /// Finds the project of a folder.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let file = path.display();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(
                "there is no {file}: go to the folder of a project, or make one with `reweft new`"
            ),
            Err(error) => return Err(error).context(format!("{file} can't be read")),
        };
        let manifest = toml::from_str(&text).with_context(|| format!("{file} can't be used"))?;
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// Returns where the module is, once it has been made.
    pub(super) fn module(&self) -> PathBuf {
        self.folder.join(&self.manifest.module)
    }

    /// Returns the files and folders that the module is made of.
    pub(super) fn sources(&self) -> impl Iterator<Item = PathBuf> {
        self.manifest.sources.iter().map(|source| self.folder.join(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_says_how_it_is_built() {
        let folder = tempfile::tempdir().unwrap();
        let missing = Project::open(folder.path()).unwrap_err().to_string();
        assert!(missing.contains("reweft new"), "{missing}");
        let text = "name = \"hello\"\nbuild = \"make\"\nmodule = \"out/hello.wasm\"\n";
        fs::write(folder.path().join(FILE), text).unwrap();
        let project = Project::open(folder.path()).unwrap();
        assert_eq!(project.module(), folder.path().join("out/hello.wasm"));
        assert_eq!(project.sources().collect::<Vec<_>>(), [folder.path().join("src")]);
    }

    #[test]
    fn a_project_that_makes_no_sense_is_refused() {
        for text in ["", "name = 1", "name = \"a\"\nbuild = \"b\"\nmodule = \"c\"\nmodul = \"d\""] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(FILE), text).unwrap();
            let refused = format!("{:#}", Project::open(folder.path()).unwrap_err());
            assert!(refused.contains("reweft.toml can't be used"), "{refused}");
        }
    }
}
