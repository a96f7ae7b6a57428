//! Owns the forms of how runs begin and end, and of the code that they are on.

use serde::{Deserialize, Serialize};

use super::parts::{Failure, Text};
use crate::http::wire::values::{Hex, Time};
use crate::workflow::event::{self, Event, Named, Origin};
use crate::workflow::failure;
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, RunId, TaskNumber};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::http) struct RunStarted<'a> {
    run: Hex<16>,
    seed: Hex<16>,
    #[serde(rename = "instanceID")]
    instance_id: Text<'a>,
    name: Text<'a>,
    module_name: Text<'a>,
    module_digest: Hex<32>,
    input: Text<'a>,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_at: Option<Time>,
    generation: u32,
    depth: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Parent<'a>>,
    /// How many children earlier runs have named.
    attached_children: u32,
    detached_children: u32,
    /// The run that this one does again in part.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<RerunOf<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parent<'a> {
    number: u64,
    #[serde(rename = "instanceID")]
    instance_id: Text<'a>,
    run: Hex<16>,
    task: u32,
    attempt: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RerunOf<'a> {
    #[serde(rename = "instanceID")]
    instance_id: Text<'a>,
    event: u64,
}

impl<'a> From<&'a event::RunStarted> for RunStarted<'a> {
    fn from(start: &'a event::RunStarted) -> Self {
        Self {
            run: Hex(start.run.0),
            seed: Hex(start.seed),
            instance_id: start.instance.as_str().into(),
            name: Text::from(&start.workflow),
            module_name: Text::from(&start.module),
            module_digest: Hex(start.digest.0),
            input: Text::from(&start.input),
            created_at: Time(start.created_at),
            start_at: start.start_at.map(Time),
            generation: start.generation,
            depth: start.depth,
            parent: start.parent.as_ref().map(Parent::from),
            attached_children: start.named.attached,
            detached_children: start.named.detached,
            origin: start.origin.as_ref().map(|origin| RerunOf {
                instance_id: origin.instance.as_str().into(),
                event: origin.event,
            }),
        }
    }
}

impl From<RunStarted<'_>> for event::RunStarted {
    fn from(start: RunStarted<'_>) -> Self {
        Self {
            run: RunId(start.run.0),
            seed: start.seed.0,
            instance: InstanceId::unchecked(&start.instance_id),
            workflow: start.name.into(),
            module: start.module_name.into(),
            digest: Digest(start.module_digest.0),
            input: start.input.into(),
            created_at: start.created_at.0,
            start_at: start.start_at.map(|start_at| start_at.0),
            generation: start.generation,
            depth: start.depth,
            parent: start.parent.map(event::Parent::from),
            named: Named { attached: start.attached_children, detached: start.detached_children },
            origin: start.origin.map(|origin| Origin {
                instance: InstanceId::unchecked(&origin.instance_id),
                event: origin.event,
            }),
        }
    }
}

impl<'a> From<&'a event::Parent> for Parent<'a> {
    fn from(parent: &'a event::Parent) -> Self {
        Self {
            number: parent.number.0,
            instance_id: parent.instance.as_str().into(),
            run: Hex(parent.run.0),
            task: parent.task.0,
            attempt: parent.attempt,
        }
    }
}

impl From<Parent<'_>> for event::Parent {
    fn from(parent: Parent<'_>) -> Self {
        Self {
            number: InstanceNumber(parent.number),
            instance: InstanceId::unchecked(&parent.instance_id),
            run: RunId(parent.run.0),
            task: TaskNumber(parent.task),
            attempt: parent.attempt,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::http) struct VersionSelected {
    module_digest: Hex<32>,
}

impl From<Digest> for VersionSelected {
    fn from(digest: Digest) -> Self {
        Self { module_digest: Hex(digest.0) }
    }
}

impl From<VersionSelected> for Event {
    fn from(selected: VersionSelected) -> Self {
        Self::VersionSelected { digest: Digest(selected.module_digest.0) }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Completed<'a> {
    output: Text<'a>,
}

impl<'a> Completed<'a> {
    pub(super) fn new(output: &'a str) -> Self {
        Self { output: output.into() }
    }
}

impl From<Completed<'_>> for Event {
    fn from(completed: Completed<'_>) -> Self {
        Self::RunCompleted { output: completed.output.into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Failed<'a> {
    failure: Failure<'a>,
}

impl<'a> Failed<'a> {
    pub(super) fn new(failure: &'a failure::Failure) -> Self {
        Self { failure: failure.into() }
    }
}

impl From<Failed<'_>> for Event {
    fn from(failed: Failed<'_>) -> Self {
        Self::RunFailed { failure: failed.failure.into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Terminated<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text<'a>>,
    recursive: bool,
}

impl<'a> Terminated<'a> {
    pub(super) fn new(output: Option<&'a str>, reason: Option<&'a str>, recursive: bool) -> Self {
        Self { output: output.map(Text::from), reason: reason.map(Text::from), recursive }
    }
}

impl From<Terminated<'_>> for Event {
    fn from(terminated: Terminated<'_>) -> Self {
        Self::RunTerminated {
            output: terminated.output.map(Text::into_owned),
            reason: terminated.reason.map(Text::into_owned),
            recursive: terminated.recursive,
        }
    }
}
