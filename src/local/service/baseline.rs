//! The whole database in one consistent cut, tombstones too: what a new peer starts from.
//!
//! Guarantees: every row is shown, in the order of the rows, with the latest clock that the log has of it; no
//! change is missed between the cut and the entries after its watermark; memory does not grow with the database.
//! A row that is damaged does not take the others with it, as it does in the service: metadata that is no JSON
//! object travels as text in its member `memsync`, and a row whose text is none shows no content.
//!
//! Must never: be stopped by a reader that has gone away; then it ends, and that is no failure.

use std::io::{self, Write};

use gix_hash::{Kind, hasher};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::local::row::moment;
use crate::object::{self, Bookkeeping, Carried, Memory, Metadata, Timestamp};
use crate::side;

use super::resolve::Clock;
use super::text::strip;
use super::{Reader, python};

/// Who made a memory that names nobody: the service's word for it here.
const NOBODY: &str = "unattributed";

/// How many characters of a digest an event's id has.
const ID_LENGTH: usize = 32;

/// A row as an event; its members are in the service's order.
#[derive(Debug, Serialize)]
struct Line<'a> {
    schema_version: u8,
    agent_id: String,
    event_id: String,
    op: &'static str,
    content_hash: &'a str,
    hlc_physical: i64,
    hlc_logical: i64,
    embedding_model: (),
    embedding_dim: (),
    payload: Payload<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Payload<'a> {
    Delete { content_hash: &'a str, deleted_at: f64 },
    Create(Box<Create<'a>>),
}

#[derive(Debug, Serialize)]
struct Create<'a> {
    content_hash: &'a str,
    content: Option<&'a str>,
    memory_type: Option<&'a str>,
    tags: Vec<&'a str>,
    created_at: Option<f64>,
    updated_at: Option<f64>,
    metadata: Map<String, Value>,
    store: &'a str,
    superseded_by: Option<&'a str>,
}

/// Why writing ended.
enum End {
    Sqlite(rusqlite::Error),
    /// Nobody reads any more.
    Abandoned,
}

impl From<rusqlite::Error> for End {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Abandoned
    }
}

impl From<serde_json::Error> for End {
    fn from(_: serde_json::Error) -> Self {
        Self::Abandoned
    }
}

impl Reader {
    /// Writes the API's JSON: `events`, the `watermark` after which the log goes on, and the `count` of events.
    /// Where `sink` fails nobody wants to see more.
    pub fn baseline(&self, sink: &mut impl Write) -> Result<(), side::Error> {
        match write(&self.connection, &self.options.bookkeeping, sink) {
            Ok(()) | Err(End::Abandoned) => Ok(()),
            Err(End::Sqlite(error)) => Err(self.failed(error)),
        }
    }
}

fn write(connection: &Connection, bookkeeping: &Bookkeeping, sink: &mut impl Write) -> Result<(), End> {
    let cut = connection.unchecked_transaction()?;
    let watermark: i64 =
        cut.query_row("SELECT coalesce(max(seq), 0) FROM sync_events", [], |row| row.get(0))?;
    let select = "SELECT content_hash, content, tags, memory_type, metadata, created_at, created_at_iso, \
                  updated_at, updated_at_iso, deleted_at, store, superseded_by FROM memories ORDER BY id";
    let mut statement = cut.prepare_cached(select)?;
    let mut rows = statement.query([])?;
    let mut count = 0_u64;
    sink.write_all(b"{\"events\":[")?;
    while let Some(row) = rows.next()? {
        let Ok(name) = row.get_ref(0)?.as_str() else {
            tracing::warn!("a row without a readable name is left out of a baseline");
            continue;
        };
        if count > 0 {
            sink.write_all(b",")?;
        }
        let clock = latest_clock(&cut, name)?;
        serde_json::to_writer(&mut *sink, &line(row, name, clock, bookkeeping)?)?;
        count += 1;
    }
    write!(sink, "],\"watermark\":{watermark},\"count\":{count}}}")?;
    Ok(())
}

/// The clock of the latest entry of a memory.
fn latest_clock(connection: &Connection, name: &str) -> rusqlite::Result<Option<Clock>> {
    let sql = "SELECT coalesce(hlc_physical, 0), coalesce(hlc_logical, 0) FROM sync_events \
               WHERE content_hash = ?1 ORDER BY hlc_physical DESC, hlc_logical DESC LIMIT 1";
    connection
        .prepare_cached(sql)?
        .query_row([name], |row| Ok(Clock { physical: row.get(0)?, logical: row.get(1)? }))
        .optional()
}

