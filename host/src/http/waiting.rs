//! Owns how it is shown what an instance waits for, and where in its code.

use hyper::StatusCode;
use serde::Serialize;

use super::Answer;
use super::error::ApiError;
use super::request::Parameters;
use super::routes::Operation;
use super::times::rfc3339;
use super::wire;
use crate::scheduler::{self, Handle};
use crate::workflow::command::Command;
use crate::workflow::id::InstanceId;

#[derive(Serialize)]
struct Waiting<'a> {
    #[serde(rename = "instanceID")]
    instance_id: &'a str,
    #[serde(rename = "waitingFor")]
    waiting_for: Vec<Task<'a>>,
    #[serde(rename = "callStack")]
    call_stack: Vec<Frame<'a>>,
    /// Why there is no call stack, if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Task<'a> {
    task: u32,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    #[serde(rename = "instanceID", skip_serializing_if = "Option::is_none")]
    instance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
}

#[derive(Serialize)]
struct Frame<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

impl<'a> Task<'a> {
    fn new(waiting: &'a scheduler::WaitingTask) -> Self {
        let (kind, name) = match &waiting.command {
            Command::CallActivity(call) => ("activity", Some(call.name.as_str())),
            Command::CallWorkflow(call) => ("workflow", Some(call.workflow.as_str())),
            Command::WaitEvent { name } => ("event", Some(name.as_str())),
            _ => ("timer", None),
        };
        Self {
            task: waiting.task.0,
            kind,
            name,
            since: rfc3339(waiting.since),
            due: waiting.due.map(rfc3339),
            instance_id: waiting.child.as_ref().map(InstanceId::as_str),
            attempt: waiting.attempt,
        }
    }
}

/// Shows what an instance waits for.
pub(super) async fn get(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    let id = parameters.path("subject");
    let waiting = handle.waiting(&InstanceId::unchecked(id)).await;
    let waiting = waiting.map_err(|error| ApiError::operation(Operation::Get, id, error))?;
    let call_stack = waiting.stack.iter().map(|frame| Frame {
        function: frame.function.as_deref(),
        file: frame.file.as_deref(),
        line: frame.line,
    });
    let answer = Waiting {
        instance_id: id,
        waiting_for: waiting.tasks.iter().map(Task::new).collect(),
        call_stack: call_stack.collect(),
        reason: waiting.reason.as_deref(),
    };
    Ok(wire::json(StatusCode::OK, &answer))
}
