//! Owns what is done to the versions of a module at a client's request, and how that is shown: the
//! gate between an upload and the instances that are under way.

use hyper::StatusCode;
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::error::ApiError;
use super::request::Parameters;
use super::wire::{self, Module};
use crate::scheduler::{self, Handle};
use crate::workflow::id::{Digest, InstanceId};
use crate::workflow::replay::Nondeterminism;

/// The most finished instances that a client may have replayed.
const FINISHED_MAX: usize = 10_000;

/// Whether an upload becomes the active version.
enum Activation {
    Always,
    IfAllPass,
    Never,
}

/// What is to be verified.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Scope {
    /// How many of the instances that have ended, the youngest, are replayed as well.
    finished: usize,
}

/// What is to be moved.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Chosen {
    /// Which instances; all that fit, if absent.
    instances: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Uploaded<'a> {
    #[serde(flatten)]
    module: Module<'a>,
    /// The version that was uploaded.
    uploaded: String,
    activated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Verification<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verification<'a> {
    passed: bool,
    live: Tally<'a>,
    finished: Tally<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tally<'a> {
    checked: u64,
    passed: u64,
    diverged: u64,
    divergences: Vec<Divergence<'a>>,
}

#[derive(Serialize)]
struct Divergence<'a> {
    #[serde(rename = "instanceID")]
    instance_id: &'a str,
    event: u64,
    expected: &'a str,
    got: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Migrated<'a> {
    migrated: u64,
    refused: Vec<Divergence<'a>>,
}

impl<'a> Tally<'a> {
    fn new(tally: &'a scheduler::Tally) -> Self {
        Self {
            checked: tally.checked,
            passed: tally.checked - tally.diverged,
            diverged: tally.diverged,
            divergences: tally.divergences.iter().map(Divergence::new).collect(),
        }
    }
}

impl<'a> Divergence<'a> {
    fn new(divergence: &'a scheduler::Divergence) -> Self {
        let Nondeterminism { event, expected, got } = &divergence.found;
        Self { instance_id: divergence.instance.as_str(), event: *event, expected, got }
    }
}

impl<'a> Verification<'a> {
    fn new(verification: &'a scheduler::Verification) -> Self {
        let scheduler::Verification { live, finished } = verification;
        let passed = live.diverged == 0 && finished.diverged == 0;
        Self { passed, live: Tally::new(live), finished: Tally::new(finished) }
    }
}

fn digest(parameters: &Parameters) -> Result<Digest, ApiError> {
    let parsed = parameters.path("digest").parse::<Digest>();
    parsed.map_err(|error| ApiError::malformed(error.to_string()))
}

fn activation(parameters: &Parameters) -> Result<Activation, ApiError> {
    match parameters.query("activate") {
        None | Some("always") => Ok(Activation::Always),
        Some("if-all-pass") => Ok(Activation::IfAllPass),
        Some("never") => Ok(Activation::Never),
        Some(other) => Err(ApiError::malformed(format!(
            "activate is '{other}': it can be always, if-all-pass or never"
        ))),
    }
}

pub(super) async fn upload(
    handle: &Handle,
    parameters: &Parameters,
    bytes: Bytes,
) -> Result<Answer, ApiError> {
    let name = parameters.path("name");
    let activation = activation(parameters)?;
    let at_once = matches!(activation, Activation::Always);
    let (digest, mut record) = handle.upload(name, bytes, at_once).await?;
    let mut verification = None;
    if matches!(activation, Activation::IfAllPass) {
        let verified = handle.verify(name, digest, 0).await?;
        if verified.live.diverged == 0 {
            record = handle.modules().activate(name, digest).await?;
        }
        verification = Some(verified);
    }
    if parameters.query("activate").is_none() {
        return Ok(wire::json(StatusCode::OK, &Module::new(&record)));
    }
    let uploaded = digest.to_string();
    let answer = Uploaded {
        activated: record.active == uploaded,
        module: Module::new(&record),
        uploaded,
        verification: verification.as_ref().map(Verification::new),
    };
    Ok(wire::json(StatusCode::OK, &answer))
}

pub(super) async fn activate(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    let digest = digest(parameters)?;
    let record = handle.modules().activate(parameters.path("name"), digest).await?;
    Ok(wire::json(StatusCode::OK, &Module::new(&record)))
}

pub(super) async fn verify(
    handle: &Handle,
    parameters: &Parameters,
    scope: Option<Scope>,
) -> Result<Answer, ApiError> {
    let digest = digest(parameters)?;
    let finished = scope.unwrap_or_default().finished;
    if finished > FINISHED_MAX {
        return Err(ApiError::malformed(format!(
            "finished is {finished}: at most {FINISHED_MAX} instances that have ended can be replayed"
        )));
    }
    let verified = handle.verify(parameters.path("name"), digest, finished).await?;
    Ok(wire::json(StatusCode::OK, &Verification::new(&verified)))
}

pub(super) async fn migrate(
    handle: &Handle,
    parameters: &Parameters,
    chosen: Option<Chosen>,
) -> Result<Answer, ApiError> {
    let digest = digest(parameters)?;
    let chosen = chosen.unwrap_or_default().instances;
    let chosen = chosen.map(|ids| ids.iter().map(|id| InstanceId::unchecked(id)).collect());
    let tally = handle.migrate_all(parameters.path("name"), digest, chosen).await?;
    let refused = tally.divergences.iter().map(Divergence::new).collect();
    let migrated = tally.checked - tally.diverged;
    Ok(wire::json(StatusCode::OK, &Migrated { migrated, refused }))
}
