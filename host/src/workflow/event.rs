//! Owns the facts that a history may hold.

use super::command::Command;
use super::failure::Failure;
use super::id::{Digest, InstanceId, InstanceNumber, RunId, TaskNumber, Timestamp};

/// The instance that a child is a child of, and the call that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The number of the calling instance.
    pub number: InstanceNumber,
    /// Its ID.
    pub instance: InstanceId,
    /// The run that called.
    pub run: RunId,
    /// Which call.
    pub task: TaskNumber,
    /// Which attempt, from 1.
    pub attempt: u32,
}

/// Where the history of a run was taken from that does part of another one again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The other instance.
    pub instance: InstanceId,
    /// The event from which on everything is done again.
    pub event: u64,
}

/// How a run begins.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStarted {
    /// The identity of the run.
    pub run: RunId,
    /// The seed of everything random in it.
    pub seed: [u8; 16],
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
    /// When the instance was created, in its first run.
    pub created_at: Timestamp,
    /// When the guest is to be run first; none: at once.
    pub start_at: Option<Timestamp>,
    /// Which run of the instance this is, from 1: each continue-as-new makes another.
    pub generation: u32,
    /// How many instances there are above it: 0 for one that is no child.
    pub depth: u32,
    /// The instance it is a child of.
    pub parent: Option<Parent>,
    /// How many children earlier runs of the instance have named.
    pub named: Named,
    /// The run that this one does again in part.
    pub origin: Option<Origin>,
}

/// How many children have got an ID made from that of their parent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Those that it waits for.
    pub attached: u32,
    /// Those that it does not.
    pub detached: u32,
}

/// What was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// An activity.
    Activity,
    /// A child workflow.
    Workflow,
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
    /// What was called gave its result.
    CallCompleted {
        /// What it was.
        callee: Callee,
        /// Which call.
        task: TaskNumber,
        /// The result.
        output: String,
    },
    /// An attempt failed, and another follows.
    AttemptFailed {
        /// What was called.
        callee: Callee,
        /// Which call.
        task: TaskNumber,
        /// Why.
        failure: Failure,
        /// When the next attempt starts.
        retry_at: Timestamp,
        /// How far it had got, by its last heartbeat.
        progress: Option<String>,
    },
    /// The last attempt of a call failed.
    CallFailed {
        /// What was called.
        callee: Callee,
        /// Which call.
        task: TaskNumber,
        /// Why.
        failure: Failure,
    },
    /// The delay before the next attempt of a call is over.
    CallRetried {
        /// What is called again.
        callee: Callee,
        /// Which call.
        task: TaskNumber,
    },
    /// A timer was due.
    TimerFired {
        /// Which.
        task: TaskNumber,
    },
    /// The time has come at which the run was to begin.
    StartDue,
    /// Nothing is run any more.
    Paused {
        /// What whoever asked for it gave as reason.
        reason: Option<String>,
    },
    /// What was paused goes on.
    Resumed {
        /// What whoever asked for it gave as reason.
        reason: Option<String>,
    },
    /// From here on the run is on this version of its module.
    VersionSelected {
        /// The version.
        digest: Digest,
    },
    /// The next call is made with another input than the workflow asks for.
    InputReplaced {
        /// Which call it will be.
        task: TaskNumber,
        /// The input.
        input: String,
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
        /// What they gave as reason.
        reason: Option<String>,
        /// Its children end with it.
        recursive: bool,
    },
}

impl Event {
    /// Returns the event's name in listings and messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RunStarted(_) => "RunStarted",
            Self::Asked(Command::CallActivity(_)) => "ActivityScheduled",
            Self::Asked(Command::CallWorkflow(_)) => "ChildWorkflowCreated",
            Self::Asked(Command::StartTimer { .. }) => "TimerCreated",
            Self::Asked(Command::WaitEvent { .. }) => "EventAwaited",
            Self::Asked(Command::Cancel { .. }) => "TaskCancelled",
            Self::Asked(Command::SetCustomStatus { .. }) => "CustomStatusSet",
            Self::Asked(Command::RaiseEvent { .. }) => "EventSent",
            Self::Asked(Command::UsePatch { .. }) => "PatchUsed",
            Self::EventRaised { .. } => "EventRaised",
            Self::CallCompleted { callee: Callee::Activity, .. } => "ActivityCompleted",
            Self::CallCompleted { callee: Callee::Workflow, .. } => "ChildWorkflowCompleted",
            Self::AttemptFailed { callee: Callee::Activity, .. } => "ActivityAttemptFailed",
            Self::AttemptFailed { callee: Callee::Workflow, .. } => "ChildWorkflowAttemptFailed",
            Self::CallFailed { callee: Callee::Activity, .. } => "ActivityFailed",
            Self::CallFailed { callee: Callee::Workflow, .. } => "ChildWorkflowFailed",
            Self::CallRetried { callee: Callee::Activity, .. } => "ActivityRetried",
            Self::CallRetried { callee: Callee::Workflow, .. } => "ChildWorkflowRetried",
            Self::TimerFired { .. } => "TimerFired",
            Self::StartDue => "StartDue",
            Self::Paused { .. } => "Paused",
            Self::Resumed { .. } => "Resumed",
            Self::VersionSelected { .. } => "VersionSelected",
            Self::InputReplaced { .. } => "InputReplaced",
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
    Pause {
        /// Why.
        reason: Option<String>,
    },
    /// Run code again.
    Resume {
        /// Why.
        reason: Option<String>,
    },
    /// End the run.
    Terminate {
        /// What to show as its output.
        output: Option<String>,
        /// Why.
        reason: Option<String>,
        /// Its children go with it.
        recursive: bool,
    },
    /// End the run, since its parent wants its result no more.
    ParentCancelled {
        /// The number of the parent.
        parent: InstanceNumber,
        /// The run and the call that is cancelled; none: all of them.
        call: Option<(RunId, TaskNumber)>,
    },
    /// Go on with this version of the module.
    SelectVersion {
        /// The version.
        digest: Digest,
    },
    /// An attempt of a call has ended.
    CallEnded {
        /// The run that called: what another run of the instance called is none of this one's.
        run: RunId,
        /// Which call.
        task: TaskNumber,
        /// Which attempt, from 1.
        attempt: u32,
        /// How.
        result: Result<String, Failure>,
        /// How far it had got, by its last heartbeat.
        progress: Option<String>,
    },
    /// Something is due: a timer that the guest started, the delay before another attempt of a call,
    /// or the start of the run.
    TimerDue {
        /// Of which task.
        task: TaskNumber,
    },
}
