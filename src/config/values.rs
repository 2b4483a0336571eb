//! Values that are more than text, and how they are written.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use crate::remote::Fingerprint;

/// Where a remote is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A server, without credentials, with or without `/api` or `/api/memories` at its end.
    Server(Url),
    /// A database file.
    File(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(url) => url.fmt(f),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Reads the address of a remote: a server's URL, a `file` URL, or, as with git, a path. A path has a separator in
/// it, so that the name of a host is not taken for one; a relative one is left so.
pub(super) fn parse_address(text: &str, home: Option<&Path>) -> Result<Address, &'static str> {
    if text.starts_with(['.', '~']) || Path::new(text).is_absolute() {
        return expand_home(text, home).map(Address::File);
    }
    match Url::parse(text) {
        Ok(url) if url.scheme() == "file" => url
            .to_file_path()
            .map(Address::File)
            .map_err(|()| "the address of a file on this device, such as file:///media/stick/memories.db"),
        Ok(url) => server(url),
        Err(_) if text.contains(std::path::is_separator) => Ok(Address::File(text.into())),
        Err(_) => Err("an address such as https://server:8443, or a path such as ./memories.db"),
    }
}

/// Refuses what is no server's address, and one that carries a name, a password or a query: keys do not belong there.
fn server(url: Url) -> Result<Address, &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("an address that begins with http:// or https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address without a user name or password; give the key in MCP_API_KEY or a key file");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address without '?' or '#'; give the key in MCP_API_KEY or a key file");
    }
    Ok(Address::Server(url))
}

/// Reads the SHA-256 of a certificate.
pub(super) fn parse_fingerprint(text: &str) -> Result<Fingerprint, &'static str> {
    text.parse().map_err(|_| "a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons")
}

/// Reads git's words for true and false.
pub(super) fn parse_boolean(text: &str) -> Result<bool, &'static str> {
    gix_config::Boolean::try_from(text).map(|boolean| boolean.0).map_err(|_| "true or false")
}

/// Replaces a leading `~` by the user's home folder.
pub(super) fn expand_home(text: &str, home: Option<&Path>) -> Result<PathBuf, &'static str> {
    match text.strip_prefix('~') {
        _ if text.is_empty() => Err("a path"),
        None => Ok(PathBuf::from(text)),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            let home = home.ok_or("a path without '~', because HOME is not set")?;
            Ok(home.join(rest.trim_start_matches('/')))
        }
        Some(_) => Err("a path; '~' stands for your own home folder only"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_is_a_server_or_a_file() {
        let home = Some(Path::new("/home/ada"));
        let parsed = |text| match parse_address(text, home) {
            Ok(Address::Server(url)) => format!("server {url}"),
            Ok(Address::File(path)) => format!("file {}", path.display()),
            Err(expected) => expected.to_owned(),
        };
        insta::assert_snapshot!(parsed("https://memory.local:8443/api"), @"server https://memory.local:8443/api");
        insta::assert_snapshot!(parsed("/media/stick/memories.db"), @"file /media/stick/memories.db");
        insta::assert_snapshot!(parsed("file:///media/my%20stick/memories.db"), @"file /media/my stick/memories.db");
        insta::assert_snapshot!(parsed("~/memories.db"), @"file /home/ada/memories.db");
        insta::assert_snapshot!(parsed("./memories.db"), @"file ./memories.db");
        insta::assert_snapshot!(parsed("../a:b/memories.db"), @"file ../a:b/memories.db");
        insta::assert_snapshot!(parsed("stick/memories.db"), @"file stick/memories.db");
        insta::assert_snapshot!(parsed("memory.local"), @"an address such as https://server:8443, or a path such as ./memories.db");
        insta::assert_snapshot!(parsed("memory.local:8443"), @"an address that begins with http:// or https://");
        insta::assert_snapshot!(parsed("ftp://memory.local/memories.db"), @"an address that begins with http:// or https://");
        insta::assert_snapshot!(parsed("file://server/share/memories.db"), @"the address of a file on this device, such as file:///media/stick/memories.db");
        insta::assert_snapshot!(parsed("https://ada:secret@memory.local"), @"an address without a user name or password; give the key in MCP_API_KEY or a key file");
        insta::assert_snapshot!(parsed("https://memory.local/?api_key=secret"), @"an address without '?' or '#'; give the key in MCP_API_KEY or a key file");
        insta::assert_snapshot!(parsed("~bob/memories.db"), @"a path; '~' stands for your own home folder only");
        insta::assert_snapshot!(parsed(""), @"an address such as https://server:8443, or a path such as ./memories.db");
    }

    #[test]
    fn a_tilde_is_the_users_own_home() {
        let home = Some(Path::new("/home/ada"));
        assert_eq!(expand_home("~/m.db", home), Ok("/home/ada/m.db".into()));
        assert_eq!(expand_home("/srv/m.db", home), Ok("/srv/m.db".into()));
        assert!(expand_home("~bob/m.db", home).is_err());
        assert!(expand_home("~/m.db", None).is_err());
        assert!(expand_home("", home).is_err());
    }
}
