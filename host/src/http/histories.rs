//! Owns what is done with histories at a client's request: show them, take them out, and restore an
//! instance from one.

use hyper::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Answer;
use super::error::ApiError;
use super::listing::limit;
use super::request::Parameters;
use super::routes::Operation;
use super::wire::{self, Document, Export, History, Started};
use crate::scheduler::{Handle, Rerun};
use crate::workflow::id::InstanceId;

pub(super) async fn history(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    parameters.take_only(&["from", "limit"])?;
    let id = parameters.path("subject");
    let (from, limit) = (from(parameters)?, limit(parameters)?);
    let page = handle.history(&InstanceId::unchecked(id), from, limit).await;
    let page = page.map_err(|error| ApiError::operation(Operation::History, id, error))?;
    Ok(wire::json(StatusCode::OK, &History::new(&page)))
}

fn from(parameters: &Parameters) -> Result<u64, ApiError> {
    let Some(text) = parameters.query("from") else { return Ok(0) };
    text.parse().map_err(|_| {
        ApiError::malformed(format!("from is '{text}': it takes the index of an event, from 0"))
    })
}

pub(super) async fn export(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    parameters.take_only(&[])?;
    let id = parameters.path("subject");
    let exported = handle.export(&InstanceId::unchecked(id)).await;
    let (summary, events) =
        exported.map_err(|error| ApiError::operation(Operation::Export, id, error))?;
    Ok(wire::json(StatusCode::OK, &Export::new(&summary, &events)))
}

pub(super) async fn import(
    handle: &Handle,
    parameters: &Parameters,
    document: Option<Document>,
) -> Result<Answer, ApiError> {
    parameters.take_only(&[])?;
    let id = parameters.path("subject");
    let instance = InstanceId::parse(id)?;
    let Some(document) = document else {
        let message = "the body is empty: it must be what an export answered".to_owned();
        return Err(ApiError::malformed(message));
    };
    let import = document.import(instance)?;
    handle.import(import).await.map_err(|error| ApiError::import(id, error))?;
    Ok(wire::json(StatusCode::ACCEPTED, &Started { instance_id: id }))
}

/// What is to be done again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Again {
    /// The index of an event.
    event_id: u64,
    /// The ID of the new instance; a random one, if absent.
    #[serde(rename = "newInstanceID")]
    new_instance_id: Option<String>,
    /// The input of what is done again at that event; the same, if absent.
    #[serde(default, deserialize_with = "present")]
    input: Option<Value>,
}

/// Tells a null that is there from one that is not.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

pub(super) async fn rerun(
    handle: &Handle,
    parameters: &Parameters,
    again: Option<Again>,
) -> Result<Answer, ApiError> {
    parameters.take_only(&[])?;
    let id = parameters.path("subject");
    let Some(again) = again else {
        let message = "the body is empty: it must be {\"eventId\": …}".to_owned();
        return Err(ApiError::malformed(message));
    };
    let instance = match again.new_instance_id.as_deref() {
        Some(given) => InstanceId::parse(given)?,
        None => InstanceId::unchecked(&uuid::Uuid::new_v4().to_string()),
    };
    let rerun = Rerun {
        source: InstanceId::unchecked(id),
        event: again.event_id,
        instance: instance.clone(),
        input: again.input.map(|input| input.to_string()),
    };
    handle.rerun(rerun).await.map_err(|error| ApiError::rerun(id, error))?;
    Ok(wire::json(StatusCode::ACCEPTED, &Started { instance_id: instance.as_str() }))
}
