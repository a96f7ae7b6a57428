//! Owns what a test puts in the place of activities and child workflows. It must not know when they are
//! called.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use crate::executor::Run;
use crate::host::{ActivityHost, Level, Outcome};
use crate::{ActivityContext, Context};

/// Everything that stands in for something, by the name it is called by.
#[derive(Default)]
pub(super) struct Mocks {
    pub(super) activities: BTreeMap<String, Mock<Execute>>,
    pub(super) workflows: BTreeMap<String, Child>,
}

/// What stands in for something, and how much simulated time it takes.
pub(super) struct Mock<F> {
    pub(super) takes: Duration,
    pub(super) answer: F,
}

/// Makes one attempt of an activity, from its input.
pub(super) type Execute = Box<dyn FnMut(ActivityContext, &str) -> Outcome>;

/// Gives the outcome of a child, from its input.
pub(super) type Answer = Box<dyn FnMut(&str) -> Outcome>;

/// Begins a run of a workflow, from its input.
pub(super) type Start = fn(Context, &str) -> Run;

/// What is run when a child is called.
pub(super) enum Child {
    Real(Start),
    Mock(Mock<Answer>),
}

/// Lines of log.
pub(super) type Log = Rc<RefCell<Vec<(Level, String)>>>;

/// The host of one attempt of an activity.
pub(super) struct AttemptHost {
    log: Log,
    last_progress: Option<String>,
    progress: RefCell<Option<String>>,
}

impl AttemptHost {
    pub(super) fn new(log: Log, last_progress: Option<String>) -> Self {
        Self { log, last_progress, progress: RefCell::default() }
    }

    /// Returns what the attempt has said last.
    pub(super) fn progress(&self) -> Option<String> {
        self.progress.borrow().clone()
    }
}

impl ActivityHost for AttemptHost {
    fn heartbeat(&self, progress: &str) -> bool {
        *self.progress.borrow_mut() = Some(progress.to_owned());
        // An attempt takes no time but what is arranged for it, so nothing can cancel it meanwhile.
        false
    }

    fn last_progress(&self) -> Option<String> {
        self.last_progress.clone()
    }

    fn log(&self, level: Level, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }
}
