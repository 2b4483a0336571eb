//! Who may ask: whoever shows the hub's key, or, where it has none, a program on this device.
//!
//! Guarantees: a request is refused before anything of its body is read. How long a refusal takes says nothing
//! about the key. Without a key nothing is answered that a page in a browser made the browser ask, by whichever
//! name the page calls this device.

use std::fmt;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, FORWARDED, HOST, ORIGIN, VIA};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use subtle::ConstantTimeEq;

use super::Hub;
use super::failure::Failure;

/// The longest key that is looked at, in bytes, as in the service.
const LONGEST: usize = 512;

/// What proxies add to a request: RFC 9110 (`Via`), RFC 7239 (`Forwarded`), and what most of them send instead.
const PROXIES: [HeaderName; 6] = [
    VIA,
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// The key that devices show. Only its SHA-256 is kept, and nothing of it is ever printed.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// Takes a key without the white space around it; `None` for what no device could show: nothing, or other
    /// characters than visible ASCII.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(digest(text.as_bytes())))
    }

    /// Compares digests, which are equally long, in a time that does not depend on what they are.
    fn is(&self, shown: &[u8]) -> bool {
        let shown = shown.trim_ascii();
        shown.len() <= LONGEST && bool::from(digest(shown).ct_eq(&self.0))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<key>")
    }
}

fn digest(text: &[u8]) -> [u8; 32] {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
    hasher.update(text);
    let id = hasher.try_finalize().expect("only SHA-1 can fail, when it detects a collision attack");
    id.as_bytes().try_into().expect("a SHA-256 has 32 bytes")
}

/// Lets a request through, or refuses it.
pub(super) async fn check(
    State(hub): State<Arc<Hub>>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    match &hub.key {
        Some(key) => check_key(key, request.headers())?,
        None => check_caller(request.uri(), request.headers())?,
    }
    Ok(next.run(request).await)
}

/// As in the service, a bearer token that is wrong is refused whatever else is shown.
fn check_key(key: &Key, headers: &HeaderMap) -> Result<(), Failure> {
    let authorization = headers.get(AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
    let (scheme, token) = match authorization.iter().position(|byte| *byte == b' ') {
        Some(space) => authorization.split_at(space),
        None => (authorization, &b""[..]),
    };
    if scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty() {
        let description = "The bearer token is not this server's API key";
        return if key.is(token) { Ok(()) } else { Err(Failure::unauthorized("invalid_token", description)) };
    }
    match headers.get("x-api-key") {
        Some(shown) if key.is(shown.as_bytes()) => Ok(()),
        _ => {
            let description = "Send the API key as 'X-API-Key: KEY' or as 'Authorization: Bearer KEY'";
            Err(Failure::unauthorized("authorization_required", description))
        }
    }
}

/// Refuses what came through a browser page of another site, under another name than this device's own (a name
/// that leads here may be anybody's), or through a proxy, behind which anybody may be. A proxy is known only by
/// what it adds, and need not add anything: who puts one before a hub has to give the hub a key.
fn check_caller(uri: &Uri, headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = uri.authority().map(Authority::as_str).or_else(|| text(HOST.as_str())).unwrap_or_default();
    let is_own_page = |origin: &str| origin.split_once("://").is_some_and(|(_, name)| name == host);
    let is_local = is_loopback(host)
        && text(ORIGIN.as_str()).is_none_or(is_own_page)
        && text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"))
        && !PROXIES.iter().any(|name| headers.contains_key(name));
    let detail = "Without an API key this server answers only programs on its own device";
    if is_local { Ok(()) } else { Err(Failure::new(StatusCode::FORBIDDEN, detail)) }
}

/// Whether `host`, a name or an address with or without a port, can only be this device.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_key_is_taken_from_either_header() {
        let key = Key::new(" opensesame\n").unwrap();
        let passes = |lines: &[_]| check_key(&key, &headers(lines)).is_ok();
        assert!(passes(&[("x-api-key", "opensesame")]));
        assert!(passes(&[("authorization", "bearer  opensesame ")]));
        assert!(passes(&[("authorization", "Basic b3BlbnNlc2FtZQ=="), ("x-api-key", "opensesame")]));

        assert!(!passes(&[]));
        assert!(!passes(&[("x-api-key", "")]));
        assert!(!passes(&[("x-api-key", "opensesame2")]));
        assert!(!passes(&[("authorization", "opensesame")]));
        assert!(!passes(&[("authorization", "Bearer wrong"), ("x-api-key", "opensesame")]));
    }

    #[test]
    fn what_no_header_can_carry_is_no_key() {
        assert!(Key::new(" \n").is_none());
        assert!(Key::new("open sesame").is_none());
        assert!(Key::new("sésame").is_none());
        assert!(Key::new(&"k".repeat(513)).is_none());
        assert_eq!(format!("{:?}", Key::new("hunter2").unwrap()), "<key>");
    }

    #[test]
    fn without_a_key_programs_on_this_device_are_answered_and_pages_of_others_are_not() {
        let passes = |lines: &[_]| check_caller(&Uri::from_static("/api/memories"), &headers(lines)).is_ok();
        for host in ["localhost", "127.0.0.1:8000", "LOCALHOST:8000", "[::1]:8000", "127.9.9.9"] {
            assert!(passes(&[("host", host)]), "{host}");
        }
        assert!(passes(&[("host", "localhost:8000"), ("origin", "http://localhost:8000")]));

        for host in
            ["", "evil.example", "localhost.evil.example", "192.168.1.5:8000", "127.0.0.1.evil.example"]
        {
            assert!(!passes(&[("host", host)]), "{host}");
        }
        for (name, value) in [
            ("origin", "http://evil.example"),
            ("origin", "http://localhost:3000"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("x-forwarded-for", "10.1.1.1"),
            ("forwarded", "for=10.1.1.1"),
            ("via", "1.1 proxy"),
            ("x-real-ip", "10.1.1.1"),
            ("x-forwarded-host", "hub.example"),
            ("x-forwarded-proto", "https"),
        ] {
            assert!(!passes(&[("host", "localhost:8000"), (name, value)]), "{name}: {value}");
        }
    }
}
