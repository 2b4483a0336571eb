//! What a request is answered where it cannot be answered as it wished.

use std::error::Error;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde_json::{Value, json};

use crate::side;

/// How long a client should wait before it tries again what the hub had no room for, in seconds.
const RETRY_SECONDS: &str = "1";

/// A refusal: its status, its headers and its body.
///
/// Its text goes to whoever asked: it never holds a path of this device, a key, or what SQLite said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Value,
}

impl Failure {
    /// A failure with `detail`, a sentence or an object.
    pub(super) fn new(status: StatusCode, detail: impl Into<Value>) -> Self {
        Self { status, headers: Vec::new(), body: json!({ "detail": detail.into() }) }
    }

    /// 413, for a body of more than `limit` bytes. The service has no `detail` in this one.
    pub(super) fn too_large(limit: usize) -> Self {
        let description = format!("Request body exceeds the maximum of {limit} bytes");
        let body = json!({ "error": "payload_too_large", "error_description": description });
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, headers: Vec::new(), body }
    }

    /// 404 with the service's words for what is missing.
    pub(super) fn not_found(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 503: the hub is at one of its limits, or another program holds the database. Nothing was done.
    pub(super) fn busy(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
            .with_header(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS))
    }

    /// 504: no answer in time. What was begun in the database may still be done.
    pub(super) fn late() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "The request took too long; it may still be carried out")
    }

    /// 401, in the service's own shape.
    pub(super) fn unauthorized(error: &str, description: &str) -> Self {
        let detail = json!({ "error": error, "error_description": description });
        Self::new(StatusCode::UNAUTHORIZED, detail)
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 500: a bug of this program; what it is stands in the log.
    pub(super) fn bug() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }

    /// The same failure with one more header.
    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<side::Error> for Failure {
    fn from(error: side::Error) -> Self {
        use side::Error as E;
        match error {
            E::Busy { .. } => {
                tracing::warn!("the database is held by another program");
                Self::busy("The database is busy; nothing was changed")
            }
            E::Unwritable { .. } => {
                tracing::error!(error = %innermost(&error), "the database cannot be written");
                Self::new(
                    StatusCode::INSUFFICIENT_STORAGE,
                    "The database cannot be written; nothing was changed",
                )
            }
            error => {
                tracing::error!(error = %innermost(&error), "the database cannot be used");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The database cannot be used")
            }
        }
    }
}

/// What began it, as SQLite says it. The text of an error without a source may hold a path.
fn innermost(error: &side::Error) -> String {
    let Some(mut cause) = error.source() else { return "there is no such database any more".to_owned() };
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, AppendHeaders(self.headers), Json(self.body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_sqlites_reason_and_no_path() {
        let cause = std::io::Error::new(std::io::ErrorKind::StorageFull, "database or disk is full");
        let error = side::Error::Unreadable { path: "/home/ada/hub.db".into(), cause: cause.into() };
        assert_eq!(innermost(&error), "database or disk is full");
        let error = side::Error::Missing { path: "/home/ada/hub.db".into() };
        assert_eq!(innermost(&error), "there is no such database any more");
    }
}
