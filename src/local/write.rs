//! One edit, written the way the service itself would have done it.
//!
//! Guarantees: nothing is written unless the row holds what the edit expects, and then only columns whose
//! values differ. The vector, the full-text index and the links follow the memory. Fields that this
//! database has no column for are left out, which the outcome shows.
//!
//! Must never: begin or end a transaction; whoever calls holds one.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::embed::Maker;
use crate::object::{Bookkeeping, ContentHash, Edit, Memory, Outcome, Timestamp};

use super::row::{Odd, Stored};
use super::schema::Schema;
use super::{iso, members, row};

/// A column and what goes into it.
type Assignment = (&'static str, Value);

/// Reads the live row of `key`.
pub(super) fn find(
    connection: &Connection,
    schema: &Schema,
    bookkeeping: &Bookkeeping,
    key: &ContentHash,
) -> rusqlite::Result<Option<Result<Stored, Odd>>> {
    connection
        .prepare_cached(&format!("{} AND content_hash = ?1", schema.select()))?
        .query_row([key.as_str()], |row| row::read(row, bookkeeping))
        .optional()
}

/// What writing a memory takes.
pub(super) struct Writer<'a> {
    /// A connection inside a transaction that may write.
    pub(super) connection: &'a Connection,
    /// The database's shape.
    pub(super) schema: &'a Schema,
    /// Which metadata members stay as they are.
    pub(super) bookkeeping: &'a Bookkeeping,
    /// What makes the database's vectors.
    pub(super) maker: Maker,
    /// The moment that the service's `updated_at` and `deleted_at` get.
    pub(super) now: Timestamp,
}

