//! Owns what is done to schedules at a client's request, and how they go over the wire.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::ApiError;
use super::request::Parameters;
use super::routes::Operation;
use super::times::rfc3339;
use super::wire;
use super::{Answer, times};
use crate::scheduler::Handle;
use crate::scheduler::modules::ANY_MODULE;
use crate::scheduler::schedules::{self, Definition, Outcome, Shown, Timing};

/// For how long firings are made up for, unless the schedule says otherwise.
const CATCH_UP_MS: u64 = 60_000;

/// What a schedule is told to do, as a client says it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Asked {
    workflow: String,
    component: Option<String>,
    input: Option<Box<RawValue>>,
    cron: Option<String>,
    time_zone: Option<String>,
    every: Option<String>,
    from: Option<String>,
    at: Option<String>,
    overlap: Option<Overlap>,
    catch_up_window: Option<String>,
    #[serde(rename = "instanceIDPrefix")]
    instance_id_prefix: Option<String>,
    start_at: Option<String>,
    end_at: Option<String>,
    paused: Option<bool>,
    note: Option<String>,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Overlap {
    #[default]
    Skip,
    Allow,
    TerminatePrevious,
    BufferOne,
}

impl From<Overlap> for schedules::Overlap {
    fn from(overlap: Overlap) -> Self {
        match overlap {
            Overlap::Skip => Self::Skip,
            Overlap::Allow => Self::Allow,
            Overlap::TerminatePrevious => Self::TerminatePrevious,
            Overlap::BufferOne => Self::BufferOne,
        }
    }
}

impl From<schedules::Overlap> for Overlap {
    fn from(overlap: schedules::Overlap) -> Self {
        match overlap {
            schedules::Overlap::Skip => Self::Skip,
            schedules::Overlap::Allow => Self::Allow,
            schedules::Overlap::TerminatePrevious => Self::TerminatePrevious,
            schedules::Overlap::BufferOne => Self::BufferOne,
        }
    }
}

impl Asked {
    fn timing(&self) -> Result<Timing, ApiError> {
        let needs = |field: &str, other: &str| {
            Err(ApiError::malformed(format!("'{field}' goes with '{other}' only")))
        };
        if self.time_zone.is_some() && self.cron.is_none() {
            return needs("timeZone", "cron");
        }
        if self.from.is_some() && self.every.is_none() {
            return needs("from", "every");
        }
        match (&self.cron, &self.every, &self.at) {
            (Some(pattern), None, None) => Ok(Timing::Cron {
                pattern: pattern.clone(),
                time_zone: self.time_zone.clone().unwrap_or_else(|| "UTC".to_owned()),
            }),
            (None, Some(every), None) => Ok(Timing::Every {
                period_ms: times::duration_ms("every", every)?,
                from: times::optional_time("from", self.from.as_ref())?,
            }),
            (None, None, Some(at)) => Ok(Timing::At { time: times::time("at", at)? }),
            _ => Err(ApiError::malformed(
                "a schedule has exactly one of 'cron', 'every' and 'at'".to_owned(),
            )),
        }
    }

    fn definition(self) -> Result<Definition, ApiError> {
        Ok(Definition {
            timing: self.timing()?,
            overlap: self.overlap.unwrap_or_default().into(),
            catch_up_ms: times::optional_duration_ms(
                "catchUpWindow",
                self.catch_up_window.as_ref(),
            )?
            .unwrap_or(CATCH_UP_MS),
            start_at: times::optional_time("startAt", self.start_at.as_ref())?,
            end_at: times::optional_time("endAt", self.end_at.as_ref())?,
            module: self.component.unwrap_or_else(|| ANY_MODULE.to_owned()),
            workflow: self.workflow,
            input: self.input.map(|input| input.get().to_owned()).unwrap_or_default(),
            instance_id_prefix: self.instance_id_prefix,
            note: self.note,
        })
    }
}

/// All schedules.
#[derive(Serialize)]
struct List<'a> {
    schedules: Vec<Schedule<'a>>,
}

/// A schedule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Schedule<'a> {
    name: &'a str,
    workflow: &'a str,
    component: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a RawValue>,
    #[serde(flatten)]
    timing: WireTiming<'a>,
    overlap: Overlap,
    catch_up_window: String,
    #[serde(rename = "instanceIDPrefix", skip_serializing_if = "Option::is_none")]
    instance_id_prefix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_at: Option<String>,
    paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    created_at: String,
    updated_at: String,
    next_times: Vec<String>,
    last_firings: Vec<Firing<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buffered: Option<String>,
    counts: Counts,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct WireTiming<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cron: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    every: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

