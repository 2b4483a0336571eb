//! The service's own replication: its event log and the baseline.

use std::sync::Arc;

use axum::Router;

use super::Hub;

/// The endpoints of this file.
pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new()
}
