//! What a request may cost: time, memory, and a place among those in flight.
//!
//! Guarantees: at most [`IN_FLIGHT`] requests are under way; each is answered within [`PATIENCE`], its body read
//! within [`BODY_PATIENCE`] and refused beyond [`LARGEST_BODY`]. A handler that panics costs its own request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, ETAG, HeaderValue};
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};

use super::failure::Failure;

/// The largest body that is read, in bytes. The service takes 1 MiB; a hub takes what devices hold, and they may
/// hold more.
pub(super) const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// How many requests may be under way.
const IN_FLIGHT: usize = 256;

/// How long a request may take until its answer begins.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a client may take to send a body.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// The smallest answer that is worth compressing, in bytes.
const WORTH_COMPRESSING: u16 = 1024;

/// Puts the limits around every endpoint.
pub(super) fn layer(routes: Router) -> Router {
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    let is_worth = SizeAbove::new(WORTH_COMPRESSING).and(NotForContentType::SSE).and(has_no_etag);
    routes
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(is_worth))
        .layer(from_fn_with_state(places, hold))
}

/// A strong `ETag` names the very bytes that are sent (RFC 9110, 8.8.3.3): compressed ones would need another.
fn has_no_etag(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(ETAG)
}

/// Answers one request within its limits.
async fn hold(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let Ok(_place) = places.try_acquire() else {
        return Failure::busy("Too many requests are under way").into_response();
    };
    let answer = AssertUnwindSafe(timeout(PATIENCE, next.run(request))).catch_unwind();
    match answer.await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Failure::busy("The request took too long").into_response(),
        Err(_) => Failure::bug().into_response(),
    }
}

/// Reads a body.
pub(super) async fn read_body(body: Body) -> Result<Bytes, Failure> {
    // Its length alone may say that there is nothing to wait for.
    if body.size_hint().lower() > LARGEST_BODY as u64 {
        return Err(Failure::too_large(LARGEST_BODY));
    }
    match timeout(BODY_PATIENCE, Limited::new(body, LARGEST_BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Failure::too_large(LARGEST_BODY)),
        Ok(Err(_)) => Err(Failure::new(StatusCode::BAD_REQUEST, "There was an error parsing the body")),
        Err(_) => {
            let slow = Failure::new(StatusCode::REQUEST_TIMEOUT, "The body took too long");
            Err(slow.with_header(CONNECTION, HeaderValue::from_static("close")))
        }
    }
}
