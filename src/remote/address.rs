//! Where a server is, as users give it.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::object::ContentHash;

/// The address of a server: what `REMOTE_API` or a remote's `url` names.
///
/// The text may end in `/api/memories`, in `/api` or in neither. It never holds credentials, so it may be
/// shown anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteUrl {
    /// Without a trailing slash on its path, query, fragment and credentials.
    base: Url,
}

/// A text that is no server's address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// The text is no URL.
    #[error("not a URL: {0}")]
    Syntax(#[from] url::ParseError),
    /// The scheme is another than `http` or `https`.
    #[error("the URL must start with http:// or https://")]
    Scheme,
    /// The URL holds a user name or a password, which would end up in logs and process lists.
    #[error(
        "the URL holds a user name or password; give the key in MCP_API_KEY, in a file or by a credential helper"
    )]
    Credentials,
    /// The URL has a query or a fragment, which a server's address cannot have (a key may be in it).
    #[error("the URL must end with its path: no `?` and no `#`")]
    Query,
}

impl RemoteUrl {
    /// The scheme: `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.base.scheme()
    }

    /// The host, with the port where it is not the scheme's own.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The path without slashes at its ends; empty for a server at the root.
    #[must_use]
    pub fn path(&self) -> &str {
        self.base.path().trim_matches('/')
    }

    /// Whether the server is this very machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.base.host() {
            Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// The whole URL of an endpoint, where `endpoint` starts with a slash.
    pub(super) fn endpoint(&self, endpoint: &str) -> String {
        format!("{self}{endpoint}")
    }
}

/// The endpoint of one memory; `None` where the service has no way to be asked about this name: its router
/// takes a slash (even an escaped one) and a dot segment apart, and `hashes` is an endpoint of its own.
pub(super) fn memory_endpoint(key: &ContentHash) -> Option<String> {
    let key = key.as_str();
    (!key.contains('/') && !matches!(key, "." | ".." | "hashes"))
        .then(|| format!("/api/memories/{}", escape(key)))
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.extend(["%", &format!("{byte:02X}")]);
        }
    }
    escaped
}

impl FromStr for RemoteUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let mut base = Url::parse(text.trim())?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(InvalidUrl::Scheme);
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(InvalidUrl::Credentials);
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(InvalidUrl::Query);
        }
        let path = base.path().trim_end_matches('/');
        let path = path.strip_suffix("/api/memories").or_else(|| path.strip_suffix("/api")).unwrap_or(path);
        let path = path.trim_end_matches('/').to_owned();
        base.set_path(&path);
        Ok(Self { base })
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_spelling_names_the_same_server() {
        for text in [
            "http://box:8000",
            "http://box:8000/",
            " http://box:8000/api ",
            "http://BOX:8000/api/memories",
            "http://box:8000/api/memories//",
        ] {
            assert_eq!(text.parse::<RemoteUrl>().unwrap().to_string(), "http://box:8000", "{text}");
        }
        let behind_a_proxy: RemoteUrl = "https://example.org/memory/api/memories".parse().unwrap();
        assert_eq!(behind_a_proxy.endpoint("/api/tags"), "https://example.org/memory/api/tags");
        assert_eq!((behind_a_proxy.host().as_str(), behind_a_proxy.path()), ("example.org", "memory"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_secrets() {
        let error = |text: &str| text.parse::<RemoteUrl>().unwrap_err().to_string();
        insta::assert_snapshot!(error("box:8000"), @"the URL must start with http:// or https://");
        insta::assert_snapshot!(error("box"), @"not a URL: relative URL without a base");
        insta::assert_snapshot!(error("https://me:secret@box/"), @"the URL holds a user name or password; give the key in MCP_API_KEY, in a file or by a credential helper");
        insta::assert_snapshot!(error("https://box/?api_key=secret"), @"the URL must end with its path: no `?` and no `#`");
    }

    #[test]
    fn any_name_is_asked_for_in_one_path_segment_or_not_at_all() {
        let endpoint = |key: &str| memory_endpoint(&ContentHash::new(key).unwrap());
        assert_eq!(endpoint("a b?#%\n\\é").unwrap(), "/api/memories/a%20b%3F%23%25%0A%5C%C3%A9");
        assert_eq!([endpoint("a/b"), endpoint("."), endpoint(".."), endpoint("hashes")], [const { None }; 4]);
    }
}
