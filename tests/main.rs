//! What Reweft promises, tested from outside: on the real binary, over HTTP, with real modules. Run
//! `make modules` first, or let `make test` do both.
//!
//! One file for each kind of promise; [`support`] holds what they share. Tests named after a case
//! (`c3_…`) say which numbered case of a workflow engine's behaviour they show.

#![cfg(test)]

mod authors;
mod cancellation;
mod cases;
mod children;
mod crash;
mod dapr_api;
mod desk;
mod determinism;
mod durable_wasi;
mod faults;
mod generations;
mod histories;
mod histories_api;
mod hostile;
mod imports;
mod in_process;
mod jobs;
mod languages;
mod listing;
mod measures;
mod modules;
mod operators;
mod permissions;
mod programs;
mod projects;
mod rerun;
mod retention;
mod schedules;
mod serving;
mod start_and_wait;
mod starting;
mod tidy;
mod upgrades;
mod watching;
