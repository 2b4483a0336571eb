//! Memories between the server's JSON and [`Memory`].
//!
//! The server's two readings of a memory differ: `/api/sync/baseline` hands out the row as it is, while the
//! REST endpoints pass it through a model that turns an unknown type into `observation`, no tags into
//! `untagged` and a damaged time into the present one, and that knows no store. So a connection reads
//! through one of them only (see [`super::read`]), and both arrive here in the same field names.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::local::service::{UNTAGGED, types};
use crate::object::{Bookkeeping, Carried, ContentHash, Memory, Metadata, Refusal, Timestamp};
use crate::planted::{self, Mistake};
use crate::side::{Found, Held};

/// A memory as the server holds it, with what is needed to change it.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// The memory.
    pub(super) held: Held,
    /// Its whole metadata object, bookkeeping and nulls included.
    members: Map<String, Value>,
}

/// What the server holds under one name.
#[derive(Clone, Debug)]
pub(super) enum Row {
    /// A memory.
    Live(Box<Record>),
    /// The trace of a deleted memory.
    Tombstone,
    /// Something that cannot be read; why, in one sentence.
    Unreadable(String),
}

impl Row {
    /// The row as the port shows it; `None` where there is no memory.
    pub(super) fn into_found(self, key: ContentHash) -> Option<Found> {
        match self {
            Self::Live(record) => Some(Found::Memory(record.held)),
            Self::Tombstone => None,
            Self::Unreadable(why) => Some(Found::Unreadable { key: Some(key), why }),
        }
    }
}

/// A memory in the service's JSON, be it an item of the REST API or a baseline event's payload, which has no content
/// where it is a tombstone's.
#[derive(Deserialize)]
pub(super) struct Item {
    content_hash: String,
    content: Option<String>,
    tags: Option<Vec<String>>,
    memory_type: Option<String>,
    metadata: Option<Map<String, Value>>,
    created_at: Option<f64>,
    updated_at: Option<f64>,
    store: Option<String>,
    superseded_by: Option<String>,
}

impl Record {
    /// Reads the service's JSON. The error says what is wrong with it.
    pub(super) fn decode(item: Value, bookkeeping: &Bookkeeping) -> Result<Self, String> {
        let item: Item = serde_json::from_value(item).map_err(|error| error.to_string())?;
        Self::of(item, bookkeeping)
    }

    /// The memory that an item shows. The error says what is wrong with it.
    pub(super) fn of(item: Item, bookkeeping: &Bookkeeping) -> Result<Self, String> {
        let key = ContentHash::new(item.content_hash).map_err(|error| error.to_string())?;
        let members = item.metadata.unwrap_or_default();
        let mut memory = Memory {
            content: item.content.ok_or("missing field `content`")?,
            tags: item.tags.unwrap_or_default().into_iter().collect(),
            memory_type: non_empty(item.memory_type),
            metadata: Metadata::from_members(members.clone(), bookkeeping),
            created_at: item.created_at.and_then(Timestamp::new),
            store: non_empty(item.store).filter(|store| store != Memory::DEFAULT_STORE),
            superseded_by: non_empty(item.superseded_by),
        };
        Carried::from_members(&members).restore(&mut memory);
        let updated_at = item.updated_at.and_then(Timestamp::new);
        Ok(Self { held: Held { key, memory, updated_at }, members })
    }

    /// The memory.
    pub(super) fn memory(&self) -> &Memory {
        &self.held.memory
    }

    /// Whether the memory's time is `since` or later.
    pub(super) fn is_from_after(&self, since: Option<Timestamp>) -> bool {
        since.is_some_and(|since| self.memory().created_at.is_some_and(|created| created >= since))
    }

    /// Drops the memory's time where another reading of the same memory shows another one.
    pub(super) fn agree_on_time(&mut self, again: Option<&Self>) {
        if again.is_none_or(|again| again.memory().created_at != self.memory().created_at) {
            self.held.memory.created_at = None;
        }
    }

    /// Whether REST, which knows neither store nor successor, shows this memory as `shown`.
    pub(super) fn is_shown_as(&self, shown: &Self) -> bool {
        let shown = shown.memory();
        let (store, superseded_by) = (shown.store.clone(), shown.superseded_by.clone());
        let mut expected = Memory { store, superseded_by, ..self.memory().clone() };
        if expected.tags.is_empty() && expected.tags != shown.tags {
            expected.tags.insert(UNTAGGED.to_owned());
        }
        if expected.memory_type != shown.memory_type {
            let shown_type = types::canonical(expected.memory_type.as_deref().unwrap_or_default());
            expected.memory_type = Some(shown_type.to_owned());
        }
        expected == *shown
    }

    /// The query that aims a request at the store that holds the memory.
    pub(super) fn store_query(&self) -> String {
        let store = self.memory().store.as_deref();
        store.map(|store| format!("?store={}", super::address::escape(store))).unwrap_or_default()
    }

    /// The body of the PUT that turns the memory into `target`, naming only what differs; `None` where
    /// nothing does. A removed metadata key is set to null, which reads as absent. Text and time go into the
    /// `memsync` member; store and successor cannot be sent this way.
    pub(super) fn changes(&self, target: &Memory, bookkeeping: &Bookkeeping) -> Option<Value> {
        let mut body = Map::new();
        let now = self.memory();
        if now.tags != target.tags {
            body.insert("tags".to_owned(), json!(target.tags));
        }
        if now.memory_type != target.memory_type {
            // The service takes null for "not given"; the empty text is what it reads as no type.
            body.insert("memory_type".to_owned(), json!(target.memory_type.as_deref().unwrap_or_default()));
        }
        let metadata = self.metadata_changes(target, bookkeeping);
        if !metadata.is_empty() {
            body.insert("metadata".to_owned(), Value::Object(metadata));
        }
        (!body.is_empty()).then_some(Value::Object(body))
    }

