//! The event log: each change of a memory as one entry, for the peers that follow this database.
//!
//! Guarantees: an entry is there exactly if the change is, because both share a transaction. The clock of an
//! entry made here is ahead of every clock that the log has seen, so what happens later also counts as later,
//! whatever the computer's clock does; but for clocks that are negative or more than a day ahead of the present, which
//! no event may have here and which an earlier server may have logged all the same.
//!
//! What is written past this log, by a service whose own log is off (its default) or by a peer that works on the
//! file, has no entry, as in the service: peers that follow the log see it in the next baseline.
//!
//! Must never: decide what an entry means for its memory.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension, params_from_iter, types as sql};
use serde_json::{Map, Value, json};

use crate::local::{iso, members};
use crate::object::Timestamp;
use crate::side;

use super::event::Event;
use super::resolve::{Clock, Entry, leading};
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
    agent_id: &'a str,
    event_id: &'a str,
    operation: Operation,
    content_hash: &'a str,
    clock: Clock,
    embedding_model: Option<&'a str>,
    embedding_dim: Option<i64>,
    /// JSON text.
    payload: Cow<'a, str>,
}

impl<'a> Line<'a> {
    /// The entry of an event that came from elsewhere.
    pub(super) fn of(event: &'a Event) -> Self {
        Self {
            agent_id: &event.agent_id,
            event_id: &event.id,
            operation: event.operation,
            content_hash: event.content_hash.as_str(),
            clock: event.clock,
            embedding_model: event.embedding_model.as_deref(),
            embedding_dim: event.embedding_dim,
            payload: Cow::Borrowed(&event.text),
        }
    }

    /// The table and its columns that an entry fills.
    pub(super) const COLUMNS: &'static str = "sync_events (agent_id, event_id, op, content_hash, hlc_physical, \
        hlc_logical, embedding_model, embedding_dim, payload, created_at, created_at_iso)";

    /// The values of those columns for an entry that is made at `now`.
    pub(super) fn values(self, now: Timestamp) -> [sql::Value; 11] {
        [
            self.agent_id.to_owned().into(),
            self.event_id.to_owned().into(),
            self.operation.name().to_owned().into(),
            self.content_hash.to_owned().into(),
            self.clock.physical.into(),
            self.clock.logical.into(),
            self.embedding_model.map(str::to_owned).into(),
            self.embedding_dim.into(),
            self.payload.into_owned().into(),
            now.seconds().into(),
            iso::format_seconds(now).into(),
        ]
    }
}

impl Reader {
    /// The members by which the payload of a create says what it knew of an earlier deletion of the same
    /// name: `recreate_of` names the deletion that counts, and `recreate_of_hlc` its clock and author, since
    /// a baseline renames it; `recreate_of` is empty where there was none. Peers need it to tell a memory
    /// that came back from one that was written without knowing of the deletion.
    pub fn recreate_of(&self, content_hash: &str) -> Result<Map<String, Value>, side::Error> {
        let entries = entries(&self.connection, content_hash).map_err(|error| self.failed(error))?;
        let members = match leading(&entries, Operation::Delete) {
            None => json!({ "recreate_of": "" }),
            Some(Entry { event_id, agent_id, clock, .. }) => json!({
                "recreate_of": event_id,
                "recreate_of_hlc": [clock.physical, clock.logical, agent_id],
            }),
        };
        let Value::Object(members) = members else { unreachable!("it was written as an object") };
        Ok(members)
    }
}

impl Changes<'_> {
    /// Adds an entry for a change that was made here, just now. `payload` has the form that the service logs:
    /// of a create the whole memory with the members of [`Reader::recreate_of`], of a change `updates` and
    /// `updated_at`, of a deletion `deleted_at`, and the memory's name in all of them.
    ///
    /// The author is the one that the memory's metadata names in `agent_id`. The service also notes how its own
    /// vectors are made, and a peer with another model then hides the memory from every search; since a
    /// vector never travels, nothing is said about them here.
    pub fn log(&self, operation: Operation, content_hash: &str, payload: &Value) -> Result<(), side::Error> {
        let agent_id = payload["metadata"]["agent_id"].as_str().filter(|name| !name.is_empty());
        let append = |connection| -> rusqlite::Result<()> {
            let clock = clock(connection, self.now)?.next(self.now);
            set_clock(connection, clock)?;
            let line = Line {
                agent_id: agent_id.unwrap_or(NOBODY),
                event_id: &uuid::Uuid::new_v4().to_string(),
                operation,
                content_hash,
                clock,
                embedding_model: None,
                embedding_dim: None,
                payload: Cow::Owned(members::python(payload)),
            };
            append(connection, line, self.now)
        };
        append(&self.reader.connection).map_err(|error| self.failed(error))
    }
}

