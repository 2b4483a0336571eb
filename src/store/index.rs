//! The index: what a side held at its last snapshot.

use std::collections::BTreeMap;
use std::iter;

use rusqlite::{Row, params};

use super::{Error, Store};
use crate::object::{BlobId, ContentHash, Timestamp};

const WHAT: &str = "the index";
const ROWS: &str = "SELECT key, blob, updated_at FROM side_index WHERE side = ?1 ORDER BY key";

/// A memory as a side held it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The memory in that side's own form.
    pub blob: BlobId,
    /// When the side said that it was last written.
    pub updated_at: Option<Timestamp>,
}

impl Store {
    /// What `side` (`local`, or a remote's name) held at its last snapshot; empty where there was none.
    pub fn index(&self, side: &str) -> Result<BTreeMap<ContentHash, IndexEntry>, Error> {
        Ok(self.rows(WHAT, ROWS, [side], entry)?.into_iter().collect())
    }

    /// Replaces what `side` held by `all` that it holds, sorted by key, writing only the rows that differ.
    pub fn set_index<'a>(
        &self,
        side: &str,
        all: impl IntoIterator<Item = (&'a ContentHash, IndexEntry)> + Clone,
    ) -> Result<(), Error> {
        self.transaction(|store| {
            let mut held = all.clone().into_iter().peekable();
            let mut changes = Vec::new();
            let (mut last, mut is_sorted) = (None, true);
            let new = |(key, entry): (&ContentHash, IndexEntry)| (key.clone(), Some(entry));
            store.rows(WHAT, ROWS, [side], |row| {
                let (key, before) = entry(row)?;
                is_sorted &= last.replace(key.clone()).is_none_or(|last| last < key);
                changes.extend(iter::from_fn(|| held.next_if(|(next, _)| **next < key)).map(new));
                let now = held.next_if(|(next, _)| **next == key).map(|(_, now)| now);
                if now != Some(before) {
                    changes.push((key, now));
                }
                Ok(())
            })?;
            changes.extend(held.map(new));
            if !is_sorted {
                // A damaged row stands in the wrong place, where none is found by its key any more.
                store.execute(WHAT, "DELETE FROM side_index WHERE side = ?1", [side])?;
                changes = all.into_iter().map(new).collect();
            }
            store.change_index(side, changes)
        })
    }

    /// Notes what `side` holds now of some memories; `None` where it holds one no more.
    pub fn change_index(
        &self,
        side: &str,
        changes: impl IntoIterator<Item = (ContentHash, Option<IndexEntry>)>,
    ) -> Result<(), Error> {
        self.transaction(|store| {
            changes.into_iter().try_for_each(|(key, now)| {
                let Some(IndexEntry { blob, updated_at }) = now else {
                    let sql = "DELETE FROM side_index WHERE side = ?1 AND key = ?2";
                    return store.execute(WHAT, sql, params![side, key]).map(drop);
                };
                let sql =
                    "INSERT OR REPLACE INTO side_index (side, key, blob, updated_at) VALUES (?1, ?2, ?3, ?4)";
                store.execute(WHAT, sql, params![side, key, blob, updated_at]).map(drop)
            })
        })
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<(ContentHash, IndexEntry)> {
    Ok((row.get(0)?, IndexEntry { blob: row.get(1)?, updated_at: row.get(2)? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectId;
    use crate::store::tests::{Fixture, fixture, key};

    #[test]
    fn a_row_in_the_wrong_place_costs_no_other() {
        let Fixture { store, folder: _folder } = fixture();
        let entry = IndexEntry { blob: BlobId::of(b"x"), updated_at: None };
        let held: BTreeMap<_, _> =
            ["B", "D", "a", "c"].map(|name| (ContentHash::new(name).unwrap(), entry)).into();
        // Their order is that of other rules than those by which they are looked for.
        let sort_by = |from: &str, to: &str| {
            let sql = format!(
                "PRAGMA writable_schema = ON;
                 UPDATE sqlite_schema SET sql = replace(sql, '{from}', '{to}') WHERE name = 'side_index';
                 PRAGMA writable_schema = RESET;"
            );
            store.connection.execute_batch(&sql).unwrap();
        };
        let (usual, other) = ("key TEXT NOT NULL", "key TEXT COLLATE NOCASE NOT NULL");
        sort_by(usual, other);
        store.set_index("origin", entries(&held)).unwrap();
        sort_by(other, usual);
        let sql = "SELECT key FROM side_index ORDER BY side, key";
        let stored: Vec<String> = store.rows(WHAT, sql, [], |row| row.get(0)).unwrap();
        assert_eq!(stored, ["a", "B", "c", "D"], "a damaged order");

        store.set_index("origin", entries(&held)).unwrap();
        assert_eq!(store.index("origin").unwrap(), held);
    }

    fn entries(
        held: &BTreeMap<ContentHash, IndexEntry>,
    ) -> impl Iterator<Item = (&ContentHash, IndexEntry)> + Clone {
        held.iter().map(|(key, entry)| (key, *entry))
    }

    #[test]
    fn one_change_among_many_writes_one_row() {
        let Fixture { store, folder: _folder } = fixture();
        let entry = |number: usize| IndexEntry {
            blob: BlobId::of(&number.to_le_bytes()),
            updated_at: Timestamp::new(1_712_345_678.125).filter(|_| number.is_multiple_of(2)),
        };
        let mut held: BTreeMap<_, _> = (0..100_000).map(|number| (key(number), entry(number))).collect();
        held.insert(ContentHash::new("odd\0'key").unwrap(), entry(0));
        store.set_index("local", entries(&held)).unwrap();
        store.set_index("origin", [(&key(1), entry(2))]).unwrap();
        assert_eq!(store.index("local").unwrap(), held);

        let written = |held: &BTreeMap<_, _>| {
            let before = store.connection.total_changes();
            store.set_index("local", entries(held)).unwrap();
            store.connection.total_changes() - before
        };
        assert_eq!(written(&held), 0);
        held.insert(key(7), entry(8));
        assert_eq!(written(&held), 1);
        held.get_mut(&key(8)).unwrap().updated_at = None;
        held.remove(&key(9));
        assert_eq!(written(&held), 2);
        assert_eq!(store.index("local").unwrap(), held);
        assert_eq!(store.index("origin").unwrap().len(), 1);
        assert_eq!(store.index("elsewhere").unwrap().len(), 0);
    }
}
