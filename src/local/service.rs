//! The database the way mcp-memory-service itself works with it: what its HTTP API lists, finds, stores and logs.
//!
//! [`Database`] carries memories between two sides and knows every schema; this module answers
//! for the service in front of one database of version 12.2.0's schema, which [`super::prepare`] makes. Both
//! write vectors, full-text index, tombstones and links the same way.
//!
//! Guarantees: a [`Reader`]'s answer is one moment of the database. What is done inside [`Changes`] is there
//! after [`Changes::commit`], all of it and through a crash of the machine, or not at all; a change that fails
//! inside [`Changes::attempt`] leaves nothing behind and does not concern the others.
//!
//! Must never: know HTTP, read the clock, or make a vector that takes long while a transaction is open: whoever calls
//! brings the [`Vectors`].

mod baseline;
mod bulk;
mod condition;
mod create;
mod delete;
mod event;
mod fate;
mod feed;
mod fill;
#[cfg(test)]
mod fixture;
mod ingest;
mod list;
pub mod log;
mod materialise;
mod merge;
mod name;
mod payload;
pub mod python;
mod record;
mod resolve;
mod search;
mod settle;
mod statistics;
mod tag_counts;
mod tags;
#[cfg(test)]
mod tests;
mod text;
pub mod types;
mod update;
mod vectors;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;

use crate::embed::Makers;
use crate::object::{Bookkeeping, Timestamp};
use crate::side;

use super::rows::Rows;
use super::schema::Schema;
use super::{Database, error, open};

use list::Selection;

pub use condition::{Change, Condition, Versions};
pub use create::{Creation, Draft, New, Unusable};
pub use fate::Fate;
pub use feed::{Feed, Logged};
pub use ingest::{Batch, Status};
pub use list::{Filter, Name, Page};
pub use name::content_hash;
pub use record::{Record, UNTAGGED, Version};
pub use search::{Match, Scope};
pub use settle::Settled;
pub use statistics::Statistics;
pub use tag_counts::TagCount;
pub use update::Updates;
pub use vectors::Vectors;

/// A connection that answers questions. It asks for the schema once: 12.2.0's has everything that is known here, so
/// that what a later version adds while it is open changes nothing.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
    pub(super) schema: Schema,
    pub(super) options: super::Options,
    /// What the last listing selected.
    selection: RefCell<Option<Selection>>,
}

/// The one connection that writes.
#[derive(Debug)]
pub struct Writer {
    reader: Reader,
}

/// A transaction that writes. Dropped without [`Changes::commit`] it leaves nothing behind.
#[derive(Debug)]
pub struct Changes<'a> {
    /// What the database holds, with the changes so far.
    pub reader: &'a Reader,
    /// The moment of the changes.
    pub now: Timestamp,
    /// How many attempts this is inside of.
    depth: Cell<u32>,
    is_committed: bool,
}

impl Reader {
    /// Opens the database that is there; it must have 12.2.0's schema.
    pub fn open(path: PathBuf, busy_timeout: Duration) -> Result<Self, side::Error> {
        let now = Timestamp::new(0.0).expect("zero is finite");
        let options = super::Options {
            path,
            bookkeeping: Bookkeeping::default(),
            busy_timeout,
            now,
            makers: Makers::default(),
        };
        let Database { connection, schema, options, .. } = Database::open(options)?;
        Ok(Self { connection, schema, options, selection: RefCell::default() })
    }

    /// Asks questions that are all answered from one moment of the database.
    fn at_one_moment<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, side::Error> {
        let connection = &self.connection;
        let answer = if connection.is_autocommit() {
            connection.unchecked_transaction().and_then(|_until_dropped| ask(connection))
        } else {
            ask(connection)
        };
        answer.map_err(|error| self.failed(error))
    }

    /// What a failure to read means.
    pub(super) fn failed(&self, error: rusqlite::Error) -> side::Error {
        error::reading(&self.options.path, error)
    }
}