/// Adds an entry.
pub(super) fn append(connection: &Connection, line: Line<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let insert = format!("INSERT INTO {} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", Line::COLUMNS);
    connection.prepare_cached(&insert)?.execute(params_from_iter(line.values(now))).map(drop)
}

/// Everything that the log holds about one memory.
pub(super) fn entries(connection: &Connection, content_hash: &str) -> rusqlite::Result<Vec<Entry>> {
    let sql = "SELECT hlc_physical, hlc_logical, agent_id, event_id, op, payload FROM sync_events \
               WHERE content_hash = ?1 ORDER BY seq";
    connection.prepare_cached(sql)?.query_map([content_hash], Entry::read)?.collect()
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
    let known = remembered(&transaction)?;
    let settled =
        Clock { physical: known.physical.max(latest.physical), logical: known.logical.max(latest.logical) };
    if settled != known {
        set_clock(&transaction, settled)?;
    }
    transaction.commit()
}

/// The latest clock that was given out or seen. One that nobody can have given out by `now` is passed over, since
/// the service logs whatever it is sent: after it every entry would have the same clock.
pub(super) fn clock(connection: &Connection, now: Timestamp) -> rusqlite::Result<Clock> {
    let remembered = remembered(connection)?;
    if remembered.is_plausible(now) {
        return Ok(remembered);
    }
    let sql = "SELECT hlc_physical, hlc_logical FROM sync_events WHERE hlc_physical BETWEEN 0 AND ?1 \
               AND hlc_logical >= 0 ORDER BY 1 DESC, 2 DESC LIMIT 1";
    let latest = connection
        .prepare_cached(sql)?
        .query_row([Clock::latest_plausible(now)], |row| {
            Ok(Clock { physical: row.get(0)?, logical: row.get(1)? })
        })
        .optional()?;
    Ok(latest.unwrap_or_default())
}

/// The clock that the database remembers.
fn remembered(connection: &Connection) -> rusqlite::Result<Clock> {
    let mut statement = connection.prepare_cached("SELECT value FROM metadata WHERE key = ?1")?;
    let mut part = |key| -> rusqlite::Result<i64> {
        let text: Option<String> = statement.query_row([key], |row| row.get(0)).optional()?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    };
    Ok(Clock { physical: part(CLOCK[0])?, logical: part(CLOCK[1])? })
}

