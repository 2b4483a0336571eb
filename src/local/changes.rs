//! Reading by marks: every row is looked at, and only those that differ from what was noted of them are read.
//!
//! Guarantees: a row whose mark is the same holds the memory that it held, because the mark is a keyed hash over every
//! column that the memory is read from. Marks that were made by another version, for other settings or of other columns
//! are not used. Whatever is odd (a row that holds no memory, names that may come twice) ends in `None`.
//!
//! Must never: write, or trust the time in a row.

use std::ops::ControlFlow;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::files::Files;
use super::pass::{Pass, Second, Seen};
use super::{Database, error, open};
use crate::object::Marks;
use crate::side::{self, Change};

/// Another number for another way to read rows into memories, or to hash them.
const VERSION: u32 = 1;

/// So many rows are looked at by two threads; with fewer it takes longer to begin than it saves.
const MANY: usize = 4_000;

/// Memory for pages during a pass, in SQLite's unit of negative KiB: each is looked at once, and what stays in the
/// processor's own cache is read in less time.
pub(super) const CACHE: i64 = -256;

impl Database {
    /// What [`Side::state`](side::Side::state) says.
    pub(super) fn unchanging_state(&self) -> Option<String> {
        Some(self.state_of(&Files::look(&self.options.path, self.file)?.settled()?))
    }

    /// The files mean something only together with how rows are read.
    fn state_of(&self, files: &str) -> String {
        format!("{files} {}", self.form())
    }

    fn form(&self) -> String {
        let Self { options, schema, .. } = self;
        let version = env!("CARGO_PKG_VERSION");
        format!("{VERSION} of {version}, {:?}, {}", options.bookkeeping, schema.select())
    }

    /// What [`Side::changes`](side::Side::changes) says.
    pub(super) fn changed_rows(
        &mut self,
        marks: Option<Marks>,
        visit: &mut dyn FnMut(Change) -> ControlFlow<()>,
    ) -> Result<Option<Marks>, side::Error> {
        self.refresh()?;
        let form = self.form();
        let Self { connection, options, schema, file, .. } = self;
        let fail = |error| error::reading(&options.path, error);
        let old = marks.filter(|marks| marks.form == form);
        let Some(key) = old.as_ref().map_or_else(random, |marks| Some(marks.key)) else { return Ok(None) };
        let old = old.map(|marks| marks.rows).unwrap_or_default();
        // One that reads a file as immutable would see another moment than the second.
        let may_halve = old.len() >= MANY && connection.is_readonly("main") == Ok(false);
        let second = may_halve.then(|| Second::open(options, *file)).flatten();
        let transaction = connection.transaction().map_err(fail)?;
        let version = schema.version;
        open::refresh(&transaction, schema, &options.path)?;
        if schema.version != version {
            // Somebody changes the tables at this very moment.
            return Ok(None);
        }
        if !schema.unique_names {
            return Ok(None);
        }
        let seen = data_version(&transaction).map_err(fail)?;
        let pass =
            Pass { old: &old, key, select: schema.select_memories(), bookkeeping: &options.bookkeeping };
        open::set_cache(&transaction, CACHE).map_err(fail)?;
        let seen_now = match second {
            Some(second) => pass.in_halves(&transaction, second, visit),
            None => pass.whole(&transaction, visit),
        };
        open::set_cache(&transaction, open::CACHE).map_err(fail)?;
        let Some(Seen { marks: rows, lacking }) = seen_now.map_err(fail)? else { return Ok(None) };
        transaction.commit().map_err(fail)?;
        let state = self.state_since(seen);
        Ok(Some(Marks { form, state, key, rows, lacking }))
    }

    /// What the files are like, if nothing was committed since a transaction in which `seen` was SQLite's counter; `None`
    /// where they may look the same after the next change.
    ///
    /// Asked under the write lock: whoever commits holds it from the first write to a file until others see the commit.
    /// Without it the files might already bear what was not seen yet. A connection that can only read has no such lock, and
    /// one that reads a file as immutable never sees what others commit.
    fn state_since(&self, seen: i64) -> Option<String> {
        if self.connection.is_readonly("main") != Ok(false) {
            return None;
        }
        let wait = |time| self.connection.busy_timeout(time).ok();
        wait(Duration::ZERO)?;
        let lock = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate);
        let files = lock.ok().and_then(|lock| {
            let is_same = data_version(&lock).ok()? == seen;
            Files::look(&self.options.path, self.file)?.settled().filter(|_| is_same)
        });
        wait(self.options.busy_timeout)?;
        Some(self.state_of(&files?))
    }
}

/// SQLite's counter of what others have committed, as seen from this connection.
pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}

fn random() -> Option<[u8; 16]> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).ok()?;
    Some(key)
}
