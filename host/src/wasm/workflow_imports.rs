//! Owns what a workflow's imports do: check what the guest gives, and ask the
//! [`Replay`](crate::workflow::replay::Replay). A refused argument ends the guest.

use std::task::Poll;

use wasmtime::component::Resource;

use super::bindings::{context, types};
use super::workflow_guest::WorkflowHost;
use super::{EndAsFailed, LogLine};
use crate::workflow::command::{ActivityCall, Command};
use crate::workflow::failure::RetryPolicy;
use crate::workflow::id::{NAME_BYTES_MAX, TaskNumber};
use crate::workflow::replay::Selected;

/// A guest's handle on a task: the task's number is the handle's representation.
#[allow(unreachable_pub, reason = "generated code exports it again")]
pub enum Task {}

fn number(task: &Resource<Task>) -> TaskNumber {
    TaskNumber(task.rep())
}

fn check_name(what: &str, name: &str) -> wasmtime::Result<()> {
    let length = name.len();
    if name.is_empty() {
        return Err(EndAsFailed::invalid_argument(format!("the name of {what} must not be empty")));
    }
    if length > NAME_BYTES_MAX {
        return Err(EndAsFailed::invalid_argument(format!(
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
    policy.check().map_err(EndAsFailed::invalid_argument)?;
    Ok(policy)
}

impl WorkflowHost {
    fn ask(&self, command: Command) -> wasmtime::Result<TaskNumber> {
        Ok(self.shared().replay.ask(command)?)
    }

    fn ask_task(&self, command: Command) -> wasmtime::Result<Resource<Task>> {
        Ok(Resource::new_own(self.ask(command)?.0))
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
        if options.timeout == Some(0) {
            let message = "the timeout of an activity must be 1 ms or more, not 0".to_owned();
            return Err(EndAsFailed::invalid_argument(message));
        }
        let retry = options.retry.map(retry_policy).transpose()?;
        let timeout_ms = options.timeout;
        self.ask_task(Command::CallActivity(ActivityCall { name, input, retry, timeout_ms }))
    }

    fn start_timer(&mut self, delay: u64) -> wasmtime::Result<Resource<Task>> {
        let now = self.shared().replay.now();
        let fire_at = now.checked_add_ms(delay).ok_or_else(|| {
            EndAsFailed::invalid_argument(format!(
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
            return Err(EndAsFailed::invalid_argument(message));
        }
        let tasks: Vec<TaskNumber> = tasks.iter().map(number).collect();
        let selected = std::future::poll_fn(|_| {
            let mut shared = self.shared();
            let selected = shared.replay.select(&tasks);
            shared.renew_ticks();
            match selected {
                Ok(Selected::Resolved(position)) => Poll::Ready(Ok(position as u32)),
                // No waker is kept: whoever holds the guest drives it when there is more to see.
                Ok(Selected::Blocked) => {
                    shared.blocked = true;
                    Poll::Pending
                }
                Err(diverged) => Poll::Ready(Err(diverged)),
            }
        });
        Ok(selected.await?)
    }

    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.shared().replay.now().0)
    }

    fn random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.shared().replay.random_u64())
    }

    fn new_uuid(&mut self) -> wasmtime::Result<String> {
        let bytes = self.shared().replay.random_bytes();
        Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
    }

    fn set_custom_status(&mut self, status: String) -> wasmtime::Result<()> {
        self.ask(Command::SetCustomStatus { status })?;
        Ok(())
    }

    fn log(&mut self, level: types::Level, message: String) -> wasmtime::Result<()> {
        let mut shared = self.shared();
        if !shared.replay.is_replaying() {
            shared.logs.push(LogLine::new(level, message));
        }
        Ok(())
    }

    fn fail(&mut self, failure: types::Failure) -> wasmtime::Result<()> {
        Err(EndAsFailed(failure.into()).into())
    }
}