/// Remembers the latest clock.
pub(super) fn set_clock(connection: &Connection, clock: Clock) -> rusqlite::Result<()> {
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
        let present = Self::at(Some(now));
        if present.physical > self.physical {
            present
        } else {
            match self.logical.checked_add(1) {
                Some(logical) => Self { logical, ..self },
                None => Self { physical: self.physical.saturating_add(1), logical: 0 },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::service::fixture::Fixture;

    #[test]
    fn entries_have_the_form_that_the_service_logs() {
        let mut database = Fixture::new();
        let create = json!({"content_hash": "tea", "content": "Tea é", "metadata": {"agent_id": "cook"}});
        let delete = json!({"content_hash": "tea", "deleted_at": 5.5});
        database.at(1_712_345_678.25, |changes| {
            changes.log(Operation::Create, "tea", &create).unwrap();
            changes.log(Operation::Delete, "tea", &delete).unwrap();
        });
        insta::assert_snapshot!(database.log(), @r#"
        1 | 1 | cook | create | tea | 1712345678250 | 0 | NULL | NULL | {"content": "Tea \u00e9", "content_hash": "tea", "metadata": {"agent_id": "cook"}} | 1712345678.25 | 2024-04-05T19:34:38Z
        2 | 1 | unknown | delete | tea | 1712345678250 | 1 | NULL | NULL | {"content_hash": "tea", "deleted_at": 5.5} | 1712345678.25 | 2024-04-05T19:34:38Z
        "#);
    }

    #[test]
    fn a_clock_never_goes_back() {
        let mut database = Fixture::new();
        for now in [10.0, 9.0, 9.5, 10.0005, 11.0] {
            database.at(now, |changes| changes.log(Operation::Delete, "tea", &json!({})).unwrap());
        }
        insta::assert_snapshot!(database.log(), @"
        1 | 1 | unknown | delete | tea | 10000 | 0 | NULL | NULL | {} | 10 | 1970-01-01T00:00:10Z
        2 | 1 | unknown | delete | tea | 10000 | 1 | NULL | NULL | {} | 9 | 1970-01-01T00:00:09Z
        3 | 1 | unknown | delete | tea | 10000 | 2 | NULL | NULL | {} | 9.5 | 1970-01-01T00:00:09Z
        4 | 1 | unknown | delete | tea | 10000 | 3 | NULL | NULL | {} | 10.0005 | 1970-01-01T00:00:10Z
        5 | 1 | unknown | delete | tea | 11000 | 0 | NULL | NULL | {} | 11 | 1970-01-01T00:00:11Z
        ");
    }

    #[test]
    fn a_clock_beyond_all_bounds_holds_back_none_that_comes_later() {
        let mut database = Fixture::new();
        database.execute(
            "INSERT INTO sync_events (agent_id, event_id, op, content_hash, payload, created_at, hlc_physical, hlc_logical)
             VALUES ('a', 'good', 'delete', 'tea', '{}', 1, 9000, 9223372036854775807),
                    ('a', 'bad', 'delete', 'tea', '{}', 1, 9223372036854775807, 9223372036854775807);",
        );
        database.reopen();
        for now in [8.0, 8.0, 10.0] {
            database.at(now, |changes| changes.log(Operation::Delete, "tea", &json!({})).unwrap());
        }
        let clocks = "SELECT hlc_physical, hlc_logical FROM sync_events WHERE seq > 2 ORDER BY seq";
        insta::assert_snapshot!(database.show(clocks), @r"
        9001 | 0
        9001 | 1
        10000 | 0
        ");
    }

    #[test]
    fn a_log_without_clocks_gets_them_when_it_is_opened() {
        let mut database = Fixture::new();
        database.execute(
            "INSERT INTO sync_events (agent_id, event_id, op, content_hash, payload, created_at, hlc_physical, hlc_logical)
             VALUES ('a', 'first', 'delete', 'tea', '{}', 7.5, NULL, NULL), ('a', 'second', 'delete', 'tea', '{}', 8.5, 9000, 3)",
        );
        database.reopen();
        database.at(1.0, |changes| changes.log(Operation::Delete, "tea", &json!({})).unwrap());
        insta::assert_snapshot!(database.log(), @"
        1 | 1 | a | delete | tea | 7500 | 1 | NULL | NULL | {} | 7.5 | NULL
        2 | 1 | a | delete | tea | 9000 | 3 | NULL | NULL | {} | 8.5 | NULL
        3 | 1 | unknown | delete | tea | 9000 | 4 | NULL | NULL | {} | 1 | 1970-01-01T00:00:01Z
        ");
    }

    #[test]
    fn a_memory_that_comes_back_names_the_deletion_that_counts() {
        let database = Fixture::new();
        database.execute(
            "INSERT INTO sync_events (agent_id, event_id, op, content_hash, payload, created_at, hlc_physical, hlc_logical)
             VALUES ('b', 'late', 'delete', 'tea', '{}', 1, 9, 1), ('a', 'late too', 'delete', 'tea', '{}', 1, 9, 1),
                    ('a', 'later', 'create', 'tea', '{}', 1, 9, 2), ('a', 'early', 'delete', 'tea', '{}', 1, 8, 7)",
        );
        let of = |name| Value::Object(database.writer.reader.recreate_of(name).unwrap()).to_string();
        insta::assert_snapshot!(of("tea"), @r#"{"recreate_of":"late too","recreate_of_hlc":[9,1,"a"]}"#);
        insta::assert_snapshot!(of("coffee"), @r#"{"recreate_of":""}"#);
    }
}
