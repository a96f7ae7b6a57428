//! Owns how requests are read: parameters of path and query, and bodies within their limits.

use std::collections::HashMap;
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::HeaderMap;
use hyper::body::{Bytes, Incoming};
use hyper::header::EXPECT;
use matchit::Params;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::Limits;
use super::error::ApiError;

/// How much of a refused body is taken before the client is cut off, in bytes.
const DISCARD_BYTES_MAX: usize = 64 << 20;
/// For how long it is taken.
const DISCARD_TIME_MAX: Duration = Duration::from_secs(5);

/// The parameters of a request, decoded.
pub(super) struct Parameters {
    path: HashMap<String, String>,
    query: HashMap<String, String>,
}

impl Parameters {
    pub(super) fn new(path: &Params<'_, '_>, query: Option<&str>) -> Result<Self, ApiError> {
        let mut decoded = HashMap::new();
        for (name, value) in path.iter() {
            let text = percent_decode_str(value).decode_utf8().map_err(|_| {
                ApiError::malformed(format!("the path segment '{value}' is not UTF-8"))
            })?;
            decoded.insert(name.to_owned(), text.into_owned());
        }
        let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Ok(Self { path: decoded, query: query.into_owned().collect() })
    }

    /// Returns a parameter of the path; the route has it.
    pub(super) fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// Returns a parameter of the query, unless it is missing or empty.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
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

    /// Reads an optional JSON document.
    pub(super) async fn json<T: DeserializeOwned>(
        &mut self,
        limits: &Limits,
    ) -> Result<Option<T>, ApiError> {
        let bytes = self.read(limits.body_bytes, limits).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let parsed = serde_json::from_slice(&bytes);
        parsed.map(Some).map_err(|error| {
            ApiError::malformed(format!("failed deserializing HTTP body: {error}"))
        })
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
