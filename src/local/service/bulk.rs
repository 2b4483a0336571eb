//! Many memories that arrive at once: the same as one after the other, in three statements.
//!
//! What makes single memories slow is the full-text index, which writes to the disk for each statement and
//! savepoint; in runs of some hundred they are several times as fast.
//!
//! Guarantees: the rows that come of it are those that [`Changes::ingest_one`] makes of each event, in the same
//! order. Where that cannot be said beforehand nothing is done.

use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::local::error;
use crate::side;

use super::event::{Event, Malformed};
use super::ingest::Problem;
use super::log::{Line, Operation};
use super::payload::Arrival;
use super::{Changes, Vectors};

/// How many events one statement takes: SQLite allows 32,766 values, and memory is held for all of them.
const MOST: usize = 512;

/// How many events at the front each bring a memory, and what became of them.
pub(super) enum Run {
    /// They are carried out.
    Arrived(usize),
    /// Nothing is done, because they are too few or one of them cannot be carried out: each is to be looked at
    /// on its own.
    Apart(usize),
}

impl Changes<'_> {
    /// Takes in the events at the front that each bring a memory nobody has heard of yet.
    pub(super) fn ingest_arrivals(
        &self,
        events: &[Result<Event, Malformed>],
        vectors: &Vectors,
    ) -> Result<Run, side::Error> {
        let run = self.arrivals(events).map_err(|error| self.failed(error))?;
        if run.len() < 2 {
            return Ok(Run::Apart(run.len()));
        }
        match self.attempt(|changes| Ok::<_, Problem>(changes.insert_all(&run, vectors)?)) {
            Ok(()) => Ok(Run::Arrived(run.len())),
            Err(Problem::Sqlite(error)) if error::concerns_one_memory(&error) => Ok(Run::Apart(run.len())),
            Err(Problem::Sqlite(error)) => Err(self.failed(error)),
            Err(Problem::Side(error)) => Err(error),
        }
    }

    fn arrivals<'a>(&self, events: &'a [Result<Event, Malformed>]) -> rusqlite::Result<Vec<&'a Event>> {
        let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
        let mut run = Vec::new();
        for event in events.iter().take(MOST).map_while(|event| event.as_ref().ok()) {
            let is_first = names.insert(&event.content_hash) && ids.insert((&event.agent_id, &event.id));
            if !is_first
                || !is_arrival(event)
                || !event.clock.is_plausible(self.now)
                || self.is_known(event)?
            {
                break;
            }
            run.push(event);
        }
        Ok(run)
    }

    /// Whether the database has heard of the memory or of the event.
    fn is_known(&self, event: &Event) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM memories WHERE content_hash = ?1) \
                   OR EXISTS (SELECT 1 FROM sync_events WHERE content_hash = ?1) \
                   OR EXISTS (SELECT 1 FROM sync_events WHERE agent_id = ?2 AND event_id = ?3)";
        self.reader
            .connection
            .prepare_cached(sql)?
            .query_row([event.content_hash.as_str(), &event.agent_id, &event.id], |row| row.get(0))
    }

    fn insert_all(&self, run: &[&Event], made: &Vectors) -> rusqlite::Result<()> {
        let connection = &self.reader.connection;
        insert(connection, Line::COLUMNS, run.iter().map(|event| Line::of(event).values(self.now)))?;
        if let Some(clock) = run.iter().map(|event| event.clock).max() {
            self.pass(clock)?;
        }
        let before: i64 =
            connection.query_row("SELECT coalesce(max(id), 0) FROM memories", [], |row| row.get(0))?;
        let (mut rows, mut vectors) = (Vec::new(), Vec::new());
        for event in run {
            let content = Arrival::read(&event.payload).unwrap_or_default();
            vectors.push((made.get(content.content, connection)?, content.store));
            rows.push(content.columns(event.content_hash.as_str(), self.now));
        }
        self.rows().insert(rows)?;
        // Rows get rising ids, in the order of the statement.
        let ids: Vec<i64> = connection
            .prepare_cached("SELECT id FROM memories WHERE id > ?1 ORDER BY id")?
            .query_map([before], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let vectors = ids.into_iter().zip(vectors).filter_map(|(id, (vector, store))| {
            vector.map(|vector| [id.into(), vector.into(), store.to_owned().into()])
        });
        insert(connection, "memory_embeddings (rowid, content_embedding, store)", vectors)
    }
}

/// Whether an event brings a memory, as far as the event itself says.
fn is_arrival(event: &Event) -> bool {
    let content = event.payload.get("content").and_then(serde_json::Value::as_str);
    event.operation == Operation::Create
        && event.condition.allows(None)
        && content.is_some_and(|content| !content.is_empty())
}

/// Adds rows in one statement.
fn insert<const N: usize>(
    connection: &Connection,
    table: &str,
    rows: impl Iterator<Item = [Value; N]>,
) -> rusqlite::Result<()> {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let row = format!("({})", ["?"; N].join(", "));
    let sql = format!("INSERT INTO {table} VALUES {}", vec![row.as_str(); rows.len()].join(", "));
    connection.prepare_cached(&sql)?.execute(params_from_iter(rows.into_iter().flatten())).map(drop)
}
