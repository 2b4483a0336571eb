//! The tags and the types that memories have.

use std::sync::Arc;

use axum::Router;

use super::Hub;

/// The endpoints of this file.
pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new()
}
