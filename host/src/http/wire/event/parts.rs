//! Owns the forms of what a workflow asks for, and of what comes of it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::http::wire::values::Time;
use crate::workflow::command::{ActivityCall, ChildCall, Command};
use crate::workflow::event::{Callee, Event};
use crate::workflow::failure::{self, RetryPolicy};
use crate::workflow::id::{InstanceId, TaskNumber, Timestamp};

pub(super) type Text<'a> = Cow<'a, str>;

/// What has only a name.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Named<'a> {
    pub(super) name: Text<'a>,
}

impl<'a> Named<'a> {
    pub(super) fn new(name: &'a str) -> Self {
        Self { name: name.into() }
    }
}

/// What is about a task, and says no more.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Of {
    task: u32,
}

impl From<TaskNumber> for Of {
    fn from(TaskNumber(task): TaskNumber) -> Self {
        Self { task }
    }
}

impl From<Of> for TaskNumber {
    fn from(Of { task }: Of) -> Self {
        Self(task)
    }
}

/// What may have a reason.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Reason<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Text<'a>>,
}

impl<'a> Reason<'a> {
    pub(super) fn new(reason: Option<&'a str>) -> Self {
        Self { reason: reason.map(Text::from) }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::http) struct Retry {
    max_attempts: u32,
    first_interval_ms: u64,
    backoff_coefficient: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_interval_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
}

impl From<RetryPolicy> for Retry {
    fn from(policy: RetryPolicy) -> Self {
        let RetryPolicy {
            max_attempts,
            first_interval_ms,
            backoff_coefficient,
            max_interval_ms,
            timeout_ms,
        } = policy;
        Self { max_attempts, first_interval_ms, backoff_coefficient, max_interval_ms, timeout_ms }
    }
}

impl From<Retry> for RetryPolicy {
    fn from(retry: Retry) -> Self {
        let Retry {
            max_attempts,
            first_interval_ms,
            backoff_coefficient,
            max_interval_ms,
            timeout_ms,
        } = retry;
        Self { max_attempts, first_interval_ms, backoff_coefficient, max_interval_ms, timeout_ms }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::http) struct ActivityScheduled<'a> {
    name: Text<'a>,
    input: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<Retry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heartbeat_timeout_ms: Option<u64>,
}

impl<'a> From<&'a ActivityCall> for ActivityScheduled<'a> {
    fn from(call: &'a ActivityCall) -> Self {
        Self {
            name: Text::from(&call.name),
            input: Text::from(&call.input),
            retry: call.retry.map(Retry::from),
            timeout_ms: call.timeout_ms,
            heartbeat_timeout_ms: call.heartbeat_timeout_ms,
        }
    }
}

impl From<ActivityScheduled<'_>> for ActivityCall {
    fn from(scheduled: ActivityScheduled<'_>) -> Self {
        Self {
            name: scheduled.name.into(),
            input: scheduled.input.into(),
            retry: scheduled.retry.map(RetryPolicy::from),
            timeout_ms: scheduled.timeout_ms,
            heartbeat_timeout_ms: scheduled.heartbeat_timeout_ms,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::http) struct ChildCreated<'a> {
    name: Text<'a>,
    input: Text<'a>,
    #[serde(rename = "instanceID", skip_serializing_if = "Option::is_none")]
    instance_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<Retry>,
    detached: bool,
}

impl<'a> From<&'a ChildCall> for ChildCreated<'a> {
    fn from(call: &'a ChildCall) -> Self {
        Self {
            name: Text::from(&call.workflow),
            input: Text::from(&call.input),
            instance_id: call.instance.as_ref().map(|instance| instance.as_str().into()),
            retry: call.retry.map(Retry::from),
            detached: call.detached,
        }
    }
}

