//! What the entries of one memory come to, whatever order they arrived in.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::rewrite;

/// An event in the log.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) physical: i64,
    pub(super) logical: i64,
    pub(super) agent_id: String,
    pub(super) event_id: String,
    pub(super) op: String,
    pub(super) content_hash: String,
    /// Model and dimension, as they were sent.
    pub(super) embedding: (Value, Value),
    pub(super) payload: Map<String, Value>,
}

/// Of entries that contradict each other the least counts.
type Rank<'a> = (Reverse<(i64, i64)>, bool, &'a str, &'a str, &'a str);

impl Entry {
    /// The later counts, then a deletion, then the author and the id.
    pub(super) fn rank(&self) -> Rank<'_> {
        (
            Reverse((self.physical, self.logical)),
            self.op != "delete",
            &self.agent_id,
            &self.event_id,
            &self.op,
        )
    }

    /// The text that a create brings.
    pub(super) fn content(&self) -> &str {
        self.payload.get("content").and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, member: &str) -> Option<f64> {
        self.payload.get(member).and_then(Value::as_f64)
    }
}

/// Whether a memory is there, by its entries.
#[derive(Debug, PartialEq)]
pub(super) enum Liveness {
    Unsaid,
    Live,
    /// Deleted, at the moment that the deletion says.
    Dead(Option<f64>),
}

/// Weighs the create that counts against the deletion that counts.
pub(super) fn liveness(entries: &[Entry]) -> Liveness {
    let leading = |op: &str| entries.iter().filter(|entry| entry.op == op).min_by_key(|entry| entry.rank());
    match (leading("create"), leading("delete")) {
        (None, None) => Liveness::Unsaid,
        (Some(_), None) => Liveness::Live,
        (Some(create), Some(deletion)) if overcomes(create, deletion) => Liveness::Live,
        (_, Some(deletion)) => Liveness::Dead(deletion.number("deleted_at")),
    }
}

/// A create brings a memory back where it is later than the deletion and does not say that it knew of none, or of
/// another one.
fn overcomes(create: &Entry, deletion: &Entry) -> bool {
    let anchor = json!([deletion.physical, deletion.logical, deletion.agent_id]);
    let knows = match create.payload.get("recreate_of") {
        None => true,
        Some(Value::Null) => false,
        Some(Value::String(known)) if known.is_empty() => false,
        Some(known) => {
            *known == deletion.event_id.as_str() || create.payload.get("recreate_of_hlc") == Some(&anchor)
        }
    };
    knows && create.rank() < deletion.rank()
}

/// What the entries say about tags, type and metadata.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) tags: Option<Value>,
    pub(super) memory_type: Option<Value>,
    pub(super) metadata: Map<String, Value>,
    pub(super) updated_at: Option<f64>,
}

/// Each field as the latest entry has it that counts: the create, and every change that came after it.
pub(super) fn fields(entries: &[Entry]) -> Fields {
    let creates = entries.iter().filter(|entry| entry.op == "create");
    let create = creates.min_by_key(|entry| entry.rank());
    let counts = |entry: &&Entry| match entry.op.as_str() {
        "create" => create.is_some_and(|create| create.rank() == entry.rank()),
        "update_metadata" => create.is_none_or(|create| entry.rank() < create.rank()),
        _ => false,
    };
    // The earliest first, so that later ones replace what it says.
    let counting: BTreeMap<_, _> =
        entries.iter().filter(counts).map(|entry| (Reverse(entry.rank()), entry)).collect();
    let mut fields = Fields::default();
    for entry in counting.into_values() {
        fields.take(entry);
    }
    fields
}

/// The members of `updates` that are no members of the metadata.
const COLUMNS: [&str; 12] = [
    "tags",
    "memory_type",
    "metadata",
    "content",
    "content_hash",
    "embedding",
    "created_at",
    "created_at_iso",
    "updated_at",
    "updated_at_iso",
    "superseded_by",
    "store",
];

impl Fields {
    fn take(&mut self, entry: &Entry) {
        let nothing = Map::new();
        let updates = entry.payload.get("updates").and_then(Value::as_object).unwrap_or(&nothing);
        let said = if entry.op == "create" { &entry.payload } else { updates };
        let field = |name: &str| said.get(name).filter(|value| !value.is_null()).cloned();
        self.tags = field("tags").or(self.tags.take());
        self.memory_type = field("memory_type").or(self.memory_type.take());
        let metadata = said.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
        self.metadata.extend(rewrite::numbers(metadata));
        if entry.op != "create" {
            let own = said.iter().filter(|(name, _)| !COLUMNS.contains(&name.as_str()));
            self.metadata.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        }
        self.updated_at = entry.number("updated_at").or(self.updated_at);
    }
}
