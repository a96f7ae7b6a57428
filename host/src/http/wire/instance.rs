//! Owns the shape of an instance: with its payloads where one is asked for, without in listings.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::http::times::rfc3339;
use crate::scheduler::Found;
use crate::workflow::summary::{Label, Stall, Status, Summary};

/// An instance without its payloads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Head<'a> {
    #[serde(rename = "instanceID")]
    instance_id: &'a str,
    workflow_name: &'a str,
    created_at: String,
    /// When it is to begin, as long as it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_at: Option<String>,
    /// When its current run began; none before its first turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    last_updated_at: String,
    runtime_status: &'static str,
    module_name: &'a str,
    module_digest: String,
    #[serde(rename = "parentInstanceID", skip_serializing_if = "Option::is_none")]
    parent_instance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stalled: Option<Stalled<'a>>,
}

/// An instance.
#[derive(Serialize)]
pub(in crate::http) struct Instance<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    properties: BTreeMap<&'static str, &'a str>,
}

/// Why an instance can't go on.
#[derive(Serialize)]
#[serde(untagged)]
enum Stalled<'a> {
    Nondeterminism { reason: &'static str, event: u64, expected: &'a str, got: &'a str },
    Other { reason: &'static str, message: &'a str },
}

impl<'a> Head<'a> {
    pub(in crate::http) fn new(summary: &'a Summary) -> Self {
        let stalled = summary.stall.as_ref().filter(|_| summary.status() == Status::Stalled);
        // A later run begins in the turn that ends the one before it.
        let has_begun = summary.turned || summary.generation > 1;
        Self {
            instance_id: summary.instance.as_str(),
            workflow_name: &summary.workflow,
            created_at: rfc3339(summary.created_at),
            start_at: summary.start_at.map(rfc3339),
            started_at: has_begun.then(|| rfc3339(summary.started_at)),
            last_updated_at: rfc3339(summary.updated_at),
            runtime_status: status_name(summary.status()),
            module_name: &summary.module,
            module_digest: summary.digest.to_string(),
            parent_instance_id: summary.parent.as_ref().map(|parent| parent.as_str()),
            generation: (summary.generation > 1).then_some(summary.generation),
            stalled: stalled.map(Stalled::new),
        }
    }
}

impl<'a> Instance<'a> {
    pub(in crate::http) fn new(found: &'a Found) -> Self {
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
        Self { head: Head::new(&found.summary), properties }
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
                Self::Other { reason: "version-unavailable", message }
            }
            Stall::LimitExceeded(message) => Self::Other { reason: "limit-exceeded", message },
        }
    }
}

/// All that an instance can be, in the words of clients.
const STATUSES: [(Status, &str); 7] = [
    (Status::Pending, "PENDING"),
    (Status::Running, "RUNNING"),
    (Status::Suspended, "SUSPENDED"),
    (Status::Stalled, "STALLED"),
    (Status::Completed, "COMPLETED"),
    (Status::Failed, "FAILED"),
    (Status::Terminated, "TERMINATED"),
];

/// Returns what a status is called.
pub(in crate::http) fn status_name(status: Status) -> &'static str {
    STATUSES.iter().find(|(known, _)| *known == status).map_or("UNKNOWN", |&(_, name)| name)
}

/// Returns what a client means by a word.
pub(in crate::http) fn status(name: &str) -> Option<Status> {
    STATUSES.iter().find(|(_, known)| *known == name).map(|&(status, _)| status)
}

/// Returns the words that clients have.
pub(in crate::http) fn status_names() -> impl Iterator<Item = &'static str> {
    STATUSES.iter().map(|&(_, name)| name)
}

/// A page of instances.
#[derive(Serialize)]
pub(in crate::http) struct InstanceList<'a> {
    pub(in crate::http) instances: Vec<Head<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) next: Option<String>,
}

/// How many instances there are.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Counts<'a> {
    total: u64,
    by_status: BTreeMap<&'static str, u64>,
    by_workflow: BTreeMap<&'a str, BTreeMap<&'static str, u64>>,
}

impl<'a> Counts<'a> {
    pub(in crate::http) fn new(labels: &'a [(Label, u64)]) -> Self {
        let mut counts = Self::default();
        for (label, count) in labels {
            let status = status_name(label.status);
            let of_workflow = counts.by_workflow.entry(&label.workflow).or_default();
            counts.total += count;
            *counts.by_status.entry(status).or_default() += count;
            *of_workflow.entry(status).or_default() += count;
        }
        counts
    }
}
