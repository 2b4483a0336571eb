//! One edit, written the way the service itself would have done it.
//!
//! Guarantees: nothing is written unless the row holds what the edit expects, and then only columns whose
//! values differ. The vector, the full-text index and the links follow the memory. Fields that this
//! database has no column for are left out, which the outcome shows. An edit that brings a kept row puts exactly that
//! one back instead.
//!
//! Must never: begin or end a transaction; whoever calls holds one.

use std::collections::HashSet;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

use crate::object::{Bookkeeping, ContentHash, Edit, Memory, Outcome, Timestamp};
use crate::planted::{self, Mistake};
use crate::side::Replaced;

use super::image::{Damaged, Image};
use super::row::{Odd, Stored};
use super::rows::{Assignment, Rows, moment};
use super::schema::Schema;
use super::vectors::Made;
use super::{members, row};

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
    /// Where to write.
    pub(super) rows: Rows<'a>,
    /// Which metadata members stay as they are.
    pub(super) bookkeeping: &'a Bookkeeping,
    /// The vectors of new texts; a text that has none here gets none. `None` where the tables have changed since, so
    /// that nothing is known of vectors, nor of those that were kept.
    pub(super) made: Option<&'a Made>,
    /// The moment that the service's `updated_at` and `deleted_at` get.
    pub(super) now: Timestamp,
    /// The memories whose rows are put back, by this transaction or another one.
    pub(super) returning: &'a HashSet<ContentHash>,
}

/// What became of an edit and, where it was carried out, what it replaced.
pub(super) type Done = (Outcome, Option<Replaced>);

