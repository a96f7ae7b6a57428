//! Owns the modules that are in every program: those that `import … from "reweft"` gives, and what
//! programs expect around them.

use std::borrow::Cow;

use rust_embed::RustEmbed;

/// What the names of these modules begin with.
pub(super) const PREFIX: &str = "reweft:";

/// What a program imports to reach them.
pub(super) const PACKAGE: &str = "reweft";

/// What is evaluated before a program, what it imports, and what is evaluated after it.
pub(super) const START: &str = "reweft:start.js";
pub(super) const INDEX: &str = "reweft:index.js";
pub(super) const END: &str = "reweft:end.js";

#[derive(RustEmbed)]
#[folder = "../guest-sdk/js/src"]
struct Sources;

/// Returns the source of one of these modules.
pub(super) fn source(name: &str) -> Option<String> {
    let file = Sources::get(name.strip_prefix(PREFIX)?)?;
    match file.data {
        Cow::Borrowed(bytes) => String::from_utf8(bytes.to_vec()).ok(),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok(),
    }
}

/// Returns what one of these modules means by the relative name of another.
pub(super) fn resolve(from: &str, specifier: &str) -> Option<String> {
    let folder = from.strip_prefix(PREFIX)?.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    let name = format!("{PREFIX}{}", parts.join("/"));
    Sources::get(name.strip_prefix(PREFIX)?).map(|_| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_the_helper_find_each_other() {
        assert!([START, INDEX, END].into_iter().all(|name| source(name).is_some()));
        let found = |from, specifier| resolve(from, specifier);
        assert_eq!(
            found(START, "./globals/console.js").as_deref(),
            Some("reweft:globals/console.js")
        );
        assert_eq!(
            found("reweft:globals/console.js", "../log.js").as_deref(),
            Some("reweft:log.js")
        );
        assert_eq!(found(START, "./nothing.js"), None);
        assert_eq!(found(START, "../../log.js"), None);
    }
}
