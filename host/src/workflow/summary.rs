//! Owns what is shown of an instance, and what a host must know to take it up again: derived from
//! its history, kept beside it in the same commit, never written on its own.

use super::id::{Digest, InstanceId, RunId, Timestamp};
use super::replay::Nondeterminism;
use super::state::{Phase, State};

/// Why an instance can't go on, though nothing of it is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stall {
    /// Its code disagrees with its history.
    Nondeterminism(Nondeterminism),
    /// The host can't run the module version it is on, for this reason.
    VersionUnavailable(String),
    /// Its history has grown past a limit of the host, for this reason.
    LimitExceeded(String),
}

/// What an operator sees of an instance at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Accepted; no turn has been run.
    Pending,
    /// On its way, or waiting.
    Running,
    /// Paused by somebody.
    Suspended,
    /// Waiting for code that fits.
    Stalled,
    /// Returned.
    Completed,
    /// Failed.
    Failed,
    /// Ended by somebody.
    Terminated,
}

/// What an instance is counted and listed under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// What an operator sees.
    pub status: Status,
    /// Its workflow.
    pub workflow: String,
    /// Its module.
    pub module: String,
    /// The version it is on.
    pub digest: Digest,
}

/// An instance at a glance.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its ID.
    pub instance: InstanceId,
    /// Its current run.
    pub run: RunId,
    /// The workflow it is an instance of.
    pub workflow: String,
    /// The module that holds the workflow.
    pub module: String,
    /// The version of the module it is on.
    pub digest: Digest,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its current run began: when it was accepted, unless it was to begin later.
    pub started_at: Timestamp,
    /// When the last event was recorded.
    pub updated_at: Timestamp,
    /// When the run is to begin, as long as it has not.
    pub start_at: Option<Timestamp>,
    /// Which run it is, from 1.
    pub generation: u32,
    /// The instance it is a child of.
    pub parent: Option<InstanceId>,
    /// How far the run has come.
    pub phase: Phase,
    /// The number of events in its history.
    pub events: u64,
    /// Whether a guest has been run at all.
    pub turned: bool,
    /// How many deliveries its guests have got through.
    pub delivered: u64,
    /// Which event set the custom status.
    pub custom_status_event: Option<u64>,
    /// Which event ended the run.
    pub end_event: Option<u64>,
    /// Why it can't go on, if it can't.
    pub stall: Option<Stall>,
}

impl Summary {
    /// Returns the summary of a run that has started; none of one that has not.
    pub fn of(state: &State, turned: bool, delivered: u64, stall: Option<Stall>) -> Option<Self> {
        let identity = state.identity()?;
        Some(Self {
            instance: identity.instance.clone(),
            run: identity.run,
            workflow: identity.workflow.clone(),
            module: identity.module.clone(),
            digest: state.digest()?,
            created_at: identity.created_at,
            started_at: identity.started_at,
            updated_at: state.last_time(),
            start_at: state.start_at(),
            generation: identity.generation,
            parent: identity.parent.as_ref().map(|parent| parent.instance.clone()),
            phase: state.phase(),
            events: state.events(),
            turned,
            delivered,
            custom_status_event: state.custom_status_event(),
            end_event: state.end_event(),
            stall,
        })
    }

    /// Returns what it is counted and listed under.
    pub fn label(&self) -> Label {
        Label {
            status: self.status(),
            workflow: self.workflow.clone(),
            module: self.module.clone(),
            digest: self.digest,
        }
    }

    /// Returns what an operator sees.
    pub fn status(&self) -> Status {
        match self.phase {
            Phase::Completed => Status::Completed,
            Phase::Failed => Status::Failed,
            Phase::Terminated => Status::Terminated,
            Phase::Paused => Status::Suspended,
            Phase::NotStarted | Phase::Running if self.stall.is_some() => Status::Stalled,
            // The next run of an instance that has run before has not to wait for anything.
            Phase::NotStarted | Phase::Running if !self.turned && self.generation <= 1 => {
                Status::Pending
            }
            Phase::NotStarted | Phase::Running => Status::Running,
        }
    }
}
