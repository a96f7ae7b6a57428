//! Owns how what a module's activities may reach goes over the wire.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::error::ApiError;
use super::request::Parameters;
use super::wire;
use crate::scheduler::Handle;
use crate::scheduler::modules::{self, ModuleRecord};
use crate::wasm::permissions::{Destination, Permissions};

/// The permissions of a module, as a client says and is shown them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WirePermissions {
    #[serde(default)]
    network: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    secrets: Vec<String>,
}

impl WirePermissions {
    fn new(permissions: &Permissions) -> Self {
        Self {
            network: permissions.network.iter().map(Destination::to_string).collect(),
            environment: permissions.environment.clone(),
            secrets: permissions.secrets.clone(),
        }
    }

    fn read(self) -> Result<Permissions, modules::Error> {
        let Self { network, environment, secrets } = self;
        let network: Result<_, _> = network.iter().map(|text| text.parse()).collect();
        Ok(Permissions { network: network?, environment, secrets })
    }
}

fn show(record: &ModuleRecord) -> Answer {
    wire::json(StatusCode::OK, &WirePermissions::new(&record.permissions))
}

pub(super) fn get(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    Ok(show(&handle.modules().get(parameters.path("name"))?))
}

pub(super) async fn put(
    handle: &Handle,
    parameters: &Parameters,
    asked: Option<WirePermissions>,
) -> Result<Answer, ApiError> {
    let Some(asked) = asked else {
        let message = "the body is empty: it must be permissions such as {\"network\": [\"api.example.com:443\"]}, or {} for none";
        return Err(ApiError::malformed(message.to_owned()));
    };
    let permitted = handle.modules().permit(parameters.path("name"), asked.read()?).await?;
    Ok(show(&permitted))
}
