//! The pure core: what a workflow is, whatever runs it and wherever it is stored.
//!
//! Here there is no async, no I/O, no clock, no randomness but the seeded kind, and no WebAssembly:
//! time and identities arrive as fields of events, and what is to be done leaves as plain values.
//! `tests/tidy.rs` holds this folder to it.
//!
//! [`event`] says what may be in a history and [`command`] what a guest may ask for; [`state`] says
//! what may follow what, and what the host owes; [`replay`] is the guest's view of the same
//! history; [`summary`] is what is shown of it, and [`codec`] how all of it is written down.

pub mod codec;
pub mod command;
pub mod event;
pub mod failure;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod id;
pub mod replay;
#[cfg(test)]
mod simulation;
pub mod state;
pub mod summary;
