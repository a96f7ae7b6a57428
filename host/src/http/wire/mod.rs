//! Owns what goes over the wire: the shape of every answer, and of every body that is JSON. Nothing
//! else in the crate is serialised for clients.

mod action;
mod event;
mod history;
mod instance;
mod values;

use std::collections::BTreeMap;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::{Deserialize, Serialize};

pub(super) use self::action::{Reason, Removal, Termination};
pub(super) use self::history::{Document, Export, History};
pub(super) use self::instance::{
    Counts, Head, Instance, InstanceList, status, status_name, status_names,
};
use super::Answer;
use super::times::rfc3339;
use crate::scheduler::modules::{ModuleRecord, VersionRecord};
use crate::workflow::id::Timestamp;

/// Returns an answer without a body.
pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default().boxed_unsync());
    *answer.status_mut() = status;
    answer
}

/// Returns an answer with a JSON body.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    match serde_json::to_vec(body) {
        Ok(bytes) => with_body(status, "application/json", bytes.into()),
        // Every type below has only text for keys, and so can be serialised.
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Returns a JSON document that is there already.
pub(super) fn raw_json(document: &'static str) -> Answer {
    with_body(StatusCode::OK, "application/json", Bytes::from_static(document.as_bytes()))
}

/// Returns an answer in plain text.
pub(super) fn text(status: StatusCode, message: &'static str) -> Answer {
    with_body(status, "text/plain; charset=utf-8", Bytes::from_static(message.as_bytes()))
}

fn with_body(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body).boxed_unsync());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// The answer to a start.
#[derive(Serialize)]
pub(super) struct Started<'a> {
    #[serde(rename = "instanceID")]
    pub(super) instance_id: &'a str,
}

/// The answer to what only needs a yes.
#[derive(Serialize)]
pub(super) struct Done {}

/// What a migration asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MigrationTarget {
    pub(super) module_digest: String,
    /// Whether it is moved even if its history does not fit.
    #[serde(default)]
    pub(super) force: bool,
}

/// All modules.
#[derive(Serialize)]
pub(super) struct ModuleList<'a> {
    pub(super) modules: Vec<Module<'a>>,
}

/// A module. What it holds is that of its active version.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Module<'a> {
    name: &'a str,
    digest: &'a str,
    workflows: &'a [String],
    activities: &'a [String],
    versions: Vec<Version<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version<'a> {
    digest: &'a str,
    active: bool,
    workflows: &'a [String],
    activities: &'a [String],
    size_bytes: u64,
    uploaded_at: String,
    limits: Limits,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    memory_bytes: u64,
    table_elements: u64,
    stack_bytes: u64,
}

impl<'a> Module<'a> {
    pub(super) fn new(record: &'a ModuleRecord) -> Self {
        let active = record.active_version();
        let version = |version: &'a VersionRecord| Version {
            digest: &version.digest,
            active: version.digest == record.active,
            workflows: &version.workflows,
            activities: &version.activities,
            size_bytes: version.size_bytes,
            uploaded_at: rfc3339(Timestamp(version.uploaded_at_ms)),
            limits: Limits {
                memory_bytes: version.limits.memory_bytes,
                table_elements: version.limits.table_elements,
                stack_bytes: version.limits.stack_bytes,
            },
        };
        Self {
            name: &record.name,
            digest: &record.active,
            workflows: active.map_or(&[], |version| &version.workflows),
            activities: active.map_or(&[], |version| &version.activities),
            versions: record.versions.iter().map(version).collect(),
        }
    }
}

/// What the host is, in the shape of Dapr's answer: its clients ask before they do anything else.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    id: &'static str,
    runtime_version: &'static str,
    enabled_features: [&'static str; 0],
    actors: [&'static str; 0],
    components: [Component; 1],
    extended: BTreeMap<&'static str, &'static str>,
}

#[derive(Serialize)]
struct Component {
    name: &'static str,
    r#type: &'static str,
    version: &'static str,
    capabilities: [&'static str; 0],
}

impl Metadata {
    pub(super) fn new() -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let component =
            Component { name: "dapr", r#type: "workflow.dapr", version: "v1", capabilities: [] };
        Self {
            id: "reweft",
            runtime_version: version,
            enabled_features: [],
            actors: [],
            components: [component],
            extended: BTreeMap::from([("reweftVersion", version)]),
        }
    }
}