impl From<ChildCreated<'_>> for ChildCall {
    fn from(created: ChildCreated<'_>) -> Self {
        Self {
            workflow: created.name.into(),
            input: created.input.into(),
            instance: created.instance_id.map(|instance| InstanceId::unchecked(&instance)),
            retry: created.retry.map(RetryPolicy::from),
            detached: created.detached,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::http) struct Timer {
    fire_at: Time,
}

impl From<Timestamp> for Timer {
    fn from(fire_at: Timestamp) -> Self {
        Self { fire_at: Time(fire_at) }
    }
}

impl From<Timer> for Command {
    fn from(timer: Timer) -> Self {
        Self::StartTimer { fire_at: timer.fire_at.0 }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::http) struct StatusSet<'a> {
    custom_status: Text<'a>,
}

impl<'a> StatusSet<'a> {
    pub(super) fn new(status: &'a str) -> Self {
        Self { custom_status: status.into() }
    }
}

impl From<StatusSet<'_>> for Command {
    fn from(set: StatusSet<'_>) -> Self {
        Self::SetCustomStatus { status: set.custom_status.into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct EventSent<'a> {
    #[serde(rename = "instanceID")]
    instance_id: Text<'a>,
    name: Text<'a>,
    payload: Text<'a>,
}

impl<'a> EventSent<'a> {
    pub(super) fn new(instance: &'a InstanceId, name: &'a str, payload: &'a str) -> Self {
        let instance_id = instance.as_str().into();
        Self { instance_id, name: name.into(), payload: payload.into() }
    }
}

impl From<EventSent<'_>> for Command {
    fn from(sent: EventSent<'_>) -> Self {
        let instance = InstanceId::unchecked(&sent.instance_id);
        Self::RaiseEvent { instance, name: sent.name.into(), payload: sent.payload.into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Raised<'a> {
    name: Text<'a>,
    payload: Text<'a>,
}

impl<'a> Raised<'a> {
    pub(super) fn new(name: &'a str, payload: &'a str) -> Self {
        Self { name: name.into(), payload: payload.into() }
    }
}

impl From<Raised<'_>> for Event {
    fn from(raised: Raised<'_>) -> Self {
        Self::EventRaised { name: raised.name.into(), payload: raised.payload.into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct CallCompleted<'a> {
    task: u32,
    output: Text<'a>,
}

impl<'a> CallCompleted<'a> {
    pub(super) fn new(task: TaskNumber, output: &'a str) -> Self {
        Self { task: task.0, output: output.into() }
    }

    pub(super) fn event(self, callee: Callee) -> Event {
        Event::CallCompleted { callee, task: TaskNumber(self.task), output: self.output.into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::http) struct Failure<'a> {
    error_type: Text<'a>,
    message: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_trace: Option<Text<'a>>,
    non_retriable: bool,
}

impl<'a> From<&'a failure::Failure> for Failure<'a> {
    fn from(failure: &'a failure::Failure) -> Self {
        Self {
            error_type: Text::from(&failure.error_type),
            message: Text::from(&failure.message),
            stack_trace: failure.stack_trace.as_ref().map(Text::from),
            non_retriable: failure.non_retriable,
        }
    }
}

impl From<Failure<'_>> for failure::Failure {
    fn from(failure: Failure<'_>) -> Self {
        Self {
            error_type: failure.error_type.into(),
            message: failure.message.into(),
            stack_trace: failure.stack_trace.map(Text::into_owned),
            non_retriable: failure.non_retriable,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::http) struct AttemptFailed<'a> {
    task: u32,
    failure: Failure<'a>,
    retry_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Text<'a>>,
}

impl<'a> AttemptFailed<'a> {
    pub(super) fn new(
        task: TaskNumber,
        failure: &'a failure::Failure,
        retry_at: Timestamp,
        progress: Option<&'a str>,
    ) -> Self {
        let (retry_at, progress) = (Time(retry_at), progress.map(Text::from));
        Self { task: task.0, failure: failure.into(), retry_at, progress }
    }

    pub(super) fn event(self, callee: Callee) -> Event {
        Event::AttemptFailed {
            callee,
            task: TaskNumber(self.task),
            failure: self.failure.into(),
            retry_at: self.retry_at.0,
            progress: self.progress.map(Text::into_owned),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct CallFailed<'a> {
    task: u32,
    failure: Failure<'a>,
}

impl<'a> CallFailed<'a> {
    pub(super) fn new(task: TaskNumber, failure: &'a failure::Failure) -> Self {
        Self { task: task.0, failure: failure.into() }
    }

    pub(super) fn event(self, callee: Callee) -> Event {
        Event::CallFailed { callee, task: TaskNumber(self.task), failure: self.failure.into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct InputReplaced<'a> {
    task: u32,
    input: Text<'a>,
}

impl<'a> InputReplaced<'a> {
    pub(super) fn new(task: TaskNumber, input: &'a str) -> Self {
        Self { task: task.0, input: input.into() }
    }
}

impl From<InputReplaced<'_>> for Event {
    fn from(replaced: InputReplaced<'_>) -> Self {
        Self::InputReplaced { task: TaskNumber(replaced.task), input: replaced.input.into() }
    }
}
