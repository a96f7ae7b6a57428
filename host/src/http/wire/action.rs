//! Owns the bodies of what is done to an instance. Fields that are not known here are let through:
//! Dapr's clients send some of their own.

use serde::Deserialize;
use serde_json::value::RawValue;

/// What comes with a pause or a resume.
#[derive(Default, Deserialize)]
pub(in crate::http) struct Reason {
    /// Kept in the history.
    #[serde(default)]
    pub(in crate::http) reason: Option<String>,
}

/// What comes with a termination.
#[derive(Default, Deserialize)]
pub(in crate::http) struct Termination {
    /// What is shown as the output: kept as the JSON that it is.
    #[serde(default)]
    pub(in crate::http) output: Option<Box<RawValue>>,
    /// Kept in the history.
    #[serde(default)]
    pub(in crate::http) reason: Option<String>,
    /// Whether those below it end as well; they do unless told otherwise.
    #[serde(default)]
    pub(in crate::http) recursive: Option<bool>,
}

/// What comes with a purge.
#[derive(Default, Deserialize)]
pub(in crate::http) struct Removal {
    /// Whether those below it go as well; they do unless told otherwise.
    #[serde(default)]
    pub(in crate::http) recursive: Option<bool>,
    /// Whether what lives is terminated first.
    #[serde(default)]
    pub(in crate::http) force: Option<bool>,
}
