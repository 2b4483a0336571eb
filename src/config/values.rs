//! Values that are more than text, and how they are written.

use std::path::{Path, PathBuf};

use url::Url;

use crate::remote::Fingerprint;

/// Reads the SHA-256 of a certificate.
pub(super) fn parse_fingerprint(text: &str) -> Result<Fingerprint, &'static str> {
    text.parse().map_err(|_| "a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons")
}

/// Reads a server's address. One that carries a name, a password or a query is refused: keys do not belong there.
pub fn parse_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "an address such as https://server:8443")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("an address that begins with http:// or https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address without a user name or password; give the key in MCP_API_KEY or a key file");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address without '?' or '#'; give the key in MCP_API_KEY or a key file");
    }
    Ok(url)
}

/// Reads git's words for true and false.
pub(super) fn parse_boolean(text: &str) -> Result<bool, &'static str> {
    gix_config::Boolean::try_from(text).map(|boolean| boolean.0).map_err(|_| "true or false")
}

/// Replaces a leading `~` by the user's home folder.
pub(super) fn expand_home(text: &str, home: Option<&Path>) -> Result<PathBuf, String> {
    match text.strip_prefix('~') {
        _ if text.is_empty() => Err("a path".to_owned()),
        None => Ok(PathBuf::from(text)),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            let home = home.ok_or("a path without '~', because HOME is not set")?;
            Ok(home.join(rest.trim_start_matches('/')))
        }
        Some(_) => Err("a path; '~' stands for your own home folder only".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_no_credentials() {
        assert!(parse_url("https://memory.local:8443/api").is_ok());
        let refused = |text| parse_url(text).unwrap_err();
        insta::assert_snapshot!(refused("https://ada:secret@memory.local"), @"an address without a user name or password; give the key in MCP_API_KEY or a key file");
        insta::assert_snapshot!(refused("https://memory.local/?api_key=secret"), @"an address without '?' or '#'; give the key in MCP_API_KEY or a key file");
        insta::assert_snapshot!(refused("ftp://memory.local"), @"an address that begins with http:// or https://");
        insta::assert_snapshot!(refused("memory.local"), @"an address such as https://server:8443");
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
