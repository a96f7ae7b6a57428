//! Owns what is done to instances at a client's request: Dapr's seven operations, and those beyond.

use hyper::StatusCode;

use super::error::ApiError;
use super::request::Parameters;
use super::routes::Operation;
use super::wire::{self, MigrationTarget, Reason, Removal, Started, Termination};
use super::{Answer, Connection, times, watching};
use crate::scheduler::{Handle, Reuse, Start};
use crate::workflow::event::Message;
use crate::workflow::id::{InstanceId, NAME_BYTES_MAX, Timestamp};

/// What a client may say is to become of an instance that has the ID.
const REUSE: [(&str, Reuse); 4] = [
    ("replace-ended", Reuse::ReplaceEnded),
    ("refuse", Reuse::Refuse),
    ("terminate-and-replace", Reuse::TerminateAndReplace),
    ("return-existing", Reuse::ReturnExisting),
];

pub(super) async fn start(
    handle: &Handle,
    parameters: &Parameters,
    input: String,
    connection: &Connection,
) -> Result<Answer, ApiError> {
    let instance = match parameters.query("instanceID") {
        Some(given) => InstanceId::parse(given)?,
        None => InstanceId::unchecked(&uuid::Uuid::new_v4().to_string()),
    };
    let workflow = parameters.path("subject");
    let wait_time = watching::wait_time(parameters, "wait")?;
    let start = Start {
        instance: instance.clone(),
        module: parameters.path("component").to_owned(),
        workflow: workflow.to_owned(),
        input,
        start_at: start_at(handle, parameters)?,
        reuse: reuse(parameters)?,
    };
    let refused = |error| ApiError::start(workflow, error);
    let Some(wait_time) = wait_time else {
        handle.start(start).await.map_err(refused)?;
        let started = Started { instance_id: instance.as_str() };
        return Ok(wire::json(StatusCode::ACCEPTED, &started));
    };
    let watch = handle.start_watched(start).await.map_err(refused)?;
    watching::outcome(watch, instance.as_str(), wait_time, connection).await
}

/// When the instance is to begin, as the query says.
fn start_at(handle: &Handle, parameters: &Parameters) -> Result<Option<Timestamp>, ApiError> {
    match (parameters.query("startTime"), parameters.query("delay")) {
        (None, None) => Ok(None),
        (Some(time), None) => times::time("startTime", time).map(Some),
        (None, Some(delay)) => {
            let start_at = handle.time_after_ms(times::duration_ms("delay", delay)?);
            let too_late = || format!("delay is '{delay}': it ends after the year 9999");
            start_at.map(Some).ok_or_else(|| ApiError::malformed(too_late()))
        }
        (Some(_), Some(_)) => {
            let message = "both startTime and delay are given: leave one out".to_owned();
            Err(ApiError::malformed(message))
        }
    }
}

/// What is to become of an instance that has the ID, as the query says.
fn reuse(parameters: &Parameters) -> Result<Reuse, ApiError> {
    let Some(given) = parameters.query("reuse") else { return Ok(Reuse::default()) };
    let found = REUSE.iter().find(|(name, _)| *name == given);
    found.map(|&(_, reuse)| reuse).ok_or_else(|| {
        let known = REUSE.map(|(name, _)| name).join(", ");
        ApiError::malformed(format!("reuse is '{given}': it takes one of {known}"))
    })
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

pub(super) async fn pause(
    handle: &Handle,
    parameters: &Parameters,
    Reason { reason }: Reason,
) -> Result<Answer, ApiError> {
    deliver(handle, parameters, Operation::Pause, Message::Pause { reason }).await
}

pub(super) async fn resume(
    handle: &Handle,
    parameters: &Parameters,
    Reason { reason }: Reason,
) -> Result<Answer, ApiError> {
    deliver(handle, parameters, Operation::Resume, Message::Resume { reason }).await
}

pub(super) async fn terminate(
    handle: &Handle,
    parameters: &Parameters,
    how: Termination,
) -> Result<Answer, ApiError> {
    let message = Message::Terminate {
        output: how.output.map(|output| output.get().to_owned()),
        reason: how.reason,
        recursive: how.recursive.unwrap_or(true),
    };
    deliver(handle, parameters, Operation::Terminate, message).await
}

pub(super) async fn purge(
    handle: &Handle,
    parameters: &Parameters,
    how: Removal,
) -> Result<Answer, ApiError> {
    let id = parameters.path("subject");
    let (recursive, force) = (how.recursive.unwrap_or(true), how.force.unwrap_or(false));
    let purged = handle.purge(&InstanceId::unchecked(id), recursive, force).await;
    purged.map_err(|error| ApiError::operation(Operation::Purge, id, error))?;
    Ok(wire::json(StatusCode::ACCEPTED, &wire::Done {}))
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
    let instance = InstanceId::unchecked(id);
    let moved = match target.force {
        true => handle.force_migration(&instance, digest).await,
        false => handle.migrate(&instance, digest).await,
    };
    moved.map_err(|error| ApiError::migration(id, error))?;
    Ok(wire::json(StatusCode::ACCEPTED, &wire::Done {}))
}
