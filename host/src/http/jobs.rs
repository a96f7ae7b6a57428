//! Owns what is done to jobs at a client's request, and how they go over the wire.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::ApiError;
use super::request::Parameters;
use super::times::rfc3339;
use super::wire::{self, status_name};
use super::{Answer, times};
use crate::scheduler::jobs::{Action, JobStatus, Record};
use crate::scheduler::{ALWAYS, Filter, Handle};
use crate::workflow::id::{InvalidDigest, Timestamp};
use crate::workflow::summary::Status;

/// What a job is to do, as a client says it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Asked {
    action: WireAction,
    #[serde(default)]
    filter: WireFilter,
    #[serde(default)]
    all: bool,
    reason: Option<String>,
    output: Option<Box<RawValue>>,
    recursive: Option<bool>,
    force: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireAction {
    Pause,
    Resume,
    Terminate,
    Purge,
}

/// Which instances are meant, as a client says and is shown it.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct WireFilter {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    name: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    status: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_digest: Option<String>,
}

impl WireFilter {
    fn read(self) -> Result<Filter, ApiError> {
        let time = |field, text: Option<&String>, otherwise: Timestamp| {
            Ok::<_, ApiError>(times::optional_time(field, text)?.unwrap_or(otherwise))
        };
        let digest = self.module_digest.as_deref().map(str::parse).transpose();
        Ok(Filter {
            statuses: self.status.iter().map(|name| status(name)).collect::<Result<_, _>>()?,
            created: time("createdFrom", self.created_from.as_ref(), ALWAYS.start)?
                ..time("createdTo", self.created_to.as_ref(), ALWAYS.end)?,
            updated: time("updatedFrom", self.updated_from.as_ref(), ALWAYS.start)?
                ..time("updatedTo", self.updated_to.as_ref(), ALWAYS.end)?,
            digest: digest
                .map_err(|error: InvalidDigest| ApiError::malformed(error.to_string()))?,
            workflows: self.name,
            // An empty one says nothing, so it must not count as a filter.
            id_prefix: self.id_prefix.filter(|prefix| !prefix.is_empty()),
            module: self.module,
        })
    }

    fn new(filter: &Filter) -> Self {
        let from = |time: Timestamp| (time != ALWAYS.start).then(|| rfc3339(time));
        let to = |time: Timestamp| (time != ALWAYS.end).then(|| rfc3339(time));
        Self {
            name: filter.workflows.clone(),
            status: filter.statuses.iter().map(|&it| status_name(it).to_owned()).collect(),
            id_prefix: filter.id_prefix.clone(),
            created_from: from(filter.created.start),
            created_to: to(filter.created.end),
            updated_from: from(filter.updated.start),
            updated_to: to(filter.updated.end),
            module: filter.module.clone(),
            module_digest: filter.digest.map(|digest| digest.to_string()),
        }
    }
}

fn status(name: &str) -> Result<Status, ApiError> {
    wire::status(name).ok_or_else(|| {
        let known = wire::status_names().collect::<Vec<_>>().join(", ");
        ApiError::malformed(format!("'{name}' is not a status: there are {known}"))
    })
}

impl Asked {
    fn action(&mut self) -> Result<Action, ApiError> {
        let (is_terminate, is_purge) =
            (self.action == WireAction::Terminate, self.action == WireAction::Purge);
        for (field, given, fits) in [
            ("reason", self.reason.is_some(), !is_purge),
            ("output", self.output.is_some(), is_terminate),
            ("recursive", self.recursive.is_some(), is_terminate || is_purge),
            ("force", self.force.is_some(), is_purge),
        ] {
            if given && !fits {
                let message = format!("'{field}' does not go with this action");
                return Err(ApiError::malformed(message));
            }
        }
        let reason = self.reason.take();
        let recursive = self.recursive.unwrap_or(true);
        Ok(match self.action {
            WireAction::Pause => Action::Pause { reason },
            WireAction::Resume => Action::Resume { reason },
            WireAction::Terminate => {
                let output = self.output.take().map(|output| output.get().to_owned());
                Action::Terminate { output, reason, recursive }
            }
            WireAction::Purge => Action::Purge { recursive, force: self.force.unwrap_or_default() },
        })
    }

