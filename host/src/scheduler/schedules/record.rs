//! Owns what is stored and shown of a schedule: its definition, how far it has come, and its last
//! firings. Changes here are plain; whoever makes them writes the record.

use serde::{Deserialize, Serialize};

use super::definition::{Definition, Overlap};
use crate::scheduler::documents::{optional_time, time};
use crate::workflow::id::{InstanceId, Timestamp};

/// How many firings are kept.
const FIRINGS_KEPT: usize = 10;

/// What came of a firing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// An instance was started.
    Started,
    /// It was left out, since the previous instance had not ended.
    Skipped,
    /// Its instance is started when the previous one has ended.
    Buffered,
    /// No instance could be started, for this reason.
    Failed(String),
}

/// A time at which a schedule was due, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firing {
    /// When it was due.
    #[serde(with = "time")]
    pub time: Timestamp,
    /// When that was dealt with.
    #[serde(with = "time")]
    pub fired_at: Timestamp,
    /// The instance: the one that was started, or would have been.
    pub instance: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// How many firings came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Instances started.
    pub started: u64,
    /// Left out, since the previous instance had not ended.
    pub skipped: u64,
    /// No instance could be started.
    pub failed: u64,
    /// Longer ago than the catch-up window when the host was back, or too many.
    pub missed: u64,
}

/// A schedule, as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it is told to do.
    pub definition: Definition,
    /// Nothing is started until it is resumed.
    pub paused: bool,
    /// When it was created.
    #[serde(with = "time")]
    pub created_at: Timestamp,
    /// When its definition was last replaced, or it was paused or resumed.
    #[serde(with = "time")]
    pub updated_at: Timestamp,
    /// Its times up to this one have been dealt with; the next one follows from it.
    #[serde(with = "time")]
    pub(super) covered_until: Timestamp,
    /// The time whose instance waits for the end of the previous one.
    #[serde(with = "optional_time")]
    pub buffered: Option<Timestamp>,
    /// The instance that was started last.
    pub(super) previous: Option<String>,
    /// The last firings, newest first.
    pub firings: Vec<Firing>,
    /// What all of them came to.
    pub counts: Counts,
}

impl Record {
    /// Returns a new schedule: nothing before `now` is due.
    pub(super) fn new(definition: Definition, now: Timestamp) -> Self {
        Self {
            definition,
            paused: false,
            created_at: now,
            updated_at: now,
            covered_until: now,
            buffered: None,
            previous: None,
            firings: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Takes another definition. If its times are others, those that have passed are not due; if they
    /// are the same, none is lost.
    pub(super) fn replace(&mut self, definition: Definition, now: Timestamp) {
        if definition.timing != self.definition.timing {
            self.covered_until = now;
        }
        if definition.overlap != Overlap::BufferOne {
            self.buffered = None;
        }
        self.definition = definition;
        self.updated_at = now;
    }

    /// Stops it, or lets it go on: what was due meanwhile is not made up for.
    pub(super) fn set_paused(&mut self, paused: bool, now: Timestamp) {
        if self.paused && !paused {
            self.covered_until = self.covered_until.max(now);
        }
        self.paused = paused;
        self.updated_at = now;
    }

    /// Notes a firing.
    pub(super) fn note(&mut self, firing: Firing) {
        match &firing.outcome {
            Outcome::Started => {
                self.counts.started += 1;
                self.previous = Some(firing.instance.clone());
            }
            Outcome::Skipped => self.counts.skipped += 1,
            Outcome::Failed(_) => self.counts.failed += 1,
            Outcome::Buffered => {}
        }
        if self.buffered == Some(firing.time) {
            self.buffered = None;
        }
        if firing.outcome == Outcome::Buffered {
            self.buffered = Some(firing.time);
        }
        // The instance of a buffered firing is started later: one entry, whose outcome changes.
        self.firings.retain(|known| known.time != firing.time);
        self.firings.insert(0, firing);
        self.firings.truncate(FIRINGS_KEPT);
    }

    /// Returns the instance that was started last.
    pub(super) fn previous(&self) -> Option<InstanceId> {
        self.previous.as_deref().map(InstanceId::unchecked)
    }
}
