//! One pass over the rows of a database, beside what was noted of them.
//!
//! Guarantees: the rows are those of one moment, whether one thread goes over them or two: the second looks at its half in a
//! transaction of its own, which is used only where nobody committed anything between the beginnings of both.
//!
//! Must never: write, or show a change twice.

use std::hash::Hasher;
use std::ops::{ControlFlow, RangeInclusive};
use std::thread;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use siphasher::sip128::{Hasher128, SipHasher13};

use super::files::FileId;
use super::schema::Schema;
use super::{Options, changes, open, row};
use crate::object::{Bookkeeping, Mark, tree};
use crate::side::{Change, Held};

/// How many changes the second thread keeps, and of how much text: with more, its half is read once more, as they come.
const KEPT: usize = 1_000;
const KEPT_BYTES: usize = 16 << 20;

/// What a pass is made with.
pub(super) struct Pass<'a> {
    /// What was noted of the rows, sorted by id.
    pub old: &'a [Mark],
    /// The key of the hashes.
    pub key: [u8; 16],
    /// Selects the live rows in the order of their ids, those between two ids.
    pub select: String,
    pub bookkeeping: &'a Bookkeeping,
}

/// What is to be noted of the rows.
#[derive(Default)]
pub(super) struct Seen {
    pub marks: Vec<Mark>,
    /// How many rows have no vector.
    pub lacking: u64,
}

/// Takes a change, and may end the pass.
type Visit<'a> = &'a mut dyn FnMut(Change) -> ControlFlow<()>;

impl Pass<'_> {
    /// Goes over the live rows; `None` where something cannot be carried or `visit` breaks.
    pub(super) fn whole(&self, connection: &Connection, visit: Visit<'_>) -> rusqlite::Result<Option<Seen>> {
        self.over(connection, i64::MIN..=i64::MAX, self.old, visit)
    }

    /// The same, with half of the rows looked at through `second` meanwhile.
    pub(super) fn in_halves(
        &self,
        connection: &Connection,
        second: Second,
        visit: Visit<'_>,
    ) -> rusqlite::Result<Option<Seen>> {
        let (lower, upper) = self.old.split_at(self.old.len() / 2);
        let Some(half) = upper.first().map(|mark| mark.row).filter(|half| *half > i64::MIN) else {
            return self.whole(connection, visit);
        };
        let Some(second) = second.begin() else { return self.whole(connection, visit) };
        let (seen, others) = thread::scope(|scope| {
            let others = move || self.kept(&second, half..=i64::MAX, upper);
            let others = thread::Builder::new().spawn_scoped(scope, others).ok();
            let seen = self.over(connection, i64::MIN..=half - 1, lower, visit);
            (seen, others.and_then(|others| others.join().ok()).flatten())
        });
        let Some(mut seen) = seen? else { return Ok(None) };
        let more = match others {
            Some((more, kept)) => kept.into_iter().try_for_each(&mut *visit).is_continue().then_some(more),
            None => self.over(connection, half..=i64::MAX, upper, visit)?,
        };
        Ok(more.map(|more| {
            seen.marks.extend(more.marks);
            seen.lacking += more.lacking;
            seen
        }))
    }

    /// Goes over a part of the rows through a connection of its own, and keeps the changes; `None` where they are too many or
    /// anything is odd.
    fn kept(
        &self,
        second: &Connection,
        rows: RangeInclusive<i64>,
        old: &[Mark],
    ) -> Option<(Seen, Vec<Change>)> {
        let (mut kept, mut bytes) = (Vec::new(), 0);
        let seen = self.over(second, rows, old, &mut |change| {
            bytes += change.is.as_ref().map_or(0, |held| held.memory.to_blob().len());
            kept.push(change);
            if kept.len() > KEPT || bytes > KEPT_BYTES {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        Some((seen.ok()??, kept))
    }

    fn over(
        &self,
        connection: &Connection,
        rows: RangeInclusive<i64>,
        old: &[Mark],
        visit: Visit<'_>,
    ) -> rusqlite::Result<Option<Seen>> {
        let mut seen = Seen { marks: Vec::with_capacity(old.len()), lacking: 0 };
        let mut old = old.iter().peekable();
        let gone =
            |mark: &Mark, visit: Visit<'_>| visit(Change { was: Some(mark.name), is: None }).is_continue();
        let mut hash = RowHash::new(self.key);
        let mut statement = connection.prepare(&self.select)?;
        let lacks = statement.column_count() - 1;
        let mut rows = statement.query([rows.start(), rows.end()])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            while let Some(mark) = old.next_if(|mark| mark.row < id) {
                if !gone(mark, visit) {
                    return Ok(None);
                }
            }
            seen.lacking += u64::from(row.get::<_, bool>(lacks)?);
            let was = old.next_if(|mark| mark.row == id);
            let hash = hash.of(row)?;
            if let Some(same) = was.filter(|mark| mark.hash == hash) {
                seen.marks.push(*same);
                continue;
            }
            let Ok(stored) = row::read(row, self.bookkeeping)? else { return Ok(None) };
            let held: Held = stored.held;
            seen.marks.push(Mark { row: id, name: tree::beginning(&held.key), hash });
            if visit(Change { was: was.map(|mark| mark.name), is: Some(held) }).is_break() {
                return Ok(None);
            }
        }
        Ok(old.all(|mark| gone(mark, visit)).then_some(seen))
    }
}

/// A second connection to a database.
pub(super) struct Second {
    connection: Connection,
    /// SQLite's counter of what others have committed when it was opened.
    seen: i64,
}

impl Second {
    /// Opens it before the first one's transaction begins; `None` where this would be another file, or there is no other
    /// processor.
    pub(super) fn open(options: &Options, file: Option<FileId>) -> Option<Self> {
        if thread::available_parallelism().is_ok_and(|threads| threads.get() == 1) {
            return None;
        }
        // Where it would have to wait, one thread is as quick.
        let connection =
            open::connect(&options.path, OpenFlags::SQLITE_OPEN_READ_ONLY, Duration::ZERO).ok()?;
        open::set_cache(&connection, changes::CACHE).ok()?;
        let seen = changes::data_version(&connection).ok()?;
        file.filter(|file| file.is_at(&options.path)).map(|_| Self { connection, seen })
    }

    /// Begins its transaction after that of the first one; `None` where somebody committed something in between.
    pub(super) fn begin(self) -> Option<Connection> {
        self.connection.execute_batch("BEGIN").ok()?;
        (changes::data_version(&self.connection).ok()? == self.seen).then_some(self.connection)
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
