//! Owns how the rules of retention go over the wire.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::wire;
use super::{Answer, times};
use crate::scheduler::Handle;
use crate::scheduler::retention::{Retention, Rules};

/// The rules of a host, as a client says and is shown them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireRetention {
    #[serde(skip_serializing_if = "Option::is_none")]
    any_terminal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminated: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    workflows: BTreeMap<String, WireRules>,
}

/// The rules of a workflow.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireRules {
    #[serde(skip_serializing_if = "Option::is_none")]
    any_terminal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminated: Option<String>,
}

impl WireRules {
    fn new(rules: &Rules) -> Self {
        Self {
            any_terminal: rules.any_terminal_ms.map(times::write_duration),
            completed: rules.completed_ms.map(times::write_duration),
            failed: rules.failed_ms.map(times::write_duration),
            terminated: rules.terminated_ms.map(times::write_duration),
        }
    }

    fn read(&self) -> Result<Rules, ApiError> {
        Ok(Rules {
            any_terminal_ms: times::optional_duration_ms(
                "anyTerminal",
                self.any_terminal.as_ref(),
            )?,
            completed_ms: times::optional_duration_ms("completed", self.completed.as_ref())?,
            failed_ms: times::optional_duration_ms("failed", self.failed.as_ref())?,
            terminated_ms: times::optional_duration_ms("terminated", self.terminated.as_ref())?,
        })
    }
}

impl WireRetention {
    fn new(retention: &Retention) -> Self {
        let WireRules { any_terminal, completed, failed, terminated } =
            WireRules::new(&retention.general);
        let own = retention.workflows.iter();
        let workflows = own.map(|(name, rules)| (name.clone(), WireRules::new(rules))).collect();
        Self { any_terminal, completed, failed, terminated, workflows }
    }

    fn read(self) -> Result<Retention, ApiError> {
        let Self { any_terminal, completed, failed, terminated, workflows } = self;
        let general = WireRules { any_terminal, completed, failed, terminated }.read()?;
        let own = workflows.into_iter();
        let workflows = own.map(|(name, rules)| Ok::<_, ApiError>((name, rules.read()?)));
        Ok(Retention { general, workflows: workflows.collect::<Result<_, _>>()? })
    }
}

pub(super) fn get(handle: &Handle) -> Answer {
    wire::json(StatusCode::OK, &WireRetention::new(&handle.retention()))
}

pub(super) async fn put(handle: &Handle, asked: Option<WireRetention>) -> Result<Answer, ApiError> {
    let Some(asked) = asked else {
        let message = "the body is empty: it must be rules such as {\"anyTerminal\": \"30d\"}, or {} for none";
        return Err(ApiError::malformed(message.to_owned()));
    };
    let set = handle.set_retention(asked.read()?).await;
    set.map_err(|error| ApiError::retention(&error))?;
    Ok(get(handle))
}