impl Writer<'_> {
    /// Carries out those of `edits` whose rows hold what they expect; of no memory there may be two. Memories
    /// that arrive are written in one statement, because FTS5 writes to disk after each.
    pub(super) fn carry_out(&self, edits: &[Edit]) -> rusqlite::Result<Vec<Outcome>> {
        let mut arrivals = Vec::new();
        let mut stale = vec![false; edits.len()];
        for (edit, stale) in edits.iter().zip(&mut stale) {
            let current = match self.find(&edit.key)? {
                None => None,
                Some(Ok(stored)) => Some(stored),
                Some(Err(_)) => {
                    *stale = true;
                    continue;
                }
            };
            *stale = current.as_ref().map(|stored| stored.held.memory.id()) != edit.expected;
            match (&current, &edit.target) {
                (None, None) => {}
                _ if *stale => {}
                (None, Some(target)) => arrivals.push((&edit.key, target)),
                (Some(current), Some(target)) => self.update(current, target)?,
                (Some(current), None) => self.delete(current)?,
            }
        }
        self.create(&arrivals)?;
        let outcomes = edits.iter().zip(stale);
        outcomes.map(|(edit, stale)| if stale { Ok(Outcome::Stale) } else { self.done(&edit.key) }).collect()
    }

    fn find(&self, key: &ContentHash) -> rusqlite::Result<Option<Result<Stored, Odd>>> {
        find(self.connection, self.schema, self.bookkeeping, key)
    }

    fn done(&self, key: &ContentHash) -> rusqlite::Result<Outcome> {
        Ok(match self.find(key)?.transpose() {
            Ok(now) => Outcome::Done { now: now.map(|stored| stored.held.memory) },
            Err(Odd { why, .. }) => Outcome::Failed { reason: why },
        })
    }

    fn create(&self, arrivals: &[(&ContentHash, &Memory)]) -> rusqlite::Result<()> {
        for (key, _) in arrivals {
            self.remove_tombstone(key)?;
        }
        let rows: Vec<_> = arrivals.iter().map(|(key, memory)| self.columns(key, memory)).collect();
        let Some(first) = rows.first() else { return Ok(()) };
        let names: Vec<&str> = first.iter().map(|(name, _)| *name).collect();
        let row = format!("({})", vec!["?"; names.len()].join(", "));
        let sql = format!(
            "INSERT INTO memories ({}) VALUES {}",
            names.join(", "),
            vec![row.as_str(); rows.len()].join(", ")
        );
        self.execute(&sql, rows.into_iter().flatten().map(|(_, value)| value))?;
        for (key, memory) in arrivals {
            let id = self
                .connection
                .prepare_cached("SELECT id FROM memories WHERE content_hash = ?1")?
                .query_row([key.as_str()], |row| row.get(0))?;
            self.replace_vector(id, memory, self.maker.vector(&memory.content))?;
        }
        Ok(())
    }

    /// The columns of a memory that arrives. `embedding_pending` keeps its default of 0 even where no vector can
    /// be made: the service hides pending memories from every list and search, and never fills them in.
    fn columns(&self, key: &ContentHash, memory: &Memory) -> Vec<Assignment> {
        let metadata = members::rewrite(None, &memory.metadata, self.bookkeeping);
        let mut columns = vec![
            ("content_hash", key.as_str().to_owned().into()),
            ("content", memory.content.clone().into()),
            ("tags", tags(memory)),
            ("memory_type", memory.memory_type.clone().into()),
            ("metadata", metadata.unwrap_or("{}".to_owned()).into()),
            ("store", store(memory).to_owned().into()),
            ("superseded_by", memory.superseded_by.clone().into()),
        ];
        columns.extend(moment("created_at", "created_at_iso", memory.created_at));
        columns.extend(moment("updated_at", "updated_at_iso", Some(self.now)));
        columns.retain(|(name, _)| self.schema.has(name));
        columns
    }

    fn update(&self, current: &Stored, target: &Memory) -> rusqlite::Result<()> {
        let memory = &current.held.memory;
        let new_content = memory.content != target.content;
        let vector = if new_content { self.maker.vector(&target.content) } else { None };
        let mut columns = self.differences(current, target);
        if columns.is_empty() {
            return Ok(());
        }
        if vector.is_some() && self.schema.has("embedding_pending") {
            columns.push(("embedding_pending", 0.into()));
        }
        columns.extend(moment("updated_at", "updated_at_iso", Some(self.now)));
        columns.retain(|(name, _)| self.schema.has(name));
        if new_content && self.schema.stale_terms {
            // The trigger is going to take the new text out of the index and to put it in again, so the
            // index has to hold the new text before.
            self.forget_terms(current.id)?;
            let sql = "INSERT INTO memory_content_fts (rowid, content) VALUES (?, ?)";
            self.execute(sql, [current.id.into(), target.content.clone().into()])?;
        }
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let sql = format!("UPDATE memories SET {} = ? WHERE id = ?", names.join(" = ?, "));
        let values = columns.into_iter().map(|(_, value)| value).chain([current.id.into()]);
        self.execute(&sql, values)?;
        if new_content {
            self.replace_vector(current.id, target, vector)
        } else if memory.store != target.store {
            self.move_vector(current.id, target)
        } else {
            Ok(())
        }
    }

    /// The columns that make `current` read as `target`.
    fn differences(&self, current: &Stored, target: &Memory) -> Vec<Assignment> {
        let memory = &current.held.memory;
        let mut columns: Vec<Assignment> = Vec::new();
        if memory.content != target.content {
            columns.push(("content", target.content.clone().into()));
        }
        if memory.tags != target.tags {
            columns.push(("tags", tags(target)));
        }
        if memory.memory_type != target.memory_type {
            columns.push(("memory_type", target.memory_type.clone().into()));
        }
        if memory.store != target.store {
            columns.push(("store", store(target).to_owned().into()));
        }
        if memory.superseded_by != target.superseded_by {
            columns.push(("superseded_by", target.superseded_by.clone().into()));
        }
        if memory.metadata != target.metadata || memory.created_at != target.created_at {
            let metadata = members::rewrite(current.metadata.as_deref(), &target.metadata, self.bookkeeping);
            columns.extend(metadata.map(|text| ("metadata", text.into())));
            if current.created_at != target.created_at {
                columns.extend(moment("created_at", "created_at_iso", target.created_at));
            }
        }
        columns.retain(|(name, _)| self.schema.has(name));
        columns
    }

    fn delete(&self, current: &Stored) -> rusqlite::Result<()> {
        self.remove_vector(current.id)?;
        if self.schema.graph {
            let key = Value::from(current.held.key.as_str().to_owned());
            let sql = "DELETE FROM memory_graph WHERE source_hash = ?1 OR target_hash = ?1";
            self.execute(sql, [key])?;
        }
        if self.schema.soft_deletes() {
            let sql = "UPDATE memories SET deleted_at = ? WHERE id = ?";
            self.execute(sql, [self.now.seconds().into(), current.id.into()])
        } else {
            self.erase(current.id)
        }
    }

    /// Makes room for a memory that comes back.
    fn remove_tombstone(&self, key: &ContentHash) -> rusqlite::Result<()> {
        if !self.schema.soft_deletes() {
            return Ok(());
        }
        let tombstone: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM memories WHERE content_hash = ?1 AND deleted_at IS NOT NULL")?
            .query_row([key.as_str()], |row| row.get(0))
            .optional()?;
        match tombstone {
            Some(id) => self.remove_vector(id).and_then(|()| self.erase(id)),
            None => Ok(()),
        }
    }

    /// Removes a row for good.
    fn erase(&self, id: i64) -> rusqlite::Result<()> {
        if self.schema.stale_terms {
            // Once the row is gone the trigger finds nothing that it could take out of the index.
            self.forget_terms(id)?;
        }
        self.execute("DELETE FROM memories WHERE id = ?", [id.into()])
    }

    /// Takes a row's present text out of the full-text index.
    fn forget_terms(&self, id: i64) -> rusqlite::Result<()> {
        let sql = "INSERT INTO memory_content_fts (memory_content_fts, rowid, content) \
                   SELECT 'delete', id, content FROM memories WHERE id = ?";
        self.execute(sql, [id.into()])
    }

    fn remove_vector(&self, id: i64) -> rusqlite::Result<()> {
        match self.schema.vectors {
            Some(_) => self.execute("DELETE FROM memory_embeddings WHERE rowid = ?", [id.into()]),
            None => Ok(()),
        }
    }

    /// Gives a row this vector and no other; an orphan of an earlier row of the same id goes too.
    fn replace_vector(&self, id: i64, memory: &Memory, vector: Option<Vec<u8>>) -> rusqlite::Result<()> {
        self.remove_vector(id)?;
        let Some((vectors, vector)) = self.schema.vectors.zip(vector) else { return Ok(()) };
        if vectors.store {
            let sql = "INSERT INTO memory_embeddings (rowid, content_embedding, store) VALUES (?, ?, ?)";
            self.execute(sql, [id.into(), vector.into(), store(memory).to_owned().into()])
        } else {
            let sql = "INSERT INTO memory_embeddings (rowid, content_embedding) VALUES (?, ?)";
            self.execute(sql, [id.into(), vector.into()])
        }
    }

    /// Moves a row's vector into the partition of its new store.
    fn move_vector(&self, id: i64, memory: &Memory) -> rusqlite::Result<()> {
        if !self.schema.vectors.is_some_and(|vectors| vectors.store) {
            return Ok(());
        }
        let vector: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT content_embedding FROM memory_embeddings WHERE rowid = ?1")?
            .query_row(params![id], |row| row.get(0))
            .optional()?;
        self.replace_vector(id, memory, vector)
    }

    fn execute(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(params_from_iter(values)).map(drop)
    }
}

/// The column of tags as the service joins it.
fn tags(memory: &Memory) -> Value {
    memory.tags.iter().map(String::as_str).collect::<Vec<_>>().join(",").into()
}

fn store(memory: &Memory) -> &str {
    memory.store.as_deref().unwrap_or(Memory::DEFAULT_STORE)
}

/// A moment's two columns: the number and its text.
fn moment(number: &'static str, text: &'static str, moment: Option<Timestamp>) -> [Assignment; 2] {
    [(number, moment.map(Timestamp::seconds).into()), (text, moment.and_then(iso::format).into())]
}
