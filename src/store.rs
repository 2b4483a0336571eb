//! The staging database: memsync's own SQLite file, its `.git`.
//!
//! It holds the objects, the refs with their reflog, what each side held at its last snapshot, the conflicts
//! that wait for a decision, what runs did to each side, what a side would not take, the edits that are under way, and
//! a cache of vectors ([`VectorCache`]). For scripts written against the staging database of the shell scripts, its views
//! answer in their columns and values.
//!
//! Guarantees: a transaction is kept whole or not at all, through crashes and power cuts, and needs no repair
//! command afterwards; an object read is the object written, checked against its id; only one process writes
//! at a time, and the others are told which one it is; opened read-only, not a byte changes in the file or
//! beside it.
//!
//! Must never: change a file that is not a staging database or that a newer memsync made; hold the only copy
//! of something the user wrote; know what a sync is. What is written when is `sync`'s to say.

mod changes;
mod check;
mod codec;
mod conflicts;
mod error;
mod facts;
mod failures;
mod header;
mod index;
mod journal;
mod legacy;
mod lock;
mod marks;
mod objects;
mod open;
mod pack;
mod reachable;
mod refs;
mod schema;
mod sql;
mod staged;
mod vectors;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

pub use changes::Change;
pub use check::{Checked, Damage, Finding};
pub use conflicts::Conflict;
pub use error::Error;
pub use failures::Failure;
pub use index::IndexEntry;
pub use journal::Intent;
pub use legacy::{Legacy, LegacyError, LegacyRow, Moment, UnreadableRow};
pub use lock::Holder;
pub use marks::LastReading;
pub(crate) use open::make_private_folder;
pub use pack::{Collected, Retention};
pub use refs::{InvalidRefName, RefName, ReflogEntry};
pub use staged::{Operation, Staged};
pub use vectors::VectorCache;

/// An open staging database. Dropping it closes the file and lets the next process in.
pub struct Store {
    // Closed before the lock is released: fields are dropped in this order.
    connection: Connection,
    path: PathBuf,
    /// When this process began, in seconds since 1970: what an object that is put now is dated.
    since: i64,
    codec: RefCell<codec::Codec>,
    /// Objects put while open read-only, gone with this value; `None` where the file is written.
    unsaved: Option<RefCell<objects::Unsaved>>,
    /// `None` where the file is only read.
    lock: Option<Arc<lock::Lock>>,
}

impl Store {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether only objects can be put, and those only until this value is dropped.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.unsaved.is_some()
    }

    /// Runs `body` so that all it writes is kept, or nothing where it fails. It is durable once this returns.
    ///
    /// Inside another transaction it is undone alone where it fails, and kept with the outer one. Read-only,
    /// `body` just runs.
    pub fn transaction<T, E: From<Error>>(&self, body: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        if self.is_read_only() {
            return body(self);
        }
        let (begin, commit, undo) = if self.connection.is_autocommit() {
            ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
        } else {
            ("SAVEPOINT inner", "RELEASE inner", "ROLLBACK TO inner; RELEASE inner")
        };
        self.batch(begin)?;
        let done = body(self).and_then(|value| Ok(self.batch(commit).map(|()| value)?));
        // A full disk makes SQLite roll back by itself.
        if done.is_err() && !self.connection.is_autocommit() {
            // Where this fails too, closing the file or the next process to open it rolls back.
            let _ = self.batch(undo);
        }
        done
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}
