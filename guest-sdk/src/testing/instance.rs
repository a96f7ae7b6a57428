//! Owns what a simulated world knows of an instance beside its current run. It must not know how a run
//! is made.

use super::calls::TaskKey;
use super::run::SimulatedRun;

/// An instance that has not ended.
pub(super) struct Instance {
    pub(super) run: SimulatedRun,
    pub(super) story: Story,
}

/// What lasts from one run of an instance to the next.
#[derive(Default)]
pub(super) struct Story {
    pub(super) runs: u32,
    /// Who waits for its end.
    pub(super) caller: Option<TaskKey>,
    /// Whose child it is.
    pub(super) parent: Option<String>,
    /// What its runs have asked for.
    pub(super) commands: Vec<String>,
    /// That of its last run.
    pub(super) custom_status: Option<String>,
    named_children: u32,
    named_detached: u32,
}

impl Story {
    /// Returns that of a child, before its first run.
    pub(super) fn of_child(parent: Option<String>, caller: Option<TaskKey>) -> Self {
        Self { parent, caller, ..Self::default() }
    }

    /// Returns the ID of a child that was called without one.
    pub(super) fn name_child(&mut self, own_id: &str, detached: bool) -> String {
        if detached {
            self.named_detached += 1;
            return format!("{own_id}-{}", self.named_detached);
        }
        self.named_children += 1;
        format!("{own_id}:{:04x}", self.named_children)
    }
}
