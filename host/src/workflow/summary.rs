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
    /// When the start was accepted.
    pub created_at: Timestamp,
    /// When the last event was recorded.
    pub updated_at: Timestamp,
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
            created_at: identity.started_at,
            updated_at: state.last_time(),
            phase: state.phase(),
            events: state.events(),
            turned,
            delivered,
            custom_status_event: state.custom_status_event(),
            end_event: state.end_event(),
            stall,
        })
    }

    /// Returns what an operator sees.
    pub fn status(&self) -> Status {
        match self.phase {
            Phase::Completed => Status::Completed,
            Phase::Failed => Status::Failed,
            Phase::Terminated => Status::Terminated,
            Phase::Paused => Status::Suspended,
            Phase::NotStarted | Phase::Running if self.stall.is_some() => Status::Stalled,
            Phase::NotStarted | Phase::Running if !self.turned => Status::Pending,
            Phase::NotStarted | Phase::Running => Status::Running,
        }
    }
}
