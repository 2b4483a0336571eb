//! An event as a peer sends it.
//!
//! Guarantees: what is read here can be logged and carried out; everything else is refused with a reason, and
//! nothing of it is kept. The service keeps an event in its log even where it could not carry it out, where every
//! peer that reads the log then fails on it.
//!
//! Must never: change what a peer has sent.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::local::{iso, members, rows::Assignment};
use crate::object::{ContentHash, Memory, Timestamp};

use super::Condition;
use super::log::Operation;
use super::python::{self, Unreadable};
use super::resolve::Clock;

/// The version of the form of events that is understood.
const VERSION: i64 = 1;

/// The type of a memory whose event names none.
const DEFAULT_TYPE: &str = "general";

/// An event, and what it is to depend on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) agent_id: String,
    pub(super) event_id: String,
    pub(super) operation: Operation,
    pub(super) content_hash: ContentHash,
    pub(super) clock: Clock,
    pub(super) embedding_model: Option<String>,
    pub(super) embedding_dim: Option<i64>,
    pub(super) payload: Map<String, Value>,
    pub(super) condition: Condition,
}

/// Why something is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    /// A member is missing, or of another type.
    #[error("{0}")]
    Members(String),
    /// It is of a later version.
    #[error("its version is {0}")]
    Version(i64),
    /// Nothing is known of what it does.
    #[error("its operation is not known")]
    Operation,
    /// Its memory cannot have this name.
    #[error("its memory's name is empty or too long")]
    Name,
    /// A member of its payload is of another type.
    #[error("the member `{0}` of its payload cannot be what it is")]
    Payload(&'static str),
    /// Its payload could never be read back.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// What it is to depend on cannot be read.
    #[error("its condition cannot be read")]
    Condition,
}

/// The members of an event that are looked at; there may be others.
#[derive(Deserialize)]
struct Members {
    #[serde(default = "known_version")]
    schema_version: i64,
    agent_id: String,
    event_id: String,
    op: String,
    content_hash: String,
    hlc_physical: i64,
    hlc_logical: i64,
    embedding_model: Option<String>,
    embedding_dim: Option<i64>,
    #[serde(default)]
    payload: Map<String, Value>,
}

fn known_version() -> i64 {
    VERSION
}

impl Event {
    /// Reads what a peer has sent, and is to happen on `condition`.
    pub(super) fn read(members: Map<String, Value>, condition: Condition) -> Result<Self, Malformed> {
        let members: Members = serde_json::from_value(Value::Object(members))
            .map_err(|error| Malformed::Members(error.to_string()))?;
        if members.schema_version > VERSION {
            return Err(Malformed::Version(members.schema_version));
        }
        let mut event = Self {
            agent_id: members.agent_id,
            event_id: members.event_id,
            operation: Operation::from_name(&members.op).ok_or(Malformed::Operation)?,
            content_hash: ContentHash::new(members.content_hash).map_err(|_| Malformed::Name)?,
            clock: Clock { physical: members.hlc_physical, logical: members.hlc_logical },
            embedding_model: members.embedding_model,
            embedding_dim: members.embedding_dim,
            payload: members.payload,
            condition,
        };
        python::normalize(&mut event.payload, python::PAYLOAD_DEPTH)?;
        event.check().map(|()| event)
    }

    /// Whether the payload can be carried out.
    fn check(&self) -> Result<(), Malformed> {
        let payload = &self.payload;
        match self.operation {
            Operation::Create => Content::read(payload).map(drop),
            Operation::UpdateMetadata => Update::read(payload).map(drop),
            Operation::Delete => moment(payload, "deleted_at").map(drop),
        }
    }
}

/// What the payload of a create says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Content<'a> {
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

impl<'a> Content<'a> {
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
