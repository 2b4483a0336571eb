//! `ETag`, `If-Match` and `If-None-Match`: writes that never overwrite what their writer has not seen.
//!
//! A memory's entity tag is strong: its blob id. Guarantees: a condition that cannot be read is refused, never
//! ignored.

use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::failure::Failure;
use crate::local::service::{Condition, Versions};
use crate::object::BlobId;

/// How an entity tag of HTTP's is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// A weak tag equals nothing: for `If-Match`.
    Strong,
    /// Whether a tag is weak means nothing: for `If-None-Match`.
    Weak,
}

/// The header that names a version.
pub(super) fn etag(version: BlobId) -> (HeaderName, HeaderValue) {
    let text = format!("\"{version}\"");
    (ETAG, HeaderValue::try_from(text).expect("digits and quotes can stand in a header"))
}

/// What a request demands of the memory that it writes to.
pub(super) fn of_headers(headers: &HeaderMap) -> Result<Condition, Failure> {
    let values = |name: HeaderName| headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
    condition(values(IF_MATCH), values(IF_NONE_MATCH))
}

/// The same from the values of the two headers.
pub(super) fn condition<'a>(
    if_match: impl IntoIterator<Item = &'a [u8]>,
    if_none_match: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Condition, Failure> {
    let read = |name: &str, values: Vec<&[u8]>, comparison| match &*values {
        [] => Ok(None),
        values => versions(values, comparison).map(Some).ok_or_else(|| {
            let detail = format!("{name} is neither * nor a list of entity tags in double quotes");
            Failure::new(StatusCode::BAD_REQUEST, detail)
        }),
    };
    Ok(Condition {
        is: read("If-Match", if_match.into_iter().collect(), Comparison::Strong)?,
        is_not: read("If-None-Match", if_none_match.into_iter().collect(), Comparison::Weak)?,
    })
}

/// 412, with the version that is there.
pub(super) fn failed(current: Option<BlobId>) -> Failure {
    let detail = match current {
        Some(_) => "The memory is not the version that the request demands; nothing was changed",
        None => "The memory that the request demands does not exist; nothing was changed",
    };
    let failure = Failure::new(StatusCode::PRECONDITION_FAILED, detail);
    match current.map(etag) {
        Some((name, value)) => failure.with_header(name, value),
        None => failure,
    }
}

/// Reads the header's values, one for each line of it.
fn versions(values: &[&[u8]], comparison: Comparison) -> Option<Versions> {
    if let [only] = values
        && only.trim_ascii() == b"*"
    {
        return Some(Versions::Any);
    }
    let mut versions = Vec::new();
    for value in values {
        let mut rest = *value;
        while let Some(start) = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b',')) {
            let is_weak = rest[start..].starts_with(b"W/");
            let quoted = rest[start..].strip_prefix(b"W/").unwrap_or(&rest[start..]).strip_prefix(b"\"")?;
            let end = quoted.iter().position(|byte| *byte == b'"')?;
            // A tag that is no blob id was never given out, so it equals none.
            let id = std::str::from_utf8(&quoted[..end]).ok().and_then(|text| text.parse::<BlobId>().ok());
            versions.extend(id.filter(|_| !is_weak || comparison == Comparison::Weak));
            rest = &quoted[end + 1..];
            if !matches!(rest.trim_ascii_start().first(), None | Some(b',')) {
                return None;
            }
        }
    }
    Some(Versions::OneOf(versions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectId as _;

    #[test]
    fn lists_of_entity_tags_are_read_as_http_writes_them() {
        let [a, b] = [BlobId::of(b"a"), BlobId::of(b"b")];
        let strong = |lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            versions(&lines, Comparison::Strong)
        };
        let weak = |line: &str| versions(&[line.as_bytes()], Comparison::Weak);
        let some = |versions: &[BlobId]| Some(Versions::OneOf(versions.to_vec()));

        assert_eq!(strong(&[" * "]), Some(Versions::Any));
        assert_eq!(strong(&[&format!("\"{a}\"")]), some(&[a]));
        assert_eq!(strong(&[&format!("\"{a}\" ,, W/\"{b}\",\"x,y\""), &format!("\"{b}\"")]), some(&[a, b]));
        assert_eq!(weak(&format!("W/\"{a}\"")), some(&[a]));
        assert_eq!(strong(&[&format!("W/\"{a}\"")]), some(&[]));
        assert_eq!(strong(&[""]), some(&[]));
        for malformed in
            [a.to_string(), format!("\"{a}"), format!("\"{a}\"x"), "*, *".to_owned(), "w/\"\"".to_owned()]
        {
            assert_eq!(strong(&[&malformed]), None, "{malformed}");
        }
        assert_eq!(strong(&["*", "*"]), None);
    }
}
