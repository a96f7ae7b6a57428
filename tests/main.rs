//! What Reweft promises, tested from outside: on the real binary, over HTTP, with real modules. Run
//! `make modules` first, or let `make test` do both.
//!
//! One file for each kind of promise; [`support`] holds what they share. Tests named after a case
//! (`c3_…`) say which numbered case of a workflow engine's behaviour they show.

#![cfg(test)]

mod authors;
mod crash;
mod dapr_api;
mod determinism;
mod faults;
mod histories;
mod hostile;
mod modules;
mod operators;
mod serving;
mod tidy;
