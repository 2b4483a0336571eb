//! Local changes that have not reached the server, as the view `staged_memories` shows them to scripts.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;
use serde_json::Value;

use super::sql::stored_as_text;
use super::{Error, Store};
use crate::object::{BlobId, ContentHash, Metadata};

const WHAT: &str = "the staged changes";
/// The fact that says how many changes there are where not all are listed; the view `sync_status` shows it.
const TOTAL: &str = "staged_changes";

/// What a staged change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The memory is new.
    Insert,
    /// The memory was changed.
    Update,
    /// The memory was deleted.
    Delete,
}

stored_as_text!(Operation { Insert => "INSERT", Update => "UPDATE", Delete => "DELETE" });

/// A local change that has not reached the server. Whether it is in conflict or failed is read off the conflicts
/// and failures that are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// The memory.
    pub key: ContentHash,
    /// What it does.
    pub operation: Operation,
    /// The memory as it is, or as it was before it was deleted; the object must be there.
    pub blob: BlobId,
    /// When the change was first seen, in seconds since 1970 in UTC.
    pub staged_at: i64,
    /// The name of the device that made it.
    pub source_machine: String,
}

impl Staged {
    /// How many staged changes are listed at most, for scripts: what `memsync status` prints, `--json` included, is not read
    /// from here and always whole. Each is kept in plain text, which before the first sync would be every memory once more;
    /// a script that has sent what is listed finds the next ones after the next run.
    pub const MOST: usize = 5_000;
}

impl Store {
    /// Replaces the staged changes by these, sorted by key, of which the first [`Staged::MOST`] are listed; there are
    /// `total` of them.
    pub fn list_staged(&self, staged: impl Iterator<Item = Staged>, total: usize) -> Result<(), Error> {
        let listed: Vec<Staged> = staged.take(Staged::MOST).collect();
        self.transaction(|store| {
            store.set_staged(&listed)?;
            if total > listed.len() {
                let at = listed.first().map_or(0, |change| change.staged_at);
                return store.set_fact(TOTAL, &total.to_string(), at);
            }
            store.execute(WHAT, "DELETE FROM facts WHERE name = ?1", [TOTAL]).map(drop)
        })
    }

    /// The staged changes, sorted by key.
    pub fn staged(&self) -> Result<Vec<Staged>, Error> {
        let sql = "SELECT key, operation, blob, staged_at, source_machine FROM staged ORDER BY key";
        self.rows(WHAT, sql, [], |row| {
            Ok(Staged {
                key: row.get(0)?,
                operation: row.get(1)?,
                blob: row.get(2)?,
                staged_at: row.get(3)?,
                source_machine: row.get(4)?,
            })
        })
    }

    /// Replaces the staged changes, writing only those that differ. A change that was staged before keeps its
    /// `staged_at`.
    pub fn set_staged(&self, staged: &[Staged]) -> Result<(), Error> {
        self.transaction(|store| {
            let before = store.staged()?.into_iter().map(|change| (change.key.clone(), change));
            let mut before: BTreeMap<_, _> = before.collect();
            for change in staged {
                let known = before.remove(&change.key);
                if known.is_none_or(|known| (known.operation, known.blob) != (change.operation, change.blob))
                {
                    store.put_staged(change)?;
                }
            }
            for key in before.keys() {
                store.execute(WHAT, "DELETE FROM staged WHERE key = ?1", [key])?;
            }
            Ok(())
        })
    }

    /// Writes a row in the scripts' terms: tags as a JSON array, `note` for no type, times as the service's
    /// Unix seconds, because the scripts hand them on to the service's own column.
    fn put_staged(&self, change: &Staged) -> Result<(), Error> {
        let memory = self.memory(change.blob)?;
        self.execute(
            WHAT,
            "INSERT OR REPLACE INTO staged (key, operation, blob, staged_at, source_machine,
                 content, tags, metadata, memory_type, original_created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                change.key,
                change.operation,
                change.blob,
                change.staged_at,
                change.source_machine,
                memory.content,
                tags_text(memory.tags),
                metadata_text(memory.metadata),
                memory.memory_type.as_deref().unwrap_or("note"),
                memory.created_at,
            ],
        )?;
        Ok(())
    }
}

fn tags_text(tags: BTreeSet<String>) -> String {
    Value::from_iter(tags).to_string()
}

fn metadata_text(metadata: Metadata) -> String {
    match metadata {
        Metadata::Members(members) => Value::from_iter(members).to_string(),
        Metadata::Opaque(text) => text,
    }
}
