//! Owns what a workflow's imports do: check what the guest gives, and ask the
//! [`Replay`]. A refused argument ends the guest.

use std::task::Poll;

use wasmtime::component::Resource;

use super::bindings::{context, types};
use super::workflow_guest::WorkflowHost;
use super::{EndRun, LogLine};
use crate::workflow::command::{ActivityCall, ChildCall, Command};
use crate::workflow::failure::RetryPolicy;
use crate::workflow::id::{InstanceId, NAME_BYTES_MAX, TaskNumber};
use crate::workflow::replay::{Nondeterminism, Replay};

/// A guest's handle on a task: the task's number is the handle's representation.
#[allow(unreachable_pub, reason = "generated code exports it again")]
pub enum Task {}

fn number(task: &Resource<Task>) -> TaskNumber {
    TaskNumber(task.rep())
}

fn check_name(what: &str, name: &str) -> wasmtime::Result<()> {
    let length = name.len();
    if name.is_empty() {
        return Err(EndRun::invalid_argument(format!("the name of {what} must not be empty")));
    }
    if length > NAME_BYTES_MAX {
        return Err(EndRun::invalid_argument(format!(
            "the name of {what} has {length} bytes, more than {NAME_BYTES_MAX}"
        )));
    }
    Ok(())
}

fn retry_policy(policy: types::RetryPolicy) -> wasmtime::Result<RetryPolicy> {
    let policy = RetryPolicy {
        max_attempts: policy.max_attempts,
        first_interval_ms: policy.first_interval,
        backoff_coefficient: policy.backoff_coefficient,
        max_interval_ms: policy.max_interval,
        timeout_ms: policy.timeout,
    };
    policy.check().map_err(EndRun::invalid_argument)?;
    Ok(policy)
}

fn check_limit(what: &str, limit_ms: Option<u64>) -> wasmtime::Result<()> {
    match limit_ms {
        Some(0) => Err(EndRun::invalid_argument(format!("{what} must be 1 ms or more, not 0"))),
        _ => Ok(()),
    }
}

impl WorkflowHost {
    fn ask(&self, command: Command) -> wasmtime::Result<TaskNumber> {
        Ok(self.shared().replay.ask(command)?)
    }

    /// Asks for something that makes a task, if the guest may have another.
    pub(super) fn open_task(&self, command: Command) -> wasmtime::Result<TaskNumber> {
        self.shared().check_tasks()?;
        self.ask(command)
    }

    fn ask_task(&self, command: Command) -> wasmtime::Result<Resource<Task>> {
        Ok(Resource::new_own(self.open_task(command)?.0))
    }

    fn check_payload(&self, what: &str, payload: &str) -> wasmtime::Result<()> {
        self.shared().check_payload(what, payload)
    }

    /// Waits until `look` finds something. No waker is kept: whoever holds the guest drives it when
    /// there is more to see.
    pub(super) async fn wait<T>(
        &self,
        mut look: impl FnMut(&mut Replay) -> Result<Option<T>, Nondeterminism>,
    ) -> wasmtime::Result<T> {
        let found = std::future::poll_fn(|_| {
            let mut shared = self.shared();
            let found = look(&mut shared.replay);
            shared.renew_ticks();
            match found {
                Ok(Some(found)) => Poll::Ready(Ok(found)),
                Ok(None) => {
                    shared.blocked = true;
                    Poll::Pending
                }
                Err(diverged) => Poll::Ready(Err(diverged)),
            }
        });
        Ok(found.await?)
    }
}

impl types::Host for WorkflowHost {}

impl context::HostTask for WorkflowHost {
    fn outcome(
        &mut self,
        task: Resource<Task>,
    ) -> wasmtime::Result<Option<Result<String, types::Failure>>> {
        let outcome = self.shared().replay.outcome(number(&task));
        Ok(outcome.map(|result| result.map_err(Into::into)))
    }

    fn number(&mut self, task: Resource<Task>) -> wasmtime::Result<u32> {
        Ok(task.rep())
    }

    fn cancel(&mut self, task: Resource<Task>) -> wasmtime::Result<()> {
        Ok(self.shared().replay.cancel(number(&task))?)
    }

    fn drop(&mut self, task: Resource<Task>) -> wasmtime::Result<()> {
        self.shared().replay.drop_handle(number(&task));
        Ok(())
    }
}

impl context::Host for WorkflowHost {
    fn info(&mut self) -> wasmtime::Result<context::InstanceInfo> {
        let replaying = self.shared().replay.is_replaying();
        let info = &self.info;
        Ok(context::InstanceInfo {
            instance_id: info.instance_id.clone(),
            workflow_name: info.workflow_name.clone(),
            module_name: info.module_name.clone(),
            module_digest: info.module_digest.clone(),
            started_at: info.started_at.0,
            parent_instance_id: info.parent_instance_id.clone(),
            replaying,
        })
    }

