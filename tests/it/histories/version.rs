//! What counts as the same version of a memory, whoever keeps it.

use std::collections::BTreeSet;

use memsync::object::{Bookkeeping, Memory, Metadata, split_tags};
use serde_json::Value;

use crate::support::database::Row;

/// A memory as a user sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    content: String,
    tags: BTreeSet<String>,
    memory_type: Option<String>,
    metadata: String,
}

impl From<&Row> for Version {
    fn from(row: &Row) -> Self {
        let text = row.metadata.as_deref().unwrap_or_default();
        Self {
            content: row.content.clone(),
            tags: split_tags(row.tags.as_deref().unwrap_or_default()),
            memory_type: row.memory_type.clone().filter(|name| !name.is_empty()),
            metadata: shown(&Metadata::from_text(text, &Bookkeeping::default())),
        }
    }
}

impl From<&Memory> for Version {
    fn from(memory: &Memory) -> Self {
        Self {
            content: memory.content.clone(),
            tags: memory.tags.clone(),
            memory_type: memory.memory_type.clone(),
            metadata: shown(&memory.metadata),
        }
    }
}

/// Metadata without what memsync keeps in it for itself.
fn shown(metadata: &Metadata) -> String {
    let members = metadata.members().cloned().unwrap_or_default().into_iter();
    let members = members.filter(|(name, value)| name != "memsync" && !value.is_null());
    members.collect::<Value>().to_string()
}
