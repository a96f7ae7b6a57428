//! Owns how what went wrong is said to a client: the one place where errors become status codes.
//! Bodies have the two fields of Dapr's errors, and its codes wherever it has one.

use hyper::{Method, StatusCode};
use serde::Serialize;
use tracing::error;

use super::request::BodyFailure;
use super::routes::Operation;
use super::{Answer, wire};
use crate::scheduler::modules::Error as ModuleError;
use crate::scheduler::{Error, SelectVersionError, StartError};
use crate::wasm::component::Unfit;
use crate::workflow::id::{InvalidInstanceId, NAME_BYTES_MAX};

/// What a client is told.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    error_code: &'a str,
    message: &'a str,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn answer(&self) -> Answer {
        if self.status.is_server_error() {
            error!(code = self.code, "{}", self.message);
        }
        wire::json(self.status, &Body { error_code: self.code, message: &self.message })
    }

    pub(super) fn route_not_found(method: &Method, path: &str) -> Self {
        let message =
            format!("there is no {method} {path}: see GET /openapi.json for what there is");
        Self::new(StatusCode::NOT_FOUND, "ERR_ROUTE_NOT_FOUND", message)
    }

    pub(super) fn method_not_allowed(method: &Method, path: &str, known: &[&str]) -> Self {
        let message = format!("{path} takes {}, not {method}", known.join(", "));
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "ERR_METHOD_NOT_ALLOWED", message)
    }

    pub(super) fn malformed(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ERR_MALFORMED_REQUEST", message)
    }

    pub(super) fn body_read(reason: String) -> Self {
        let message = format!("failed to read request body: {reason}");
        Self::new(StatusCode::BAD_REQUEST, "ERR_BODY_READ", message)
    }

    pub(super) fn event_name_too_long(bytes: usize) -> Self {
        let message = format!(
            "the name of the event has {bytes} bytes; it may have {NAME_BYTES_MAX} at most"
        );
        Self::new(StatusCode::BAD_REQUEST, "ERR_WORKFLOW_EVENT_NAME_TOO_LONG", message)
    }

    pub(super) fn module_too_large(bytes_max: usize) -> Self {
        let message = format!(
            "the module has more than {bytes_max} bytes: make it smaller, or raise the host's limit on modules"
        );
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "ERR_MODULE_TOO_LARGE", message)
    }

    pub(super) fn start(workflow: &str, error: StartError) -> Self {
        let message = format!("error starting workflow '{workflow}': {error}");
        match error {
            StartError::WorkflowNotFound { .. } => {
                Self::new(StatusCode::NOT_FOUND, "ERR_WORKFLOW_NOT_FOUND", message)
            }
            StartError::Exists(_) => Self::new(StatusCode::CONFLICT, "ERR_START_WORKFLOW", message),
            StartError::Other(Error::Closing) => Self::closing(),
            StartError::Other(_) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ERR_START_WORKFLOW", message)
            }
        }
    }

    /// Says why an operation on an instance failed.
    pub(super) fn operation(operation: Operation, instance: &str, error: Error) -> Self {
        let (code, doing) = match operation {
            Operation::Get => ("ERR_GET_WORKFLOW", "getting"),
            Operation::RaiseEvent => ("ERR_RAISE_EVENT_WORKFLOW", "raising event on"),
            Operation::Pause => ("ERR_PAUSE_WORKFLOW", "pausing"),
            Operation::Resume => ("ERR_RESUME_WORKFLOW", "resuming"),
            Operation::Terminate => ("ERR_TERMINATE_WORKFLOW", "terminating"),
            Operation::Purge => ("ERR_PURGE_WORKFLOW", "purging"),
            _ => ("ERR_MIGRATE_WORKFLOW", "migrating"),
        };
        let message = format!("error {doing} workflow '{instance}': {error}");
        match error {
            Error::InstanceGone => Self::new(
                StatusCode::NOT_FOUND,
                "ERR_INSTANCE_ID_NOT_FOUND",
                format!("unable to find workflow with the provided instance ID: {instance}"),
            ),
            Error::NotTerminal => Self::new(StatusCode::CONFLICT, code, message),
            Error::Closing => Self::closing(),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, message),
        }
    }

    pub(super) fn select_version(instance: &str, error: SelectVersionError) -> Self {
        match error {
            SelectVersionError::Module(error) => error.into(),
            SelectVersionError::Instance(error) => {
                Self::operation(Operation::Migrate, instance, error)
            }
        }
    }

    fn closing() -> Self {
        let message = "the host is closing: try again when it has restarted";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ERR_ACTOR_RUNTIME_CLOSED", message)
    }
}

impl From<BodyFailure> for ApiError {
    fn from(failure: BodyFailure) -> Self {
        Self::body_read(match failure {
            BodyFailure::TooLarge(bytes_max) => format!(
                "it has more than {bytes_max} bytes: send less, or raise the host's limit on bodies"
            ),
            BodyFailure::TooSlow(seconds) => format!("it was not there within {seconds} s"),
            BodyFailure::Broken(reason) => reason,
        })
    }
}

impl From<InvalidInstanceId> for ApiError {
    fn from(error: InvalidInstanceId) -> Self {
        let code = match error {
            InvalidInstanceId::Empty => "ERR_INSTANCE_ID_PROVIDED_MISSING",
            InvalidInstanceId::TooLong => "ERR_INSTANCE_ID_TOO_LONG",
            InvalidInstanceId::Character(_) => "ERR_INSTANCE_ID_INVALID",
        };
        Self::new(StatusCode::BAD_REQUEST, code, error.to_string())
    }
}

impl From<ModuleError> for ApiError {
    fn from(error: ModuleError) -> Self {
        let (status, code) = match &error {
            ModuleError::InvalidName(_) => (StatusCode::BAD_REQUEST, "ERR_MODULE_NAME_INVALID"),
            ModuleError::NotFound(_) => (StatusCode::NOT_FOUND, "ERR_MODULE_NOT_FOUND"),
            ModuleError::VersionNotFound { .. } => {
                (StatusCode::NOT_FOUND, "ERR_MODULE_VERSION_NOT_FOUND")
            }
            ModuleError::WorkflowTaken { .. } => (StatusCode::CONFLICT, "ERR_WORKFLOW_TAKEN"),
            ModuleError::InUse { .. } => (StatusCode::CONFLICT, "ERR_MODULE_IN_USE"),
            ModuleError::Store(_) | ModuleError::Host(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "ERR_MODULE")
            }
            ModuleError::Unfit(unfit) => (StatusCode::UNPROCESSABLE_ENTITY, unfit_code(unfit)),
        };
        Self::new(status, code, error.to_string())
    }
}

fn unfit_code(unfit: &Unfit) -> &'static str {
    match unfit {
        Unfit::NotWasm => "ERR_MODULE_NOT_WASM",
        Unfit::Invalid(_) => "ERR_MODULE_INVALID",
        Unfit::CoreModule(_) => "ERR_MODULE_NOT_A_COMPONENT",
        Unfit::MissingExports(_) => "ERR_MODULE_EXPORTS_MISSING",
        Unfit::UnknownImports(_) => "ERR_MODULE_IMPORTS_UNKNOWN",
        Unfit::WrongTypes(_) => "ERR_MODULE_TYPES_WRONG",
        Unfit::Names(_) | Unfit::NamesTimeout(_) => "ERR_MODULE_NAMES_FAILED",
        Unfit::Name { .. } => "ERR_MODULE_NAME_UNUSABLE",
    }
}
