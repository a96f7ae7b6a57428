//! Runs guests. Here WebAssembly meets the pure core: what a guest calls becomes a
//! [`Command`](crate::workflow::command::Command), and nothing here knows of stores or clients.

pub mod activity_guest;
mod bindings;
pub mod cache;
pub mod component;
pub mod core_module;
mod durable_wasi;
pub mod engine;
mod linking;
mod log_stream;
mod outbound;
pub mod permissions;
pub mod places;
mod printed;
pub mod rehearsal;
pub mod workflow_guest;
mod workflow_imports;

use tracing::{Level, event};
use wasmtime_wasi::I32Exit;

use crate::workflow::failure::{Failure, error_type};

impl From<bindings::types::Failure> for Failure {
    fn from(failure: bindings::types::Failure) -> Self {
        let error_type = match failure.error_type {
            empty if empty.is_empty() => error_type::FAILURE.to_owned(),
            given => given,
        };
        Self {
            error_type,
            message: failure.message,
            stack_trace: failure.stack_trace,
            non_retriable: failure.non_retriable,
        }
    }
}

impl From<Failure> for bindings::types::Failure {
    fn from(failure: Failure) -> Self {
        let Failure { error_type, message, stack_trace, non_retriable } = failure;
        Self { error_type, message, stack_trace, non_retriable }
    }
}

/// Ends a guest from inside a host function.
#[derive(Debug, thiserror::Error)]
enum EndRun {
    /// As failed.
    #[error("{}: {}", .0.error_type, .0.message)]
    Failed(Failure),
    /// To begin again.
    #[error("the workflow continues as new")]
    Continued { input: String, keep_unread_events: bool },
}

impl EndRun {
    fn invalid_argument(message: impl Into<String>) -> wasmtime::Error {
        Self::Failed(Failure::permanent(error_type::INVALID_ARGUMENT, message)).into()
    }

    fn limit_exceeded(message: String) -> wasmtime::Error {
        Self::Failed(Failure::permanent(error_type::LIMIT_EXCEEDED, message)).into()
    }
}

/// Turns what ended a guest from inside into the failure it is seen as.
fn failure_of(error: &wasmtime::Error) -> Failure {
    let stack_trace = error.downcast_ref::<wasmtime::WasmBacktrace>().map(ToString::to_string);
    if let Some(EndRun::Failed(failure)) = error.downcast_ref() {
        // A language may know where it happened, and seldom through which functions.
        let parts: Vec<String> =
            failure.stack_trace.clone().into_iter().chain(stack_trace).collect();
        let stack_trace = (!parts.is_empty()).then(|| parts.join("\n"));
        return Failure { stack_trace, ..failure.clone() };
    }
    if let Some(I32Exit(status)) = error.downcast_ref() {
        return Failure { stack_trace, ..exit_failure(*status) };
    }
    let message = match error.downcast_ref::<wasmtime::Trap>() {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    };
    Failure { stack_trace, ..Failure::new(error_type::TRAP, message) }
}

/// Returns how a guest fails that exits like a program.
fn exit_failure(status: i32) -> Failure {
    let message = format!("the guest exited with status {status}, instead of returning its output");
    Failure::new(error_type::EXIT, message)
}

/// A line a guest has logged.
#[derive(Clone, Debug)]
pub struct LogLine {
    level: Level,
    message: String,
}

impl LogLine {
    fn printed(message: &str) -> Self {
        Self { level: Level::INFO, message: message.to_owned() }
    }

    fn new(level: bindings::types::Level, message: String) -> Self {
        use bindings::types::Level as Guest;
        let level = match level {
            Guest::Trace => Level::TRACE,
            Guest::Debug => Level::DEBUG,
            Guest::Info => Level::INFO,
            Guest::Warn => Level::WARN,
            Guest::Error => Level::ERROR,
        };
        Self { level, message }
    }

    /// Writes the line to the host's log.
    pub fn emit(&self, instance: &str, function: &str) {
        let message = &self.message;
        // The level of an event is part of its static description, hence one macro call for each.
        match self.level {
            Level::TRACE => event!(target: "guest", Level::TRACE, instance, function, "{message}"),
            Level::DEBUG => event!(target: "guest", Level::DEBUG, instance, function, "{message}"),
            Level::INFO => event!(target: "guest", Level::INFO, instance, function, "{message}"),
            Level::WARN => event!(target: "guest", Level::WARN, instance, function, "{message}"),
            Level::ERROR => event!(target: "guest", Level::ERROR, instance, function, "{message}"),
        }
    }
}
