//! The event log: each change of a memory as one entry, for the peers that follow this database.
//!
//! Guarantees: an entry is there exactly if the change is, because both share a transaction. The clock of an
//! entry made here is ahead of every clock that the log has seen, so what happens later also counts as later,
//! whatever the computer's clock does.
//!
//! Must never: decide what an entry means for its memory.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value, json};

use crate::local::{iso, members};
use crate::object::Timestamp;
use crate::side;

use super::resolve::{Clock, Entry};
use super::{Changes, Reader};

/// What an entry did to its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The memory was created, or replaced as a whole.
    Create,
    /// Tags, type or metadata were changed.
    UpdateMetadata,
    /// The memory was deleted.
    Delete,
}

impl Operation {
    /// All of them.
    const ALL: [Self; 3] = [Self::Create, Self::UpdateMetadata, Self::Delete];

    /// The service's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::UpdateMetadata => "update_metadata",
            Self::Delete => "delete",
        }
    }

    /// Reads the service's name for it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }
}

/// Who made an entry whose memory names nobody: the service's word for it.
const NOBODY: &str = "unknown";

/// The rows of the table `metadata` that hold the latest clock.
const CLOCK: [&str; 2] = ["sync_hlc_physical", "sync_hlc_logical"];

/// An entry as it is written.
pub(super) struct Line<'a> {
    pub(super) agent_id: &'a str,
    pub(super) event_id: &'a str,
    pub(super) operation: Operation,
    pub(super) content_hash: &'a str,
    pub(super) clock: Clock,
    pub(super) embedding_model: Option<&'a str>,
    pub(super) embedding_dim: Option<i64>,
    /// JSON text.
    pub(super) payload: String,
}

impl Reader {
    /// The members by which the payload of a create says what it knew of an earlier deletion of the same
    /// name: `recreate_of` names the deletion that counts, and `recreate_of_hlc` its clock and author, since
    /// a baseline renames it; `recreate_of` is empty where there was none. Peers need it to tell a memory
    /// that came back from one that was written without knowing of the deletion.
    pub fn recreate_of(&self, content_hash: &str) -> Result<Map<String, Value>, side::Error> {
        let entries = self.entries(content_hash)?;
        let deletions = entries.iter().filter(|entry| entry.operation == Some(Operation::Delete));
        let members = match deletions.min_by_key(|entry| entry.rank()) {
            None => json!({ "recreate_of": "" }),
            Some(Entry { event_id, agent_id, clock, .. }) => json!({
                "recreate_of": event_id,
                "recreate_of_hlc": [clock.physical, clock.logical, agent_id],
            }),
        };
        let Value::Object(members) = members else { unreachable!("it was written as an object") };
        Ok(members)
    }

    /// Everything that the log holds about one memory.
    pub(super) fn entries(&self, content_hash: &str) -> Result<Vec<Entry>, side::Error> {
        let sql = "SELECT hlc_physical, hlc_logical, agent_id, event_id, op, payload FROM sync_events \
                   WHERE content_hash = ?1 ORDER BY seq";
        let read = || -> rusqlite::Result<Vec<Entry>> {
            self.connection.prepare_cached(sql)?.query_map([content_hash], Entry::read)?.collect()
        };
        read().map_err(|error| self.failed(error))
    }
}

