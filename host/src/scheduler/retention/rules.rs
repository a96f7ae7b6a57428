//! Owns how long instances are kept once they have ended: pure, from rules to times.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::workflow::id::Timestamp;
use crate::workflow::summary::{Status, Summary};

/// For how long ended instances are kept, in milliseconds; for ever where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// However they ended, unless one of the others speaks.
    pub any_terminal_ms: Option<u64>,
    /// Those that completed.
    pub completed_ms: Option<u64>,
    /// Those that failed.
    pub failed_ms: Option<u64>,
    /// Those that were terminated.
    pub terminated_ms: Option<u64>,
}

impl Rules {
    fn keep_ms(&self, status: Status) -> Option<u64> {
        let specific = match status {
            Status::Completed => self.completed_ms,
            Status::Failed => self.failed_ms,
            Status::Terminated => self.terminated_ms,
            Status::Pending | Status::Running | Status::Suspended | Status::Stalled => return None,
        };
        specific.or(self.any_terminal_ms)
    }
}

/// The rules of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Those for all workflows.
    pub general: Rules,
    /// Those for the workflows of these names: they come first.
    pub workflows: BTreeMap<String, Rules>,
}

impl Retention {
    /// Returns whether everything is kept for ever.
    pub(super) fn is_empty(&self) -> bool {
        self.general == Rules::default()
            && self.workflows.values().all(|rules| *rules == Rules::default())
    }

    /// Returns for how long an instance of a workflow that has ended so is kept; none: for ever.
    pub(super) fn keep_ms(&self, workflow: &str, status: Status) -> Option<u64> {
        let own = self.workflows.get(workflow).and_then(|rules| rules.keep_ms(status));
        own.or_else(|| self.general.keep_ms(status))
    }

    /// Returns when an instance goes; none: it has not ended, or is kept for ever.
    pub(super) fn due(&self, summary: &Summary) -> Option<Timestamp> {
        let keep_ms = self.keep_ms(&summary.workflow, summary.status())?;
        summary.updated_at.checked_add_ms(keep_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specific_rule_comes_first_and_a_workflows_own_before_all() {
        let general = Rules { any_terminal_ms: Some(1), completed_ms: Some(2), ..Rules::default() };
        let own = Rules { any_terminal_ms: Some(3), failed_ms: Some(0), ..Rules::default() };
        let workflows =
            [("own".to_owned(), own), ("none".to_owned(), Rules::default())].into_iter().collect();
        let retention = Retention { general, workflows };
        let keep = |workflow| {
            [Status::Completed, Status::Failed, Status::Terminated]
                .map(|status| retention.keep_ms(workflow, status))
        };
        assert_eq!(keep("any"), [Some(2), Some(1), Some(1)]);
        assert_eq!(keep("none"), keep("any"));
        assert_eq!(keep("own"), [Some(3), Some(0), Some(3)]);
        for status in [Status::Pending, Status::Running, Status::Suspended, Status::Stalled] {
            assert_eq!(retention.keep_ms("own", status), None);
        }
        assert!(Retention::default().is_empty() && !retention.is_empty());
        assert_eq!(Retention::default().keep_ms("any", Status::Completed), None);
    }
}
