//! Owns the simulated world outside a workflow: a clock that skips, events that will be raised,
//! activities with their retries. It must not know what the workflow does with what it gets.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use crate::host::{ActivityHost, ActivityInfo, Level, Outcome, TaskId};
use crate::retry::{CallOptions, RetryPolicy, whole_ms};
use crate::{ActivityContext, Failure};

use super::tasks::Delivery;

/// What stands in for the activities.
pub(super) type Mocks = BTreeMap<String, Mock>;

/// What stands in for one activity.
pub(super) struct Mock {
    pub(super) takes: Duration,
    pub(super) execute: Box<Execute>,
}

/// Makes one attempt, from its input.
type Execute = dyn FnMut(ActivityContext, &str) -> Outcome;

/// Lines of log.
pub(super) type Log = Rc<RefCell<Vec<(Level, String)>>>;

impl ActivityHost for RefCell<Vec<(Level, String)>> {
    fn log(&self, level: Level, message: &str) {
        self.borrow_mut().push((level, message.to_owned()));
    }
}

/// A call of an activity that has not ended.
struct Call {
    name: String,
    input: String,
    options: CallOptions,
    asked_at_ms: u64,
    attempt: u32,
}

enum Happening {
    EventRaised { name: String, payload: String },
    TimerFires(TaskId),
    AttemptStarts(TaskId),
    AttemptEnds(TaskId, Outcome),
}

/// How long an attempt may take where its call doesn't say.
const LONGEST_ATTEMPT_MS: u64 = 60 * 60 * 1000;

/// The world outside a workflow.
pub(super) struct World {
    now_ms: u64,
    /// What is to come, by time and then by order of arrangement.
    agenda: BTreeMap<(u64, u64), Happening>,
    arranged: u64,
    calls: BTreeMap<TaskId, Call>,
    mocks: Rc<RefCell<Mocks>>,
    instance_id: String,
    log: Log,
    /// Name and input of each attempt.
    pub(super) attempts: Vec<(String, String)>,
}

impl World {
    pub(super) fn new(
        now_ms: u64,
        instance_id: String,
        mocks: Rc<RefCell<Mocks>>,
        log: Log,
    ) -> Self {
        Self {
            now_ms,
            agenda: BTreeMap::new(),
            arranged: 0,
            calls: BTreeMap::new(),
            mocks,
            instance_id,
            log,
            attempts: Vec::new(),
        }
    }

    fn arrange(&mut self, at_ms: u64, happening: Happening) {
        self.agenda.insert((at_ms, self.arranged), happening);
        self.arranged += 1;
    }

    pub(super) fn raise_event(&mut self, at_ms: u64, name: String, payload: String) {
        self.arrange(at_ms, Happening::EventRaised { name, payload });
    }

    pub(super) fn start_timer(&mut self, task: TaskId, fire_at_ms: u64) {
        self.arrange(fire_at_ms, Happening::TimerFires(task));
    }

    pub(super) fn call_activity(
        &mut self,
        task: TaskId,
        name: &str,
        input: &str,
        options: CallOptions,
    ) {
        let call = Call {
            name: name.to_owned(),
            input: input.to_owned(),
            options,
            asked_at_ms: self.now_ms,
            attempt: 1,
        };
        self.calls.insert(task, call);
        self.arrange(self.now_ms, Happening::AttemptStarts(task));
    }

    /// Forgets what was arranged for a task.
    pub(super) fn cancel(&mut self, task: TaskId) {
        self.calls.remove(&task);
        self.agenda.retain(|_, happening| match happening {
            Happening::EventRaised { .. } => true,
            Happening::TimerFires(other)
            | Happening::AttemptStarts(other)
            | Happening::AttemptEnds(other, _) => *other != task,
        });
    }

    /// Lets time pass until something reaches the workflow, and returns when and what; none if
    /// nothing ever will.
    pub(super) fn next_delivery(&mut self) -> Option<(u64, Delivery)> {
        loop {
            let ((at_ms, _), happening) = self.agenda.pop_first()?;
            self.now_ms = at_ms;
            let delivery = match happening {
                Happening::EventRaised { name, payload } => Some(Delivery::Event { name, payload }),
                Happening::TimerFires(task) => {
                    Some(Delivery::Result { task, outcome: Ok("null".to_owned()) })
                }
                Happening::AttemptStarts(task) => {
                    self.start_attempt(task);
                    None
                }
                Happening::AttemptEnds(task, outcome) => self.end_attempt(task, outcome),
            };
            if let Some(delivery) = delivery {
                return Some((at_ms, delivery));
            }
        }
    }

