//! Owns the way between values and the JSON texts of the contract. It must not know who sends them.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Failure;

/// Error type for an input that is not what the workflow or the activity takes.
pub(crate) const INVALID_INPUT: &str = "invalid-input";
/// Error type for an output that is not what the caller takes.
pub(crate) const INVALID_OUTPUT: &str = "invalid-output";
/// Error type for the payload of an event that is not what the workflow takes.
pub(crate) const INVALID_EVENT: &str = "invalid-event";
/// Error type for the progress of an activity that is not what its next attempt takes.
pub(crate) const INVALID_PROGRESS: &str = "invalid-progress";

/// Returns the JSON text of `value`, which is `what`, for example `the input of activity "Charge"`.
pub(crate) fn encode<T: Serialize>(
    value: &T,
    error_type: &str,
    what: impl fmt::Display,
) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| {
        let message = format!("can't write {what} as JSON: {error}");
        Failure::new(error_type, message).non_retriable()
    })
}

/// Returns the value of a JSON text, which is `what`. An empty text, which stands for a body that
/// was not given, is read as `null`.
pub(crate) fn decode<T: DeserializeOwned>(
    text: &str,
    error_type: &str,
    what: impl fmt::Display,
) -> Result<T, Failure> {
    let given = if text.is_empty() { "null" } else { text };
    serde_json::from_str(given).map_err(|error| {
        let expected = readable_type_name::<T>();
        let hint = if text.is_empty() { " (none was given)" } else { "" };
        let message = format!("can't read {what} as {expected}{hint}: {error}");
        Failure::new(error_type, message).non_retriable()
    })
}

/// Returns the name of a type without the paths in it: `Option<Order>`.
pub(crate) fn readable_type_name<T>() -> String {
    let mut readable = String::new();
    let mut rest = std::any::type_name::<T>();
    while let Some(next) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("::") {
            let kept = readable.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
            readable.truncate(kept);
            rest = after;
        } else {
            readable.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    readable.trim_start_matches('&').to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use super::*;

    #[test]
    fn type_names_lose_their_paths() {
        assert_eq!(readable_type_name::<u32>(), "u32");
        assert_eq!(readable_type_name::<Option<Failure>>(), "Option<Failure>");
        assert_eq!(
            readable_type_name::<HashMap<String, Vec<(u8, Failure)>>>(),
            "HashMap<String, Vec<(u8, Failure)>>"
        );
    }

    #[test]
    fn an_absent_body_is_null() {
        assert_eq!(decode::<Option<u8>>("", INVALID_INPUT, "it"), Ok(None));
        assert_eq!(decode::<()>("", INVALID_INPUT, "it"), Ok(()));
        assert_eq!(encode(&(), INVALID_OUTPUT, "it"), Ok("null".to_owned()));
        let failure = decode::<u8>("", INVALID_INPUT, "the input").unwrap_err();
        assert!(failure.message.starts_with("can't read the input as u8 (none was given): "));
    }

    #[test]
    fn an_error_says_what_was_expected_and_where() {
        let failure = decode::<Vec<u8>>("[1,\n 300]", INVALID_INPUT, "the input").unwrap_err();
        assert_eq!(failure.error_type, "invalid-input");
        assert!(failure.non_retriable);
        assert!(failure.message.starts_with("can't read the input as Vec<u8>: "), "{failure}");
        assert!(failure.message.ends_with("at line 2 column 4"), "{failure}");
    }

    #[test]
    fn what_json_has_no_words_for_is_a_failure() {
        let map = BTreeMap::from([(vec![1], 2)]);
        let failure = encode(&map, INVALID_OUTPUT, "the output").unwrap_err();
        assert_eq!(failure.message, "can't write the output as JSON: key must be a string");
    }
}
