//! Owns what a guest asks of the host in a turn.

use std::fmt;

use super::failure::RetryPolicy;
use super::id::{TaskNumber, Timestamp};

/// A call of an activity, as the guest asked for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityCall {
    /// An activity of the same module, or `module/activity`.
    pub name: String,
    /// What the activity is given.
    pub input: String,
    /// None: a single attempt.
    pub retry: Option<RetryPolicy>,
    /// How long one attempt may take; none: as long as the host allows.
    pub timeout_ms: Option<u64>,
}

/// What a guest asks for. The k-th command of a guest must equal the k-th of its history.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Run an activity. Makes a task.
    CallActivity(ActivityCall),
    /// Resolve at this time. Makes a task.
    StartTimer {
        /// When.
        fire_at: Timestamp,
    },
    /// Resolve with the next event of this name. Makes a task.
    WaitEvent {
        /// As the guest spelled it.
        name: String,
    },
    /// Stop wanting the result of a task.
    Cancel {
        /// Which.
        task: TaskNumber,
    },
    /// Show this with the instance.
    SetCustomStatus {
        /// Any text.
        status: String,
    },
}

impl Command {
    /// Returns whether the command makes a task, and so takes a task number.
    pub fn makes_task(&self) -> bool {
        match self {
            Self::CallActivity(_) | Self::StartTimer { .. } | Self::WaitEvent { .. } => true,
            Self::Cancel { .. } | Self::SetCustomStatus { .. } => false,
        }
    }
}

/// Tells commands apart for a person: kind, name and the start of the payload.
impl fmt::Display for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallActivity(call) => {
                write!(
                    formatter,
                    "call activity \"{}\" with {}",
                    call.name,
                    shortened(&call.input)
                )?;
                if let Some(retry) = &call.retry {
                    write!(formatter, ", retried up to {} attempts", retry.max_attempts)?;
                }
                match call.timeout_ms {
                    Some(timeout) => write!(formatter, ", each at most {timeout} ms"),
                    None => Ok(()),
                }
            }
            Self::StartTimer { fire_at } => {
                write!(formatter, "start a timer for {} ms", fire_at.0)
            }
            Self::WaitEvent { name } => write!(formatter, "wait for event \"{name}\""),
            Self::Cancel { task } => write!(formatter, "cancel task {task}"),
            Self::SetCustomStatus { status } => {
                write!(formatter, "set the custom status to {}", shortened(status))
            }
        }
    }
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        None => format!("`{text}`"),
        Some((end, _)) => format!("`{}…` ({} bytes)", &text[..end], text.len()),
    }
}
