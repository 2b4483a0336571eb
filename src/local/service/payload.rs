//! What the payload of an event says, in the terms of the memory's columns.
//!
//! Guarantees: as forgiving as the service where that has a meaning (null is as good as absent), and a refusal
//! where the service would write something that nobody has sent.

use serde_json::{Map, Value};

use crate::local::{iso, members, rows::Assignment};
use crate::object::{Memory, Timestamp};

use super::event::Malformed;

/// The type of a memory whose event names none.
const DEFAULT_TYPE: &str = "general";

/// What the payload of a create says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arrival<'a> {
    /// Empty where there is none, and then there is no memory.
    pub(super) content: &'a str,
    pub(super) store: &'a str,
    tags: String,
    memory_type: Option<&'a str>,
    metadata: String,
    superseded_by: Option<&'a str>,
    created_at: Given,
    updated_at: Given,
}

/// A moment: `None` where the member is absent, which is not the same as null.
type Given = Option<Option<Timestamp>>;

impl<'a> Arrival<'a> {
    /// Reads the payload of a create.
    pub(super) fn read(payload: &'a Map<String, Value>) -> Result<Self, Malformed> {
        let memory_type = if payload.contains_key("memory_type") {
            text(payload, "memory_type")?
        } else {
            Some(DEFAULT_TYPE)
        };
        let store = text(payload, "store")?.filter(|store| !store.is_empty());
        Ok(Self {
            content: text(payload, "content")?.unwrap_or_default(),
            store: store.unwrap_or(Memory::DEFAULT_STORE),
            tags: tags(payload)?.unwrap_or_default(),
            memory_type,
            metadata: payload
                .get("metadata")
                .filter(|value| !is_nothing(value))
                .map_or_else(|| "{}".to_owned(), members::python),
            superseded_by: text(payload, "superseded_by")?,
            created_at: given(payload, "created_at")?,
            updated_at: given(payload, "updated_at")?,
        })
    }

    /// The row that the memory gets.
    pub(super) fn columns(self, content_hash: &str, now: Timestamp) -> Vec<Assignment> {
        let created_at = self.created_at.unwrap_or(Some(now));
        let updated_at = self.updated_at.unwrap_or(created_at);
        let text = |moment: Option<Timestamp>| iso::format_seconds(moment.unwrap_or(now));
        vec![
            ("content_hash", content_hash.to_owned().into()),
            ("content", self.content.to_owned().into()),
            ("tags", self.tags.into()),
            ("memory_type", self.memory_type.map(str::to_owned).into()),
            ("metadata", self.metadata.into()),
            ("created_at", created_at.map(Timestamp::seconds).into()),
            ("created_at_iso", text(created_at).into()),
            ("updated_at", updated_at.map(Timestamp::seconds).into()),
            ("updated_at_iso", text(updated_at).into()),
            ("store", self.store.to_owned().into()),
            ("superseded_by", self.superseded_by.map(str::to_owned).into()),
        ]
    }
}

/// What the payload of a change of tags, type or metadata says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Update<'a> {
    /// The column.
    pub(super) tags: Option<String>,
    pub(super) memory_type: Option<&'a str>,
    /// Members of the metadata, by whichever way they came.
    pub(super) members: Vec<(&'a str, &'a Value)>,
    pub(super) updated_at: Option<Timestamp>,
}

/// The members of `updates` that are no members of the metadata.
const FIELDS: [&str; 12] = [
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

impl<'a> Update<'a> {
    /// Reads the payload of a change.
    pub(super) fn read(payload: &'a Map<String, Value>) -> Result<Self, Malformed> {
        let updated_at = moment(payload, "updated_at")?;
        let updates = match payload.get("updates") {
            None | Some(Value::Null) => return Ok(Self { updated_at, ..Self::default() }),
            Some(Value::Object(updates)) => updates,
            Some(_) => return Err(Malformed::Payload("updates")),
        };
        let tags = match updates.get("tags") {
            Some(Value::String(column)) => Some(column.clone()),
            _ => tags(updates)?,
        };
        let mut members = members_of(updates);
        let custom = updates.iter().filter(|(name, _)| !FIELDS.contains(&name.as_str()));
        members.extend(custom.map(|(name, value)| (name.as_str(), value)));
        Ok(Self { tags, memory_type: text(updates, "memory_type")?, members, updated_at })
    }

    /// What a create says about the same.
    pub(super) fn of_create(payload: &'a Map<String, Value>) -> Result<Self, Malformed> {
        Ok(Self {
            tags: tags(payload)?,
            memory_type: text(payload, "memory_type")?,
            members: members_of(payload),
            updated_at: moment(payload, "updated_at")?,
        })
    }
}

fn members_of(payload: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let members = payload.get("metadata").and_then(Value::as_object).into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value)).collect()
}

/// A text; absent and null are none.
fn text<'a>(payload: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, Malformed> {
    match payload.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Malformed::Payload(name)),
    }
}

/// The column of tags; absent and null are none.
fn tags(payload: &Map<String, Value>) -> Result<Option<String>, Malformed> {
    let malformed = Malformed::Payload("tags");
    match payload.get("tags") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(tags)) => {
            let tags: Option<Vec<&str>> = tags.iter().map(Value::as_str).collect();
            tags.map(|tags| Some(tags.join(","))).ok_or(malformed)
        }
        Some(_) => Err(malformed),
    }
}

/// A moment; absent and null are none.
pub(super) fn moment(
    payload: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<Timestamp>, Malformed> {
    given(payload, name).map(Option::flatten)
}

fn given(payload: &Map<String, Value>, name: &'static str) -> Result<Given, Malformed> {
    match payload.get(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(value) => {
            let moment = value.as_f64().and_then(Timestamp::new);
            moment.map(|moment| Some(Some(moment))).ok_or(Malformed::Payload(name))
        }
    }
}

/// Whether Python takes a value for nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    }
}