fn line<'a>(
    row: &'a Row<'_>,
    name: &'a str,
    clock: Option<Clock>,
    bookkeeping: &Bookkeeping,
) -> rusqlite::Result<Line<'a>> {
    let created_at = moment(row.get_ref(5)?, row.get_ref(6)?);
    let updated_at = moment(row.get_ref(7)?, row.get_ref(8)?);
    let metadata = metadata(row.get_ref(4)?.as_str().unwrap_or_default(), bookkeeping);
    let agent_id = metadata.get("agent_id").and_then(Value::as_str).filter(|name| !name.is_empty());
    let agent_id = agent_id.unwrap_or(NOBODY).to_owned();
    let (op, payload) = match row.get_ref(9)? {
        ValueRef::Null => {
            ("create", Payload::Create(Box::new(create(row, name, created_at, updated_at, metadata)?)))
        }
        deleted_at => {
            let deleted_at = deleted_at.as_f64().unwrap_or_default();
            ("delete", Payload::Delete { content_hash: name, deleted_at })
        }
    };
    // What the log does not know has the clock of its creation.
    let clock = clock.unwrap_or_else(|| Clock::at(created_at));
    Ok(Line {
        schema_version: 1,
        agent_id,
        event_id: event_id(op, name, row.get_ref(7)?),
        op,
        content_hash: name,
        hlc_physical: clock.physical,
        hlc_logical: clock.logical,
        embedding_model: (),
        embedding_dim: (),
        payload,
    })
}

fn create<'a>(
    row: &'a Row<'_>,
    name: &'a str,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    metadata: Map<String, Value>,
) -> rusqlite::Result<Create<'a>> {
    let text =
        |index| -> rusqlite::Result<Result<Option<&str>, _>> { Ok(row.get_ref(index)?.as_str_or_null()) };
    let is_readable = [1, 2, 3, 4, 10, 11].into_iter().map(|index| text(index).map(|text| text.is_ok()));
    let is_readable = is_readable.collect::<Result<Vec<_>, _>>()?.into_iter().all(|is| is);
    let text = |index| Ok::<_, rusqlite::Error>(text(index)?.unwrap_or_default().filter(|_| is_readable));
    let tags = text(2)?.unwrap_or_default().split(',').map(strip).filter(|tag| !tag.is_empty());
    Ok(Create {
        content_hash: name,
        content: text(1)?,
        memory_type: text(3)?,
        tags: tags.collect(),
        created_at: created_at.map(Timestamp::seconds),
        updated_at: updated_at.map(Timestamp::seconds),
        metadata,
        store: text(10)?.filter(|store| !store.is_empty()).unwrap_or(Memory::DEFAULT_STORE),
        superseded_by: text(11)?,
    })
}

/// The members of the metadata; text that is no JSON object is carried in one.
fn metadata(text: &str, bookkeeping: &Bookkeeping) -> Map<String, Value> {
    if let Ok(Value::Object(members)) = object::json::parse(text) {
        return members;
    }
    let Metadata::Opaque(text) = Metadata::from_text(text, bookkeeping) else { return Map::new() };
    let carried = Carried { metadata: Some(text), ..Carried::default() };
    carried.to_member().map(|member| (Bookkeeping::MEMSYNC.to_owned(), member)).into_iter().collect()
}

