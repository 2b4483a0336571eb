//! Memories: listing, names, one memory, creating, changing and deleting.

mod read;
mod write;

use std::sync::Arc;

use axum::Router;

use super::Hub;

pub(super) use read::store;

/// The endpoints of this file.
pub(super) fn routes() -> Router<Arc<Hub>> {
    read::routes().merge(write::routes())
}
