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

    /// What the last reading found, and its marks; `None` where something of them is damaged, so that every row is to be
    /// read.
    pub fn marks(&self) -> Result<Option<(CommitId, Marks)>, Error> {
        // One statement: what another process notes meanwhile is seen whole or not at all.
        let sql = "SELECT snapshot, rows, form, state, key, lacking, part, data
                   FROM readings LEFT JOIN marks WHERE id = 1 ORDER BY part";
        let mut noted: Option<(CommitId, usize, Marks)> = None;
        let mut is_sound = true;
        let read = self.rows(WHAT, sql, [], |row| {
            let (_, _, marks) = match &mut noted {
                Some(noted) => noted,
                none => none.insert((row.get(0)?, count(row, 1)?, without_rows(row)?)),
            };
            if let Some(part) = row.get(6)? {
                is_sound &= marks.add_part(part, row.get_ref(7)?.as_blob()?);
            }
            Ok(())
        });
        let is_read = unless_damaged(read)?.is_some();
        let whole = noted.filter(|(_, rows, marks)| is_read && is_sound && marks.rows.len() == *rows);
        Ok(whole.map(|(snapshot, _, marks)| (snapshot, marks)))
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

fn without_rows(row: &Row<'_>) -> rusqlite::Result<Marks> {
    let (form, state, key) = (row.get(2)?, row.get(3)?, row.get(4)?);
    Ok(Marks { form, state, key, lacking: count(row, 5)?, rows: Vec::new() })
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
