//! Owns the shape of a history as it is shown, and of the document that is exported and imported.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::event::EventForm;
use super::instance::Head;
use super::values::Time;
use crate::http::error::ApiError;
use crate::scheduler::{HistoryPage, Import, Told};
use crate::workflow::event::{Event, Recorded};
use crate::workflow::id::InstanceId;
use crate::workflow::summary::Summary;

/// The only form of the document so far.
const FORMAT: u64 = 1;

/// A part of a history.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct History<'a> {
    #[serde(rename = "instanceID")]
    instance_id: &'a str,
    events: Vec<ToldEvent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldEvent<'a> {
    index: u64,
    time: Time,
    #[serde(flatten)]
    event: EventForm<'a>,
    /// For what makes a task. A result has it by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<u32>,
    /// For a result. What was asked for has it by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<u64>,
}

impl<'a> History<'a> {
    pub(in crate::http) fn new(page: &'a HistoryPage) -> Self {
        let told = |told: &'a Told| ToldEvent {
            index: told.index,
            time: Time(told.recorded.time),
            event: EventForm::from(&told.recorded.event),
            task: told.makes.map(|task| task.0),
            name: told.name.as_deref(),
            elapsed_ms: told.elapsed_ms,
        };
        let events = page.events.iter().map(told).collect();
        Self { instance_id: page.summary.instance.as_str(), events, next: page.next }
    }
}

/// An instance with its whole history.
#[derive(Serialize)]
pub(in crate::http) struct Export<'a> {
    format: u64,
    instance: ExportedInstance<'a>,
    events: Vec<ExportedEvent<'a>>,
}

#[derive(Serialize)]
struct ExportedInstance<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    turned: bool,
    delivered: u64,
}

#[derive(Serialize)]
struct ExportedEvent<'a> {
    time: Time,
    #[serde(flatten)]
    event: EventForm<'a>,
}

impl<'a> Export<'a> {
    pub(in crate::http) fn new(summary: &'a Summary, events: &'a [Recorded]) -> Self {
        let head = Head::new(summary);
        let instance =
            ExportedInstance { head, turned: summary.turned, delivered: summary.delivered };
        let event = |recorded: &'a Recorded| ExportedEvent {
            time: Time(recorded.time),
            event: EventForm::from(&recorded.event),
        };
        Self { format: FORMAT, instance, events: events.iter().map(event).collect() }
    }
}

/// What an export wrote. What only describes the instance is not looked at: its history says it all.
#[derive(Deserialize)]
pub(in crate::http) struct Document {
    format: u64,
    instance: ImportedInstance,
    events: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct ImportedInstance {
    turned: bool,
    delivered: u64,
}

impl Document {
    /// Returns what is to be restored under this ID.
    pub(in crate::http) fn import(self, instance: InstanceId) -> Result<Import, ApiError> {
        if self.format != FORMAT {
            let found = self.format;
            return Err(ApiError::malformed(format!(
                "the document has format {found}, but this release knows only {FORMAT}"
            )));
        }
        let ImportedInstance { turned, delivered } = self.instance;
        let recorded = |(index, fields)| {
            recorded(fields).map_err(|error| {
                ApiError::malformed(format!("event {index} can't be read: {error}"))
            })
        };
        let events = self.events.into_iter().enumerate().map(recorded).collect::<Result<_, _>>()?;
        Ok(Import { instance, turned, delivered, events })
    }
}

fn recorded(mut fields: Map<String, Value>) -> Result<Recorded, serde_json::Error> {
    let Time(time) = serde_json::from_value(fields.remove("time").unwrap_or_default())?;
    let form: EventForm<'_> = serde_json::from_value(Value::Object(fields))?;
    Ok(Recorded { time, event: Event::from(form) })
}
