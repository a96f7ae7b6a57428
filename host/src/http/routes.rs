//! Owns the interface as a whole: which method and path leads to what.

use hyper::body::Incoming;
use hyper::header::ALLOW;
use hyper::http::request::Parts as Head;
use hyper::{Method, Request, StatusCode};

use super::error::ApiError;
use super::guard::Guard;
use super::request::{Body, Parameters};
use super::{
    Answer, Connection, Limits, histories, jobs, listing, modules, permissions, retention,
    schedules, versions, waiting, watching, wire, workflows,
};
use crate::scheduler::Handle;

/// What a route leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Start an instance.
    Start,
    /// Show an instance.
    Get,
    /// Raise an event to an instance.
    RaiseEvent,
    /// Pause an instance.
    Pause,
    /// Resume an instance.
    Resume,
    /// End an instance.
    Terminate,
    /// Remove an ended instance.
    Purge,
    /// Move an instance to another version of its module.
    Migrate,
    /// Show what an instance waits for.
    Waiting,
    /// Do an instance again from an event on.
    Rerun,
    /// Make a version of a module the active one.
    ActivateVersion,
    /// Replay a module's instances on one of its versions.
    VerifyVersion,
    /// Move a module's instances to one of its versions.
    MigrateToVersion,
    /// List instances.
    List,
    /// Count instances.
    Counts,
    /// Show the history of an instance.
    History,
    /// Take out an instance with its history.
    Export,
    /// Restore an instance from its history.
    Import,
    /// Show an instance once it has ended.
    Wait,
    /// Stream the changes of an instance.
    WatchOne,
    /// Stream the changes of instances.
    Watch,
    /// List the modules.
    ListModules,
    /// Upload a module.
    UploadModule,
    /// Show a module.
    GetModule,
    /// Delete a module.
    DeleteModule,
    /// Show what a module's activities may reach.
    GetPermissions,
    /// Say what a module's activities may reach.
    PutPermissions,
    /// List the schedules.
    ListSchedules,
    /// Create or replace a schedule.
    PutSchedule,
    /// Show a schedule.
    GetSchedule,
    /// Delete a schedule.
    DeleteSchedule,
    /// Stop a schedule.
    PauseSchedule,
    /// Let a schedule go on.
    ResumeSchedule,
    /// Fire a schedule now.
    TriggerSchedule,
    /// Show for how long ended instances are kept.
    GetRetention,
    /// Say for how long ended instances are kept.
    PutRetention,
    /// List the jobs.
    ListJobs,
    /// Create a job.
    CreateJob,
    /// Show a job.
    GetJob,
    /// Cancel a job.
    CancelJob,
    /// Say that the host is there.
    Health,
    /// Say what the host is.
    Metadata,
    /// Show the description of this interface.
    OpenApi,
}

/// The prefixes of Dapr's interface, old and new: all lead to the same.
pub const PREFIXES: [&str; 3] = ["/v1.0-alpha1", "/v1.0-beta1", "/v1.0"];

