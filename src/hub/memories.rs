//! Memories: listing, names, one memory, creating, changing and deleting.

use std::sync::Arc;

use axum::Router;

use super::Hub;

/// The endpoints of this file.
pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new()
}
