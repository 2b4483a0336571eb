//! `GET /openapi.json`: what the hub can do, for programs that ask before they use it.

use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use axum::{Extension, Router};

use super::Hub;
use super::limits::Shared;

/// The document, kept beside this file as it is sent. Its `x-memsync` names what is beyond the service's API.
const DOCUMENT: &str = include_str!("openapi.json");

/// The endpoint, which is open to everybody.
pub(super) fn routes() -> Router<Arc<Hub>> {
    let document = ([(CONTENT_TYPE, "application/json")], Extension(Shared), DOCUMENT);
    Router::new().route("/openapi.json", get(async move || document))
}
