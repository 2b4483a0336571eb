//! What a request may cost: time, memory, and a place among those in flight.
//!
//! Guarantees: at most [`IN_FLIGHT`] requests are under way, one whose answer takes memory until the last of it is
//! sent or given up. Each answer begins within [`PATIENCE`]; the body of a request is read within [`BODY_PATIENCE`]
//! and refused beyond [`LARGEST_BODY`]. A handler that panics costs its own request.
//!
//! Streams of events are none of these: `events` has places of its own for them.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, ETAG, HeaderValue};
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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

/// The smallest answer that is worth compressing, and worth counting until it is sent, in bytes: whoever shows no
/// key gets smaller ones, and takes no place with what is not read.
const SMALL: u16 = 1024;

/// Marks an answer whose bytes exist once for all requests: it is sent as it is.
#[derive(Clone, Copy)]
pub(super) struct Shared;

/// Puts the limits around every endpoint.
pub(super) fn layer(routes: Router) -> Router {
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    let is_worth = SizeAbove::new(SMALL).and(NotForContentType::SSE).and(may_be_compressed);
    routes
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(is_worth))
        .layer(from_fn_with_state(places, hold))
}

/// What many ask for is shared as it is. A strong `ETag` names the very bytes that are sent (RFC 9110, 8.8.3.3):
/// compressed ones would need another.
fn may_be_compressed(_: StatusCode, _: Version, headers: &HeaderMap, marks: &Extensions) -> bool {
    marks.get::<Shared>().is_none() && !headers.contains_key(ETAG)
}

/// Answers one request within its limits.
async fn hold(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let Ok(place) = places.try_acquire_owned() else {
        return Failure::busy("Too many requests are under way").into_response();
    };
    let answer = AssertUnwindSafe(timeout(PATIENCE, next.run(request))).catch_unwind();
    match answer.await {
        Ok(Ok(response)) if takes_memory(&response) => {
            response.map(|body| Body::new(Held { body, place: Arc::new(place) }))
        }
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Failure::late().into_response(),
        Err(_) => Failure::bug().into_response(),
    }
}

/// Whether what is not yet sent of an answer is worth counting.
fn takes_memory(response: &Response) -> bool {
    let is_small = response.body().size_hint().upper().is_some_and(|size| size <= SMALL.into());
    let is_shared = response.extensions().get::<Shared>().is_some();
    !is_small && !is_shared && NotForContentType::SSE.should_compress(response)
}

/// A body that keeps its request's place. So does each piece of it: HTTP/2 takes pieces long before the client does.
struct Held {
    body: Body,
    place: Arc<OwnedSemaphorePermit>,
}

struct Piece {
    bytes: Bytes,
    _place: Arc<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        let hold = |bytes| Bytes::from_owner(Piece { bytes, _place: Arc::clone(&self.place) });
        frame.map_ok(|frame| frame.map_data(hold))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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