impl Writer {
    /// Opens the database that is there; it must have 12.2.0's schema.
    pub fn open(path: PathBuf, busy_timeout: Duration) -> Result<Self, side::Error> {
        let reader = Reader::open(path, busy_timeout)?;
        // A database that was a file remote has no write-ahead log.
        if !open::write_ahead(&reader.connection) {
            tracing::warn!("the database has no write-ahead log: reads delay writes");
        }
        // What was acknowledged must survive a loss of power, not only of this process; on macOS an ordinary sync may
        // stop in the disk's cache. What a savepoint would have to put back is not worth a file. The log is moved
        // into the database less often than SQLite would by itself: each time costs as much as some hundred memories.
        // With 64 MiB for pages, many memories at once are written a tenth faster.
        let pragmas = "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; \
                       PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -65536;";
        reader.connection.execute_batch(pragmas).map_err(|error| reader.failed(error))?;
        log::settle_clock(&reader.connection).map_err(|error| error::writing(&reader.options.path, error))?;
        Ok(Self { reader })
    }

    /// Moves everything from the write-ahead log into the database file, as far as other connections allow.
    pub fn close(self) -> Result<(), side::Error> {
        let connection = self.reader.connection;
        let moved = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        moved.map_err(|error| error::writing(&self.reader.options.path, error))
    }

    /// Begins a transaction whose changes all happen at `now`.
    pub fn begin(&mut self, now: Timestamp) -> Result<Changes<'_>, side::Error> {
        let reader = &self.reader;
        reader
            .connection
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(|error| error::writing(&reader.options.path, error))?;
        Ok(Changes { reader, now, depth: Cell::new(0), is_committed: false })
    }
}

impl Changes<'_> {
    /// Carries out one change; where it fails nothing of it remains, and the others go on. Where SQLite has rolled
    /// the whole transaction back, this and all that follows is [`side::Error::Unwritable`].
    pub fn attempt<T, E: From<side::Error>>(
        &self,
        change: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.check()?;
        let depth = self.depth.get();
        self.execute(&format!("SAVEPOINT attempt{depth}"))?;
        self.depth.set(depth + 1);
        let result = change(self);
        // Also where an attempt inside panicked and its savepoint is still there: hence their different names.
        self.depth.set(depth);
        if result.is_err() {
            if self.check().is_err() {
                return result;
            }
            self.execute(&format!("ROLLBACK TO attempt{depth}"))?;
        }
        self.execute(&format!("RELEASE attempt{depth}"))?;
        result
    }

    /// Whether the transaction is still there. SQLite rolls it back by itself where the disk is full or fails; a
    /// savepoint would then begin, and its release commit, a transaction of its own.
    fn check(&self) -> Result<(), side::Error> {
        if self.reader.connection.is_autocommit() {
            let cause = "SQLite has rolled the transaction back".into();
            return Err(side::Error::Unwritable { path: self.reader.options.path.clone(), cause });
        }
        Ok(())
    }

    /// Makes the changes last.
    pub fn commit(mut self) -> Result<(), side::Error> {
        self.check()?;
        self.execute("COMMIT")?;
        self.is_committed = true;
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<(), side::Error> {
        let connection = &self.reader.connection;
        let result = connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        result.map(drop).map_err(|error| self.failed(error))
    }

    /// The rows, to write them.
    fn rows(&self) -> Rows<'_> {
        Rows { connection: &self.reader.connection, schema: &self.reader.schema }
    }

    /// What a failure to write means.
    pub(super) fn failed(&self, error: rusqlite::Error) -> side::Error {
        error::writing(&self.reader.options.path, error)
    }
}

impl Drop for Changes<'_> {
    fn drop(&mut self) {
        if !self.is_committed && !self.reader.connection.is_autocommit() {
            // SQLite rolls back by itself where this fails: the connection is then broken.
            let _ = self.reader.connection.execute_batch("ROLLBACK");
        }
    }
}
