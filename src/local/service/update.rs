//! Tags, type and metadata of a memory that is there.

use std::collections::BTreeSet;

use rusqlite::types::Value as Column;
use serde_json::{Map, Value, json};

use crate::local::iso;
use crate::local::rows::Assignment;
use crate::side;

use super::log::Operation;
use super::merge::merge;
use super::python::{self, Unreadable};
use super::{Change, Changes, Condition, Version};

/// What is to change; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Updates {
    tags: Option<Vec<String>>,
    memory_type: Option<String>,
    metadata: Option<Map<String, Value>>,
}

/// The columns of a row that an update looks at.
struct Standing {
    id: i64,
    tags: Column,
    memory_type: Column,
    metadata: Column,
    updated_at: Column,
    updated_at_iso: Column,
}

impl Updates {
    /// Tags and type are stored as they are given; members of `metadata` are set one by one, and null is a value.
    pub fn new(
        tags: Option<Vec<String>>,
        memory_type: Option<String>,
        mut metadata: Option<Map<String, Value>>,
    ) -> Result<Self, Unreadable> {
        if let Some(metadata) = &mut metadata {
            python::normalize(metadata, python::METADATA_DEPTH)?;
        }
        Ok(Self { tags, memory_type, metadata })
    }

    /// Whether nothing is to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The names of what changes, in the service's words and order.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let names = [
            self.tags.as_ref().map(|_| "tags"),
            self.memory_type.as_ref().map(|_| "memory_type"),
            self.metadata.as_ref().map(|_| "custom_metadata"),
        ];
        names.into_iter().flatten().collect()
    }

    /// What the log says of it.
    fn entry(&self) -> Map<String, Value> {
        let members = [
            ("tags", self.tags.as_ref().map(|tags| json!(tags))),
            ("memory_type", self.memory_type.as_ref().map(|memory_type| json!(memory_type))),
            ("metadata", self.metadata.as_ref().map(|metadata| json!(metadata))),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// The columns as they will be.
    fn columns(&self, standing: &Standing) -> Vec<Assignment> {
        let mut columns = Vec::new();
        if let Some(tags) = &self.tags {
            columns.push(("tags", tags.join(",").into()));
        }
        if let Some(memory_type) = &self.memory_type {
            columns.push(("memory_type", memory_type.clone().into()));
        }
        if let Some(metadata) = &self.metadata {
            columns.push(("metadata", merge(text(&standing.metadata), metadata).into()));
        }
        columns
    }

    /// Whether the update counts as an edit. One of the metadata alone does not move `updated_at`.
    fn is_edit(&self, standing: &Standing) -> bool {
        let set = |column: &str| match column {
            "" => BTreeSet::new(),
            _ => column.split(',').map(str::to_owned).collect(),
        };
        let new_tags =
            self.tags.as_ref().is_some_and(|tags| set(&tags.join(",")) != set(text(&standing.tags)));
        let new_type = |memory_type: &String| standing.memory_type != Column::Text(memory_type.clone());
        new_tags || self.memory_type.as_ref().is_some_and(new_type)
    }
}

impl Changes<'_> {
    /// Changes the memory of this name in `store`.
    pub fn update(
        &self,
        content_hash: &str,
        store: &str,
        updates: &Updates,
        condition: &Condition,
    ) -> Result<Change<Version>, side::Error> {
        let Some(version) = self.reader.find(content_hash, Some(store))? else { return Ok(Change::Missing) };
        if !condition.allows(Some(version.etag)) {
            return Ok(Change::PreconditionFailed { current: version.etag });
        }
        if updates.is_empty() {
            return Ok(Change::Done(version));
        }
        let updated_at = self.write(content_hash, updates).map_err(|error| self.failed(error))?;
        let entry =
            json!({ "content_hash": content_hash, "updates": updates.entry(), "updated_at": updated_at });
        self.log(Operation::UpdateMetadata, content_hash, &entry)?;
        let now = self.reader.find(content_hash, Some(store))?;
        Ok(Change::Done(now.expect("its columns were readable, and are still texts")))
    }

    /// Writes the row, and gives its `updated_at`.
    fn write(&self, content_hash: &str, updates: &Updates) -> rusqlite::Result<Value> {
        let standing = self.standing(content_hash)?;
        let mut columns = updates.columns(&standing);
        let is_edit = updates.is_edit(&standing);
        let mut updated_at = json!(self.now.seconds());
        match standing.updated_at {
            Column::Real(seconds) if !is_edit && seconds != 0.0 => updated_at = json!(seconds),
            Column::Integer(seconds) if !is_edit && seconds != 0 => updated_at = json!(seconds),
            _ => columns.push(("updated_at", self.now.seconds().into())),
        }
        if is_edit || text(&standing.updated_at_iso).is_empty() {
            columns.push(("updated_at_iso", iso::format(self.now).into()));
        }
        self.rows().update(standing.id, columns, None)?;
        Ok(updated_at)
    }

    fn standing(&self, content_hash: &str) -> rusqlite::Result<Standing> {
        let sql = "SELECT id, tags, memory_type, metadata, updated_at, updated_at_iso FROM memories \
                   WHERE content_hash = ?1 AND deleted_at IS NULL";
        self.reader.connection.prepare_cached(sql)?.query_row([content_hash], |row| {
            Ok(Standing {
                id: row.get(0)?,
                tags: row.get(1)?,
                memory_type: row.get(2)?,
                metadata: row.get(3)?,
                updated_at: row.get(4)?,
                updated_at_iso: row.get(5)?,
            })
        })
    }
}

/// A column's text; empty where there is none.
fn text(column: &Column) -> &str {
    match column {
        Column::Text(text) => text,
        _ => "",
    }
}
