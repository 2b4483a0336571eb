//! What one memory has in the service's tables besides its columns: a vector, terms in the full-text index, a
//! tombstone, links to other memories.
//!
//! Guarantees: whoever writes rows through this leaves them as the service itself would have: a live row has at
//! most one vector, the index holds the text that the row holds, a deleted memory keeps neither vector nor
//! links.
//!
//! Must never: begin or end a transaction; whoever calls holds one. Nor decide what is written.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::object::Timestamp;

use super::iso;
use super::schema::Schema;

/// A column and what goes into it.
pub(super) type Assignment = (&'static str, Value);

/// The tables of a database inside a transaction that may write.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// The connection that holds the transaction.
    pub(super) connection: &'a Connection,
    /// The database's shape.
    pub(super) schema: &'a Schema,
}

impl Rows<'_> {
    /// Adds rows in one statement, because FTS5 writes to disk after each. All have the same columns.
    pub(super) fn insert(&self, rows: Vec<Vec<Assignment>>) -> rusqlite::Result<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        let names: Vec<&str> = first.iter().map(|(name, _)| *name).collect();
        let row = format!("({})", vec!["?"; names.len()].join(", "));
        let sql = format!(
            "INSERT INTO memories ({}) VALUES {}",
            names.join(", "),
            vec![row.as_str(); rows.len()].join(", ")
        );
        self.execute(&sql, rows.into_iter().flatten().map(|(_, value)| value))
    }

    /// The id of the row of this name; a name has at most one, tombstones included.
    pub(super) fn id(&self, key: &str) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached("SELECT id FROM memories WHERE content_hash = ?1")?
            .query_row([key], |row| row.get(0))
    }

    /// Whether there is a row of this name, be it a tombstone.
    pub(super) fn is_known(&self, key: &str) -> rusqlite::Result<bool> {
        self.connection.prepare_cached("SELECT 1 FROM memories WHERE content_hash = ?1")?.exists([key])
    }

    /// Puts values into columns of a row. The row's text is one of them only where `content` names it, too.
    pub(super) fn update(
        &self,
        id: i64,
        columns: Vec<Assignment>,
        content: Option<&str>,
    ) -> rusqlite::Result<()> {
        if let Some(content) = content.filter(|_| self.schema.stale_terms) {
            // The trigger is going to take the new text out of the index and to put it in again, so the
            // index has to hold the new text before.
            self.forget_terms(id)?;
            let sql = "INSERT INTO memory_content_fts (rowid, content) VALUES (?, ?)";
            self.execute(sql, [id.into(), content.to_owned().into()])?;
        }
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let sql = format!("UPDATE memories SET {} = ? WHERE id = ?", names.join(" = ?, "));
        self.execute(&sql, columns.into_iter().map(|(_, value)| value).chain([id.into()]))
    }

    /// Deletes a memory; where the database keeps tombstones it leaves one.
    pub(super) fn delete(&self, id: i64, key: &str, now: Timestamp) -> rusqlite::Result<()> {
        self.remove_vector(id)?;
        self.remove_links(key)?;
        if self.schema.soft_deletes() {
            let sql = "UPDATE memories SET deleted_at = ? WHERE id = ?";
            self.execute(sql, [now.seconds().into(), id.into()])
        } else {
            self.erase(id)
        }
    }

    /// Makes room for a memory that comes back.
    pub(super) fn remove_tombstone(&self, key: &str) -> rusqlite::Result<()> {
        if !self.schema.soft_deletes() {
            return Ok(());
        }
        let tombstone: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM memories WHERE content_hash = ?1 AND deleted_at IS NOT NULL")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        match tombstone {
            Some(id) => self.remove_vector(id).and_then(|()| self.erase(id)),
            None => Ok(()),
        }
    }

    /// Makes room for a memory that replaces whatever has its name.
    pub(super) fn remove(&self, key: &str) -> rusqlite::Result<()> {
        let id: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM memories WHERE content_hash = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        id.map_or(Ok(()), |id| self.remove_vector(id).and_then(|()| self.erase(id)))
    }

    /// Gives a row this vector and no other; an orphan of an earlier row of the same id goes too.
    pub(super) fn replace_vector(
        &self,
        id: i64,
        store: &str,
        vector: Option<Vec<u8>>,
    ) -> rusqlite::Result<()> {
        self.remove_vector(id)?;
        let Some((vectors, vector)) = self.schema.vectors.zip(vector) else { return Ok(()) };
        if vectors.store {
            let sql = "INSERT INTO memory_embeddings (rowid, content_embedding, store) VALUES (?, ?, ?)";
            self.execute(sql, [id.into(), vector.into(), store.to_owned().into()])
        } else {
            let sql = "INSERT INTO memory_embeddings (rowid, content_embedding) VALUES (?, ?)";
            self.execute(sql, [id.into(), vector.into()])
        }
    }

    /// Moves a row's vector into the partition of its new store.
    pub(super) fn move_vector(&self, id: i64, store: &str) -> rusqlite::Result<()> {
        if !self.schema.vectors.is_some_and(|vectors| vectors.store) {
            return Ok(());
        }
        let vector: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT content_embedding FROM memory_embeddings WHERE rowid = ?1")?
            .query_row(params![id], |row| row.get(0))
            .optional()?;
        self.replace_vector(id, store, vector)
    }

    /// Removes all links from and to a memory.
    pub(super) fn remove_links(&self, key: &str) -> rusqlite::Result<()> {
        if self.schema.links.is_empty() {
            return Ok(());
        }
        let sql = "DELETE FROM memory_graph WHERE source_hash = ?1 OR target_hash = ?1";
        self.execute(sql, [key.to_owned().into()])
    }

    pub(super) fn remove_vector(&self, id: i64) -> rusqlite::Result<()> {
        match self.schema.vectors {
            Some(_) => self.execute("DELETE FROM memory_embeddings WHERE rowid = ?", [id.into()]),
            None => Ok(()),
        }
    }

    /// Removes a row for good.
    pub(super) fn erase(&self, id: i64) -> rusqlite::Result<()> {
        if self.schema.stale_terms {
            // Once the row is gone the trigger finds nothing that it could take out of the index.
            self.forget_terms(id)?;
        }
        self.execute("DELETE FROM memories WHERE id = ?", [id.into()])
    }

    /// Takes a row's present text out of the full-text index.
    pub(super) fn forget_terms(&self, id: i64) -> rusqlite::Result<()> {
        let sql = "INSERT INTO memory_content_fts (memory_content_fts, rowid, content) \
                   SELECT 'delete', id, content FROM memories WHERE id = ?";
        self.execute(sql, [id.into()])
    }

    fn execute(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(params_from_iter(values)).map(drop)
    }
}

/// A moment's two columns: the number and its text.
pub(super) fn moment(number: &'static str, text: &'static str, moment: Option<Timestamp>) -> [Assignment; 2] {
    [(number, moment.map(Timestamp::seconds).into()), (text, moment.and_then(iso::format).into())]
}
