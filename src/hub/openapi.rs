//! `GET /openapi.json`: what the hub can do, for programs that ask before they use it.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

use super::Hub;

/// The document, kept beside this file as it is sent. Its `x-memsync` names what is beyond the service's API.
const DOCUMENT: &str = include_str!("openapi.json");

/// The endpoint, which is open to everybody.
pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/openapi.json", get(async || ([(CONTENT_TYPE, "application/json")], DOCUMENT)))
}