impl Changes<'_> {
    /// Adds an entry for a change that was made here, just now. `payload` has the form that the service logs:
    /// of a create the whole memory with the members of [`Reader::recreate_of`], of a change `updates` and
    /// `updated_at`, of a deletion `deleted_at`, and the memory's name in all of them.
    ///
    /// The author is the one that the memory's metadata names in `agent_id`. The service also notes how its own
    /// vectors are made, and a peer with another model then hides the memory from every list; since a
    /// vector never travels, nothing is said about them here.
    pub fn log(&self, operation: Operation, content_hash: &str, payload: &Value) -> Result<(), side::Error> {
        let agent_id = payload["metadata"]["agent_id"].as_str().filter(|name| !name.is_empty());
        let clock = self.clock()?.next(self.now);
        self.set_clock(clock)?;
        self.append(&Line {
            agent_id: agent_id.unwrap_or(NOBODY),
            event_id: &uuid::Uuid::new_v4().to_string(),
            operation,
            content_hash,
            clock,
            embedding_model: None,
            embedding_dim: None,
            payload: members::python(payload),
        })
    }

    /// Adds an entry as it is.
    pub(super) fn append(&self, line: &Line<'_>) -> Result<(), side::Error> {
        let sql = "INSERT INTO sync_events (agent_id, event_id, op, content_hash, hlc_physical, hlc_logical, \
                   embedding_model, embedding_dim, payload, created_at, created_at_iso) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values = params![
            line.agent_id,
            line.event_id,
            line.operation.name(),
            line.content_hash,
            line.clock.physical,
            line.clock.logical,
            line.embedding_model,
            line.embedding_dim,
            line.payload,
            self.now.seconds(),
            iso::format_seconds(self.now),
        ];
        let insert = |connection: &Connection| connection.prepare_cached(sql)?.execute(values);
        insert(&self.reader.connection).map(drop).map_err(|error| self.failed(error))
    }

    /// The latest clock that was given out or seen.
    pub(super) fn clock(&self) -> Result<Clock, side::Error> {
        let clock = clock(&self.reader.connection);
        clock.map_err(|error| self.failed(error))
    }

    /// Remembers the latest clock.
    pub(super) fn set_clock(&self, clock: Clock) -> Result<(), side::Error> {
        set_clock(&self.reader.connection, clock).map_err(|error| self.failed(error))
    }
}

/// Brings the remembered clock up to the log, as the service does whenever it starts: entries that came
/// without a clock get one, and none is ahead of what is remembered.
pub(super) fn settle_clock(connection: &Connection) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let fill = "UPDATE sync_events SET hlc_physical = CAST(created_at * 1000 AS INTEGER), hlc_logical = seq \
                WHERE hlc_physical IS NULL OR hlc_logical IS NULL";
    transaction.execute(fill, [])?;
    let latest = "SELECT coalesce(max(hlc_physical), 0), coalesce(max(hlc_logical), 0) FROM sync_events";
    let latest =
        transaction.query_row(latest, [], |row| Ok(Clock { physical: row.get(0)?, logical: row.get(1)? }))?;
    let known = clock(&transaction)?;
    let settled =
        Clock { physical: known.physical.max(latest.physical), logical: known.logical.max(latest.logical) };
    if settled != known {
        set_clock(&transaction, settled)?;
    }
    transaction.commit()
}

fn clock(connection: &Connection) -> rusqlite::Result<Clock> {
    let mut statement = connection.prepare_cached("SELECT value FROM metadata WHERE key = ?1")?;
    let mut part = |key| -> rusqlite::Result<i64> {
        let text: Option<String> = statement.query_row([key], |row| row.get(0)).optional()?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    };
    Ok(Clock { physical: part(CLOCK[0])?, logical: part(CLOCK[1])? })
}

fn set_clock(connection: &Connection, clock: Clock) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO metadata (key, value) VALUES (?1, ?3), (?2, ?4)";
    let [physical, logical] = CLOCK;
    connection
        .prepare_cached(sql)?
        .execute([physical, logical, &clock.physical.to_string(), &clock.logical.to_string()])
        .map(drop)
}

impl Clock {
    /// The clock of what happens at `now`, after this one.
    fn next(self, now: Timestamp) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "what is out of range is at its end")]
        let milliseconds = (now.seconds() * 1000.0) as i64;
        if milliseconds > self.physical {
            Self { physical: milliseconds, logical: 0 }
        } else {
            Self { logical: self.logical.saturating_add(1), ..self }
        }
    }
}