/// The id that the service gives a row in a baseline: the same as long as the row is.
fn event_id(op: &str, name: &str, updated_at: ValueRef<'_>) -> String {
    let updated_at = match updated_at {
        ValueRef::Real(seconds) => python::str(&json!(seconds)),
        ValueRef::Integer(seconds) => seconds.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Null | ValueRef::Blob(_) => python::str(&Value::Null),
    };
    let mut digest = hasher(Kind::Sha256);
    digest.update(format!("baseline:{op}:{name}:{updated_at}").as_bytes());
    let digest = digest.try_finalize().expect("only SHA-1 can fail, when it detects a collision attack");
    format!("bl-{:.ID_LENGTH$}", digest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::service::fixture::Fixture;

    fn baseline(database: &Fixture) -> String {
        let mut text = Vec::new();
        database.writer.reader.baseline(&mut text).unwrap();
        String::from_utf8(text).unwrap().replace("{\"schema_version\"", "\n{\"schema_version\"")
    }

    #[test]
    fn rows_are_shown_as_the_service_shows_them() {
        let database = Fixture::new();
        insta::assert_snapshot!(baseline(&database), @r#"{"events":[],"watermark":0,"count":0}"#);
        // The service's own answer to the same rows is what was accepted here.
        database.execute(
            r#"INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, updated_at,
                 deleted_at, store, superseded_by) VALUES
                 ('tea', 'Tea é', ' a ,,b', 'Note', '{"agent_id": "cook", "n": 1}', 1.5, 1700000000.25, NULL, NULL, ''),
                 ('gone', 'Gone', '', NULL, '{}', 2, 3, 4.5, 'work', NULL),
                 ('plain', 'Plain', NULL, NULL, NULL, NULL, NULL, NULL, 'work', 'tea');
               INSERT INTO sync_events (agent_id, event_id, op, content_hash, payload, created_at, hlc_physical, hlc_logical)
                 VALUES ('a', '1', 'create', 'tea', '{}', 1, 10, 5), ('a', '2', 'create', 'tea', '{}', 1, 20, 1),
                        ('a', '3', 'create', 'tea', '{}', 1, 20, 3), ('a', '4', 'create', 'tea', '{}', 1, 9, 99)"#,
        );
        insta::assert_snapshot!(baseline(&database), @r#"
        {"events":[
        {"schema_version":1,"agent_id":"cook","event_id":"bl-2b1613e7f0a897a5d8f1fa25c5ecd22f","op":"create","content_hash":"tea","hlc_physical":20,"hlc_logical":3,"embedding_model":null,"embedding_dim":null,"payload":{"content_hash":"tea","content":"Tea é","memory_type":"Note","tags":["a","b"],"created_at":1.5,"updated_at":1700000000.25,"metadata":{"agent_id":"cook","n":1},"store":"default","superseded_by":""}},
        {"schema_version":1,"agent_id":"unattributed","event_id":"bl-ad835eed1bab691b849eba42d4030019","op":"delete","content_hash":"gone","hlc_physical":2000,"hlc_logical":0,"embedding_model":null,"embedding_dim":null,"payload":{"content_hash":"gone","deleted_at":4.5}},
        {"schema_version":1,"agent_id":"unattributed","event_id":"bl-d04c1833e88f5ebd90376f5050068f65","op":"create","content_hash":"plain","hlc_physical":0,"hlc_logical":0,"embedding_model":null,"embedding_dim":null,"payload":{"content_hash":"plain","content":"Plain","memory_type":null,"tags":[],"created_at":null,"updated_at":null,"metadata":{},"store":"work","superseded_by":"tea"}}],"watermark":4,"count":3}
        "#);
    }

    #[test]
    fn a_damaged_row_does_not_take_the_others_with_it() {
        let database = Fixture::new();
        database.execute(
            r#"INSERT INTO memories (content_hash, content, tags, metadata) VALUES
                 ('list', 'List', '', '[1]'), ('surrogate', 'Half', '', '{"a": "\ud800"}'), ('nan', 'NaN', '', '{"a": NaN}'),
                 ('text', CAST(x'ff' AS TEXT), '', '{}'), ('tags', 'Tags', x'00', '{}'), (CAST(x'ff' AS TEXT), 'Name', '', '{}'),
                 ('well', 'Well', '', '{}')"#,
        );
        let baseline: Value = serde_json::from_str(&baseline(&database)).unwrap();
        let shown = baseline["events"].as_array().unwrap().iter().map(|event| {
            let Value::Object(payload) = &event["payload"] else { unreachable!() };
            format!("{}: {} {}\n", payload["content_hash"], payload["content"], payload["metadata"])
        });
        insta::assert_snapshot!(shown.collect::<String>() + &baseline["count"].to_string(), @r#"
        "list": "List" {"memsync":{"metadata":"[1]"}}
        "surrogate": "Half" {"memsync":{"metadata":"{\"a\": \"\\ud800\"}"}}
        "nan": "NaN" {"memsync":{"metadata":"{\"a\": NaN}"}}
        "text": null {}
        "tags": null {}
        "well": "Well" {}
        6
        "#);
    }

    #[test]
    fn it_ends_where_nobody_reads_any_more() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let database = Fixture::new();
        database.writer.reader.baseline(&mut Gone).unwrap();
        assert!(database.writer.reader.connection.is_autocommit(), "it holds on to the database");
    }
}
