//! Owns the interface as a whole: which method and path leads to what.

use hyper::body::Incoming;
use hyper::header::ALLOW;
use hyper::http::request::Parts as Head;
use hyper::{Method, Request, StatusCode};

use super::error::ApiError;
use super::guard::Guard;
use super::request::{Body, Parameters};
use super::{Answer, Limits, modules, wire, workflows};
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
    /// List the modules.
    ListModules,
    /// Upload a module.
    UploadModule,
    /// Show a module.
    GetModule,
    /// Delete a module.
    DeleteModule,
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
pub const OPERATIONS: [(Method, &str, Operation); 16] = [
    (Method::POST, "/workflows/{component}/{subject}/start", Operation::Start),
    (Method::GET, "/workflows/{component}/{subject}", Operation::Get),
    (Method::POST, "/workflows/{component}/{subject}/raiseEvent/{event}", Operation::RaiseEvent),
    (Method::POST, "/workflows/{component}/{subject}/pause", Operation::Pause),
    (Method::POST, "/workflows/{component}/{subject}/resume", Operation::Resume),
    (Method::POST, "/workflows/{component}/{subject}/terminate", Operation::Terminate),
    (Method::POST, "/workflows/{component}/{subject}/purge", Operation::Purge),
    (Method::POST, "/workflows/{component}/{subject}/migrate", Operation::Migrate),
    (Method::GET, "/modules", Operation::ListModules),
    (Method::PUT, "/modules/{name}", Operation::UploadModule),
    (Method::GET, "/modules/{name}", Operation::GetModule),
    (Method::DELETE, "/modules/{name}", Operation::DeleteModule),
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
        for (method, path, operation) in &OPERATIONS {
            for prefix in PREFIXES {
                add(format!("{prefix}{path}"), method, *operation);
            }
        }
        add("/openapi.json".to_owned(), &Method::GET, Operation::OpenApi);
        Self { paths, handle, guard, limits }
    }

    /// Answers a request, whatever it is.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (head, incoming) = request.into_parts();
        let mut body = Body::new(&head.headers, incoming);
        let answer = self.lead(&head, &mut body).await;
        body.discard().await;
        answer
    }

    async fn lead(&self, head: &Head, body: &mut Body) -> Answer {
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
        match Parameters::new(&found.params, head.uri.query()) {
            Ok(parameters) => match self.operate(operation, &parameters, body).await {
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
    ) -> Result<Answer, ApiError> {
        let (handle, limits) = (&self.handle, &self.limits);
        match operation {
            Operation::Start => {
                let input = body.text(limits).await?;
                workflows::start(handle, parameters, input).await
            }
            Operation::Get => workflows::get(handle, parameters).await,
            Operation::RaiseEvent => {
                let payload = body.text(limits).await?;
                workflows::raise_event(handle, parameters, payload).await
            }
            Operation::Pause | Operation::Resume | Operation::Terminate | Operation::Purge => {
                body.json::<serde_json::Value>(limits).await?;
                workflows::act(handle, parameters, operation).await
            }
            Operation::Migrate => {
                let target = body.json(limits).await?;
                workflows::migrate(handle, parameters, target).await
            }
            Operation::ListModules => Ok(modules::list(handle)),
            Operation::UploadModule => {
                let bytes = body.module(limits).await?;
                modules::upload(handle, parameters, bytes).await
            }
            Operation::GetModule => modules::get(handle, parameters),
            Operation::DeleteModule => modules::delete(handle, parameters).await,
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
        for (method, path, _) in &OPERATIONS {
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
        for (_, path, _) in &OPERATIONS {
            if !known.contains(path) {
                paths.insert(*path, ()).unwrap();
                known.push(path);
            }
        }
    }
}
