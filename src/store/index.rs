//! The index: what a side held at its last snapshot.

use std::collections::BTreeMap;

use rusqlite::params;

use super::{Error, Store};
use crate::object::{BlobId, ContentHash, Timestamp};

const WHAT: &str = "the index";

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
        let sql = "SELECT key, blob, updated_at FROM side_index WHERE side = ?1 ORDER BY key";
        let rows = self.rows(WHAT, sql, [side], |row| {
            Ok((row.get(0)?, IndexEntry { blob: row.get(1)?, updated_at: row.get(2)? }))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Replaces what `side` held, writing only the rows that differ.
    pub fn set_index(&self, side: &str, held: &BTreeMap<ContentHash, IndexEntry>) -> Result<(), Error> {
        self.transaction(|store| {
            let before = store.index(side)?;
            for key in before.keys().filter(|key| !held.contains_key(*key)) {
                let sql = "DELETE FROM side_index WHERE side = ?1 AND key = ?2";
                store.execute(WHAT, sql, params![side, key])?;
            }
            for (key, entry) in held.iter().filter(|(key, entry)| before.get(*key) != Some(entry)) {
                store.execute(
                    WHAT,
                    "INSERT OR REPLACE INTO side_index (side, key, blob, updated_at) VALUES (?1, ?2, ?3, ?4)",
                    params![side, key, entry.blob, entry.updated_at],
                )?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectId;
    use crate::store::tests::{Fixture, fixture, key};

    #[test]
    fn one_change_among_many_writes_one_row() {
        let Fixture { store, folder: _folder } = fixture();
        let entry = |number: usize| IndexEntry {
            blob: BlobId::of(&number.to_le_bytes()),
            updated_at: Timestamp::new(1_712_345_678.125).filter(|_| number.is_multiple_of(2)),
        };
        let mut held: BTreeMap<_, _> = (0..100_000).map(|number| (key(number), entry(number))).collect();
        held.insert(ContentHash::new("odd\0'key").unwrap(), entry(0));
        store.set_index("local", &held).unwrap();
        store.set_index("origin", &[(key(1), entry(2))].into()).unwrap();
        assert_eq!(store.index("local").unwrap(), held);

        let written = |held: &BTreeMap<_, _>| {
            let before = store.connection.total_changes();
            store.set_index("local", held).unwrap();
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
