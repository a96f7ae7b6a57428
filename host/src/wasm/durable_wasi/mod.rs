//! Owns the WASI 0.2 that workflows get. Nothing in it can differ in a replay: clocks read workflow
//! time, a wait for a clock is a durable timer, randomness comes from the run's seed, and what is
//! printed is logged once. Files and the network are for activities: to call them ends the run.

mod clocks;
mod environment;
mod poll;
mod randomness;
mod refusal;
mod streams;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime_wasi::p2::bindings::{cli, clocks as clock_bindings, filesystem, io, random};

pub(super) use self::poll::{Pollable, link_observed};
use super::workflow_guest::WorkflowHost;

/// What is offered of WASI: to call it works, or fails with a word on what to do.
const PACKAGES: [&str; 7] = [
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:http/",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
];

/// Returns whether an import can be linked.
pub(super) fn is_offered(import: &str) -> bool {
    let is_known = PACKAGES.iter().any(|package| import.starts_with(package));
    is_known && import.contains("@0.2.")
}

/// Links all that a component may import of it.
pub(super) fn link(
    linker: &mut Linker<WorkflowHost>,
    component: &Component,
) -> wasmtime::Result<()> {
    type Own = HasSelf<WorkflowHost>;
    clock_bindings::monotonic_clock::add_to_linker::<_, Own>(linker, |host| host)?;
    clock_bindings::wall_clock::add_to_linker::<_, Own>(linker, |host| host)?;
    io::error::add_to_linker::<_, Own>(linker, |host| host)?;
    io::poll::add_to_linker::<_, Own>(linker, |host| host)?;
    io::streams::add_to_linker::<_, Own>(linker, |host| host)?;
    random::random::add_to_linker::<_, Own>(linker, |host| host)?;
    random::insecure::add_to_linker::<_, Own>(linker, |host| host)?;
    random::insecure_seed::add_to_linker::<_, Own>(linker, |host| host)?;
    cli::environment::add_to_linker::<_, Own>(linker, |host| host)?;
    cli::exit::add_to_linker::<_, Own>(linker, |host| host)?;
    cli::stdin::add_to_linker::<_, Own>(linker, |host| host)?;
    cli::stdout::add_to_linker::<_, Own>(linker, |host| host)?;
    cli::stderr::add_to_linker::<_, Own>(linker, |host| host)?;
    cli::terminal_input::add_to_linker::<_, Own>(linker, |host| host)?;
    cli::terminal_output::add_to_linker::<_, Own>(linker, |host| host)?;
    cli::terminal_stdin::add_to_linker::<_, Own>(linker, |host| host)?;
    cli::terminal_stdout::add_to_linker::<_, Own>(linker, |host| host)?;
    cli::terminal_stderr::add_to_linker::<_, Own>(linker, |host| host)?;
    filesystem::preopens::add_to_linker::<_, Own>(linker, |host| host)?;
    refusal::link(linker, component)
}
