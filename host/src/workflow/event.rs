//! Owns the facts that a history may hold.

use super::command::Command;
use super::failure::Failure;
use super::id::{Digest, InstanceId, RunId, TaskNumber, Timestamp};

/// How a run begins.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStarted {
    /// The identity of the run.
    pub run: RunId,
    /// The instance whose life this is.
    pub instance: InstanceId,
    /// The workflow.
    pub workflow: String,
    /// The module that holds it.
    pub module: String,
    /// The version of that module.
    pub digest: Digest,
    /// What the workflow is given.
    pub input: String,
}

/// A fact in a history: something a workflow asked for, or something that happened to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The run began. Always the first event, and only the first.
    RunStarted(RunStarted),
    /// The guest asked for something.
    Asked(Command),
    /// Somebody raised an event to the instance.
    EventRaised {
        /// As it was spelled.
        name: String,
        /// What came with it.
        payload: String,
    },
    /// An activity gave its result.
    ActivityCompleted {
        /// Which call.
        task: TaskNumber,
        /// The result.
        output: String,
    },
    /// An attempt failed, and another follows.
    ActivityAttemptFailed {
        /// Which call.
        task: TaskNumber,
        /// Why.
        failure: Failure,
        /// When the next attempt starts.
        retry_at: Timestamp,
    },
    /// The last attempt of an activity failed.
    ActivityFailed {
        /// Which call.
        task: TaskNumber,
        /// Why.
        failure: Failure,
    },
    /// The delay before the next attempt of an activity is over.
    ActivityRetried {
        /// Which call.
        task: TaskNumber,
    },
    /// A timer was due.
    TimerFired {
        /// Which.
        task: TaskNumber,
    },
    /// Nothing is run any more.
    Paused,
    /// What was paused goes on.
    Resumed,
    /// From here on the run is on this version of its module.
    VersionSelected {
        /// The version.
        digest: Digest,
    },
    /// The workflow returned.
    RunCompleted {
        /// What it returned.
        output: String,
    },
    /// The workflow failed.
    RunFailed {
        /// Why.
        failure: Failure,
    },
    /// Somebody ended the run.
    RunTerminated {
        /// What they gave as its output.
        output: Option<String>,
    },
}

impl Event {
    /// Returns the event's name in listings and messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RunStarted(_) => "RunStarted",
            Self::Asked(Command::CallActivity(_)) => "ActivityScheduled",
            Self::Asked(Command::StartTimer { .. }) => "TimerCreated",
            Self::Asked(Command::WaitEvent { .. }) => "EventAwaited",
            Self::Asked(Command::Cancel { .. }) => "TaskCancelled",
            Self::Asked(Command::SetCustomStatus { .. }) => "CustomStatusSet",
            Self::EventRaised { .. } => "EventRaised",
            Self::ActivityCompleted { .. } => "ActivityCompleted",
            Self::ActivityAttemptFailed { .. } => "ActivityAttemptFailed",
            Self::ActivityFailed { .. } => "ActivityFailed",
            Self::ActivityRetried { .. } => "ActivityRetried",
            Self::TimerFired { .. } => "TimerFired",
            Self::Paused => "Paused",
            Self::Resumed => "Resumed",
            Self::VersionSelected { .. } => "VersionSelected",
            Self::RunCompleted { .. } => "RunCompleted",
            Self::RunFailed { .. } => "RunFailed",
            Self::RunTerminated { .. } => "RunTerminated",
        }
    }
}

/// An event and when it was recorded. Times never go back within a history.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// When the host recorded it.
    pub time: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What reaches an instance from outside; the state of its run decides which event comes of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Begin the run.
    Start(RunStarted),
    /// Raise an event.
    RaiseEvent {
        /// Its name.
        name: String,
        /// What comes with it.
        payload: String,
    },
    /// Stop running code.
    Pause,
    /// Run code again.
    Resume,
    /// End the run.
    Terminate {
        /// What to show as its output.
        output: Option<String>,
    },
    /// Go on with this version of the module.
    SelectVersion {
        /// The version.
        digest: Digest,
    },
    /// An attempt of an activity has ended.
    ActivityEnded {
        /// Which call.
        task: TaskNumber,
        /// Which attempt, from 1.
        attempt: u32,
        /// How.
        result: Result<String, Failure>,
    },
    /// A timer is due: one the guest started, or the delay before another attempt of an activity.
    TimerDue {
        /// Of which task.
        task: TaskNumber,
    },
}
