//! Owns why something failed. It must not know what happens to it.

use std::error::Error;
use std::fmt;

use crate::Cancelled;
use crate::payload::readable_type_name;

/// Error type of what somebody has cancelled.
pub(crate) const CANCELLED: &str = "cancelled";

/// Why a workflow or an activity failed.
///
/// Any error becomes one with `?`: its [`error_type`](Self::error_type) is then the short name of its
/// type, its message what it displays. That is why `Failure` itself doesn't implement
/// [`std::error::Error`], as `anyhow::Error` doesn't.
///
/// ```
/// use reweft_sdk::Failure;
///
/// fn quantity(text: &str) -> Result<u32, Failure> {
///     let quantity: u32 = text.parse()?;
///     if quantity == 0 {
///         return Err(Failure::new("empty-order", "the quantity is zero").non_retriable());
///     }
///     Ok(quantity)
/// }
///
/// assert_eq!(quantity("many").unwrap_err().error_type, "ParseIntError");
/// assert_eq!(quantity("0").unwrap_err().to_string(), "empty-order: the quantity is zero");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable and machine-readable, for example `insufficient-funds`. The host puts `failure` in the
    /// place of an empty one.
    pub error_type: String,
    /// What happened, for a person to read.
    pub message: String,
    /// Where it happened.
    pub stack_trace: Option<String>,
    /// True: no retry policy tries again.
    pub non_retriable: bool,
}

impl Failure {
    /// Returns a failure that a retry policy may try again.
    pub fn new(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            error_type: error_type.into(),
            message: message.into(),
            stack_trace: None,
            non_retriable: false,
        }
    }

    /// Returns the same failure, but one that no retry policy tries again.
    #[must_use]
    pub fn non_retriable(mut self) -> Self {
        self.non_retriable = true;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.message)
    }
}

impl<E: Error + 'static> From<E> for Failure {
    /// Takes the name of the type, and what the error and all its sources display. [`Cancelled`]
    /// alone has the error type that the contract gives it, `cancelled`.
    fn from(error: E) -> Self {
        let is_cancelled = (&error as &dyn Error).is::<Cancelled>();
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Some errors display their source themselves.
            if !message.contains(&cause_text) {
                message.push_str(": ");
                message.push_str(&cause_text);
            }
            source = cause.source();
        }
        let error_type = match is_cancelled {
            true => CANCELLED.to_owned(),
            false => readable_type_name::<E>(),
        };
        Self::new(error_type, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("can't count")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn an_error_brings_its_type_and_its_causes() {
        let cause = "x".parse::<u8>().unwrap_err();
        let failure = Failure::from(Outer(cause));
        assert_eq!(failure.error_type, "Outer");
        assert_eq!(failure.message, "can't count: invalid digit found in string");
        assert!(!failure.non_retriable && failure.stack_trace.is_none());
        assert!(failure.non_retriable().non_retriable);
    }

    #[test]
    fn a_cancelled_attempt_has_the_error_type_of_the_contract() {
        assert_eq!(Failure::from(Cancelled).error_type, "cancelled");
    }
}
