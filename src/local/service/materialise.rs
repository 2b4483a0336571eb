//! The memory's row, made to be what the entries of the log come to.
//!
//! Guarantees: vectors, full-text index, tombstones and links follow, which the service does not see to for
//! events: there a deleted memory keeps its vector, and a replaced one its old words. Only what an event changes
//! is written: what was edited in the row without an entry, by a service whose log is off or by a peer that works
//! on the file, stays until an event says something else about that very field. The service undoes such edits.
//!
//! Must never: decide what the entries come to; `resolve` does.

use rusqlite::{OptionalExtension, Row, params};

use crate::local::iso;
use crate::object::Memory;

use super::merge::merge;
use super::payload::Arrival;
use super::resolve::{Entry, Fields, Liveness};
use super::{Changes, Vectors};

/// What a row is brought back with.
struct Buried {
    id: i64,
    is_live: bool,
    content: String,
    store: String,
}

impl Changes<'_> {
    /// Puts a memory in the place of whatever had its name. The row is a new one, as it is in the service, so a
    /// baseline shows it last.
    pub(super) fn put_memory(
        &self,
        key: &str,
        content: Arrival<'_>,
        vectors: &Vectors,
    ) -> rusqlite::Result<()> {
        let rows = self.rows();
        let vector = vectors.get(content.content, &self.reader.connection)?;
        let store = content.store;
        rows.remove(key)?;
        rows.insert(vec![content.columns(key, self.now)])?;
        rows.replace_vector(rows.id(key)?, store, vector)
    }

    /// Lets the memory be there, or not. It stays as it is where the entries said the same `before`. Where there is
    /// no row none is made, as in the service: an entry that brings a memory but arrives when others already counted
    /// more brings none.
    pub(super) fn put_liveness(
        &self,
        key: &str,
        entries: &[Entry],
        before: Liveness,
        vectors: &Vectors,
    ) -> rusqlite::Result<()> {
        let liveness = Liveness::of(entries);
        let buried = self.buried(key)?;
        match (liveness, buried) {
            (Liveness::Unsaid, _) | (_, None) => Ok(()),
            _ if liveness == before => Ok(()),
            (Liveness::Live, Some(buried)) => self.revive(&buried, vectors),
            (Liveness::Dead(moment), Some(Buried { id, .. })) => {
                self.rows().delete(id, key, moment.unwrap_or(self.now))
            }
        }
    }

    fn buried(&self, key: &str) -> rusqlite::Result<Option<Buried>> {
        let select = "SELECT id, deleted_at IS NULL, content, store FROM memories WHERE content_hash = ?1";
        let read = |row: &Row<'_>| {
            let store = text(row, 3)?.unwrap_or_else(|| Memory::DEFAULT_STORE.to_owned());
            let content = text(row, 2)?.unwrap_or_default();
            Ok(Buried { id: row.get(0)?, is_live: row.get(1)?, content, store })
        };
        self.reader.connection.prepare_cached(select)?.query_row([key], read).optional()
    }

    /// Makes a memory of a tombstone.
    fn revive(&self, buried: &Buried, vectors: &Vectors) -> rusqlite::Result<()> {
        if buried.is_live {
            return Ok(());
        }
        let sql = "UPDATE memories SET deleted_at = NULL WHERE id = ?1";
        self.reader.connection.prepare_cached(sql)?.execute([buried.id])?;
        let vector = vectors.get(&buried.content, &self.reader.connection)?;
        self.rows().replace_vector(buried.id, &buried.store, vector)
    }

    /// Gives a live memory these tags, this type and these members of its metadata; what is not said stays.
    pub(super) fn put_fields(&self, key: &str, fields: &Fields) -> rusqlite::Result<()> {
        let connection = &self.reader.connection;
        let select = "SELECT metadata FROM memories WHERE content_hash = ?1 AND deleted_at IS NULL";
        let standing = connection.prepare_cached(select)?.query_row([key], |row| text(row, 0)).optional()?;
        let Some(standing) = standing else { return Ok(()) };
        let is_said = !fields.members.is_empty();
        let metadata = is_said.then(|| merge(standing.as_deref().unwrap_or_default(), &fields.members));
        let updated_at = fields.updated_at.unwrap_or(self.now);
        let sql = "UPDATE memories SET tags = coalesce(?2, tags), memory_type = coalesce(?3, memory_type), \
                   metadata = coalesce(?4, metadata), updated_at = ?5, updated_at_iso = ?6 WHERE content_hash = ?1";
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

/// A column's text. Nothing refuses another type, nor bytes that are no UTF-8; both are read as far as they can
/// be, so that one odd row stops no event.
fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    let bytes = row.get_ref(column)?.as_bytes_or_null().unwrap_or_default();
    Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
}
