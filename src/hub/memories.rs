//! Memories: listing, names, one memory, creating, changing and deleting.

mod read;
mod write;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use super::Hub;

pub(super) use read::store;

/// The endpoints of this file.
pub(super) fn routes() -> Router<Arc<Hub>> {
    read::routes().merge(write::routes())
}

/// The name of a memory: the last part of the path. What is no UTF-8 in it is replaced, as in the service.
pub(super) struct ContentHash(pub(super) String);

impl<S: Sync> FromRequestParts<S> for ContentHash {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let last = parts.uri.path().rsplit('/').next().unwrap_or_default();
        Ok(Self(percent_decode_str(last).decode_utf8_lossy().into_owned()))
    }
}
