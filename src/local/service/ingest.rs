//! Events of other peers, taken into the log and carried out.
//!
//! Guarantees: what is answered [`Status::Applied`] or [`Status::SkippedDuplicate`] is in the log once the
//! transaction is committed, and is carried out once, however often it comes. Whether a memory that is there
//! lives is what all entries of the log come to, whatever order they came in, and so is each field that an update
//! names, from then on. What was edited in the row without an entry stays until an event says something else about
//! it. A create that arrives when others already count more shows with the next update, and one without text too,
//! as in the service; that update says all the entries say, and so may undo an edit without an entry. An event that is
//! answered otherwise left nothing behind.
//!
//! Must never: let an event pass whose condition does not hold.

use rusqlite::{OptionalExtension, params};
use serde_json::{Map, Value};

use crate::local::{error, members, write};
use crate::side;

use super::bulk::Run;
use super::event::{Event, Malformed};
use super::log::{self, Line, Operation};
use super::payload::Arrival;
use super::resolve::{Clock, Entry, Fields, Liveness};
use super::{Changes, Condition, Reader, Vectors, text};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It counts now.
    Applied,
    /// It was there before, or something that was there before counts more.
    SkippedDuplicate,
    /// It could not be carried out, or one before it could not.
    Failed,
    /// The memory is not what the event expects.
    PreconditionFailed,
}

impl Status {
    /// The service's name for it; of the last one, which the service does not have, the one that fits.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::SkippedDuplicate => "skipped_duplicate",
            Self::Failed => "failed",
            Self::PreconditionFailed => "precondition_failed",
        }
    }
}

/// Events, read and ready to be carried out.
#[derive(Debug)]
pub struct Batch(pub(super) Vec<Result<Event, Malformed>>);

impl Batch {
    /// Reads events, each with the condition on which it is to happen, or `None` where that could not be read.
    /// What is no event will fail in its turn.
    #[must_use]
    pub fn read(events: impl IntoIterator<Item = (Map<String, Value>, Option<Condition>)>) -> Self {
        let read = |(members, condition): (_, Option<Condition>)| {
            Event::read(members, condition.ok_or(Malformed::Condition)?)
        };
        Self(events.into_iter().map(read).collect())
    }

    /// The texts of the memories that the events bring, of which vectors are needed.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let creates = self.0.iter().flatten().filter(|event| event.operation == Operation::Create);
        let texts = creates.filter_map(|event| event.payload.get("content").and_then(Value::as_str));
        texts.filter(|text| !text.is_empty())
    }
}

/// Why one event could not be carried out.
#[derive(Debug)]
pub(super) enum Problem {
    /// SQLite refused something.
    Sqlite(rusqlite::Error),
    /// The savepoint around it failed.
    Side(side::Error),
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<side::Error> for Problem {
    fn from(error: side::Error) -> Self {
        Self::Side(error)
    }
}

impl Changes<'_> {
    /// Takes events in, in their order, and says what became of each. Once one has failed none after it is
    /// looked at. An error concerns the database: then nothing may be committed.
    pub fn ingest(&self, batch: &Batch, vectors: &Vectors) -> Result<Vec<Status>, side::Error> {
        let events = &batch.0;
        let mut statuses = Vec::with_capacity(events.len());
        let mut alone_until = 0;
        while let Some(event) = events.get(statuses.len()) {
            if statuses.len() >= alone_until {
                match self.ingest_arrivals(&events[statuses.len()..], vectors)? {
                    Run::Arrived(length) => {
                        statuses.resize(statuses.len() + length, Status::Applied);
                        continue;
                    }
                    Run::Apart(length) => alone_until = statuses.len() + length,
                }
            }
            let status = self.ingest_one(event, vectors)?;
            statuses.push(status);
            if status == Status::Failed {
                statuses.resize(events.len(), Status::Failed);
            }
        }
        Ok(statuses)
    }

    /// Takes in one event, on its own.
    pub(super) fn ingest_one(
        &self,
        event: &Result<Event, Malformed>,
        vectors: &Vectors,
    ) -> Result<Status, side::Error> {
        let event = match event {
            Ok(event) => event,
            Err(malformed) => {
                tracing::debug!(%malformed, "an event is refused");
                return Ok(Status::Failed);
            }
        };
        if !event.clock.is_plausible(self.now) {
            tracing::warn!(clock = ?event.clock, "an event is refused for its clock");
            return Ok(Status::Failed);
        }
        match self.attempt(|changes| changes.carry_out(event, vectors)) {
            Ok(status) => Ok(status),
            Err(Problem::Sqlite(error)) if error::concerns_one_memory(&error) => {
                tracing::warn!(%error, "an event cannot be carried out");
                Ok(Status::Failed)
            }
            Err(Problem::Sqlite(error)) => Err(self.failed(error)),
            Err(Problem::Side(error)) => Err(error),
        }
    }

