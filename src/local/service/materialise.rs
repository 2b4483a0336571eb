//! The memory's row, made to be what the entries of the log come to.
//!
//! Guarantees: vectors, full-text index, tombstones and links follow, which the service does not see to for
//! events: there a deleted memory keeps its vector, and a replaced one its old words.
//!
//! Must never: decide what the entries come to; `resolve` does.

use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Map, Value};

use crate::local::{iso, members};
use crate::object::Memory;

use super::Changes;
use super::payload::Arrival;
use super::resolve::{Entry, Fields, Liveness};

impl Changes<'_> {
    /// Puts a memory in the place of whatever had its name. The row is a new one, as it is in the service, so a
    /// baseline shows it last.
    pub(super) fn put_memory(&self, key: &str, content: Arrival<'_>) -> rusqlite::Result<()> {
        let rows = self.rows();
        let (store, vector) = (content.store, self.reader.maker.vector(content.content));
        rows.remove(key)?;
        rows.insert(vec![content.columns(key, self.now)])?;
        rows.replace_vector(rows.id(key)?, store, vector)
    }

    /// Lets the memory be there, or not.
    pub(super) fn put_liveness(&self, key: &str, entries: &[Entry]) -> rusqlite::Result<()> {
        match Liveness::of(entries) {
            Liveness::Unsaid => Ok(()),
            Liveness::Live => self.revive(key),
            Liveness::Dead(moment) => {
                let select = "SELECT id FROM memories WHERE content_hash = ?1";
                let connection = &self.reader.connection;
                let id = connection.prepare_cached(select)?.query_row([key], |row| row.get(0)).optional()?;
                id.map_or(Ok(()), |id| self.rows().delete(id, key, moment.unwrap_or(self.now)))
            }
        }
    }

    /// Makes a memory of a tombstone. Where there is none nothing is made, as in the service: an entry that brings
    /// a memory but arrives when others already counted more brings none.
    fn revive(&self, key: &str) -> rusqlite::Result<()> {
        let sql = "UPDATE memories SET deleted_at = NULL WHERE content_hash = ?1 AND deleted_at IS NOT NULL \
                   RETURNING id, content, coalesce(store, ?2)";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?));
        let mut statement = self.reader.connection.prepare_cached(sql)?;
        let row = statement.query_row([key, Memory::DEFAULT_STORE], read).optional()?;
        let Some((id, content, store)) = row else { return Ok(()) };
        self.rows().replace_vector(id, &store, self.reader.maker.vector(&content))
    }

    /// Gives a live memory the tags, the type and the metadata that the entries say. Members of its metadata
    /// that no entry says anything about stay: they were never told to any peer.
    pub(super) fn put_fields(&self, key: &str, entries: &[Entry]) -> rusqlite::Result<()> {
        let connection = &self.reader.connection;
        let select = "SELECT metadata FROM memories WHERE content_hash = ?1 AND deleted_at IS NULL";
        let standing: Option<Option<String>> =
            connection.prepare_cached(select)?.query_row([key], |row| row.get(0)).optional()?;
        let Some(standing) = standing else { return Ok(()) };
        let fields = Fields::of(entries);
        let metadata = merged(standing.as_deref().unwrap_or_default(), fields.members);
        let updated_at = fields.updated_at.unwrap_or(self.now);
        let sql = "UPDATE memories SET tags = coalesce(?2, tags), memory_type = coalesce(?3, memory_type), \
                   metadata = ?4, updated_at = ?5, updated_at_iso = ?6 WHERE content_hash = ?1";
        let values = params![
            key,
            fields.tags,
            fields.memory_type,
            metadata,
            updated_at.seconds(),
            iso::format_seconds(updated_at)
        ];
        connection.prepare_cached(sql)?.execute(values).map(drop)
    }
}

/// The text of `standing` with `said` put into it. Text that is no JSON object stays as long as nothing is
/// said.
fn merged(standing: &str, said: Map<String, Value>) -> String {
    match serde_json::from_str::<Map<String, Value>>(standing) {
        Err(_) if said.is_empty() && !standing.is_empty() => standing.to_owned(),
        standing => {
            let mut members = standing.unwrap_or_default();
            members.extend(said);
            members::python(&members)
        }
    }
}
