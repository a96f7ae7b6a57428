//! Owns what a guest asks of the host in a turn.

use std::fmt;

use super::failure::RetryPolicy;
use super::id::{InstanceId, TaskNumber, Timestamp};

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
    /// How long an attempt may go without a heartbeat; none: for ever.
    pub heartbeat_timeout_ms: Option<u64>,
}

/// A call of another workflow, as the guest asked for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildCall {
    /// A workflow of any module.
    pub workflow: String,
    /// What the workflow is given.
    pub input: String,
    /// The ID of its instance; none: one made from the caller's.
    pub instance: Option<InstanceId>,
    /// None: a single attempt.
    pub retry: Option<RetryPolicy>,
    /// It has no parent, and its call is over once it has been started.
    pub detached: bool,
}

/// What a guest asks for. The k-th command of a guest must equal the k-th of its history.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Run an activity. Makes a task.
    CallActivity(ActivityCall),
    /// Run another workflow. Makes a task.
    CallWorkflow(ChildCall),
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
    /// Raise an event to another instance.
    RaiseEvent {
        /// Which.
        instance: InstanceId,
        /// The event's name.
        name: String,
        /// What comes with it.
        payload: String,
    },
    /// Take the new way behind a change.
    UsePatch {
        /// The change.
        patch: String,
    },
}

impl Command {
    /// Returns whether the command makes a task, and so takes a task number.
    pub fn makes_task(&self) -> bool {
        match self {
            Self::CallActivity(_)
            | Self::CallWorkflow(_)
            | Self::StartTimer { .. }
            | Self::WaitEvent { .. } => true,
            Self::Cancel { .. }
            | Self::SetCustomStatus { .. }
            | Self::RaiseEvent { .. }
            | Self::UsePatch { .. } => false,
        }
    }
}

/// Tells commands apart for a person: kind, name and the start of the payload.
impl fmt::Display for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallActivity(call) => {
                let ActivityCall { name, input, .. } = call;
                write!(formatter, "call activity \"{name}\" with {}", shortened(input))?;
                write_retry(call.retry.as_ref(), formatter)?;
                write_limit(", each at most", call.timeout_ms, formatter)?;
                write_limit(", a heartbeat every", call.heartbeat_timeout_ms, formatter)
            }
            Self::CallWorkflow(call) => {
                let ChildCall { workflow, input, .. } = call;
                let detached = if call.detached { "detached " } else { "" };
                write!(formatter, "call {detached}workflow \"{workflow}\"")?;
                if let Some(instance) = &call.instance {
                    write!(formatter, " as \"{instance}\"")?;
                }
                write!(formatter, " with {}", shortened(input))?;
                write_retry(call.retry.as_ref(), formatter)
            }
            Self::StartTimer { fire_at } => {
                write!(formatter, "start a timer for {} ms", fire_at.0)
            }
            Self::WaitEvent { name } => write!(formatter, "wait for event \"{name}\""),
            Self::Cancel { task } => write!(formatter, "cancel task {task}"),
            Self::SetCustomStatus { status } => {
                write!(formatter, "set the custom status to {}", shortened(status))
            }
            Self::RaiseEvent { instance, name, payload } => {
                let payload = shortened(payload);
                write!(formatter, "raise event \"{name}\" to \"{instance}\" with {payload}")
            }
            Self::UsePatch { patch } => write!(formatter, "use patch \"{patch}\""),
        }
    }
}

fn write_retry(retry: Option<&RetryPolicy>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    match retry {
        Some(retry) => write!(formatter, ", retried up to {} attempts", retry.max_attempts),
        None => Ok(()),
    }
}

fn write_limit(
    what: &str,
    limit_ms: Option<u64>,
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match limit_ms {
        Some(limit_ms) => write!(formatter, "{what} {limit_ms} ms"),
        None => Ok(()),
    }
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        None => format!("`{text}`"),
        Some((end, _)) => format!("`{}…` ({} bytes)", &text[..end], text.len()),
    }
}