#[derive(Serialize)]
struct Counts {
    started: u64,
    skipped: u64,
    failed: u64,
    missed: u64,
}

/// A firing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Firing<'a> {
    time: String,
    fired_at: String,
    #[serde(rename = "instanceID")]
    instance_id: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

impl<'a> Firing<'a> {
    fn new(firing: &'a schedules::Firing) -> Self {
        let (outcome, message) = match &firing.outcome {
            Outcome::Started => ("started", None),
            Outcome::Skipped => ("skipped", None),
            Outcome::Buffered => ("buffered", None),
            Outcome::Failed(reason) => ("failed", Some(reason.as_str())),
        };
        Self {
            time: rfc3339(firing.time),
            fired_at: rfc3339(firing.fired_at),
            instance_id: &firing.instance,
            outcome,
            message,
        }
    }
}

impl<'a> WireTiming<'a> {
    fn new(timing: &'a Timing) -> Self {
        match timing {
            Timing::Cron { pattern, time_zone } => {
                Self { cron: Some(pattern), time_zone: Some(time_zone), ..Self::default() }
            }
            Timing::Every { period_ms, from } => Self {
                every: Some(times::write_duration(*period_ms)),
                from: times::write_optional_time(*from),
                ..Self::default()
            },
            Timing::At { time } => Self { at: Some(rfc3339(*time)), ..Self::default() },
        }
    }
}

impl<'a> Schedule<'a> {
    fn new(shown: &'a Shown) -> Self {
        let record = &shown.record;
        let definition = &record.definition;
        Self {
            name: &shown.name,
            workflow: &definition.workflow,
            component: &definition.module,
            input: serde_json::from_str(&definition.input).ok(),
            timing: WireTiming::new(&definition.timing),
            overlap: definition.overlap.into(),
            catch_up_window: times::write_duration(definition.catch_up_ms),
            instance_id_prefix: definition.instance_id_prefix.as_deref(),
            start_at: times::write_optional_time(definition.start_at),
            end_at: times::write_optional_time(definition.end_at),
            paused: record.paused,
            note: definition.note.as_deref(),
            created_at: rfc3339(record.created_at),
            updated_at: rfc3339(record.updated_at),
            next_times: shown.next_times.iter().copied().map(rfc3339).collect(),
            last_firings: record.firings.iter().map(Firing::new).collect(),
            buffered: times::write_optional_time(record.buffered),
            counts: Counts {
                started: record.counts.started,
                skipped: record.counts.skipped,
                failed: record.counts.failed,
                missed: record.counts.missed,
            },
        }
    }
}

pub(super) async fn put(
    handle: &Handle,
    parameters: &Parameters,
    asked: Option<Asked>,
) -> Result<Answer, ApiError> {
    let Some(asked) = asked else {
        let message = "the body is empty: it must say what to start and when, such as {\"workflow\": \"…\", \"every\": \"15m\"}";
        return Err(ApiError::malformed(message.to_owned()));
    };
    let paused = asked.paused;
    let definition = asked.definition()?;
    let shown = handle.put_schedule(parameters.path("name"), definition, paused).await?;
    Ok(wire::json(StatusCode::OK, &Schedule::new(&shown)))
}

pub(super) fn list(handle: &Handle) -> Answer {
    let all = handle.schedules();
    wire::json(StatusCode::OK, &List { schedules: all.iter().map(Schedule::new).collect() })
}

pub(super) fn get(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    let shown = handle.schedule(parameters.path("name"))?;
    Ok(wire::json(StatusCode::OK, &Schedule::new(&shown)))
}

pub(super) async fn delete(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    handle.delete_schedule(parameters.path("name")).await?;
    Ok(wire::empty(StatusCode::NO_CONTENT))
}

/// Pauses, resumes or triggers.
pub(super) async fn act(
    handle: &Handle,
    parameters: &Parameters,
    operation: Operation,
) -> Result<Answer, ApiError> {
    let name = parameters.path("name");
    if operation == Operation::TriggerSchedule {
        let firing = handle.trigger_schedule(name).await?;
        return Ok(wire::json(StatusCode::ACCEPTED, &Firing::new(&firing)));
    }
    let shown = handle.pause_schedule(name, operation == Operation::PauseSchedule).await?;
    Ok(wire::json(StatusCode::OK, &Schedule::new(&shown)))
}
