//! Owns how histories and summaries are written down: the only encoding of either.
//!
//! Each starts with a byte for its format. A format, once released, is read for ever: a change makes
//! a new format, and reading upgrades the old ones, so that the rest of the core knows only one
//! form. The tags are part of format 1 and are never reused.

mod bytes;
mod history;
mod label;
mod message;
mod parts;
mod summary;

pub use self::bytes::Error;
pub use self::history::{decode_history, encode_history};
pub use self::label::{decode_label, encode_label};
pub use self::message::{decode_message, encode_message};
pub use self::summary::{decode_summary, encode_summary};

#[cfg(test)]
mod tests;
