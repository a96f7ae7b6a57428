//! Owns what goes over the wire: the shape of every answer. Nothing else in the crate is serialised
//! for clients.

use std::collections::BTreeMap;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::format_description;

use super::Answer;
use crate::scheduler::Found;
use crate::scheduler::modules::{ModuleRecord, VersionRecord};
use crate::workflow::id::Timestamp;
use crate::workflow::summary::{Stall, Status};

/// Returns an answer without a body.
pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
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
    let mut answer = Response::new(Full::new(body));
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
}

/// An instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Instance<'a> {
    #[serde(rename = "instanceID")]
    instance_id: &'a str,
    workflow_name: &'a str,
    created_at: String,
    last_updated_at: String,
    runtime_status: &'static str,
    properties: BTreeMap<&'static str, &'a str>,
    module_name: &'a str,
    module_digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stalled: Option<Stalled<'a>>,
}

/// Why an instance can't go on.
#[derive(Serialize)]
#[serde(untagged)]
enum Stalled<'a> {
    Nondeterminism { reason: &'static str, event: u64, expected: &'a str, got: &'a str },
    VersionUnavailable { reason: &'static str, message: &'a str },
}

impl<'a> Instance<'a> {
    pub(super) fn new(found: &'a Found) -> Self {
        let summary = &found.summary;
        let mut properties = BTreeMap::from([("dapr.workflow.input", found.input.as_str())]);
        if let Some(output) = &found.output {
            properties.insert("dapr.workflow.output", output);
        }
        if let Some(status) = &found.custom_status {
            properties.insert("dapr.workflow.custom_status", status);
        }
        if let Some(failure) = &found.failure {
            properties.insert("dapr.workflow.failure.error_type", &failure.error_type);
            properties.insert("dapr.workflow.failure.error_message", &failure.message);
            if let Some(trace) = &failure.stack_trace {
                properties.insert("dapr.workflow.failure.stack_trace", trace);
            }
        }
        let stalled = summary.stall.as_ref().filter(|_| summary.status() == Status::Stalled);
        Self {
            instance_id: summary.instance.as_str(),
            workflow_name: &summary.workflow,
            created_at: rfc3339(summary.created_at),
            last_updated_at: rfc3339(summary.updated_at),
            runtime_status: status_name(summary.status()),
            properties,
            module_name: &summary.module,
            module_digest: summary.digest.to_string(),
            stalled: stalled.map(Stalled::new),
        }
    }
}

impl<'a> Stalled<'a> {
    fn new(stall: &'a Stall) -> Self {
        match stall {
            Stall::Nondeterminism(found) => Self::Nondeterminism {
                reason: "nondeterminism",
                event: found.event,
                expected: &found.expected,
                got: &found.got,
            },
            Stall::VersionUnavailable(message) => {
                Self::VersionUnavailable { reason: "version-unavailable", message }
            }
        }
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Pending => "PENDING",
        Status::Running => "RUNNING",
        Status::Suspended => "SUSPENDED",
        Status::Stalled => "STALLED",
        Status::Completed => "COMPLETED",
        Status::Failed => "FAILED",
        Status::Terminated => "TERMINATED",
    }
}

/// Writes a time as Dapr does: UTC, and three digits of a second's fraction.
fn rfc3339(time: Timestamp) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let nanoseconds = i128::from(time.0) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .ok()
        .and_then(|time| time.format(format).ok())
        // Times end with the year 9999, which both steps can do.
        .unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        assert_eq!(rfc3339(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(Timestamp(1_700_000_000_120)), "2023-11-14T22:13:20.120Z");
        assert_eq!(rfc3339(Timestamp::MAX), "9999-12-31T23:59:59.999Z");
    }
}
