//! Owns who is let in: a token where one is set, and no web page of somebody else's.

use hyper::header::{HOST, ORIGIN};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, StatusCode, Uri};
use subtle::ConstantTimeEq;

use super::routes::Operation;
use super::{Answer, wire};

/// The header that carries the token, as in Dapr.
const TOKEN_HEADER: &str = "dapr-api-token";

/// Decides who is let in.
#[derive(Clone)]
pub struct Guard {
    /// What a client must show, if anything.
    token: Option<String>,
    /// Whether the host is meant for this machine only. A page from elsewhere can make a browser
    /// on this machine send requests here under a name of its own, so only local names are taken.
    local_only: bool,
}

impl Guard {
    /// Returns a guard that asks for this token, and takes only local names if so told.
    pub fn new(token: Option<String>, local_only: bool) -> Self {
        Self { token, local_only }
    }

    /// Checks a request.
    ///
    /// # Errors
    /// It is refused.
    pub(super) fn check(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        operation: Operation,
    ) -> Result<(), Refusal> {
        let authority = authority(uri, headers);
        if self.local_only && !authority.as_ref().is_some_and(is_local) {
            return Err(Refusal::Host);
        }
        if let Some(origin) = headers.get(ORIGIN) {
            let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
            if origin.as_ref().and_then(Uri::authority) != authority.as_ref() {
                return Err(Refusal::Origin);
            }
        }
        match &self.token {
            Some(token) if operation != Operation::Health => {
                let shown = headers.get(TOKEN_HEADER).map_or(&[][..], |shown| shown.as_bytes());
                match token.as_bytes().ct_eq(shown).into() {
                    true => Ok(()),
                    false => Err(Refusal::Token),
                }
            }
            _ => Ok(()),
        }
    }
}

/// Why a request is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It shows no token, or a wrong one.
    Token,
    /// It came under a name that is not local.
    Host,
    /// It comes from a page of another origin.
    Origin,
}

impl Refusal {
    /// Returns the answer to the request: plain text, as in Dapr.
    pub(super) fn answer(&self) -> Answer {
        match self {
            Self::Token => wire::text(StatusCode::UNAUTHORIZED, "invalid api token"),
            Self::Host => wire::text(
                StatusCode::FORBIDDEN,
                "this host is reached under a local name only, such as localhost",
            ),
            Self::Origin => wire::text(
                StatusCode::FORBIDDEN,
                "web pages from another origin may not use this host",
            ),
        }
    }
}

fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    match uri.authority() {
        Some(authority) => Some(authority.clone()),
        None => headers.get(HOST)?.to_str().ok()?.parse().ok(),
    }
}

fn is_local(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback =
        address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    is_loopback || host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(guard: &Guard, headers: &[(&'static str, &str)]) -> Result<(), Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        guard.check(&Uri::from_static("/v1.0/modules"), &map, Operation::ListModules)
    }

    #[test]
    fn a_local_host_takes_local_names_only() {
        let guard = Guard::new(None, true);
        for local in ["localhost", "LOCALHOST:3500", "127.0.0.1:3500", "127.8.9.1", "[::1]:3500"] {
            assert_eq!(check(&guard, &[("host", local)]), Ok(()), "{local}");
        }
        for foreign in ["example.org", "localhost.example.org", "10.0.0.1:3500", "", "a b", "[::2]"]
        {
            assert_eq!(check(&guard, &[("host", foreign)]), Err(Refusal::Host), "{foreign}");
        }
        assert_eq!(check(&guard, &[]), Err(Refusal::Host));
        assert_eq!(check(&Guard::new(None, false), &[("host", "example.org")]), Ok(()));
    }

    #[test]
    fn a_page_from_elsewhere_is_refused() {
        let guard = Guard::new(None, true);
        let host = ("host", "localhost:3500");
        assert_eq!(check(&guard, &[host, ("origin", "http://localhost:3500")]), Ok(()));
        for origin in ["http://example.org", "http://localhost:8080", "null", "\u{e9}"] {
            assert_eq!(
                check(&guard, &[host, ("origin", origin)]),
                Err(Refusal::Origin),
                "{origin}"
            );
        }
    }

    #[test]
    fn a_token_is_asked_for_where_one_is_set() {
        let guard = Guard::new(Some("secret".to_owned()), false);
        assert_eq!(check(&guard, &[("dapr-api-token", "secret")]), Ok(()));
        for wrong in ["", "secre", "Secret", "secrets"] {
            assert_eq!(check(&guard, &[("dapr-api-token", wrong)]), Err(Refusal::Token), "{wrong}");
        }
        assert_eq!(check(&guard, &[]), Err(Refusal::Token));
        let health = guard.check(&Uri::from_static("/"), &HeaderMap::new(), Operation::Health);
        assert_eq!(health, Ok(()));
    }
}
