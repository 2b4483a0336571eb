//! What has become of a memory.

use rusqlite::OptionalExtension;

use crate::object::Memory;
use crate::side;

use super::{Reader, Record};

/// What has become of a memory.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is there.
    Lives(Box<Record>),
    /// It was deleted.
    Deleted {
        /// The store that held it.
        store: String,
    },
}

impl Reader {
    /// What has become of the memory of this name; `None` where there never was one that could be shown.
    pub fn fate(&self, content_hash: &str) -> Result<Option<Fate>, side::Error> {
        if let Some(version) = self.find(content_hash, None)? {
            return Ok(Some(Fate::Lives(Box::new(version.record))));
        }
        let sql =
            "SELECT coalesce(store, ?2) FROM memories WHERE content_hash = ?1 AND deleted_at IS NOT NULL";
        let values = [content_hash, Memory::DEFAULT_STORE];
        let store = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(values, |row| row.get(0)).optional());
        Ok(store.map_err(|error| self.failed(error))?.map(|store| Fate::Deleted { store }))
    }
}
