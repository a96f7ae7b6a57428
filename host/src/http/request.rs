//! Owns how requests are read: parameters of path and query, and bodies within their limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::HeaderMap;
use hyper::body::{Bytes, Incoming};
use hyper::header::EXPECT;
use hyper::http::request::Parts;
use matchit::Params;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::Limits;
use super::error::ApiError;

/// The header in which browsers say where they want to go on with a stream.
const LAST_EVENT_ID: &str = "last-event-id";
/// How much of a refused body is taken before the client is cut off, in bytes.
const DISCARD_BYTES_MAX: usize = 64 << 20;
/// For how long it is taken.
const DISCARD_TIME_MAX: Duration = Duration::from_secs(5);

/// The parameters of a request, decoded.
pub(super) struct Parameters {
    path: HashMap<String, String>,
    /// In the order of the request.
    query: Vec<(String, String)>,
    /// Where a client wants to go on with a stream.
    last_event_id: Option<String>,
}

impl Parameters {
    pub(super) fn new(path: &Params<'_, '_>, head: &Parts) -> Result<Self, ApiError> {
        let mut decoded = HashMap::new();
        for (name, value) in path.iter() {
            let text = percent_decode_str(value).decode_utf8().map_err(|_| {
                ApiError::malformed(format!("the path segment '{value}' is not UTF-8"))
            })?;
            decoded.insert(name.to_owned(), text.into_owned());
        }
        let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
        let last_event_id = head.headers.get(LAST_EVENT_ID);
        let last_event_id = last_event_id.map(|id| String::from_utf8_lossy(id.as_bytes()));
        Ok(Self {
            path: decoded,
            query: query.into_owned().collect(),
            last_event_id: last_event_id.map(Cow::into_owned),
        })
    }

    /// Returns a parameter of the path; the route has it.
    pub(super) fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// Returns a parameter of the query, unless it is missing or empty.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.queries(name).last()
    }

    /// Returns the ID of the last event of a stream that the client has seen: as browsers say it, or
    /// in the query.
    pub(super) fn last_event_id(&self) -> Option<&str> {
        let header = self.last_event_id.as_deref().filter(|id| !id.is_empty());
        header.or_else(|| self.query("lastEventId"))
    }

    /// Returns each value that a parameter of the query is given, other than empty ones.
    pub(super) fn queries(&self, name: &str) -> impl Iterator<Item = &str> {
        let given = self.query.iter().filter(move |(known, _)| known == name);
        given.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Refuses parameters of the query other than these: a filter with a typo would let everything
    /// through.
    pub(super) fn take_only(&self, known: &[&str]) -> Result<(), ApiError> {
        match self.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => {
                let known = match known {
                    [] => "none".to_owned(),
                    _ => known.join(", "),
                };
                Err(ApiError::malformed(format!(
                    "there is no parameter '{name}' here: those that are known are {known}"
                )))
            }
        }
    }
}

/// The body of a request, read at most once and never larger or slower than the limits allow.
pub(super) struct Body {
    incoming: Incoming,
    /// The client waits for a sign before it sends anything.
    held_back: bool,
}

impl Body {
    pub(super) fn new(headers: &HeaderMap, incoming: Incoming) -> Self {
        Self { incoming, held_back: headers.contains_key(EXPECT) }
    }

    async fn read(&mut self, bytes_max: usize, limits: &Limits) -> Result<Bytes, BodyFailure> {
        self.held_back = false;
        let reading = Limited::new(&mut self.incoming, bytes_max).collect();
        match tokio::time::timeout(limits.body_time, reading).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                Err(BodyFailure::TooLarge(bytes_max))
            }
            Ok(Err(error)) => Err(BodyFailure::Broken(error.to_string())),
            Err(_) => Err(BodyFailure::TooSlow(limits.body_time.as_secs())),
        }
    }

    /// Reads a payload: any text, whatever the client says it is.
    pub(super) async fn text(&mut self, limits: &Limits) -> Result<String, ApiError> {
        let bytes = self.read(limits.body_bytes, limits).await?;
        String::from_utf8(bytes.into()).map_err(|error| {
            let position = error.utf8_error().valid_up_to();
            ApiError::body_read(format!("the body is not UTF-8: its byte {position} does not fit"))
        })
    }

    /// Reads an optional JSON object.
    pub(super) async fn json<T: DeserializeOwned>(
        &mut self,
        limits: &Limits,
    ) -> Result<Option<T>, ApiError> {
        self.object(limits.body_bytes, limits).await
    }

    /// Reads an optional JSON object that may be as large as a module.
    pub(super) async fn document<T: DeserializeOwned>(
        &mut self,
        limits: &Limits,
    ) -> Result<Option<T>, ApiError> {
        self.object(limits.module_bytes.max(limits.body_bytes), limits).await
    }

    async fn object<T: DeserializeOwned>(
        &mut self,
        bytes_max: usize,
        limits: &Limits,
    ) -> Result<Option<T>, ApiError> {
        let bytes = self.read(bytes_max, limits).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.trim_ascii_start().starts_with(b"[") {
            return Err(ApiError::malformed("the body is a list: it must be an object".to_owned()));
        }
        let parsed = serde_json::from_slice(&bytes);
        parsed.map(Some).map_err(|error| {
            ApiError::malformed(format!("failed deserializing HTTP body: {error}"))
        })
    }

    /// Reads options that may be left out: a JSON object, `null`, or nothing.
    pub(super) async fn options<T: DeserializeOwned + Default>(
        &mut self,
        limits: &Limits,
    ) -> Result<T, ApiError> {
        Ok(self.json::<Option<T>>(limits).await?.flatten().unwrap_or_default())
    }

    /// Reads a module.
    pub(super) async fn module(&mut self, limits: &Limits) -> Result<Bytes, ApiError> {
        match self.read(limits.module_bytes, limits).await {
            Err(BodyFailure::TooLarge(bytes_max)) => Err(ApiError::module_too_large(bytes_max)),
            other => Ok(other?),
        }
    }

    /// Takes what the client still sends, and throws it away: if the connection were closed while it
    /// sends, it might never see the answer. A client that goes on for too long is cut off.
    pub(super) async fn discard(mut self) {
        if self.held_back {
            return;
        }
        let discarding = async {
            let mut bytes = 0;
            while let Some(Ok(frame)) = self.incoming.frame().await {
                bytes += frame.data_ref().map_or(0, Bytes::len);
                if bytes > DISCARD_BYTES_MAX {
                    break;
                }
            }
        };
        // Whether it came to an end makes no difference.
        let _ = tokio::time::timeout(DISCARD_TIME_MAX, discarding).await;
    }
}

/// Why a body could not be read.
pub(super) enum BodyFailure {
    /// It is larger than this, in bytes.
    TooLarge(usize),
    /// It took longer than this, in seconds.
    TooSlow(u64),
    /// The connection broke.
    Broken(String),
}
