//! The event log, as peers read it: page by page, from where they stopped.
//!
//! Guarantees: a page is one moment of the database. An entry that is damaged shows an empty payload instead
//! of taking the page with it. NaN, which the service logs and JSON does not know, shows as null.

use rusqlite::Row;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::side;

use super::Reader;
use super::text::members;

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
        let mut payload = text(10)?.map(|payload| members(&payload)).unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use crate::local::service::fixture::Fixture;

    #[test]
    fn a_page_shows_the_present_text_of_what_was_created_and_where_the_next_one_begins() {
        let database = Fixture::new();
        database.execute(
            "INSERT INTO memories (content_hash, content, deleted_at) VALUES
               ('live', 'Edited', NULL), ('blank', '', NULL), ('gone', 'Gone', 5);
             INSERT INTO sync_events (agent_id, event_id, op, content_hash, payload, created_at) VALUES
               ('a', '1', 'create', 'live', '{\"content\": \"Logged\", \"n\": 1.50}', 1),
               ('a', '2', 'create', 'blank', '{\"content\": \"Logged\"}', 1),
               ('a', '3', 'create', 'gone', '{\"content\": \"Logged\"}', 1),
               ('a', '4', 'delete', 'live', '{}', 1),
               (NULL, '5', 'create', 'live', 'damaged', 1),
               ('a', '6', 'create', 'live', '{\"metadata\": {\"n\": NaN, \"m\": 1}}', 1);
             DELETE FROM sync_events WHERE seq = 2;",
        );
        let page = |since, limit| {
            let feed = database.writer.reader.feed(since, limit).unwrap();
            let shown = feed.events.iter().map(|event| {
                let payload = serde_json::to_string(&event.payload).unwrap();
                format!("{} {} {payload}\n", event.seq, event.op)
            });
            shown.collect::<String>() + &format!("next {}, more {}", feed.next_seq, feed.has_more)
        };
        insta::assert_snapshot!(page(0, 3), @r#"
        1 create {"content":"Edited","n":1.50}
        3 create {"content":"Logged"}
        4 delete {}
        next 4, more true
        "#);
        insta::assert_snapshot!(page(4, 1), @r#"
        5 create {"content":"Edited"}
        next 5, more true
        "#);
        insta::assert_snapshot!(page(5, 1), @r#"
        6 create {"content":"Edited","metadata":{"m":1,"n":null}}
        next 6, more false
        "#);
        insta::assert_snapshot!(page(6, 1), @"next 6, more false");
        insta::assert_snapshot!(page(-7, 1), @r#"
        1 create {"content":"Edited","n":1.50}
        next 1, more true
        "#);
        let first = serde_json::to_string(&database.writer.reader.feed(0, 1).unwrap()).unwrap();
        insta::assert_snapshot!(first, @r#"{"events":[{"seq":1,"schema_version":1,"event_id":"1","op":"create","content_hash":"live","agent_id":"a","hlc_physical":0,"hlc_logical":0,"embedding_model":null,"embedding_dim":null,"payload":{"content":"Edited","n":1.50}}],"next_seq":1,"has_more":true}"#);
    }
}
