//! Events against the real service's answers to the same events, and what must hold beyond them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;

use super::*;
use crate::local::service::fixture::Fixture;

/// What the real service made of a long sequence of events: `tests/fixtures/sync/record.py` asked it.
const RECORDED: &str = include_str!("../../../../tests/fixtures/sync/applied.jsonl");

const ROWS: &str = "SELECT content_hash, content, tags, memory_type, metadata, created_at, created_at_iso, \
                    updated_at, updated_at_iso, deleted_at, store, superseded_by FROM memories ORDER BY ";

fn recorded() -> impl Iterator<Item = Value> {
    RECORDED.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn batch(events: impl IntoIterator<Item = Value>) -> Batch {
    Batch::read(events.into_iter().map(|event| event.as_object().unwrap().clone()).collect())
}

impl Fixture {
    fn ingest(&mut self, events: impl IntoIterator<Item = Value>) -> Vec<Status> {
        self.at(1_700_000_000.5, |changes| changes.ingest(&batch(events)).unwrap())
    }

    /// One memory, its columns as the recording has them.
    fn row(&self, name: &str) -> Value {
        let sql = ROWS.replace("ORDER BY ", "WHERE content_hash = ?1");
        let mut statement = self.writer.reader.connection.prepare(&sql).unwrap();
        let row = statement.query_row([name], |row| {
            let text = |index| row.get::<_, Option<String>>(index);
            let number = |index| row.get::<_, Option<f64>>(index);
            let metadata: Value = serde_json::from_str(&text(4)?.unwrap()).unwrap();
            Ok(json!([
                text(1)?,
                text(2)?,
                text(3)?,
                metadata,
                number(5)?,
                text(6)?,
                number(7)?,
                text(8)?,
                number(9)?,
                text(10)?,
                text(11)?,
            ]))
        });
        row.optional().unwrap().unwrap_or(Value::Null)
    }
}

#[test]
fn each_event_is_answered_and_carried_out_as_the_service_does_it() {
    let mut database = Fixture::new();
    for (number, line) in recorded().enumerate() {
        let name = line["event"]["content_hash"].as_str().unwrap();
        let status = database.ingest([line["event"].clone()])[0];
        assert_eq!(line["status"], status.name(), "event {number}: {}", line["event"]);
        assert_eq!(
            database.row(name).to_string(),
            line["row"].to_string(),
            "event {number}: {}",
            line["event"]
        );
    }
    database.assert_sound();
}
