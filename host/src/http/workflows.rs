//! Owns what is done to instances at a client's request: Dapr's seven operations, and those beyond.

use hyper::StatusCode;

use super::error::ApiError;
use super::request::Parameters;
use super::routes::Operation;
use super::wire::{self, MigrationTarget};
use super::{Answer, wire::Started};
use crate::scheduler::{Handle, Start};
use crate::workflow::event::Message;
use crate::workflow::id::{InstanceId, NAME_BYTES_MAX};

pub(super) async fn start(
    handle: &Handle,
    parameters: &Parameters,
    input: String,
) -> Result<Answer, ApiError> {
    let instance = match parameters.query("instanceID") {
        Some(given) => InstanceId::parse(given)?,
        None => InstanceId::unchecked(&uuid::Uuid::new_v4().to_string()),
    };
    let workflow = parameters.path("subject");
    let start = Start {
        instance: instance.clone(),
        module: parameters.path("component").to_owned(),
        workflow: workflow.to_owned(),
        input,
    };
    handle.start(start).await.map_err(|error| ApiError::start(workflow, error))?;
    let started = Started { instance_id: instance.as_str() };
    Ok(wire::json(StatusCode::ACCEPTED, &started))
}

pub(super) async fn get(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    let id = parameters.path("subject");
    let found = handle.get(&InstanceId::unchecked(id)).await;
    let found = found.map_err(|error| ApiError::operation(Operation::Get, id, error))?;
    Ok(wire::json(StatusCode::OK, &wire::Instance::new(&found)))
}

pub(super) async fn raise_event(
    handle: &Handle,
    parameters: &Parameters,
    payload: String,
) -> Result<Answer, ApiError> {
    let name = parameters.path("event").to_owned();
    if name.len() > NAME_BYTES_MAX {
        return Err(ApiError::event_name_too_long(name.len()));
    }
    let message = Message::RaiseEvent { name, payload };
    deliver(handle, parameters, Operation::RaiseEvent, message).await
}

/// Pauses, resumes, terminates or purges.
pub(super) async fn act(
    handle: &Handle,
    parameters: &Parameters,
    operation: Operation,
) -> Result<Answer, ApiError> {
    let message = match operation {
        Operation::Pause => Message::Pause,
        Operation::Resume => Message::Resume,
        Operation::Terminate => Message::Terminate { output: None },
        _ => return purge(handle, parameters).await,
    };
    deliver(handle, parameters, operation, message).await
}

async fn deliver(
    handle: &Handle,
    parameters: &Parameters,
    operation: Operation,
    message: Message,
) -> Result<Answer, ApiError> {
    let id = parameters.path("subject");
    let delivered = handle.deliver(&InstanceId::unchecked(id), message).await;
    delivered.map_err(|error| ApiError::operation(operation, id, error))?;
    Ok(wire::json(StatusCode::ACCEPTED, &wire::Done {}))
}

async fn purge(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    let id = parameters.path("subject");
    let purged = handle.purge(&InstanceId::unchecked(id)).await;
    purged.map_err(|error| ApiError::operation(Operation::Purge, id, error))?;
    Ok(wire::json(StatusCode::ACCEPTED, &wire::Done {}))
}

pub(super) async fn migrate(
    handle: &Handle,
    parameters: &Parameters,
    target: Option<MigrationTarget>,
) -> Result<Answer, ApiError> {
    let id = parameters.path("subject");
    let Some(target) = target else {
        let message = "the body is empty: it must be {\"moduleDigest\": \"…\"}".to_owned();
        return Err(ApiError::malformed(message));
    };
    let digest =
        target.module_digest.parse().map_err(|error: crate::workflow::id::InvalidDigest| {
            ApiError::malformed(error.to_string())
        })?;
    let moved = handle.select_version(&InstanceId::unchecked(id), digest).await;
    moved.map_err(|error| ApiError::select_version(id, error))?;
    Ok(wire::json(StatusCode::ACCEPTED, &wire::Done {}))
}
