//! Owns what a module's activities may reach outside: pure values, and the rules that decide. It must
//! not know how anything is reached.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

const RULES_MAX: usize = 1_000;
const RULE_BYTES_MAX: usize = 300;
const VALUE_BYTES_MAX: usize = 32 * 1024;

/// What a module's activities may reach. Nothing, unless the operator says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    /// Where they may connect to.
    pub network: Vec<Destination>,
    /// The variables of their environment.
    pub environment: BTreeMap<String, String>,
    /// The secrets they see as further variables. Their values are the host's, and are never stored.
    pub secrets: Vec<String>,
}

/// Why permissions can't be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// A destination is none.
    #[error(
        "\"{0}\" is no destination: write host:port, such as \"api.example.com:443\", \"*.example.com:443\", \"10.0.0.7:5432\", \"[::1]:80\" or \"localhost:*\""
    )]
    Destination(String),
    /// A name can't be that of a variable.
    #[error(
        "\"{0}\" can't be the name of a variable: it takes letters, digits and '_', and no digit at its beginning"
    )]
    Name(String),
    /// A value can't be that of a variable.
    #[error(
        "the value of \"{0}\" can't be that of a variable: it has a NUL, or more than 32768 bytes"
    )]
    Value(String),
    /// A name is there twice.
    #[error("\"{0}\" is there twice among the variables and secrets")]
    Twice(String),
    /// There are too many.
    #[error("there are more than {RULES_MAX} {0}")]
    TooMany(&'static str),
}

impl Permissions {
    /// Says what is wrong with them, if anything is.
    ///
    /// # Errors
    /// See [`enum@Error`].
    pub fn check(&self) -> Result<(), Error> {
        let lengths = [
            ("destinations", self.network.len()),
            ("variables", self.environment.len()),
            ("secrets", self.secrets.len()),
        ];
        if let Some((what, _)) = lengths.iter().find(|(_, length)| *length > RULES_MAX) {
            return Err(Error::TooMany(what));
        }
        for (name, value) in &self.environment {
            check_name(name)?;
            if value.contains('\0') || value.len() > VALUE_BYTES_MAX {
                return Err(Error::Value(name.clone()));
            }
        }
        for (position, name) in self.secrets.iter().enumerate() {
            check_name(name)?;
            if self.secrets[..position].contains(name) || self.environment.contains_key(name) {
                return Err(Error::Twice(name.clone()));
            }
        }
        Ok(())
    }

    /// Returns whether a host may be reached at a port. The host is a name or an address.
    pub fn allow(&self, host: &str, port: u16) -> bool {
        self.network.iter().any(|destination| destination.matches(host, port))
    }

    /// Returns the names that may be reached at a port, so that an address can be compared with theirs.
    pub fn names_at(&self, port: u16) -> impl Iterator<Item = &str> {
        self.network.iter().filter_map(move |destination| match &destination.host {
            Host::Name(name) if destination.has_port(port) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Returns whether a name may be looked up.
    pub fn allow_look_up(&self, name: &str) -> bool {
        self.network.iter().any(|destination| destination.has_host(name))
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let fits = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let begins = !name.starts_with(|character: char| character.is_ascii_digit());
    if name.is_empty() || name.len() > RULE_BYTES_MAX || !begins || !name.chars().all(fits) {
        return Err(Error::Name(name.to_owned()));
    }
    Ok(())
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// Every host.
    Any,
    Address(IpAddr),
    /// In lower case.
    Name(String),
    /// All names that end so: a dot, and more in lower case.
    Suffix(String),
}

/// Somewhere that may be reached, written `host:port`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Destination {
    host: Host,
    /// None: every port.
    port: Option<u16>,
}

impl Destination {
    fn has_port(&self, port: u16) -> bool {
        self.port.is_none_or(|allowed| allowed == port)
    }

    fn has_host(&self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let address = bare.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        let name = bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase();
        match &self.host {
            Host::Any => true,
            Host::Address(allowed) => address == Some(*allowed),
            Host::Name(allowed) => *allowed == name,
            Host::Suffix(suffix) => {
                address.is_none() && name.len() > suffix.len() && name.ends_with(suffix.as_str())
            }
        }
    }

    fn matches(&self, host: &str, port: u16) -> bool {
        self.has_port(port) && self.has_host(host)
    }
}

impl FromStr for Destination {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = || Error::Destination(text.chars().take(RULE_BYTES_MAX).collect());
        let (host, port) = text.rsplit_once(':').ok_or_else(refuse)?;
        let port = match port {
            "*" => None,
            number => match number.parse().map_err(|_| refuse())? {
                0 => return Err(refuse()),
                port => Some(port),
            },
        };
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = if host == "*" {
            Host::Any
        } else if let Some(address) = bracketed {
            let address: IpAddr = address.parse().map_err(|_| refuse())?;
            Host::Address(address.to_canonical())
        } else if let Ok(IpAddr::V4(address)) = host.parse() {
            Host::Address(address.into())
        } else if let Some(domain) = host.strip_prefix("*.") {
            is_name(domain)
                .then(|| Host::Suffix(format!(".{}", domain.to_ascii_lowercase())))
                .ok_or_else(refuse)?
        } else {
            is_name(host).then(|| Host::Name(host.to_ascii_lowercase())).ok_or_else(refuse)?
        };
        Ok(Self { host, port })
    }
}

fn is_name(host: &str) -> bool {
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    host.len() <= 253 && host.split('.').all(|label| !label.is_empty() && label.chars().all(fits))
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Any => formatter.write_str("*")?,
            Host::Address(IpAddr::V4(address)) => write!(formatter, "{address}")?,
            Host::Address(IpAddr::V6(address)) => write!(formatter, "[{address}]")?,
            Host::Name(name) => formatter.write_str(name)?,
            Host::Suffix(suffix) => write!(formatter, "*{suffix}")?,
        }
        match self.port {
            Some(port) => write!(formatter, ":{port}"),
            None => formatter.write_str(":*"),
        }
    }
}

