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