/// Every operation under a prefix.
pub const OPERATIONS: &[(Method, &str, Operation)] = &[
    (Method::POST, "/workflows/{component}/{subject}/start", Operation::Start),
    (Method::GET, "/workflows/{component}/{subject}", Operation::Get),
    (Method::POST, "/workflows/{component}/{subject}/raiseEvent/{event}", Operation::RaiseEvent),
    (Method::POST, "/workflows/{component}/{subject}/pause", Operation::Pause),
    (Method::POST, "/workflows/{component}/{subject}/resume", Operation::Resume),
    (Method::POST, "/workflows/{component}/{subject}/terminate", Operation::Terminate),
    (Method::POST, "/workflows/{component}/{subject}/purge", Operation::Purge),
    (Method::POST, "/workflows/{component}/{subject}/migrate", Operation::Migrate),
    (Method::GET, "/workflows/{component}/{subject}/waiting", Operation::Waiting),
    (Method::POST, "/workflows/{component}/{subject}/rerun", Operation::Rerun),
    (Method::GET, "/workflows/{component}/{subject}/history", Operation::History),
    (Method::GET, "/workflows/{component}/{subject}/export", Operation::Export),
    (Method::POST, "/workflows/{component}/{subject}/import", Operation::Import),
    (Method::GET, "/workflows/{component}/{subject}/wait", Operation::Wait),
    (Method::GET, "/workflows/{component}/{subject}/changes", Operation::WatchOne),
    (Method::GET, "/workflows/{component}", Operation::List),
    (Method::GET, "/changes", Operation::Watch),
    (Method::GET, "/counts", Operation::Counts),
    (Method::GET, "/modules", Operation::ListModules),
    (Method::PUT, "/modules/{name}", Operation::UploadModule),
    (Method::GET, "/modules/{name}", Operation::GetModule),
    (Method::DELETE, "/modules/{name}", Operation::DeleteModule),
    (Method::GET, "/modules/{name}/permissions", Operation::GetPermissions),
    (Method::PUT, "/modules/{name}/permissions", Operation::PutPermissions),
    (Method::POST, "/modules/{name}/versions/{digest}/activate", Operation::ActivateVersion),
    (Method::POST, "/modules/{name}/versions/{digest}/verify", Operation::VerifyVersion),
    (Method::POST, "/modules/{name}/versions/{digest}/migrate", Operation::MigrateToVersion),
    (Method::GET, "/schedules", Operation::ListSchedules),
    (Method::PUT, "/schedules/{name}", Operation::PutSchedule),
    (Method::GET, "/schedules/{name}", Operation::GetSchedule),
    (Method::DELETE, "/schedules/{name}", Operation::DeleteSchedule),
    (Method::POST, "/schedules/{name}/pause", Operation::PauseSchedule),
    (Method::POST, "/schedules/{name}/resume", Operation::ResumeSchedule),
    (Method::POST, "/schedules/{name}/trigger", Operation::TriggerSchedule),
    (Method::GET, "/retention", Operation::GetRetention),
    (Method::PUT, "/retention", Operation::PutRetention),
    (Method::GET, "/jobs", Operation::ListJobs),
    (Method::POST, "/jobs", Operation::CreateJob),
    (Method::GET, "/jobs/{id}", Operation::GetJob),
    (Method::DELETE, "/jobs/{id}", Operation::CancelJob),
    (Method::GET, "/healthz", Operation::Health),
    (Method::GET, "/healthz/outbound", Operation::Health),
    (Method::GET, "/metadata", Operation::Metadata),
    (Method::GET, "/openapi.json", Operation::OpenApi),
];

/// The description of this interface.
pub const OPENAPI: &str = include_str!("openapi.json");

/// Leads requests to operations.
pub(super) struct Router {
    paths: matchit::Router<Vec<(Method, Operation)>>,
    handle: Handle,
    guard: Guard,
    limits: Limits,
}

impl Router {
    pub(super) fn new(handle: Handle, guard: Guard, limits: Limits) -> Self {
        let mut paths = matchit::Router::new();
        let mut add = |path: String, method: &Method, operation| {
            let methods: &mut Vec<_> = match paths.at_mut(&path) {
                Ok(known) => known.value,
                Err(_) => {
                    // The table above has no two paths that conflict; a test calls this.
                    let _ = paths.insert(path.clone(), Vec::new());
                    match paths.at_mut(&path) {
                        Ok(new) => new.value,
                        Err(_) => return,
                    }
                }
            };
            methods.push((method.clone(), operation));
        };
        for (method, path, operation) in OPERATIONS {
            for prefix in PREFIXES {
                add(format!("{prefix}{path}"), method, *operation);
            }
        }
        add("/openapi.json".to_owned(), &Method::GET, Operation::OpenApi);
        Self { paths, handle, guard, limits }
    }

