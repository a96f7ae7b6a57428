//! Reweft runs durable workflows written as WebAssembly components. This is the whole of its host;
//! the binary only reads the command line.
//!
//! # The map
//!
//! ```text
//! main, cli ─► serve ─► http ─► scheduler ─┬─► wasm ──► workflow
//!                                          ├─► store ─► workflow::id
//!                                          └─► workflow
//! ```
//!
//! An arrow means "may use", and nothing points back up. In reading order:
//!
//! - [`workflow`] is the pure core: events, histories, replay. It has no clock, no randomness, no
//!   I/O, no async and no WebAssembly, and one total function says which event may follow which.
//! - [`store`] keeps histories. It knows IDs, numbers, due times and bytes, never what an event
//!   means. It never touches [`wasm`], nor `wasm` it.
//! - [`wasm`] runs guests. What a guest calls becomes a command for the core to decide on.
//! - [`scheduler`] brings them together: a message wakes an instance, its guest takes a turn, what it
//!   asked for is committed, and only then done. *Decide, commit, act* is the one rule.
//! - [`http`] is the way in. Only it says "status code", and it reaches the rest through
//!   [`scheduler::Handle`].
//! - [`workers`] are the threads that all this runs on, and say which does what.
//! - [`clock`] alone reads the clock, and `machine` asks the system for what makes a host fast;
//!   [`serve`] and [`cli`] put a host together from its flags;
//!   [`replay`] runs a history without one, and [`project`] is what an author does at a desk, with
//!   [`build`] for the languages that need no tools of their own.
//!
//! A good place to begin is [`workflow::state`], then [`workflow::replay`], then one turn in
//! `scheduler/instance/turn.rs`. `tests/tidy.rs` holds the layers to all this.
//!
//! # The words
//!
//! A **module** is an uploaded component, a **module version** one upload of it, named by its digest.
//! An **instance** is one execution of a **workflow**; a **run** is one life of an instance. Its
//! **history** is the list of **events**, the only truth about it. In a **turn** the guest runs until
//! it can go no further; what it asks for is a **command**, and its handle on a future result a
//! **task**. A **message** reaches an instance from outside. A **lease** is the right to run turns.

pub mod build;
pub mod cli;
pub mod clock;
pub mod http;
mod machine;
pub mod project;
pub mod replay;
pub mod scheduler;
pub mod serve;
pub mod store;
pub mod wasm;
pub mod workers;
pub mod workflow;
