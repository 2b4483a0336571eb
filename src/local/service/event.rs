//! An event as a peer sends it.
//!
//! Guarantees: what is read here can be logged and carried out; everything else is refused with a reason, and
//! nothing of it is kept. The service keeps an event in its log even where it could not carry it out, where every
//! peer that reads the log then fails on it.
//!
//! Must never: change what a peer has sent.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::local::members;
use crate::object::ContentHash;

use super::Condition;
use super::log::Operation;
use super::payload::{self, Arrival, Update};
use super::python::{self, Unreadable};
use super::resolve::Clock;

/// The version of the form of events that is understood.
const VERSION: i64 = 1;

/// An event, and what it is to depend on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) agent_id: String,
    pub(super) id: String,
    pub(super) operation: Operation,
    pub(super) content_hash: ContentHash,
    pub(super) clock: Clock,
    pub(super) embedding_model: Option<String>,
    pub(super) embedding_dim: Option<i64>,
    pub(super) payload: Map<String, Value>,
    /// The payload as it is logged. It is written here already, because only one thread writes to the log.
    pub(super) text: String,
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
    pub(super) fn read(mut members: Map<String, Value>, condition: Condition) -> Result<Self, Malformed> {
        // Taken as it is: not every key survives being read a second time (see `object::json`).
        let payload = members.get_mut("payload").and_then(Value::as_object_mut).map(std::mem::take);
        let mut members: Members = serde_json::from_value(Value::Object(members))
            .map_err(|error| Malformed::Members(error.to_string()))?;
        members.payload = payload.unwrap_or(members.payload);
        if members.schema_version > VERSION {
            return Err(Malformed::Version(members.schema_version));
        }
        python::normalize(&mut members.payload, python::PAYLOAD_DEPTH)?;
        let event = Self {
            agent_id: members.agent_id,
            id: members.event_id,
            operation: Operation::from_name(&members.op).ok_or(Malformed::Operation)?,
            content_hash: ContentHash::new(members.content_hash).map_err(|_| Malformed::Name)?,
            clock: Clock { physical: members.hlc_physical, logical: members.hlc_logical },
            embedding_model: members.embedding_model,
            embedding_dim: members.embedding_dim,
            text: members::python(&members.payload),
            payload: members.payload,
            condition,
        };
        event.check().map(|()| event)
    }

    /// Whether the payload can be carried out.
    fn check(&self) -> Result<(), Malformed> {
        let payload = &self.payload;
        match self.operation {
            Operation::Create => Arrival::read(payload).map(drop),
            Operation::UpdateMetadata => Update::read(payload).map(drop),
            Operation::Delete => payload::moment(payload, "deleted_at").map(drop),
        }
    }
}
