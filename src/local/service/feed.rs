//! The event log, as peers read it: page by page, from where they stopped.
//!
//! Guarantees: a page is one moment of the database. An entry that is damaged shows an empty payload instead
//! of taking the page with it.

use rusqlite::Row;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::side;

use super::Reader;

/// Entries in the order in which they were logged; serialized, it is the API's JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Feed {
    /// The entries.
    pub events: Vec<Logged>,
    /// After which entry the next page begins.
    pub next_seq: i64,
    /// Whether there are more.
    pub has_more: bool,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Logged {
    /// Its place in the log; places are never used twice.
    pub seq: i64,
    /// The version of its form.
    pub schema_version: i64,
    /// Unique together with the author.
    pub event_id: String,
    /// What was done: see [`super::log::Operation::name`].
    pub op: String,
    /// The memory.
    pub content_hash: String,
    /// Who did it.
    pub agent_id: Option<String>,
    /// Its clock, in milliseconds since 1970.
    pub hlc_physical: i64,
    /// Its clock within one millisecond.
    pub hlc_logical: i64,
    /// How the author makes vectors; the vector itself is not in it.
    pub embedding_model: Option<String>,
    /// How many numbers such a vector has.
    pub embedding_dim: Option<i64>,
    /// What was done in detail. The text of a create is the memory's present one, where there is one.
    pub payload: Map<String, Value>,
}

impl Reader {
    /// The first `limit` entries after `since`.
    pub fn feed(&self, since: i64, limit: u32) -> Result<Feed, side::Error> {
        // One more tells whether there are more.
        let sql = "SELECT seq, schema_version, event_id, op, content_hash, agent_id, hlc_physical, hlc_logical, \
                   embedding_model, embedding_dim, payload, iif(op = 'create', (SELECT content FROM memories \
                   WHERE memories.content_hash = sync_events.content_hash AND deleted_at IS NULL), NULL) \
                   FROM sync_events WHERE seq > ?1 ORDER BY seq LIMIT ?2 + 1";
        let read = || -> rusqlite::Result<Vec<Logged>> {
            self.connection.prepare_cached(sql)?.query_map((since, limit), Logged::read)?.collect()
        };
        let mut events = read().map_err(|error| self.failed(error))?;
        let has_more = events.len() > limit as usize;
        events.truncate(limit as usize);
        let next_seq = events.last().map_or(since, |event| event.seq);
        Ok(Feed { events, next_seq, has_more })
    }
}

impl Logged {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |index| -> rusqlite::Result<Option<String>> {
            Ok(row.get_ref(index)?.as_str().ok().map(str::to_owned))
        };
        let number = |index| -> rusqlite::Result<Option<i64>> { Ok(row.get_ref(index)?.as_i64().ok()) };
        let payload: Option<Map<_, _>> = text(10)?.and_then(|payload| serde_json::from_str(&payload).ok());
        let mut payload = payload.unwrap_or_default();
        if let Some(content) = text(11)?.filter(|content| !content.is_empty()) {
            payload.insert("content".to_owned(), content.into());
        }
        Ok(Self {
            seq: row.get(0)?,
            schema_version: number(1)?.unwrap_or(1),
            event_id: text(2)?.unwrap_or_default(),
            op: text(3)?.unwrap_or_default(),
            content_hash: text(4)?.unwrap_or_default(),
            agent_id: text(5)?,
            hlc_physical: number(6)?.unwrap_or_default(),
            hlc_logical: number(7)?.unwrap_or_default(),
            embedding_model: text(8)?,
            embedding_dim: number(9)?,
            payload,
        })
    }
}