    fn start_attempt(&mut self, task: TaskId) {
        let Some(call) = self.calls.get(&task) else { return };
        let limit_ms = call.options.timeout.map_or(LONGEST_ATTEMPT_MS, whole_ms);
        let deadline_ms = self.now_ms.saturating_add(limit_ms);
        let info = ActivityInfo {
            instance_id: self.instance_id.clone(),
            activity_name: call.name.clone(),
            attempt: call.attempt,
            idempotency_key: format!("{}/{}", self.instance_id, task.0),
            deadline: SystemTime::UNIX_EPOCH + Duration::from_millis(deadline_ms),
        };
        self.attempts.push((call.name.clone(), call.input.clone()));
        let mut mocks = self.mocks.borrow_mut();
        let Some(mock) = mocks.get_mut(&call.name) else {
            panic!(
                "the workflow calls the activity {:?}, which the harness doesn't know: \
                 add it with `activity`, `real_activity` or `activity_named`",
                call.name
            );
        };
        let outcome = (mock.execute)(ActivityContext::new(self.log.clone(), info), &call.input);
        let takes_ms = whole_ms(mock.takes);
        drop(mocks);
        if takes_ms > limit_ms {
            let message = format!("the attempt took longer than {limit_ms} ms");
            let late = Err(Failure::new("timeout", message));
            self.arrange(deadline_ms, Happening::AttemptEnds(task, late));
        } else {
            self.arrange(self.now_ms + takes_ms, Happening::AttemptEnds(task, outcome));
        }
    }

    fn end_attempt(&mut self, task: TaskId, outcome: Outcome) -> Option<Delivery> {
        let call = self.calls.get_mut(&task)?;
        if let Err(failure) = &outcome {
            let retry = call.options.retry.as_ref();
            let retry_at_ms =
                retry.and_then(|policy| next_attempt_ms(policy, call, failure, self.now_ms));
            if let Some(retry_at_ms) = retry_at_ms {
                call.attempt += 1;
                self.arrange(retry_at_ms, Happening::AttemptStarts(task));
                return None;
            }
        }
        self.calls.remove(&task);
        Some(Delivery::Result { task, outcome })
    }
}

/// Returns when an activity whose attempt has failed is tried again, if it is.
fn next_attempt_ms(
    policy: &RetryPolicy,
    call: &Call,
    failure: &Failure,
    now_ms: u64,
) -> Option<u64> {
    if failure.non_retriable || call.attempt >= policy.max_attempts {
        return None;
    }
    let longest_ms = policy.max_interval.map_or(u64::MAX, whole_ms);
    let mut delay_ms = whole_ms(policy.first_interval) as f64;
    for _ in 1..call.attempt {
        delay_ms *= policy.backoff_coefficient;
    }
    let next_ms = now_ms.checked_add((delay_ms as u64).min(longest_ms))?;
    let last_ms = policy.timeout.map(|timeout| call.asked_at_ms.saturating_add(whole_ms(timeout)));
    (last_ms.is_none_or(|last_ms| next_ms <= last_ms)).then_some(next_ms)
}

/// Says what the host would refuse about a call.
pub(super) fn refusal(options: &CallOptions) -> Option<String> {
    if options.timeout.is_some_and(|timeout| timeout.is_zero()) {
        return Some("the timeout of an activity is zero".to_owned());
    }
    let policy = options.retry?;
    let coefficient = policy.backoff_coefficient;
    if policy.max_attempts == 0 {
        Some("a retry policy needs at least one attempt".to_owned())
    } else if policy.first_interval.is_zero() {
        Some("a retry policy needs a first interval above zero".to_owned())
    } else if !coefficient.is_finite() || coefficient < 1.0 {
        Some(format!("a retry policy needs a backoff of at least 1, not {coefficient}"))
    } else {
        None
    }
}
