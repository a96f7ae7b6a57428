//! Owns what is done to modules at a client's request.

use hyper::StatusCode;

use super::Answer;
use super::error::ApiError;
use super::request::Parameters;
use super::wire::{self, Module, ModuleList};
use crate::scheduler::Handle;

pub(super) fn list(handle: &Handle) -> Answer {
    let records = handle.modules().list();
    let modules = records.iter().map(Module::new).collect();
    wire::json(StatusCode::OK, &ModuleList { modules })
}

pub(super) fn get(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    let record = handle.modules().get(parameters.path("name"))?;
    Ok(wire::json(StatusCode::OK, &Module::new(&record)))
}

pub(super) async fn delete(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    handle.delete_module(parameters.path("name")).await?;
    Ok(wire::empty(StatusCode::NO_CONTENT))
}
