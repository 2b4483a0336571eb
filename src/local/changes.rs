//! Reading by marks: every row is looked at, and only those that differ from what was noted of them are read.
//!
//! Guarantees: a row whose mark is the same holds the memory that it held, because the mark is a keyed hash over every
//! column that the memory is read from. Marks that were made by another version, for other settings or of other columns
//! are not used. Whatever is odd (a row that holds no memory, names that may come twice) ends in `None`.
//!
//! Must never: write, or trust the time in a row.

use std::hash::Hasher;
use std::ops::ControlFlow;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior};
use siphasher::sip128::{Hasher128, SipHasher13};

use super::files::Files;
use super::schema::Schema;
use super::{Database, error, open, row};
use crate::object::{Mark, Marks, tree};
use crate::side::{self, Change, Held};

/// Another number for another way to read rows into memories, or to hash them.
const VERSION: u32 = 1;

/// Memory for pages during a pass, in SQLite's unit of negative KiB: each is looked at once, and what stays in the
/// processor's own cache is read in less time.
const CACHE: i64 = -256;

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
        let Self { connection, options, schema, .. } = self;
        let fail = |error| error::reading(&options.path, error);
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
        let old = marks.filter(|marks| marks.form == form);
        let Some(key) = old.as_ref().map_or_else(random, |marks| Some(marks.key)) else { return Ok(None) };
        let old = old.map(|marks| marks.rows).unwrap_or_default();
        let mut pass = Pass { old, key, new: Vec::new(), lacking: 0 };
        open::set_cache(&transaction, CACHE).map_err(fail)?;
        let is_whole = pass.go(&transaction, schema, &options.bookkeeping, visit);
        open::set_cache(&transaction, open::CACHE).map_err(fail)?;
        if !is_whole.map_err(fail)? {
            return Ok(None);
        }
        transaction.commit().map_err(fail)?;
        let state = self.state_since(seen);
        Ok(Some(Marks { form, state, key, rows: pass.new, lacking: pass.lacking }))
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
fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}

fn random() -> Option<[u8; 16]> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).ok()?;
    Some(key)
}

/// One pass over the rows.
struct Pass {
    old: Vec<Mark>,
    key: [u8; 16],
    new: Vec<Mark>,
    /// How many rows have no vector.
    lacking: u64,
}

impl Pass {
    /// Goes over the live rows; `false` where something cannot be carried or `visit` breaks.
    fn go(
        &mut self,
        connection: &Connection,
        schema: &Schema,
        bookkeeping: &crate::object::Bookkeeping,
        visit: &mut dyn FnMut(Change) -> ControlFlow<()>,
    ) -> rusqlite::Result<bool> {
        let Self { old, key, new, lacking } = self;
        new.reserve(old.len());
        let mut old = old.iter().peekable();
        let gone = |mark: &Mark, visit: &mut dyn FnMut(Change) -> ControlFlow<()>| {
            visit(Change { was: Some(mark.name), is: None }).is_continue()
        };
        let mut hash = RowHash::new(*key);
        let mut statement = connection.prepare(&schema.select_memories())?;
        let lacks = statement.column_count() - 1;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            while let Some(mark) = old.next_if(|mark| mark.row < id) {
                if !gone(mark, visit) {
                    return Ok(false);
                }
            }
            *lacking += u64::from(row.get::<_, bool>(lacks)?);
            let was = old.next_if(|mark| mark.row == id);
            let hash = hash.of(row)?;
            if let Some(same) = was.filter(|mark| mark.hash == hash) {
                new.push(*same);
                continue;
            }
            let Ok(stored) = row::read(row, bookkeeping)? else { return Ok(false) };
            let held: Held = stored.held;
            new.push(Mark { row: id, name: tree::beginning(&held.key), hash });
            if visit(Change { was: was.map(|mark| mark.name), is: Some(held) }).is_break() {
                return Ok(false);
            }
        }
        Ok(old.all(|mark| gone(mark, visit)))
    }
}

/// Hashes rows, in a buffer that is kept.
struct RowHash {
    hasher: SipHasher13,
    columns: Vec<usize>,
    buffer: Vec<u8>,
}

impl RowHash {
    fn new(key: [u8; 16]) -> Self {
        let columns = Schema::read_columns().collect();
        Self { hasher: SipHasher13::new_with_key(&key), columns, buffer: Vec::new() }
    }

    /// Each value goes in with its type and its length, so that no two rows give the same bytes.
    fn of(&mut self, row: &Row<'_>) -> rusqlite::Result<u128> {
        self.buffer.clear();
        for column in &self.columns {
            let (kind, number, bytes): (u8, u64, &[u8]) = match row.get_ref(*column)? {
                ValueRef::Null => (0, 0, &[]),
                ValueRef::Integer(number) => (1, number.cast_unsigned(), &[]),
                ValueRef::Real(number) => (2, number.to_bits(), &[]),
                ValueRef::Text(bytes) => (3, bytes.len() as u64, bytes),
                ValueRef::Blob(bytes) => (4, bytes.len() as u64, bytes),
            };
            self.buffer.push(kind);
            self.buffer.extend(number.to_le_bytes());
            self.buffer.extend(bytes);
        }
        let mut hasher = self.hasher;
        hasher.write(&self.buffer);
        Ok(hasher.finish128().as_u128())
    }
}