    /// Answers a request, whatever it is.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        connection: &Connection,
    ) -> Answer {
        let (head, incoming) = request.into_parts();
        let mut body = Body::new(&head.headers, incoming);
        let answer = self.lead(&head, &mut body, connection).await;
        body.discard().await;
        answer
    }

    async fn lead(&self, head: &Head, body: &mut Body, connection: &Connection) -> Answer {
        let (method, path) = (&head.method, head.uri.path());
        let Ok(found) = self.paths.at(path) else {
            return ApiError::route_not_found(method, path).answer();
        };
        let Some(&(_, operation)) = found.value.iter().find(|(known, _)| known == method) else {
            let known: Vec<&str> = found.value.iter().map(|(known, _)| known.as_str()).collect();
            let mut refusal = ApiError::method_not_allowed(method, path, &known).answer();
            if let Ok(allow) = known.join(", ").parse() {
                refusal.headers_mut().insert(ALLOW, allow);
            }
            return refusal;
        };
        if let Err(refusal) = self.guard.check(&head.uri, &head.headers, operation) {
            return refusal.answer();
        }
        match Parameters::new(&found.params, head) {
            Ok(parameters) => match self.operate(operation, &parameters, body, connection).await {
                Ok(answer) => answer,
                Err(error) => error.answer(),
            },
            Err(error) => error.answer(),
        }
    }

    async fn operate(
        &self,
        operation: Operation,
        parameters: &Parameters,
        body: &mut Body,
        connection: &Connection,
    ) -> Result<Answer, ApiError> {
        let (handle, limits) = (&self.handle, &self.limits);
        match operation {
            Operation::Start => {
                let input = body.text(limits).await?;
                workflows::start(handle, parameters, input, connection).await
            }
            Operation::Get => workflows::get(handle, parameters).await,
            Operation::RaiseEvent => {
                let payload = body.text(limits).await?;
                workflows::raise_event(handle, parameters, payload).await
            }
            Operation::Pause => {
                workflows::pause(handle, parameters, body.options(limits).await?).await
            }
            Operation::Resume => {
                workflows::resume(handle, parameters, body.options(limits).await?).await
            }
            Operation::Terminate => {
                workflows::terminate(handle, parameters, body.options(limits).await?).await
            }
            Operation::Purge => {
                workflows::purge(handle, parameters, body.options(limits).await?).await
            }
            Operation::Migrate => {
                let target = body.json(limits).await?;
                workflows::migrate(handle, parameters, target).await
            }
            Operation::List => listing::list(handle, parameters).await,
            Operation::Counts => listing::counts(handle, parameters).await,
            Operation::History => histories::history(handle, parameters).await,
            Operation::Export => histories::export(handle, parameters).await,
            Operation::Import => {
                let document = body.document(limits).await?;
                histories::import(handle, parameters, document).await
            }
            Operation::Wait => watching::wait(handle, parameters, connection).await,
            Operation::WatchOne => watching::changes_of(handle, parameters, connection).await,
            Operation::Watch => watching::changes(handle, parameters, connection),
            Operation::ListModules => Ok(modules::list(handle)),
            Operation::UploadModule => {
                let bytes = body.module(limits).await?;
                versions::upload(handle, parameters, bytes).await
            }
            Operation::Waiting => waiting::get(handle, parameters).await,
            Operation::Rerun => {
                let again = body.json(limits).await?;
                histories::rerun(handle, parameters, again).await
            }
            Operation::ActivateVersion => versions::activate(handle, parameters).await,
            Operation::VerifyVersion => {
                let scope = body.json(limits).await?;
                versions::verify(handle, parameters, scope).await
            }
            Operation::MigrateToVersion => {
                let chosen = body.json(limits).await?;
                versions::migrate(handle, parameters, chosen).await
            }
            Operation::GetModule => modules::get(handle, parameters),
            Operation::DeleteModule => modules::delete(handle, parameters).await,
            Operation::ListSchedules => Ok(schedules::list(handle)),
            Operation::PutSchedule => {
                let asked = body.json(limits).await?;
                schedules::put(handle, parameters, asked).await
            }
            Operation::GetSchedule => schedules::get(handle, parameters),
            Operation::DeleteSchedule => schedules::delete(handle, parameters).await,
            Operation::PauseSchedule | Operation::ResumeSchedule | Operation::TriggerSchedule => {
                body.json::<serde_json::Value>(limits).await?;
                schedules::act(handle, parameters, operation).await
            }
            Operation::GetPermissions => permissions::get(handle, parameters),
            Operation::PutPermissions => {
                let asked = body.json(limits).await?;
                permissions::put(handle, parameters, asked).await
            }
            Operation::GetRetention => Ok(retention::get(handle)),
            Operation::PutRetention => {
                let asked = body.json(limits).await?;
                retention::put(handle, asked).await
            }
            Operation::ListJobs => Ok(jobs::list(handle)),
            Operation::CreateJob => {
                let asked = body.json(limits).await?;
                jobs::create(handle, asked).await
            }
            Operation::GetJob => jobs::get(handle, parameters),
            Operation::CancelJob => jobs::cancel(handle, parameters).await,
            Operation::Health => Ok(wire::empty(StatusCode::NO_CONTENT)),
            Operation::Metadata => Ok(wire::json(StatusCode::OK, &wire::Metadata::new())),
            Operation::OpenApi => Ok(wire::raw_json(OPENAPI)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_names_every_route() {
        let document: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
        let described = document["paths"].as_object().unwrap();
        let mut count = 0;
        for (method, path, _) in OPERATIONS {
            let operations = &described[&format!("/v1.0{path}")];
            let method = method.as_str().to_lowercase();
            assert!(operations[&method].is_object(), "{method} {path} is not described");
            count += 1;
        }
        let all = described.values().flat_map(|operations| operations.as_object().unwrap().keys());
        assert_eq!(all.filter(|key| *key != "parameters").count(), count, "one too many");
    }

    #[test]
    fn no_two_paths_conflict() {
        let mut paths = matchit::Router::new();
        let mut known = Vec::new();
        for (_, path, _) in OPERATIONS {
            if !known.contains(path) {
                paths.insert(*path, ()).unwrap();
                known.push(path);
            }
        }
    }
}
