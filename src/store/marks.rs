//! What is noted of this device's database, so that the next reading looks only at what differs.
//!
//! Guarantees: marks are given out whole and as they were kept, or not at all; each part bears a checksum.

use rusqlite::{Row, params};

use super::{Error, Store};
use crate::object::{CommitId, Marks};

const WHAT: &str = "the marks of the last reading";

/// What this device's database held when it was last read by its marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastReading {
    /// What it held.
    pub snapshot: CommitId,
    /// What its files were like then, see [`Marks::state`].
    pub state: Option<String>,
    /// How many memories it held.
    pub held: usize,
    /// How many of them had no vector.
    pub lacking: u64,
}

impl Store {
    /// The last reading; `None` where there was none, or none that is understood.
    pub fn last_reading(&self) -> Result<Option<LastReading>, Error> {
        let sql = "SELECT snapshot, state, rows, lacking FROM readings";
        let read = self.row(WHAT, sql, [], |row| {
            Ok(LastReading {
                snapshot: row.get(0)?,
                state: row.get(1)?,
                held: count(row, 2)?,
                lacking: count(row, 3)?,
            })
        });
        Ok(unless_damaged(read)?.flatten())
    }

    /// The marks of the last reading; `None` where they are damaged, so that every row is to be read.
    pub fn marks(&self) -> Result<Option<Marks>, Error> {
        Ok(unless_damaged(self.read_marks())?.flatten())
    }

    fn read_marks(&self) -> Result<Option<Marks>, Error> {
        let sql = "SELECT form, state, key, lacking, rows FROM readings";
        let read = self.row(WHAT, sql, [], |row| {
            let (form, state, key) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let marks = Marks { form, state, key, lacking: count(row, 3)?, rows: Vec::new() };
            Ok((marks, count(row, 4)?))
        })?;
        let Some((mut marks, noted)) = read else { return Ok(None) };
        let failed = |cause| Error::from_sqlite(self.path(), WHAT, cause);
        let mut statement =
            self.connection.prepare("SELECT part, data FROM marks ORDER BY part").map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let part = row.get_ref(1).map_err(failed)?;
            let Ok(bytes) = part.as_blob() else { return Ok(None) };
            if !marks.add_part(row.get(0).map_err(failed)?, bytes) {
                return Ok(None);
            }
        }
        Ok(Some(marks).filter(|marks| marks.rows.len() == noted))
    }

    /// Keeps the marks of a reading, writing only the parts that differ.
    pub fn set_marks(&self, snapshot: CommitId, marks: &Marks) -> Result<(), Error> {
        self.transaction(|store| {
            store.execute(
                WHAT,
                "INSERT OR REPLACE INTO readings (id, snapshot, form, state, key, rows, lacking)
                 VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    snapshot,
                    marks.form,
                    marks.state,
                    marks.key,
                    i64::try_from(marks.rows.len()).unwrap_or(i64::MAX),
                    marks.lacking.cast_signed()
                ],
            )?;
            let mut last = i64::MIN;
            for (part, data) in marks.parts() {
                let between = "DELETE FROM marks WHERE part >= ?1 AND part < ?2";
                store.execute(WHAT, between, [last, part])?;
                let sql = "INSERT INTO marks (part, data) VALUES (?1, ?2)
                           ON CONFLICT DO UPDATE SET data = excluded.data WHERE data IS NOT excluded.data";
                store.execute(WHAT, sql, params![part, data])?;
                // A part's number is a row's divided by its range, so there is always a next one.
                last = part + 1;
            }
            store.execute(WHAT, "DELETE FROM marks WHERE part >= ?1", [last])?;
            Ok(())
        })
    }

    /// Whether the marks can be used, or there are none.
    pub(super) fn has_sound_marks(&self) -> Result<bool, Error> {
        let readings: Option<i64> = self.row(WHAT, "SELECT count(*) FROM readings", [], |row| row.get(0))?;
        Ok(readings == Some(0) || (self.last_reading()?.is_some() && self.marks()?.is_some()))
    }
}

/// A number of things, which is never below nought.
fn count<T: TryFrom<i64>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let number: i64 = row.get(column)?;
    T::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// What was read, unless it is damaged: a reading of every row says it all again.
fn unless_damaged<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Err(Error::Damaged { .. }) => Ok(None),
        read => read.map(Some),
    }
}