    fn call_activity(
        &mut self,
        name: String,
        input: String,
        options: context::ActivityOptions,
    ) -> wasmtime::Result<Resource<Task>> {
        check_name("an activity", &name)?;
        check_limit("the timeout of an activity", options.timeout)?;
        check_limit("the heartbeat timeout of an activity", options.heartbeat_timeout)?;
        self.check_payload("the input of an activity", &input)?;
        let retry = options.retry.map(retry_policy).transpose()?;
        let (timeout_ms, heartbeat_timeout_ms) = (options.timeout, options.heartbeat_timeout);
        let call = ActivityCall { name, input, retry, timeout_ms, heartbeat_timeout_ms };
        self.ask_task(Command::CallActivity(call))
    }

    fn call_workflow(
        &mut self,
        workflow: String,
        input: String,
        options: context::ChildOptions,
    ) -> wasmtime::Result<Resource<Task>> {
        check_name("a workflow", &workflow)?;
        self.check_payload("the input of a child", &input)?;
        let instance = options.instance_id.as_deref().map(InstanceId::parse_child).transpose();
        let instance = instance.map_err(|error| EndRun::invalid_argument(error.to_string()))?;
        let retry = options.retry.map(retry_policy).transpose()?;
        let detached = options.detached;
        let call = ChildCall { workflow, input, instance, retry, detached };
        self.ask_task(Command::CallWorkflow(call))
    }

    fn raise_event(
        &mut self,
        instance: String,
        name: String,
        payload: String,
    ) -> wasmtime::Result<()> {
        check_name("an event", &name)?;
        self.check_payload("the payload of an event", &payload)?;
        let instance = InstanceId::unchecked(&instance);
        self.ask(Command::RaiseEvent { instance, name, payload })?;
        Ok(())
    }

    fn start_timer(&mut self, delay: u64) -> wasmtime::Result<Resource<Task>> {
        let now = self.shared().replay.now();
        let fire_at = now.checked_add_ms(delay).ok_or_else(|| {
            EndRun::invalid_argument(format!(
                "a timer of {delay} ms would fire after the year 9999"
            ))
        })?;
        self.ask_task(Command::StartTimer { fire_at })
    }

    fn wait_event(&mut self, name: String) -> wasmtime::Result<Resource<Task>> {
        check_name("an event", &name)?;
        self.ask_task(Command::WaitEvent { name })
    }

    async fn select(&mut self, tasks: Vec<Resource<Task>>) -> wasmtime::Result<u32> {
        if tasks.is_empty() {
            let message = "select needs at least one task to wait for".to_owned();
            return Err(EndRun::invalid_argument(message));
        }
        let tasks: Vec<TaskNumber> = tasks.iter().map(number).collect();
        let select = |replay: &mut Replay| {
            let selected = replay.select(&tasks)?;
            Ok(selected.position().map(|position| position as u32))
        };
        self.wait(select).await
    }

    async fn select_any(&mut self) -> wasmtime::Result<u32> {
        Ok(self.wait(Replay::select_any).await?.0)
    }

    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.shared().replay.now().0)
    }

    fn random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.shared().replay.random_u64())
    }

    fn new_uuid(&mut self) -> wasmtime::Result<String> {
        let mut bytes = [0; 16];
        self.shared().replay.fill_random(&mut bytes);
        Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
    }

    fn set_custom_status(&mut self, status: String) -> wasmtime::Result<()> {
        self.check_payload("the custom status", &status)?;
        self.ask(Command::SetCustomStatus { status })?;
        Ok(())
    }

    fn continue_as_new(&mut self, input: String, keep_unread_events: bool) -> wasmtime::Result<()> {
        self.check_payload("the input of the next run", &input)?;
        Err(EndRun::Continued { input, keep_unread_events }.into())
    }

    fn is_patched(&mut self, patch: String) -> wasmtime::Result<bool> {
        check_name("a patch", &patch)?;
        Ok(self.shared().replay.is_patched(&patch)?)
    }

    fn log(&mut self, level: types::Level, message: String) -> wasmtime::Result<()> {
        let mut shared = self.shared();
        if !shared.replay.is_replaying() {
            shared.logs.push(LogLine::new(level, message));
        }
        Ok(())
    }

    fn fail(&mut self, failure: types::Failure) -> wasmtime::Result<()> {
        Err(EndRun::Failed(failure.into()).into())
    }
}
