//! Owns the way between the SDK and the bindings: the real host behind a context, and the entry
//! points of a module. It must not know what any workflow does.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::PanicHookInfo;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use crate::bindings::reweft::workflow::context as wire;
use crate::bindings::reweft::workflow::{activity_context as activity_wire, types};
use crate::host::{ActivityHost, ActivityInfo, Host, InstanceInfo, Level, Outcome, TaskId};
use crate::module::Module;
use crate::retry::{ActivityOptions, ChildOptions, RetryPolicy, whole_ms};
use crate::{ActivityContext, Context, Failure, UnreadEvents};

/// The entry point `workflows.run`.
pub fn run(module: &Module, name: &str, input: &str) -> Result<String, types::Failure> {
    report_panics(wire::fail);
    let context = Context::new(Rc::new(RealHost::default()));
    module.run(name, context, input).map_err(to_wire)
}

/// The entry point `activities.execute`.
pub fn execute(module: &Module, name: &str, input: &str) -> Result<String, types::Failure> {
    report_panics(activity_wire::fail);
    let context = ActivityContext::new(Rc::new(RealActivityHost), activity_info());
    module.execute(name, context, input).map_err(to_wire)
}

/// Makes a panic end the run or the attempt as failed. `fail` never returns.
fn report_panics(fail: fn(&types::Failure)) {
    std::panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        let message = panic.payload_as_str().unwrap_or("a panic without a text");
        let mut failure = Failure::new("panic", message);
        failure.stack_trace = panic.location().map(ToString::to_string);
        fail(&to_wire(failure));
    }));
}

/// The host of a workflow.
#[derive(Default)]
pub(crate) struct RealHost {
    tasks: RefCell<BTreeMap<TaskId, wire::Task>>,
    /// How many tasks have been made: the host counts them alike.
    created: Cell<u64>,
}

impl RealHost {
    fn keep(&self, task: wire::Task) -> TaskId {
        let id = TaskId(self.created.get() + 1);
        self.created.set(id.0);
        self.tasks.borrow_mut().insert(id, task);
        id
    }
}

impl Host for RealHost {
    fn info(&self) -> InstanceInfo {
        let info = wire::info();
        InstanceInfo {
            instance_id: info.instance_id,
            workflow_name: info.workflow_name,
            module_name: info.module_name,
            module_digest: info.module_digest,
            started_at: time(info.started_at),
            parent_instance_id: info.parent_instance_id,
            replaying: info.replaying,
        }
    }

    fn call_activity(&self, name: &str, input: &str, options: &ActivityOptions) -> TaskId {
        let options = wire::ActivityOptions {
            retry: options.retry.map(policy_to_wire),
            timeout: options.timeout.map(whole_ms),
            heartbeat_timeout: options.heartbeat_timeout.map(whole_ms),
        };
        self.keep(wire::call_activity(name, input, options))
    }

    fn call_workflow(&self, name: &str, input: &str, options: &ChildOptions) -> TaskId {
        let options = wire::ChildOptions {
            instance_id: options.instance_id.clone(),
            retry: options.retry.map(policy_to_wire),
            detached: options.detached,
        };
        self.keep(wire::call_workflow(name, input, &options))
    }

    fn raise_event(&self, instance_id: &str, name: &str, payload: &str) {
        wire::raise_event(instance_id, name, payload);
    }

    fn start_timer(&self, delay: Duration) -> TaskId {
        self.keep(wire::start_timer(whole_ms(delay)))
    }

    fn wait_event(&self, name: &str) -> TaskId {
        self.keep(wire::wait_event(name))
    }

    fn outcome(&self, task: TaskId) -> Option<Outcome> {
        let outcome = self.tasks.borrow()[&task].outcome()?;
        Some(outcome.map_err(from_wire))
    }

    fn cancel(&self, task: TaskId) {
        self.tasks.borrow()[&task].cancel();
    }

    fn release(&self, task: TaskId) {
        self.tasks.borrow_mut().remove(&task);
    }

    // The call stack of an instance that waits is to say so.
    #[inline(never)]
    fn select(&self) -> Option<TaskId> {
        Some(TaskId(wire::select_any().into()))
    }

    fn now(&self) -> SystemTime {
        time(wire::now())
    }

    fn random_u64(&self) -> u64 {
        wire::random_u64()
    }

    fn new_uuid(&self) -> String {
        wire::new_uuid()
    }

    fn set_custom_status(&self, status: &str) {
        wire::set_custom_status(status);
    }

    fn continue_as_new(&self, input: &str, unread: UnreadEvents) {
        wire::continue_as_new(input, unread == UnreadEvents::Keep);
    }

    fn is_patched(&self, patch: &str) -> bool {
        wire::is_patched(patch)
    }

    fn log(&self, level: Level, message: &str) {
        wire::log(level_to_wire(level), message);
    }
}

/// The host of an activity.
pub(crate) struct RealActivityHost;

impl ActivityHost for RealActivityHost {
    fn heartbeat(&self, progress: &str) -> bool {
        activity_wire::heartbeat(progress)
    }

    fn last_progress(&self) -> Option<String> {
        activity_wire::last_progress()
    }

    fn log(&self, level: Level, message: &str) {
        activity_wire::log(level_to_wire(level), message);
    }
}

fn activity_info() -> ActivityInfo {
    let info = activity_wire::info();
    ActivityInfo {
        instance_id: info.instance_id,
        activity_name: info.activity_name,
        attempt: info.attempt,
        idempotency_key: info.idempotency_key,
        deadline: time(info.deadline),
    }
}

fn time(timestamp_ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(timestamp_ms)
}

fn to_wire(failure: Failure) -> types::Failure {
    let Failure { error_type, message, stack_trace, non_retriable } = failure;
    types::Failure { error_type, message, stack_trace, non_retriable }
}

fn from_wire(failure: types::Failure) -> Failure {
    let types::Failure { error_type, message, stack_trace, non_retriable } = failure;
    Failure { error_type, message, stack_trace, non_retriable }
}

fn policy_to_wire(policy: RetryPolicy) -> types::RetryPolicy {
    types::RetryPolicy {
        max_attempts: policy.max_attempts,
        first_interval: whole_ms(policy.first_interval),
        backoff_coefficient: policy.backoff_coefficient,
        max_interval: policy.max_interval.map(whole_ms),
        timeout: policy.timeout.map(whole_ms),
    }
}

fn level_to_wire(level: Level) -> types::Level {
    match level {
        Level::Trace => types::Level::Trace,
        Level::Debug => types::Level::Debug,
        Level::Info => types::Level::Info,
        Level::Warn => types::Level::Warn,
        Level::Error => types::Level::Error,
    }
}