impl Writer<'_> {
    /// Carries out those of `edits` whose rows hold what they expect; of no memory there may be two. Memories
    /// that arrive are written in one statement, because FTS5 writes to disk after each.
    pub(super) fn carry_out(&self, edits: &[Edit]) -> rusqlite::Result<Vec<Done>> {
        let mut arrivals = Vec::new();
        let mut images = Vec::with_capacity(edits.len());
        for edit in edits {
            if let (None, Some(target), None) = (edit.expected, &edit.target, &edit.row)
                && !self.rows.is_known(edit.key.as_str())?
            {
                // What most edits of a first sync are: there is nothing to compare with and nothing to keep but links.
                images.push(Some(self.rows.links_alone(edit.key.as_str())?));
                arrivals.push((&edit.key, target));
                continue;
            }
            let current = match self.find(&edit.key)?.transpose() {
                Ok(current)
                    if current.as_ref().map(|stored| stored.held.memory.id()) == edit.expected
                        || planted::makes(Mistake::OverwriteLocally) =>
                {
                    current
                }
                _ => {
                    images.push(None);
                    continue;
                }
            };
            let standing = self.rows.image(edit.key.as_str())?;
            match (kept_image(edit), &current, &edit.target) {
                (Some(image), _, target) => self.put_back(&edit.key, target.as_ref(), &standing, &image)?,
                (None, None, None) => {}
                (None, None, Some(target)) => arrivals.push((&edit.key, target)),
                (None, Some(current), Some(target)) => self.update(current, target)?,
                (None, Some(current), None) => {
                    self.rows.delete(current.id, current.held.key.as_str(), self.now)?;
                }
            }
            images.push(Some(standing));
        }
        self.create(&arrivals)?;
        let done = |(edit, standing): (&Edit, Option<Image>)| match standing {
            Some(standing) => self.done(edit, &standing),
            None => Ok((Outcome::Stale, None)),
        };
        edits.iter().zip(images).map(done).collect()
    }

    fn vector(&self, key: &ContentHash) -> Option<Vec<u8>> {
        self.made?.of(key)
    }

    fn find(&self, key: &ContentHash) -> rusqlite::Result<Option<Result<Stored, Odd>>> {
        find(self.rows.connection, self.rows.schema, self.bookkeeping, key)
    }

    fn done(&self, edit: &Edit, standing: &Image) -> rusqlite::Result<Done> {
        let now = match self.find(&edit.key)?.transpose() {
            Ok(now) => now.map(|stored| stored.held.memory),
            Err(Odd { why, .. }) => return Ok((Outcome::Failed { reason: why }, None)),
        };
        let is_nothing = edit.expected.is_none() && now.is_none();
        let replaced = (!is_nothing).then(|| Replaced {
            key: edit.key.clone(),
            now: now.as_ref().map(Memory::id),
            row: standing.to_row(),
        });
        Ok((Outcome::Done { now }, replaced))
    }

    fn put_back(
        &self,
        key: &ContentHash,
        target: Option<&Memory>,
        standing: &Image,
        image: &Image,
    ) -> rusqlite::Result<()> {
        let returns = |key: &str| ContentHash::new(key).is_ok_and(|key| self.returning.contains(&key));
        let id = self.rows.put_back(key.as_str(), standing, image, &returns)?;
        match id.zip(target) {
            // The kept one is not what the database's maker makes of the text by now, or may not be.
            Some((id, target)) if self.made.is_none_or(|made| made.replaces(key)) => {
                self.rows.replace_vector(id, store(target), self.vector(key))
            }
            _ => Ok(()),
        }
    }

    fn create(&self, arrivals: &[(&ContentHash, &Memory)]) -> rusqlite::Result<()> {
        for (key, _) in arrivals {
            self.rows.remove_tombstone(key.as_str())?;
        }
        self.rows.insert(arrivals.iter().map(|(key, memory)| self.columns(key, memory)).collect())?;
        for (key, memory) in arrivals {
            let id = self.rows.id(key.as_str())?;
            self.rows.replace_vector(id, store(memory), self.vector(key))?;
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
        columns.retain(|(name, _)| self.rows.schema.has(name));
        columns
    }

    fn update(&self, current: &Stored, target: &Memory) -> rusqlite::Result<()> {
        let memory = &current.held.memory;
        let new_content = (memory.content != target.content).then_some(target.content.as_str());
        let vector = new_content.and_then(|_| self.vector(&current.held.key));
        let mut columns = self.differences(current, target);
        if columns.is_empty() {
            return Ok(());
        }
        if vector.is_some() && self.rows.schema.has("embedding_pending") {
            columns.push(("embedding_pending", 0.into()));
        }
        columns.extend(moment("updated_at", "updated_at_iso", Some(self.now)));
        columns.retain(|(name, _)| self.rows.schema.has(name));
        self.rows.update(current.id, columns, new_content)?;
        if new_content.is_some() && !planted::makes(Mistake::KeepTheOldVector) {
            self.rows.replace_vector(current.id, store(target), vector)
        } else if memory.store != target.store {
            self.rows.move_vector(current.id, store(target))
        } else {
            Ok(())
        }
    }

    /// The columns that make `current` read as `target`.
    fn differences(&self, current: &Stored, target: &Memory) -> Vec<Assignment> {
        let memory = &current.held.memory;
        let mut columns: Vec<Assignment> = Vec::new();
        let mut metadata = None;
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
            metadata = members::rewrite(current.metadata.as_deref(), &target.metadata, self.bookkeeping);
            if current.created_at != target.created_at {
                columns.extend(moment("created_at", "created_at_iso", target.created_at));
            }
        }
        if memory.content != target.content {
            columns.push(("content", target.content.clone().into()));
            // A text that is carried there would be read instead of the column's.
            let standing = metadata.as_deref().or(current.metadata.as_deref());
            metadata = standing.and_then(members::without_content).or(metadata);
        }
        columns.extend(metadata.map(|text| ("metadata", text.into())));
        columns.retain(|(name, _)| self.rows.schema.has(name));
        columns
    }
}

/// The row that an edit puts back; a damaged copy is as good as none, because the memory itself is there.
fn kept_image(edit: &Edit) -> Option<Image> {
    let read = Image::from_row(edit.row.as_ref()?);
    if let Err(damaged @ Damaged) = &read {
        tracing::warn!(key = edit.key.as_str(), "{damaged}: the row is made anew");
    }
    read.ok()
}

/// The column of tags as the service joins it.
fn tags(memory: &Memory) -> Value {
    memory.tags.iter().map(String::as_str).collect::<Vec<_>>().join(",").into()
}

fn store(memory: &Memory) -> &str {
    memory.store.as_deref().unwrap_or(Memory::DEFAULT_STORE)
}
