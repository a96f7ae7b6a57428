//! Owns what a new project begins with: a workflow that works, and whatever its language needs that is
//! not in a registry, so that it builds as it is.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use rust_embed::RustEmbed;
use uuid::Uuid;

use crate::cli::Language;
use crate::wasm::core_module::CONTRACT_FILES;

const NAME_CHARACTERS_MAX: usize = 60;

/// The projects themselves, a folder for each language.
#[derive(RustEmbed)]
#[folder = "templates"]
struct Templates;

/// What guests are written with; of JavaScript the types alone: the builder has the rest of it.
#[derive(RustEmbed)]
#[folder = "../guest-sdk"]
#[exclude = "js/engine*"]
#[exclude = "js/src/*"]
#[exclude = "tests/*"]
#[exclude = "*/tests/*"]
#[exclude = "*/node_modules/*"]
#[exclude = "*/__pycache__/*"]
#[exclude = "*.egg-info/*"]
struct Kits;

/// Writes a new project into a folder of its own.
///
/// # Errors
/// The name can't be used, or the folder is there already or can't be written.
pub fn create(name: &str, language: Language, parent: &Path) -> anyhow::Result<()> {
    check_name(name)?;
    let folder = parent.join(name);
    if folder.exists() {
        bail!("{} is there already: choose another name, or remove it", folder.display());
    }
    let (word, kit) = (word(language), kit(language));
    for path in Templates::iter() {
        let Some(place) = path.strip_prefix(&format!("{word}/")) else { continue };
        let Some(file) = Templates::get(&path) else { continue };
        write(&folder, &named(place, name), &named_bytes(&file.data, name))?;
    }
    for (from, to) in kit {
        for path in Kits::iter() {
            let Some(rest) = path.strip_prefix(from) else { continue };
            let Some(file) = Kits::get(&path) else { continue };
            write(&folder, &format!("{to}{rest}"), &file.data)?;
        }
    }
    if language == Language::Rust {
        for (path, text) in CONTRACT_FILES {
            write(&folder, &format!("reweft/wit/{path}"), text.as_bytes())?;
        }
    }
    println!("{} is there. Next:", folder.display());
    println!("  cd {name} && reweft dev");
    Ok(())
}

/// Returns the word for a language: the folder of its template.
fn word(language: Language) -> &'static str {
    match language {
        Language::AssemblyScript => "assemblyscript",
        Language::C => "c",
        Language::Go => "go",
        Language::JavaScript => "js",
        Language::Python => "python",
        Language::Rust => "rust",
        Language::TypeScript => "ts",
        Language::Zig => "zig",
    }
}

/// Returns which parts of what guests are written with a project gets, and where they go.
fn kit(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::AssemblyScript => &[("assemblyscript/", "reweft/")],
        Language::C => &[("c/", "reweft/")],
        Language::Go => &[("go/", "reweft/")],
        Language::JavaScript | Language::TypeScript => &[("js/", "reweft/")],
        Language::Python => {
            &[("python/src/", "reweft/src/"), ("python/README.md", "reweft/README.md")]
        }
        Language::Rust => &[
            ("Cargo.toml", "reweft/guest-sdk/Cargo.toml"),
            ("src/", "reweft/guest-sdk/src/"),
            ("macros/", "reweft/guest-sdk/macros/"),
        ],
        Language::Zig => &[("zig/", "reweft/")],
    }
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let fits = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
    };
    let begins = name.starts_with(|character: char| character.is_ascii_lowercase());
    if !begins || name.len() > NAME_CHARACTERS_MAX || !name.chars().all(fits) {
        bail!(
            "'{name}' can't be the name of a project: it takes 1 to {NAME_CHARACTERS_MAX} small letters, digits and '-', and a letter at its beginning"
        );
    }
    Ok(())
}

/// Fills in what a template leaves room for: the project's name, and what is to differ between projects.
fn named(text: &str, name: &str) -> String {
    let (random, ..) = Uuid::new_v4().as_fields().to_owned();
    text.replace("{{name}}", name)
        .replace("{{identifier}}", &name.replace('-', "_"))
        .replace("{{random}}", &format!("{random:08x}"))
}

fn named_bytes<'a>(bytes: &'a [u8], name: &str) -> Cow<'a, [u8]> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Owned(named(text, name).into_bytes()),
        Err(_) => Cow::Borrowed(bytes),
    }
}

fn write(folder: &Path, place: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = folder.join(place);
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(&path, bytes)
    };
    write().with_context(|| format!("{} can't be written", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::project::manifest::Project;

    #[test]
    fn every_language_has_a_project() {
        let parent = tempfile::tempdir().unwrap();
        for &language in Language::value_variants() {
            let name = format!("my-{}", word(language));
            create(&name, language, parent.path()).unwrap();
            let project = Project::open(&parent.path().join(&name)).unwrap();
            assert_eq!(project.manifest.name, name);
            for source in project.sources() {
                assert!(source.exists(), "{}", source.display());
            }
            assert!(parent.path().join(&name).join("README.md").exists());
            let again = create(&name, language, parent.path()).unwrap_err().to_string();
            assert!(again.contains("is there already"), "{again}");
        }
    }

    #[test]
    fn a_name_is_one_of_a_folder_and_of_a_package() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["", "-a", "1a", "A", "a b", "../a", "a/b", "a.b", "\u{e4}", &"a".repeat(61)] {
            let refused = create(name, Language::Rust, parent.path()).unwrap_err().to_string();
            assert!(refused.contains("can't be the name of a project"), "{refused}");
        }
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
