//! The central server: the HTTP API of mcp-memory-service over one database, for every device to sync with.
//!
//! Guarantees: an answer has the shapes and status codes of mcp-memory-service 12.2.0, but for the differences
//! that `/openapi.json` describes; a write that was acknowledged is on the disk; nothing of a request's body is
//! read before its key is right; slow, malformed or too many requests are refused, never queued without bound.
//!
//! Must never: hold SQL (`local::service` has it), read the environment, or show a key, a path or a memory's
//! text in a log or an error.

mod access;
mod announcement;
pub mod certificate;
mod connection;
mod database;
mod embedder;
mod events;
mod failure;
mod fields;
pub mod files;
mod filling;
mod health;
pub mod key;
mod limits;
mod memories;
mod openapi;
mod period;
mod places;
mod precondition;
mod request;
mod search;
mod server;
mod sync;
mod tags;
#[cfg(test)]
mod tests;
mod tls;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::sync::Notify;
use tower::ServiceExt;

use crate::embed::Makers;
use crate::local;
use crate::object::Timestamp;
use crate::side;

pub use access::Key;
pub use server::{Error, Options, Server, check_exposure};
pub use tls::Tls;

use announcement::Announcement;
use database::Database;
use embedder::Embedder;
use events::Announcements;
use failure::Failure;

/// Where the present moment comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What every request is answered from.
struct Hub {
    /// The memories.
    database: Database,
    /// What makes their vectors.
    embedder: Embedder,
    /// Told when a request has left a memory without its vector.
    lacking: Notify,
    announcements: Announcements,
    /// Without one, programs on this device are answered.
    key: Option<Key>,
    clock: Clock,
    started: Timestamp,
}

impl Hub {
    /// Opens the database at `path`, which must be there and have 12.2.0's schema; one of `makers` makes the vectors.
    /// Until [`Hub::with_key`] says otherwise there is no key.
    fn open(path: &Path, makers: Makers, clock: Clock) -> Result<Self, side::Error> {
        let database = Database::open(path, Arc::clone(&clock))?;
        let (embedder, lacking) = (Embedder::start(path.to_owned(), makers), Notify::new());
        let (announcements, started) = (Announcements::new(Arc::clone(&clock)), clock());
        Ok(Self { database, embedder, lacking, announcements, key: None, clock, started })
    }

    /// The same hub, answering whoever shows `key`.
    fn with_key(self, key: Option<Key>) -> Self {
        Self { key, ..self }
    }

    /// The present moment.
    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Tells everybody who listens at `/api/events`. Never waits for them.
    fn announce(&self, announcement: Announcement) {
        self.announcements.send(announcement);
    }
}

/// Every endpoint, and what every request goes through.
fn router(hub: &Arc<Hub>) -> Router {
    let guarded = Router::new()
        .merge(memories::routes())
        .merge(search::routes())
        .merge(tags::routes())
        .merge(sync::routes())
        .merge(events::routes())
        .merge(health::guarded_routes())
        .route_layer(from_fn_with_state(Arc::clone(hub), access::check));
    let routes = guarded
        .merge(health::routes())
        .merge(openapi::routes())
        .method_not_allowed_fallback(async || {
            Failure::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .with_state(Arc::clone(hub));
    let known = routes.clone();
    let routes = routes.fallback(move |request| redirect(known, request));
    limits::layer(routes).layer(from_fn(request::log))
}

/// As the service does, sends a path with a slash too many to the endpoint that was meant.
async fn redirect(known: Router, request: Request) -> Response {
    let missing = || Failure::not_found("Not Found").into_response();
    let path = request.uri().path().trim_end_matches('/');
    if path.is_empty() || path.len() == request.uri().path().len() {
        return missing();
    }
    // No endpoint has this method, so none is carried out: whether it is refused says whether there is one.
    let mut question = Request::new(axum::body::Body::empty());
    *question.method_mut() = Method::from_bytes(b"PROBE").expect("it is a token");
    let Ok(uri) = path.parse() else { return missing() };
    *question.uri_mut() = uri;
    let answer = known.oneshot(question).await.into_response();
    if answer.status() != StatusCode::METHOD_NOT_ALLOWED {
        return missing();
    }
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    match HeaderValue::from_str(&format!("{path}{query}")) {
        Ok(location) => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response(),
        Err(_) => missing(),
    }
}

/// A moment as the service shows it beside its numbers; empty where Python's calendar has no such day.
fn iso(moment: Timestamp) -> String {
    local::iso::format(moment).unwrap_or_default().replace('Z', "+00:00")
}