impl TryFrom<String> for Destination {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Destination> for String {
    fn from(destination: Destination) -> Self {
        destination.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowing(destinations: &[&str]) -> Permissions {
        let network = destinations.iter().map(|text| text.parse().unwrap()).collect();
        Permissions { network, ..Permissions::default() }
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        assert!(!Permissions::default().allow("localhost", 80));
        assert!(!Permissions::default().allow_look_up("localhost"));
    }

    #[test]
    fn a_destination_is_a_host_and_a_port() {
        let permissions = allowing(&[
            "API.example.com:443",
            "*.example.org:443",
            "10.0.0.7:5432",
            "[::1]:80",
            "localhost:*",
        ]);
        for (host, port) in [
            ("api.example.com", 443),
            ("API.EXAMPLE.COM.", 443),
            ("a.b.example.org", 443),
            ("10.0.0.7", 5432),
            ("::ffff:10.0.0.7", 5432),
            ("[::1]", 80),
            ("localhost", 1),
        ] {
            assert!(permissions.allow(host, port), "{host}:{port}");
        }
        for (host, port) in [
            ("api.example.com", 80),
            ("evil-api.example.com", 443),
            ("example.org", 443),
            ("evilexample.org", 443),
            ("10.0.0.8", 5432),
            ("10.0.0.7.example.com", 5432),
            ("::2", 80),
            ("", 443),
        ] {
            assert!(!permissions.allow(host, port), "{host}:{port}");
        }
        assert_eq!(permissions.names_at(443).collect::<Vec<_>>(), ["api.example.com", "localhost"]);
        assert!(allowing(&["*:*"]).allow("anything", 1));
    }

    #[test]
    fn what_is_no_destination_is_refused() {
        for text in [
            "",
            "example.com",
            "example.com:",
            "example.com:0",
            "example.com:65536",
            ":80",
            "exa mple.com:80",
            "*.:80",
            "a..b:80",
            "::1:80",
            "[::1:80",
            "http://example.com:80",
            "*example.com:80",
            "example.com:80:80",
            "[1.2.3.4.5]:80",
            "\u{e4}.com:80",
        ] {
            assert_eq!(text.parse::<Destination>(), Err(Error::Destination(text.to_owned())));
        }
    }

    #[test]
    fn a_destination_is_shown_as_it_was_written() {
        for text in ["a.b-c:1", "*.example.com:443", "*:*", "[::1]:80", "10.0.0.7:*"] {
            assert_eq!(text.parse::<Destination>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn variables_have_names_and_are_there_once() {
        let with = |name: &str, value: &str, secret: &str| Permissions {
            environment: BTreeMap::from([(name.to_owned(), value.to_owned())]),
            secrets: vec![secret.to_owned()],
            ..Permissions::default()
        };
        assert_eq!(with("A", "b", "C").check(), Ok(()));
        for name in ["", "1A", "A B", "A=B", "\u{e4}", "A\0"] {
            assert_eq!(with(name, "b", "C").check(), Err(Error::Name(name.to_owned())));
            assert_eq!(with("A", "b", name).check(), Err(Error::Name(name.to_owned())));
        }
        assert_eq!(with("A", "b\0", "C").check(), Err(Error::Value("A".to_owned())));
        assert_eq!(with("A", "b", "A").check(), Err(Error::Twice("A".to_owned())));
    }
}
