//! What runs did to each side, memory by memory, so that it can be taken back.
//!
//! What happens to this device's database is written here before it becomes final there, with all that the database
//! had under the name. Such changes wait until the commit that records their run is made; those of a run that ended
//! before are there for the next one to take over or to forget.

use rusqlite::{Row as SqlRow, params};

use super::{Error, Store};
use crate::object::{BlobId, CommitId, ContentHash, Row, SideName};

const WHAT: &str = "the changes";

/// What a run did to one memory on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The side.
    pub side: SideName,
    /// The memory.
    pub key: ContentHash,
    /// What the side held before; `None` where the memory was absent.
    pub before: Option<BlobId>,
    /// What it held afterwards.
    pub after: Option<BlobId>,
    /// All that this device's database had under the name before, be it nothing; `None` for a server.
    pub row: Option<Row>,
}

/// A change as a row holds it.
type Stored = (Change, Option<(Vec<u8>, i64)>);

fn read(row: &SqlRow<'_>) -> rusqlite::Result<Stored> {
    let change =
        Change { side: row.get(0)?, key: row.get(1)?, before: row.get(2)?, after: row.get(3)?, row: None };
    let (data, size): (Option<Vec<u8>>, Option<i64>) = (row.get(4)?, row.get(5)?);
    Ok((change, data.zip(size)))
}

impl Store {
    /// Keeps what is about to happen, or has just happened, in a run that has no commit yet.
    pub fn keep_changes(&self, remote: &str, changes: &[Change]) -> Result<(), Error> {
        self.transaction(|store| {
            for change in changes {
                let row = change.row.as_ref().map(|row| store.codec.borrow_mut().compress(row.as_bytes()));
                let (data, size) = row.unzip();
                store.execute(
                    WHAT,
                    "INSERT INTO changes (remote, side, key, before, after, row, size)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    params![remote, change.side, change.key, change.before, change.after, data, size],
                )?;
            }
            Ok(())
        })
    }

    /// The changes that have no commit yet, in their order, without the rows.
    pub fn open_changes(&self) -> Result<Vec<Change>, Error> {
        let sql =
            "SELECT side, key, before, after, NULL, NULL FROM changes WHERE run IS NULL ORDER BY sequence";
        Ok(self.rows(WHAT, sql, [], read)?.into_iter().map(|(change, _)| change).collect())
    }

    /// Gives the open changes of one memory on one side to the run that `run` records.
    pub fn close_changes(
        &self,
        run: CommitId,
        remote: &str,
        side: SideName,
        key: &ContentHash,
    ) -> Result<(), Error> {
        let sql = "UPDATE changes SET run = ?1, remote = ?2 WHERE run IS NULL AND side = ?3 AND key = ?4";
        self.execute(WHAT, sql, params![run, remote, side, key])?;
        Ok(())
    }

    /// Forgets the open changes of one memory on one side: they never became final.
    pub fn forget_changes(&self, side: SideName, key: &ContentHash) -> Result<(), Error> {
        let sql = "DELETE FROM changes WHERE run IS NULL AND side = ?1 AND key = ?2";
        self.execute(WHAT, sql, params![side, key])?;
        Ok(())
    }

    /// What a run did, in its order.
    pub fn changes(&self, run: CommitId) -> Result<Vec<Change>, Error> {
        let sql = "SELECT side, key, before, after, row, size FROM changes WHERE run = ?1 ORDER BY sequence";
        let stored = self.rows(WHAT, sql, [run], read)?;
        stored.into_iter().map(|stored| self.with_row(stored)).collect()
    }

    /// What a run did, in its order, without the rows.
    pub fn effects(&self, run: CommitId) -> Result<Vec<Change>, Error> {
        let sql = "SELECT side, key, before, after, NULL, NULL FROM changes WHERE run = ?1 ORDER BY sequence";
        Ok(self.rows(WHAT, sql, [run], read)?.into_iter().map(|(change, _)| change).collect())
    }