    fn read(mut self) -> Result<(Action, Filter), ApiError> {
        let action = self.action()?;
        let filter = self.filter.read()?;
        match (filter.takes_all(), self.all) {
            (true, true) | (false, false) => Ok((action, filter)),
            (true, false) => Err(ApiError::malformed(
                "the filter is empty, which means every instance: say \"all\": true if that is meant"
                    .to_owned(),
            )),
            (false, true) => Err(ApiError::malformed(
                "\"all\" goes with an empty filter only: leave out one of them".to_owned(),
            )),
        }
    }
}

/// All jobs.
#[derive(Serialize)]
struct List<'a> {
    jobs: Vec<Job<'a>>,
}

/// A job.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Job<'a> {
    id: &'a str,
    action: WireAction,
    filter: WireFilter,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recursive: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force: Option<bool>,
    status: &'static str,
    matched: u64,
    done: u64,
    failed: u64,
    errors: Vec<JobError<'a>>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

#[derive(Serialize)]
struct JobError<'a> {
    #[serde(rename = "instanceID")]
    instance_id: &'a str,
    message: &'a str,
}

impl<'a> Job<'a> {
    fn new(id: &'a str, record: &'a Record) -> Self {
        let (mut given_reason, mut given_output, mut is_recursive, mut is_forced) =
            (None, None, None, None);
        let action = match &record.action {
            Action::Pause { reason } => {
                given_reason = reason.as_deref();
                WireAction::Pause
            }
            Action::Resume { reason } => {
                given_reason = reason.as_deref();
                WireAction::Resume
            }
            Action::Terminate { output, reason, recursive } => {
                given_reason = reason.as_deref();
                given_output = output.as_deref().and_then(|it| serde_json::from_str(it).ok());
                is_recursive = Some(*recursive);
                WireAction::Terminate
            }
            Action::Purge { recursive, force } => {
                (is_recursive, is_forced) = (Some(*recursive), Some(*force));
                WireAction::Purge
            }
        };
        let error =
            |(instance_id, message): &'a (String, String)| JobError { instance_id, message };
        Self {
            id,
            action,
            filter: WireFilter::new(&record.filter),
            reason: given_reason,
            output: given_output,
            recursive: is_recursive,
            force: is_forced,
            status: match record.status {
                JobStatus::Running => "running",
                JobStatus::Completed => "completed",
                JobStatus::Cancelled => "cancelled",
            },
            matched: record.matched,
            done: record.done,
            failed: record.failed,
            errors: record.errors.iter().map(error).collect(),
            created_at: rfc3339(record.created_at),
            ended_at: times::write_optional_time(record.ended_at),
        }
    }
}

pub(super) async fn create(handle: &Handle, asked: Option<Asked>) -> Result<Answer, ApiError> {
    let Some(asked) = asked else {
        let message = "the body is empty: it must say what to do to which instances, such as {\"action\": \"terminate\", \"filter\": {\"name\": [\"…\"]}}";
        return Err(ApiError::malformed(message.to_owned()));
    };
    let (action, filter) = asked.read()?;
    let (id, record) = handle.create_job(action, filter).await?;
    Ok(wire::json(StatusCode::ACCEPTED, &Job::new(&id, &record)))
}

pub(super) fn list(handle: &Handle) -> Answer {
    let all = handle.jobs();
    let jobs = all.iter().map(|(id, record)| Job::new(id, record)).collect();
    wire::json(StatusCode::OK, &List { jobs })
}

pub(super) fn get(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    let id = parameters.path("id");
    Ok(wire::json(StatusCode::OK, &Job::new(id, &handle.job(id)?)))
}

pub(super) async fn cancel(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    let id = parameters.path("id");
    let record = handle.cancel_job(id).await?;
    Ok(wire::json(StatusCode::OK, &Job::new(id, &record)))
}
