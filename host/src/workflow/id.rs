//! Owns the names of things: instances, runs, tasks, module versions, and points in time.
//! A leaf: it knows nothing else of this crate, and every layer may use it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

/// The most bytes an instance ID given by a client may have.
pub const INSTANCE_ID_BYTES_MAX: usize = 64;

/// The most bytes an instance ID given by a workflow to its child may have.
pub const CHILD_ID_BYTES_MAX: usize = 200;

/// The most bytes the name of an event or an activity may have.
pub const NAME_BYTES_MAX: usize = 1024;

/// Why a text cannot be an instance ID.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InvalidInstanceId {
    /// The text is empty.
    #[error("an instance ID must not be empty")]
    Empty,
    /// The text has more than [`INSTANCE_ID_BYTES_MAX`] bytes.
    #[error("workflow instance ID exceeds the max length of {INSTANCE_ID_BYTES_MAX} characters")]
    TooLong,
    /// The text has a character outside letters, digits, `_` and `-`.
    #[error(
        "workflow instance ID '{0}' is invalid: only alphanumeric, underscore and dash characters are allowed"
    )]
    Character(String),
    /// The text has more than [`CHILD_ID_BYTES_MAX`] bytes.
    #[error("the instance ID of a child exceeds the max length of {CHILD_ID_BYTES_MAX} bytes")]
    ChildTooLong,
    /// The text has a control character.
    #[error("the instance ID of a child must not have control characters, but is '{0}'")]
    Control(String),
}

/// The name of an instance, unique among the instances that a store holds. Case matters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(Arc<str>);

impl InstanceId {
    /// Checks an ID that a client wants to give to a new instance.
    pub fn parse(text: &str) -> Result<Self, InvalidInstanceId> {
        if text.is_empty() {
            return Err(InvalidInstanceId::Empty);
        }
        if text.len() > INSTANCE_ID_BYTES_MAX {
            return Err(InvalidInstanceId::TooLong);
        }
        if !text.chars().all(|character| character.is_alphanumeric() || "_-".contains(character)) {
            return Err(InvalidInstanceId::Character(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// Checks an ID that a workflow gives to a child: it may hold what no client may use, such as the
    /// colon of a child's own children.
    pub fn parse_child(text: &str) -> Result<Self, InvalidInstanceId> {
        match text {
            "" => Err(InvalidInstanceId::Empty),
            _ if text.len() > CHILD_ID_BYTES_MAX => Err(InvalidInstanceId::ChildTooLong),
            _ if text.chars().any(char::is_control) => {
                Err(InvalidInstanceId::Control(text.escape_debug().to_string()))
            }
            _ => Ok(Self(text.into())),
        }
    }

    /// Takes an ID as it stands: one read back from the store, or one that a client only looks for.
    pub fn unchecked(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// The number a store gives to an instance at creation; it only grows and is never given twice, so
/// rows of younger instances always sort behind those of older ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceNumber(pub u64);

impl fmt::Display for InstanceNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// The number of a task within its run: the first task a guest asks for is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskNumber(pub u32);

impl TaskNumber {
    /// Stands for the run itself: under it the start of one that begins later is a timer.
    pub const START: Self = Self(0);

    /// Returns the number of the task asked for after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for TaskNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// The identity of a run: random, and different from that of every other run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub [u8; 16]);

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hexadecimal(&self.0, formatter)
    }
}

/// A SHA-256: the version of a module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

/// The text is not a digest.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("'{0}' is not a module digest: it takes 64 hexadecimal digits")]
pub struct InvalidDigest(String);

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidDigest(text.to_owned());
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        for (position, byte) in bytes.iter_mut().enumerate() {
            let digits = &text[2 * position..2 * position + 2];
            *byte = u8::from_str_radix(digits, 16).map_err(|_| invalid())?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hexadecimal(&self.0, formatter)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Each attempt of an activity is told its run: one call of the formatter for each byte would add up.
fn write_hexadecimal(bytes: &[u8], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    formatter.write_str(&digits.collect::<String>())
}

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The last millisecond of the year 9999, the latest time that every client can read.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// Returns the time so many milliseconds later, if it is not past [`Self::MAX`].
    pub fn checked_add_ms(self, duration_ms: u64) -> Option<Self> {
        self.0.checked_add(duration_ms).map(Self).filter(|&sum| sum <= Self::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_id_takes_letters_digits_underscore_and_dash() {
        for valid in ["a", "order-1_B", "größe", "日本語", &"x".repeat(64)] {
            assert_eq!(InstanceId::parse(valid).unwrap().as_str(), valid);
        }
        for invalid in ["a$b", "a#1", "a b", "a:1", "a/b", "a\0", "🙂"] {
            assert_eq!(
                InstanceId::parse(invalid),
                Err(InvalidInstanceId::Character(invalid.to_owned()))
            );
        }
        assert_eq!(InstanceId::parse(""), Err(InvalidInstanceId::Empty));
        assert_eq!(InstanceId::parse(&"x".repeat(65)), Err(InvalidInstanceId::TooLong));
        // 64 is a number of bytes, as it is in Dapr.
        assert_eq!(InstanceId::parse(&"ö".repeat(33)), Err(InvalidInstanceId::TooLong));
    }

    #[test]
    fn a_digest_reads_what_it_writes() {
        let digest = Digest(std::array::from_fn(|position| position as u8 * 7));
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for invalid in ["", "ab", &"g".repeat(64), &"ö".repeat(32), &"+1".repeat(32)] {
            assert!(invalid.parse::<Digest>().is_err(), "{invalid}");
        }
    }

    #[test]
    fn time_ends_with_the_year_9999() {
        assert_eq!(Timestamp(5).checked_add_ms(7), Some(Timestamp(12)));
        assert_eq!(Timestamp::MAX.checked_add_ms(1), None);
        assert_eq!(Timestamp(5).checked_add_ms(u64::MAX), None);
    }
}
