//! Owns how far a run can come, and the first table: the phase that an event leads to.

use crate::workflow::event::Event;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is recorded.
    NotStarted,
    /// The guest may be run.
    Running,
    /// The guest may not be run.
    Paused,
    /// The workflow has returned.
    Completed,
    /// The workflow has failed.
    Failed,
    /// Somebody has ended the run.
    Terminated,
}

impl Phase {
    /// Returns whether the run has ended.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Terminated)
    }

    /// Returns the phase an event leads to; none if it is illegal.
    pub(super) fn after(self, event: &Event) -> Option<Self> {
        use Phase::{Completed, Failed, NotStarted, Paused, Running, Terminated};
        match (self, event) {
            (NotStarted, Event::RunStarted(_)) => Some(Running),
            (Running, Event::Asked(_) | Event::InputReplaced { .. }) => Some(Running),
            (
                Running | Paused,
                Event::EventRaised { .. }
                | Event::CallCompleted { .. }
                | Event::AttemptFailed { .. }
                | Event::CallFailed { .. }
                | Event::CallRetried { .. }
                | Event::TimerFired { .. }
                | Event::StartDue
                | Event::VersionSelected { .. },
            ) => Some(self),
            (Running, Event::Paused { .. }) => Some(Paused),
            (Paused, Event::Resumed { .. }) => Some(Running),
            (Running, Event::RunCompleted { .. }) => Some(Completed),
            (Running, Event::RunFailed { .. }) => Some(Failed),
            (Running | Paused, Event::RunTerminated { .. }) => Some(Terminated),
            (Completed | Failed, Event::CallCompleted { .. } | Event::CallFailed { .. }) => {
                Some(self)
            }
            _ => None,
        }
    }
}
