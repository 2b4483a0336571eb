//! Values that are more than text, and how they are written.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

/// How much one sync may delete from one side without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxDelete {
    /// This many per cent of the side's memories; up to [`MaxDelete::UNNOTICED`] memories always.
    Percent(u8),
    /// This many memories.
    Count(usize),
}

impl MaxDelete {
    /// So few deletions are no matter of shares: three of a side's eight memories may well be meant.
    pub const UNNOTICED: usize = 10;

    /// Whether `deletions` out of the `total` memories that a side holds may go through.
    #[must_use]
    pub const fn allows(self, deletions: usize, total: usize) -> bool {
        match self {
            Self::Percent(percent) => {
                deletions <= Self::UNNOTICED || deletions as u128 * 100 <= total as u128 * percent as u128
            }
            Self::Count(count) => deletions <= count,
        }
    }
}

impl Default for MaxDelete {
    fn default() -> Self {
        Self::Percent(25)
    }
}

impl fmt::Display for MaxDelete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

impl FromStr for MaxDelete {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse().ok().filter(|percent| *percent <= 100).map(Self::Percent),
            None => text.parse().ok().map(Self::Count),
        };
        parsed.ok_or("a share such as 25% (at most 100%) or a number of memories")
    }
}

/// The SHA-256 of a certificate, as 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = &'static str;

    /// Reads 64 digits, or what `openssl x509 -fingerprint -sha256` prints: upper case, a colon between bytes, and
    /// perhaps `sha256 Fingerprint=` before them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let printed = text.rsplit_once('=').map_or(text, |(_, digits)| digits).trim();
        let digits: String = printed.chars().filter(|c| *c != ':').map(|c| c.to_ascii_lowercase()).collect();
        if digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(digits))
        } else {
            Err("a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons")
        }
    }
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
    fn the_brake_lets_few_deletions_and_small_shares_through() {
        let limit = MaxDelete::default();
        for (deletions, total, allowed) in
            [(0, 0, true), (10, 10, true), (11, 20, false), (25, 100, true), (26, 100, false)]
        {
            assert_eq!(limit.allows(deletions, total), allowed, "{deletions} of {total}");
        }
        assert!(MaxDelete::Count(3).allows(3, 4));
        assert!(!MaxDelete::Count(3).allows(4, 1_000_000));
        assert!(MaxDelete::Percent(100).allows(usize::MAX, usize::MAX));
    }

    #[test]
    fn a_limit_is_a_share_or_a_count() {
        assert_eq!("25%".parse(), Ok(MaxDelete::Percent(25)));
        assert_eq!("0".parse(), Ok(MaxDelete::Count(0)));
        for wrong in ["", "%", "101%", "-1", "a few", "2.5%"] {
            assert!(wrong.parse::<MaxDelete>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fingerprint_is_read_as_openssl_prints_it() {
        let digits = "0123456789abcdef".repeat(4);
        let printed: Vec<String> = digits
            .to_uppercase()
            .as_bytes()
            .chunks(2)
            .map(|byte| String::from_utf8_lossy(byte).into())
            .collect();
        for text in [
            digits.clone(),
            digits.to_uppercase(),
            printed.join(":"),
            format!("sha256 Fingerprint={}\n", printed.join(":")),
        ] {
            assert_eq!(text.parse::<Fingerprint>().unwrap().as_str(), digits);
        }
        for wrong in ["", "abc", &digits[1..], &format!("{}g", &digits[1..])] {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }

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
