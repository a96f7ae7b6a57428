//! Owns what a schedule is told to do, and whether that can be done. Plain values: it knows no clock.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::timing::{InvalidTiming, Times, Timing};
use crate::scheduler::documents::optional_time;
use crate::workflow::id::{INSTANCE_ID_BYTES_MAX, InstanceId, Timestamp};

/// What an instance ID holds beside its prefix, at most: a dash, and a time with milliseconds.
const SUFFIX_BYTES_MAX: usize = 20;
/// The most bytes a name or a prefix may have, so that the IDs made of it fit.
pub(super) const NAME_BYTES_MAX: usize = INSTANCE_ID_BYTES_MAX - SUFFIX_BYTES_MAX;
/// How late the host may be when nothing is wrong: less than that can't be told from a downtime.
const CATCH_UP_MS_MIN: u64 = 1_000;
/// The most bytes a note may have.
const NOTE_BYTES_MAX: usize = 4_096;

/// What is done when a schedule is due while the instance it started before has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overlap {
    /// Nothing: this time is left out.
    #[default]
    Skip,
    /// Another instance is started beside it.
    Allow,
    /// It is terminated, and another one is started.
    TerminatePrevious,
    /// One more is started when it has ended, however often the schedule was due meanwhile.
    BufferOne,
}

/// What a schedule is told to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// The module, or any.
    pub module: String,
    /// The workflow to start.
    pub workflow: String,
    /// What each instance is given.
    pub input: String,
    /// When it is due.
    pub timing: Timing,
    /// What happens when the previous instance has not ended.
    pub overlap: Overlap,
    /// How long after its time a firing is still made up for.
    pub catch_up_ms: u64,
    /// What instance IDs begin with, if not with the schedule's name.
    pub instance_id_prefix: Option<String>,
    /// It is not due before.
    #[serde(with = "optional_time")]
    pub start_at: Option<Timestamp>,
    /// It is not due after.
    #[serde(with = "optional_time")]
    pub end_at: Option<Timestamp>,
    /// A remark for people.
    pub note: Option<String>,
}

/// Why a schedule can't be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Invalid {
    /// Its name can't begin an instance ID.
    #[error(
        "'{0}' can't begin the instance IDs of a schedule: it must be 1 to {NAME_BYTES_MAX} bytes of letters, digits, '_' and '-'"
    )]
    Name(String),
    /// It says no times.
    #[error(transparent)]
    Timing(#[from] InvalidTiming),
    /// It names no workflow.
    #[error("the schedule names no workflow")]
    Workflow,
    /// The window is too short.
    #[error("a catch-up window of {0} ms is too short: it must be {CATCH_UP_MS_MIN} ms or more")]
    CatchUp(u64),
    /// It would never be due.
    #[error("the schedule would never be due: it ends before its first time")]
    Never,
    /// The remark is too long.
    #[error("the note has {0} bytes; it may have {NOTE_BYTES_MAX} at most")]
    Note(usize),
}

/// A definition that has been checked.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) definition: Definition,
    pub(super) prefix: String,
    times: Times,
}

impl Plan {
    /// Checks a definition.
    ///
    /// # Errors
    /// It can't be carried out.
    pub(super) fn new(name: &str, definition: Definition) -> Result<Self, Invalid> {
        let prefix = definition.instance_id_prefix.as_deref().unwrap_or(name).to_owned();
        for text in [name, &prefix] {
            if text.len() > NAME_BYTES_MAX || InstanceId::parse(text).is_err() {
                return Err(Invalid::Name(text.to_owned()));
            }
        }
        if definition.workflow.is_empty() {
            return Err(Invalid::Workflow);
        }
        if definition.catch_up_ms < CATCH_UP_MS_MIN {
            return Err(Invalid::CatchUp(definition.catch_up_ms));
        }
        let note_bytes = definition.note.as_deref().map_or(0, str::len);
        if note_bytes > NOTE_BYTES_MAX {
            return Err(Invalid::Note(note_bytes));
        }
        let times = Times::new(&definition.timing)?;
        Ok(Self { definition, prefix, times })
    }

    /// Returns the first time after this one at which the schedule is due.
    pub(super) fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let start = self.definition.start_at.unwrap_or(Timestamp(0));
        let after = after.max(Timestamp(start.0.saturating_sub(1)));
        let end = self.definition.end_at.unwrap_or(Timestamp::MAX);
        self.times.next_after(after).filter(|&next| next <= end)
    }

    /// Returns the last time up to this one at which the schedule was due.
    pub(super) fn last_until(&self, until: Timestamp) -> Option<Timestamp> {
        let start = self.definition.start_at.unwrap_or(Timestamp(0));
        let until = until.min(self.definition.end_at.unwrap_or(Timestamp::MAX));
        self.times.last_until(until).filter(|&last| last >= start)
    }
}
