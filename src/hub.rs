//! The central server: the HTTP API of mcp-memory-service over one database, for every device to sync with.
//!
//! Guarantees: an answer has the shapes and status codes of mcp-memory-service 12.2.0, but for the differences
//! that `/openapi.json` describes; a write that was acknowledged is on the disk; nothing of a request is read
//! before its key is right; slow, malformed or too many requests are refused, never queued without bound.
//!
//! Must never: hold SQL (`local::service` has it), read the environment, or show a key, a path or another
//! device's text in a log or an error.

mod announcement;
pub mod certificate;
mod database;
mod failure;
mod fields;
pub mod files;
pub mod key;
mod memories;
mod precondition;
mod search;
mod sync;
mod tags;
mod writes;

use std::path::Path;
use std::sync::Arc;

use axum::Router;

use crate::object::Timestamp;
use crate::side;

use announcement::{Announcement, Announcements};
use database::Database;

/// Where the present moment comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What every request is answered from.
pub struct Hub {
    /// The memories.
    database: Database,
    announcements: Announcements,
    clock: Clock,
}

impl Hub {
    /// Opens the database at `path`, which must be there and have 12.2.0's schema.
    pub fn open(path: &Path, clock: Clock) -> Result<Self, side::Error> {
        let database = Database::open(path, Arc::clone(&clock))?;
        Ok(Self { database, announcements: Announcements::new(), clock })
    }

    /// The present moment.
    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Tells everybody who listens at `/api/events`. Never waits for them.
    fn announce(&self, announcement: Announcement) {
        self.announcements.send(announcement, self.now());
    }
}

/// Every endpoint.
fn router(hub: Arc<Hub>) -> Router {
    Router::new()
        .merge(memories::routes())
        .merge(search::routes())
        .merge(tags::routes())
        .merge(sync::routes())
        .merge(writes::routes())
        .with_state(hub)
}
