//! Owns how what went wrong is said to a client: the one place where errors become status codes.
//! Bodies have the two fields of Dapr's errors, and its codes wherever it has one.

use hyper::{Method, StatusCode};
use serde::Serialize;
use tracing::error;

use super::request::BodyFailure;
use super::routes::Operation;
use super::{Answer, wire};
use crate::scheduler::jobs::Error as JobError;
use crate::scheduler::modules::Error as ModuleError;
use crate::scheduler::schedules::Error as ScheduleError;
use crate::scheduler::{Error, ImportError, MigrationError, RerunError, StartError};
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

    pub(super) fn message(&self) -> &str {
        &self.message
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
            StartError::Exists(_) | StartError::ChildLives { .. } | StartError::Used(_) => {
                Self::new(StatusCode::CONFLICT, "ERR_START_WORKFLOW", message)
            }
            StartError::Other(Error::Closing) => Self::closing(),
            StartError::Other(_) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ERR_START_WORKFLOW", message)
            }
        }
    }

    /// Says why an operation on an instance failed; or on many, if the instance's ID is empty.
    pub(super) fn operation(operation: Operation, instance: &str, error: Error) -> Self {
        let (code, doing) = match operation {
            Operation::Get => ("ERR_GET_WORKFLOW", "getting"),
            Operation::RaiseEvent => ("ERR_RAISE_EVENT_WORKFLOW", "raising event on"),
            Operation::Pause => ("ERR_PAUSE_WORKFLOW", "pausing"),
            Operation::Resume => ("ERR_RESUME_WORKFLOW", "resuming"),
            Operation::Terminate => ("ERR_TERMINATE_WORKFLOW", "terminating"),
            Operation::Purge => ("ERR_PURGE_WORKFLOW", "purging"),
            Operation::Wait => ("ERR_GET_WORKFLOW", "waiting for"),
            Operation::WatchOne => ("ERR_GET_WORKFLOW", "watching"),
            Operation::History => ("ERR_GET_WORKFLOW", "reading the history of"),
            Operation::Export => ("ERR_GET_WORKFLOW", "exporting"),
            Operation::List => ("ERR_LIST_WORKFLOWS", "listing"),
            Operation::Counts => ("ERR_COUNT_WORKFLOWS", "counting"),
            Operation::Rerun => ("ERR_RERUN_WORKFLOW", "rerunning"),
            _ => ("ERR_MIGRATE_WORKFLOW", "migrating"),
        };
        let message = match instance {
            "" => format!("error {doing} workflows: {error}"),
            _ => format!("error {doing} workflow '{instance}': {error}"),
        };
        match error {
            Error::InstanceGone => Self::new(
                StatusCode::NOT_FOUND,
                "ERR_INSTANCE_ID_NOT_FOUND",
                format!("unable to find workflow with the provided instance ID: {instance}"),
            ),
            Error::NotTerminal(_) => Self::new(StatusCode::CONFLICT, code, message),
            Error::Closing => Self::closing(),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, message),
        }
    }

    pub(super) fn import(instance: &str, error: ImportError) -> Self {
        let code = "ERR_IMPORT_WORKFLOW";
        let message = format!("error importing workflow '{instance}': {error}");
        match error {
            ImportError::Empty | ImportError::Illegal { .. } | ImportError::Delivered { .. } => {
                Self::malformed(message)
            }
            ImportError::Taken(_) => Self::new(StatusCode::CONFLICT, code, message),
            ImportError::Other(Error::Closing) => Self::closing(),
            ImportError::Other(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, message),
        }
    }

    /// Says why an instance was not done again.
    pub(super) fn rerun(instance: &str, error: RerunError) -> Self {
        let code = "ERR_RERUN_WORKFLOW";
        let message = format!("error rerunning workflow '{instance}': {error}");
        match error {
            RerunError::NotEnded(_)
            | RerunError::Child(_)
            | RerunError::SameId(_)
            | RerunError::NoInput(_) => Self::new(StatusCode::BAD_REQUEST, code, message),
            RerunError::NoEvent { .. } | RerunError::NotRepeatable { .. } => {
                Self::new(StatusCode::NOT_FOUND, code, message)
            }
            RerunError::Taken(_) => Self::new(StatusCode::CONFLICT, code, message),
            RerunError::Illegal(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, message),
            RerunError::Other(error) => Self::operation(Operation::Rerun, instance, error),
        }
    }

    /// Says why an instance was not moved to another version.
    pub(super) fn migration(instance: &str, error: MigrationError) -> Self {
        match error {
            MigrationError::Instance(error) => Self::operation(Operation::Migrate, instance, error),
            other => other.into(),
        }
    }

    pub(super) fn retention(error: &Error) -> Self {
        let message = format!("error setting the retention rules: {error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ERR_RETENTION", message)
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
            InvalidInstanceId::TooLong | InvalidInstanceId::ChildTooLong => {
                "ERR_INSTANCE_ID_TOO_LONG"
            }
            InvalidInstanceId::Character(_) | InvalidInstanceId::Control(_) => {
                "ERR_INSTANCE_ID_INVALID"
            }
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
            ModuleError::Permissions(_) => {
                (StatusCode::BAD_REQUEST, "ERR_MODULE_PERMISSIONS_INVALID")
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

impl From<MigrationError> for ApiError {
    fn from(error: MigrationError) -> Self {
        const CODE: &str = "ERR_MIGRATE_WORKFLOW";
        match error {
            MigrationError::Module(error) => error.into(),
            MigrationError::Diverged(_) => Self::new(StatusCode::CONFLICT, CODE, error.to_string()),
            MigrationError::Unusable(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, CODE, error.to_string())
            }
            MigrationError::Instance(Error::Closing) => Self::closing(),
            MigrationError::Instance(_) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, CODE, error.to_string())
            }
        }
    }
}

impl From<ScheduleError> for ApiError {
    fn from(error: ScheduleError) -> Self {
        let (status, code) = match &error {
            ScheduleError::NotFound(_) => (StatusCode::NOT_FOUND, "ERR_SCHEDULE_NOT_FOUND"),
            ScheduleError::Invalid(_) => (StatusCode::BAD_REQUEST, "ERR_SCHEDULE_INVALID"),
            ScheduleError::TooMany => (StatusCode::CONFLICT, "ERR_SCHEDULE_TOO_MANY"),
            ScheduleError::Scheduler(Error::Closing) => return Self::closing(),
            ScheduleError::Scheduler(_) => (StatusCode::INTERNAL_SERVER_ERROR, "ERR_SCHEDULE"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<JobError> for ApiError {
    fn from(error: JobError) -> Self {
        let (status, code) = match &error {
            JobError::NotFound(_) => (StatusCode::NOT_FOUND, "ERR_JOB_NOT_FOUND"),
            JobError::TooMany => (StatusCode::CONFLICT, "ERR_JOB_TOO_MANY"),
            JobError::Scheduler(Error::Closing) => return Self::closing(),
            JobError::Scheduler(_) => (StatusCode::INTERNAL_SERVER_ERROR, "ERR_JOB"),
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