    fn carry_out(&self, event: &Event, vectors: &Vectors) -> Result<Status, Problem> {
        let mended = match self.known(event)? {
            None => None,
            Some((operation, payload)) => match mended(event, &operation, payload) {
                // The log's own version of an event is the one that counts.
                None => return Ok(Status::SkippedDuplicate),
                mended => mended,
            },
        };
        if !self.holds(event)? {
            return Ok(Status::PreconditionFailed);
        }
        match &mended {
            None => log::append(&self.reader.connection, Line::of(event), self.now)?,
            Some(payload) => self.mend(event, payload)?,
        }
        self.pass(event.clock)?;
        Ok(self.settle(event, mended.as_ref().unwrap_or(&event.payload), vectors)?)
    }

    /// What the log holds under the event's id.
    fn known(&self, event: &Event) -> rusqlite::Result<Option<(String, Map<String, Value>)>> {
        let sql = "SELECT op, payload FROM sync_events WHERE agent_id = ?1 AND event_id = ?2";
        self.reader
            .connection
            .prepare_cached(sql)?
            .query_row([&event.agent_id, &event.id], |row| {
                let payload: String = row.get(1)?;
                Ok((row.get(0)?, text::members(&payload)))
            })
            .optional()
    }

    /// Whether the memory is what the event expects.
    fn holds(&self, event: &Event) -> rusqlite::Result<bool> {
        if event.condition == Condition::default() {
            return Ok(true);
        }
        let Reader { connection, schema, options, .. } = self.reader;
        Ok(match write::find(connection, schema, &options.bookkeeping, &event.content_hash)? {
            None => event.condition.allows(None),
            Some(Ok(stored)) => event.condition.allows(Some(stored.held.memory.id())),
            // Something is there, but it is no version that anybody could have seen.
            Some(Err(_)) => false,
        })
    }

    fn mend(&self, event: &Event, payload: &Map<String, Value>) -> rusqlite::Result<()> {
        let sql = "UPDATE sync_events SET payload = ?3 WHERE agent_id = ?1 AND event_id = ?2";
        let values = params![event.agent_id, event.id, members::python(payload)];
        self.reader.connection.prepare_cached(sql)?.execute(values).map(drop)
    }

    /// Notes that the log has seen `clock`: what is written here later has to be later than it.
    pub(super) fn pass(&self, clock: Clock) -> rusqlite::Result<()> {
        let connection = &self.reader.connection;
        if clock > log::clock(connection, self.now)? { log::set_clock(connection, clock) } else { Ok(()) }
    }

    /// Makes the memory what its entries come to, now that `event` is one of them.
    fn settle(
        &self,
        event: &Event,
        payload: &Map<String, Value>,
        vectors: &Vectors,
    ) -> rusqlite::Result<Status> {
        let key = event.content_hash.as_str();
        let entries = log::entries(&self.reader.connection, key)?;
        let leads = entries.iter().min_by_key(|entry| entry.rank()).is_some_and(|entry| is(event, entry));
        let others: Vec<Entry> = entries.iter().filter(|entry| !is(event, entry)).cloned().collect();
        let before = Liveness::carried_out(&others);
        let mut counts = leads || event.operation == Operation::UpdateMetadata;
        // What is refused here was refused when the event was read.
        let arrival = Arrival::read(payload).unwrap_or_default();
        match event.operation {
            Operation::UpdateMetadata => {
                let own = entries.iter().find(|entry| is(event, entry));
                let fields = own.map(|own| Fields::decided_by(own, &entries)).unwrap_or_default();
                self.put_fields(key, &fields)?;
            }
            Operation::Create if leads && !arrival.content.is_empty() => {
                self.put_memory(key, arrival, vectors)?;
                // The row is a new one, and was not there before.
                self.put_liveness(key, &entries, Liveness::Unsaid, vectors)?;
            }
            // The service, too, waits for one more event.
            Operation::Create if leads => counts = false,
            Operation::Create | Operation::Delete => self.put_liveness(key, &entries, before, vectors)?,
        }
        Ok(if counts { Status::Applied } else { Status::SkippedDuplicate })
    }
}

fn is(event: &Event, entry: &Entry) -> bool {
    entry.event_id == event.id && entry.agent_id.as_deref() == Some(&event.agent_id)
}

/// The payload that the log should hold for an event that it knows without text, now that the event comes with
/// one: nothing but the text is taken from it. `None` where there is nothing to mend.
fn mended(event: &Event, operation: &str, known: Map<String, Value>) -> Option<Map<String, Value>> {
    let is_create = event.operation == Operation::Create && operation == Operation::Create.name();
    let text = |payload: &Map<String, Value>, name: &str| {
        payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let is_same = [&known, &event.payload].map(|payload| text(payload, "content_hash"));
    let is_same = is_same.iter().all(|name| name == event.content_hash.as_str());
    let content = text(&event.payload, "content");
    let mends = is_create && is_same && text(&known, "content").is_empty() && !content.is_empty();
    mends.then(|| {
        let mut mended = known;
        mended.insert("content".to_owned(), content.into());
        mended
    })
}

#[cfg(test)]
mod tests;
