//! One line of log for each request, on stderr.
//!
//! Must never: log what may hold a key, a memory's text or its name: the path is the endpoint's, without its
//! parameters.

use std::net::SocketAddr;

use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Answers a request, and logs it when its answer begins.
pub(super) async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let peer = request.extensions().get::<Peer>().map(|Peer(address)| address.ip());
    let begin = Instant::now();
    let response = next.run(request).await;
    tracing::info!(
        target: "memsync::hub::request",
        %method,
        path = path.as_ref().map_or("-", MatchedPath::as_str),
        status = response.status().as_u16(),
        ms = begin.elapsed().as_millis(),
        // What is made while it is sent has no length.
        bytes = response.body().size_hint().exact(),
        peer = peer.map(tracing::field::display),
        "request"
    );
    response
}