    fn metadata_changes(&self, target: &Memory, bookkeeping: &Bookkeeping) -> Map<String, Value> {
        let mut wanted = own_members(target);
        let carried = self.carried_for(target).to_member();
        wanted.extend(carried.map(|member| (Bookkeeping::MEMSYNC.to_owned(), member)));
        let mut changes = Map::new();
        for (key, value) in &self.members {
            let ours = key == Bookkeeping::MEMSYNC || !bookkeeping.owns(key);
            let loses = planted::makes(Mistake::LoseANull);
            if ours && !loses && !value.is_null() && !wanted.contains_key(key) {
                changes.insert(key.clone(), Value::Null);
            }
        }
        changes.extend(wanted.into_iter().filter(|(key, value)| self.members.get(key) != Some(value)));
        changes
    }

    /// What the `memsync` member must hold for `target`, on a server whose own text and `created_at` stay.
    fn carried_for(&self, target: &Memory) -> Carried {
        let now = self.memory();
        let carried = Carried::from_members(&self.members);
        let same_time = now.created_at == target.created_at;
        let same_text = now.content == target.content;
        Carried {
            created_at: if same_time { carried.created_at } else { target.created_at },
            metadata: opaque_text(target),
            content: if same_text { carried.content } else { Some(target.content.clone()) },
        }
    }

    /// The members that belong to the service, to be kept when the memory is written anew.
    pub(super) fn kept_members(&self, bookkeeping: &Bookkeeping) -> Map<String, Value> {
        let kept = self.members.iter();
        let kept = kept.filter(|(key, _)| *key != Bookkeeping::MEMSYNC && bookkeeping.owns(key));
        kept.map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

/// The name in a memory's JSON, of which nothing else has to be readable.
pub(super) fn name_in(item: &RawValue) -> Option<ContentHash> {
    #[derive(Deserialize)]
    struct Named {
        content_hash: String,
    }
    let named: Named = serde_json::from_str(item.get()).ok()?;
    ContentHash::new(named.content_hash).ok()
}

/// The payload of a create event. It says everything: an event over a live memory replaces it.
pub(super) fn event_payload(
    key: &ContentHash,
    target: &Memory,
    kept: Map<String, Value>,
    now: Timestamp,
) -> Value {
    let carried = Carried { metadata: opaque_text(target), ..Carried::default() };
    json!({
        "content_hash": key.as_str(),
        "content": target.content,
        "memory_type": target.memory_type,
        "tags": target.tags,
        "created_at": target.created_at.map(Timestamp::seconds),
        "updated_at": now.seconds(),
        "metadata": all_members(target, &carried, kept),
        "store": target.store.as_deref().unwrap_or(Memory::DEFAULT_STORE),
        "superseded_by": target.superseded_by,
    })
}

/// The body of `POST /api/memories`, where `conversation_id` switches the test for similar memories off.
/// The server stamps its own `created_at`, so the memory's travels in its metadata.
pub(super) fn post_body(target: &Memory, device: &str, conversation_id: Option<&str>) -> Value {
    let carried =
        Carried { created_at: target.created_at, metadata: opaque_text(target), ..Carried::default() };
    let mut body = json!({
        "content": target.content,
        "tags": target.tags,
        "memory_type": target.memory_type,
        "metadata": all_members(target, &carried, Map::new()),
        "client_hostname": device,
    });
    if let Some(conversation_id) = conversation_id {
        body["conversation_id"] = json!(conversation_id);
    }
    if let Some(store) = &target.store {
        body["store"] = json!(store);
    }
    body
}

/// Refuses what the service cannot hold, whichever endpoint it is sent to.
pub(super) fn check(target: &Memory) -> Result<(), Refusal> {
    if target.content.is_empty() {
        // The event endpoint drops it, and POST makes a vector of zeros that fails every later POST.
        return Err(Refusal::Unrepresentable("the service cannot hold a memory without text".to_owned()));
    }
    let too_large = target.metadata.members().into_iter().flatten().find(|(_, value)| overflows(value));
    match too_large {
        Some((name, _)) => Err(Refusal::Unrepresentable(format!(
            "the metadata member {name} holds a number that the service cannot hold"
        ))),
        None => Ok(()),
    }
}

/// Whether a value holds a number that becomes an infinity, which JSON cannot give back.
fn overflows(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            let is_float = text.contains(['.', 'e', 'E']);
            is_float && text.parse::<f64>().is_ok_and(f64::is_infinite)
        }
        Value::Array(values) => values.iter().any(overflows),
        Value::Object(members) => members.values().any(overflows),
        _ => false,
    }
}

fn all_members(target: &Memory, carried: &Carried, mut members: Map<String, Value>) -> Map<String, Value> {
    members.extend(own_members(target));
    members.extend(carried.to_member().map(|member| (Bookkeeping::MEMSYNC.to_owned(), member)));
    members
}

fn own_members(target: &Memory) -> Map<String, Value> {
    let members = target.metadata.members().into_iter().flatten();
    members.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn opaque_text(memory: &Memory) -> Option<String> {
    match &memory.metadata {
        Metadata::Opaque(text) => Some(text.clone()),
        Metadata::Members(_) => None,
    }
}

fn non_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