    /// Whether a run did anything to a side.
    pub fn has_changed(&self, run: CommitId, side: SideName) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM changes WHERE run = ?1 AND side = ?2 LIMIT 1";
        Ok(self.row(WHAT, sql, params![run, side], |_| Ok(()))?.is_some())
    }

    /// The last run that did something to a memory on a side, and what it left there.
    pub fn last_change(
        &self,
        side: SideName,
        key: &ContentHash,
    ) -> Result<Option<(CommitId, Option<BlobId>)>, Error> {
        let sql = "SELECT run, after FROM changes WHERE key = ?1 AND side = ?2 AND run IS NOT NULL
                   ORDER BY sequence DESC LIMIT 1";
        self.row(WHAT, sql, params![key, side], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The newest copy of the row that this device's database had when it held a version of a memory.
    pub fn kept_row(&self, key: &ContentHash, version: BlobId) -> Result<Option<Row>, Error> {
        let sql = "SELECT side, key, before, after, row, size FROM changes
                   WHERE key = ?1 AND before = ?2 AND row IS NOT NULL ORDER BY sequence DESC LIMIT 1";
        let stored = self.row(WHAT, sql, params![key, version], read)?;
        Ok(stored.map(|stored| self.with_row(stored)).transpose()?.and_then(|change| change.row))
    }

    /// Reads every copy of a row, one after the other, to see that it can be read.
    pub(super) fn check_changes(&self) -> Result<(), Error> {
        let all: Vec<i64> = self.rows(WHAT, "SELECT sequence FROM changes", [], |row| row.get(0))?;
        let sql = "SELECT side, key, before, after, row, size FROM changes WHERE sequence = ?1";
        for sequence in all {
            let stored = self.row(WHAT, sql, [sequence], read)?;
            stored.map(|stored| self.with_row(stored)).transpose()?;
        }
        Ok(())
    }

    fn with_row(&self, (change, data): Stored) -> Result<Change, Error> {
        let Some((data, size)) = data else { return Ok(change) };
        let bytes = self.codec.borrow_mut().decompress(data, size).map_err(|cause| {
            let what = format!("the copy of the row of {}", change.key);
            Error::damaged(&self.path, what, cause)
        })?;
        Ok(Change { row: Some(Row::from_bytes(bytes)), ..change })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectId;
    use crate::store::tests::{Fixture, commit, fixture, key};

    #[test]
    fn changes_are_open_until_their_run_has_a_commit() {
        let Fixture { store, folder: _folder } = fixture();
        let change = |number, side, text: &str| Change {
            side,
            key: key(number),
            before: Some(BlobId::of(text.as_bytes())),
            after: None,
            row: (side == SideName::Local).then(|| Row::from_bytes(text.repeat(100).into_bytes())),
        };
        let (first, second) = (change(1, SideName::Local, "first"), change(2, SideName::Local, ""));
        let server = change(1, SideName::Remote, "first");
        store.keep_changes("origin", &[first.clone(), second.clone(), server.clone()]).unwrap();
        let without_row = |change: &Change| Change { row: None, ..change.clone() };
        assert_eq!(store.open_changes().unwrap(), [&first, &second, &server].map(without_row));

        let run = commit(&store, 1);
        store.close_changes(run, "origin", SideName::Local, &key(1)).unwrap();
        store.forget_changes(SideName::Local, &key(2)).unwrap();
        assert_eq!(store.changes(run).unwrap(), std::slice::from_ref(&first));
        assert_eq!(store.open_changes().unwrap(), [server]);
        assert!(store.has_changed(run, SideName::Local).unwrap());
        assert!(!store.has_changed(run, SideName::Remote).unwrap());
        assert_eq!(store.last_change(SideName::Local, &key(1)).unwrap(), Some((run, None)));
        assert_eq!(store.last_change(SideName::Remote, &key(1)).unwrap(), None);
        assert_eq!(store.kept_row(&key(1), BlobId::of(b"first")).unwrap(), first.row);
        assert_eq!(store.kept_row(&key(1), BlobId::of(b"other")).unwrap(), None);
    }
}
