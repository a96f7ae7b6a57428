//! Owns what the SDK asks of whatever runs a workflow or an activity: the contract in Rust's words.
//! Two things answer: the real host, and the test harness. Of either it must know no more than its name.

use std::time::{Duration, SystemTime};

use crate::Failure;
use crate::retry::{ActivityOptions, ChildOptions};

/// Whoever answers. In a guest that can only be the real host: where the compiler knows that, a module
/// imports what it uses, and nothing else.
#[cfg(target_family = "wasm")]
pub(crate) mod answering {
    pub(crate) use super::{ActivityHost as _, Host as _};
    pub(crate) type SomeHost = crate::guest::RealHost;
    pub(crate) type SomeActivityHost = crate::guest::RealActivityHost;
}
#[cfg(not(target_family = "wasm"))]
pub(crate) mod answering {
    pub(crate) type SomeHost = dyn super::Host;
    pub(crate) type SomeActivityHost = dyn super::ActivityHost;
}

/// What a task resolves to.
pub(crate) type Outcome = Result<String, Failure>;

/// A task, numbered in the order of creation, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TaskId(pub(crate) u64);

/// What a workflow may ask; `wit/context.wit` says what each call means.
pub(crate) trait Host {
    fn info(&self) -> InstanceInfo;
    fn call_activity(&self, name: &str, input: &str, options: &ActivityOptions) -> TaskId;
    fn call_workflow(&self, name: &str, input: &str, options: &ChildOptions) -> TaskId;
    fn raise_event(&self, instance_id: &str, name: &str, payload: &str);
    fn start_timer(&self, delay: Duration) -> TaskId;
    fn wait_event(&self, name: &str) -> TaskId;
    fn outcome(&self, task: TaskId) -> Option<Outcome>;
    fn cancel(&self, task: TaskId);
    /// Forgets a task that nobody will ask about again.
    fn release(&self, task: TaskId);
    /// Returns the next task that is resolved, of all that have been made; each once. The real host
    /// blocks until there is one; none means that the run is to be left alone for now, or for ever.
    fn select(&self) -> Option<TaskId>;
    fn now(&self) -> SystemTime;
    fn random_u64(&self) -> u64;
    fn new_uuid(&self) -> String;
    fn set_custom_status(&self, status: &str);
    /// Ends the run. The real host never returns from this.
    fn continue_as_new(&self, input: &str, unread: UnreadEvents);
    fn is_patched(&self, patch: &str) -> bool;
    fn log(&self, level: Level, message: &str);
}

/// What an activity may ask; `wit/activity-context.wit` says what each call means.
pub(crate) trait ActivityHost {
    /// Returns true once the attempt is no longer wanted.
    fn heartbeat(&self, progress: &str) -> bool;
    fn last_progress(&self) -> Option<String>;
    fn log(&self, level: Level, message: &str);
}

/// Which instance is running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceInfo {
    /// The ID the instance was started with.
    pub instance_id: String,
    /// The name it was started by.
    pub workflow_name: String,
    /// The module that holds this workflow.
    pub module_name: String,
    /// The SHA-256 of that module's bytes, in hexadecimal: its version.
    pub module_digest: String,
    /// When this run began.
    pub started_at: SystemTime,
    /// The instance that called this one as its child, if one did.
    pub parent_instance_id: Option<String>,
    /// True while the host replays what an earlier turn has done already. For what must not happen
    /// twice but leaves no trace in the history; never decide by it what to do next.
    pub replaying: bool,
}

/// What becomes of the events that no wait has taken when a run
/// [continues as new](crate::Context::continue_as_new).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadEvents {
    /// The next run has them, in the order they were raised in.
    Keep,
    /// They are gone.
    Drop,
}

/// What an activity is run for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityInfo {
    /// The instance that asked for it.
    pub instance_id: String,
    /// The activity's name.
    pub activity_name: String,
    /// From 1; more than 1 when a retry policy is at work. A host that crashed repeats an attempt
    /// under the same number.
    pub attempt: u32,
    /// The same for every attempt of this call, different for every other call: what to give a
    /// payment service so that it pays once.
    pub idempotency_key: String,
    /// When this attempt is stopped.
    pub deadline: SystemTime,
}

/// How much a line of log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Every little step.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// What an operator likes to know.
    Info,
    /// What an operator should know.
    Warn,
    /// What an operator must look at.
    Error,
}
