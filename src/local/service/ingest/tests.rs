//! Events against the real service's answers to the same events, and what must hold beyond them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;

use super::*;
use crate::local::service::Versions;
use crate::local::service::fixture::{Fixture, hashes};

/// What the real service made of a long sequence of events: `tests/fixtures/sync/record.py` asked it.
const RECORDED: &str = include_str!("../../../../tests/fixtures/sync/applied.jsonl");

const ROWS: &str = "SELECT content_hash, content, tags, memory_type, metadata, created_at, created_at_iso, \
                    updated_at, updated_at_iso, deleted_at, store, superseded_by FROM memories ORDER BY ";

fn recorded() -> impl Iterator<Item = Value> {
    RECORDED.lines().map(|line| serde_json::from_str(line).unwrap())
}

/// Reads events; the member `condition` of a test's event stands for what HTTP says beside it.
fn batch(events: impl IntoIterator<Item = Value>) -> Batch {
    Batch::read(events.into_iter().map(|event| {
        let Value::Object(mut members) = event else { panic!("an event is an object") };
        let (is, is_not) = match members.remove("condition") {
            None => (None, None),
            Some(Value::Null) => return (members, None),
            Some(condition) if condition == "absent" => (None, Some(Versions::Any)),
            Some(condition) if condition == "present" => (Some(Versions::Any), None),
            Some(version) => (Some(Versions::OneOf(vec![version.as_str().unwrap().parse().unwrap()])), None),
        };
        (members, Some(Condition { is, is_not }))
    }))
}

impl Fixture {
    fn ingest(&mut self, events: impl IntoIterator<Item = Value>) -> Vec<Status> {
        self.at(1_700_000_000.5, |changes| changes.ingest(&batch(events), &hashes()).unwrap())
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
    for line in recorded() {
        let event = &line["event"];
        let name = event["content_hash"].as_str().unwrap();
        let status = database.ingest([event.clone()])[0];
        assert_eq!(line["status"], status.name(), "{event}");
        assert_eq!(database.row(name).to_string(), line["row"].to_string(), "{event}");
    }
    database.assert_sound();
}

#[test]
fn one_request_comes_to_the_same_as_many() {
    let (mut one, mut many) = (Fixture::new(), Fixture::new());
    let events: Vec<Value> = recorded().map(|line| line["event"].clone()).collect();
    let statuses = one.ingest(events.clone());
    let each: Vec<Status> = events.into_iter().flat_map(|event| many.ingest([event])).collect();
    assert_eq!(statuses, each);
    assert_eq!(one.show(&format!("{ROWS} id")), many.show(&format!("{ROWS} id")));
    assert_eq!(one.log(), many.log());
}

/// A create of one of a few memories, with everything that a column can get.
fn create() -> impl Strategy<Value = Value> {
    let member = |values: Vec<Value>| select(values);
    let payload = (
        member(vec![json!("Tea"), json!("Kaffee \u{0} é"), json!(""), json!("x".repeat(3000))]),
        member(vec![json!(["a", "b"]), json!([]), Value::Null]),
        member(vec![json!("note"), Value::Null]),
        member(vec![json!({"a": 1.50}), json!({}), json!(["list"]), Value::Null]),
        member(vec![json!("work"), json!("default"), json!(""), Value::Null]),
        member(vec![json!(7.25), Value::Null]),
        0..3_usize,
    );
    let event = (select(vec!["t", "u", "v", "w", "x", "y", "z"]), 0..9_i64, 0..6_usize, payload);
    event.prop_map(|(name, clock, id, (content, tags, kind, metadata, store, moment, absent))| {
        let mut payload = json!({
            "content": content, "tags": tags, "memory_type": kind, "metadata": metadata, "store": store,
            "created_at": moment, "updated_at": moment, "superseded_by": if clock > 4 { json!("t") } else { Value::Null },
        });
        for name in ["memory_type", "created_at", "updated_at"].iter().take(absent) {
            payload.as_object_mut().unwrap().remove(*name);
        }
        json!({
            "agent_id": "cook", "event_id": format!("{name}{id}"), "op": "create", "content_hash": name,
            "hlc_physical": clock, "hlc_logical": 0, "embedding_model": "m", "embedding_dim": clock,
            "payload": payload,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memories_that_arrive_together_are_those_that_arrive_alone(events in vec(create(), 1..12)) {
        let (mut together, mut alone) = (Fixture::new(), Fixture::new());
        let statuses = together.ingest(events.clone());
        let batch = batch(events);
        let each = alone.at(1_700_000_000.5, |changes| {
            batch.0.iter().map(|event| changes.ingest_one(event, &hashes()).unwrap()).collect::<Vec<_>>()
        });
        prop_assert_eq!(statuses, each);
        let everything = ["memories", "sync_events", "memory_embeddings", "metadata", "sqlite_sequence"];
        for table in everything {
            let sql = format!("SELECT * FROM {table} ORDER BY 1");
            prop_assert_eq!(together.show(&sql), alone.show(&sql));
        }
        together.assert_sound();
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_memory_lives_or_not_in_whatever_order_events_arrive(swaps in vec(any::<(Index, Index)>(), 200)) {
        // Altered and mended copies of one event are what the order is allowed to matter for.
        let mut events: Vec<Value> = Vec::new();
        for line in recorded() {
            let is_new = events.iter().all(|event| event["event_id"] != line["event"]["event_id"]);
            if is_new && line["event"]["payload"]["content"] != "" {
                events.push(line["event"].clone());
            }
        }
        let mut other = events.clone();
        for (a, b) in swaps {
            let (a, b) = (a.index(other.len()), b.index(other.len()));
            other.swap(a, b);
        }
        let [one, other] = [events, other].map(|events| {
            let mut database = Fixture::new();
            database.ingest(events);
            database.show("SELECT content_hash, deleted_at FROM memories ORDER BY 1")
        });
        let [one, other] = [&one, &other].map(|rows| {
            rows.lines().filter_map(|row| row.split_once(" | ")).collect::<BTreeMap<_, _>>()
        });
        // A row may be missing where its memory arrived when others already counted more.
        for (name, deleted_at) in &one {
            prop_assert!(other.get(name).is_none_or(|other| other == deleted_at), "{}", name);
        }
    }
}

/// An event of the memory `tea`, with `changes` made to it.
fn event(id: &str, op: &str, clock: i64, payload: Value, changes: Value) -> Value {
    let mut event = json!({
        "agent_id": "cook", "event_id": id, "op": op, "content_hash": "tea", "hlc_physical": clock,
        "hlc_logical": 0,
    });
    event["payload"] = payload;
    let Value::Object(changes) = changes else { unreachable!() };
    event.as_object_mut().unwrap().extend(changes);
    event
}

fn tea(id: &str, clock: i64, changes: Value) -> Value {
    event(id, "create", clock, json!({"content": "Tea", "tags": ["hot"], "created_at": 1}), changes)
}

#[test]
fn an_event_happens_only_where_its_condition_holds() {
    let mut database = Fixture::new();
    let mut shown = String::new();
    let mut attempt = |database: &mut Fixture, words: &str, event: Value| {
        writeln!(shown, "{words}: {}", database.ingest([event])[0].name()).unwrap();
    };
    let absent = || json!({"condition": "absent"});
    attempt(&mut database, "any version of what is absent", tea("1", 1, json!({"condition": "present"})));
    attempt(&mut database, "absence of what is absent", tea("2", 2, absent()));
    attempt(&mut database, "once more", tea("2", 2, absent()));
    attempt(&mut database, "absence of what is there", tea("3", 3, absent()));
    attempt(&mut database, "another version", tea("4", 4, json!({"condition": "0".repeat(64)})));
    let version = database.writer.reader.find("tea", None).unwrap().unwrap().etag;
    let current = json!({"condition": version.to_string()});
    let update = event("5", "update_metadata", 5, json!({"updates": {"tags": ["cold"]}}), current.clone());
    attempt(&mut database, "the current version", update.clone());
    attempt(&mut database, "once more", update);
    let delete = event("6", "delete", 6, json!({"deleted_at": 6}), current);
    attempt(&mut database, "a version that was replaced", delete);
    attempt(&mut database, "any version of what is there", tea("7", 7, json!({"condition": "present"})));
    insta::assert_snapshot!(shown, @"
    any version of what is absent: precondition_failed
    absence of what is absent: applied
    once more: skipped_duplicate
    absence of what is there: precondition_failed
    another version: precondition_failed
    the current version: applied
    once more: skipped_duplicate
    a version that was replaced: precondition_failed
    any version of what is there: applied
    ");
    assert_eq!(database.show("SELECT group_concat(event_id) FROM sync_events"), "2,5,7\n");
}

#[test]
fn a_condition_that_fails_does_not_stop_what_follows_but_a_failure_does() {
    let mut database = Fixture::new();
    let events = [
        tea("1", 1, json!({"condition": "present"})),
        tea("2", 2, json!({})),
        tea("3", 3, json!({"schema_version": 2})),
        tea("4", 4, json!({})),
        tea("2", 2, json!({})),
    ];
    let names: Vec<&str> = database.ingest(events).into_iter().map(Status::name).collect();
    insta::assert_snapshot!(names.join(" "), @"precondition_failed applied failed failed failed");
    assert_eq!(database.show("SELECT event_id FROM sync_events"), "2\n");
}

#[test]
fn what_cannot_be_carried_out_leaves_nothing_behind() {
    let mut database = Fixture::new();
    let payloads = [
        json!({"content": 5}),
        json!({"content": "Tea", "tags": "hot"}),
        json!({"content": "Tea", "tags": ["hot", 1]}),
        json!({"content": "Tea", "created_at": "yesterday"}),
        json!({"content": "Tea", "store": {}}),
        json!({"content": "Tea", "memory_type": ["note"]}),
        json!([]),
        Value::Null,
    ];
    let mut events: Vec<Value> = payloads.map(|payload| event("1", "create", 1, payload, json!({}))).into();
    for updates in [json!([]), json!({"tags": [1]}), json!({"memory_type": 1})] {
        events.push(event("1", "update_metadata", 1, json!({ "updates": updates }), json!({})));
    }
    events.push(event("1", "delete", 1, json!({"deleted_at": "now"}), json!({})));
    let changes = [
        json!({"op": "upsert"}),
        json!({"content_hash": ""}),
        json!({"content_hash": "x".repeat(1025)}),
        json!({"content_hash": null}),
        json!({"hlc_physical": null}),
        json!({"hlc_logical": "1"}),
        json!({"hlc_physical": 1e30}),
        json!({"event_id": 1}),
        json!({"agent_id": null}),
        json!({"embedding_dim": "x"}),
        json!({"schema_version": 2}),
        json!({"schema_version": null}),
        json!({"condition": null}),
    ];
    events.extend(changes.map(|changes| tea("1", 1, changes)));
    for event in events {
        assert_eq!(database.ingest([event.clone()]), [Status::Failed], "{event}");
    }
    assert_eq!(database.log() + &database.show(&format!("{ROWS} id")), "");
}

#[test]
fn what_was_changed_here_is_not_undone_by_an_event_of_before() {
    let mut database = Fixture::new();
    database.ingest([tea("1", 1_000, json!({}))]);
    // As a PUT does it: the row, and an entry in the log.
    database.execute("UPDATE memories SET tags = 'cold', memory_type = 'note'");
    let updates = json!({"updates": {"tags": ["cold"], "memory_type": "note"}, "updated_at": 2.5});
    database.at(2.5, |changes| changes.log(Operation::UpdateMetadata, "tea", &updates).unwrap());
    let update = |id, clock, metadata: Value| {
        let updates = json!({"updates": {"tags": ["lukewarm"], "metadata": metadata}});
        event(id, "update_metadata", clock, updates, json!({}))
    };
    database.ingest([update("2", 2_000, json!({"from": "afar"}))]);
    let columns = "SELECT tags, memory_type, metadata FROM memories";
    insta::assert_snapshot!(database.show(columns), @r#"cold | note | {"from": "afar"}"#);
    database.ingest([update("3", 3_000, json!({"from": null}))]);
    insta::assert_snapshot!(database.show(columns), @r#"lukewarm | note | {"from": null}"#);
}

#[test]
fn metadata_that_cannot_be_read_stays_while_nothing_is_said_about_it() {
    let mut database = Fixture::new();
    database.ingest([tea("1", 1, json!({}))]);
    database.execute("UPDATE memories SET metadata = '[NaN]'");
    let update = |id, clock, updates: Value| {
        event(id, "update_metadata", clock, json!({ "updates": updates }), json!({}))
    };
    database.ingest([update("2", 2, json!({"tags": ["cold"]}))]);
    assert_eq!(database.show("SELECT tags, metadata FROM memories"), "cold | [NaN]\n");
    database.ingest([update("3", 3, json!({"metadata": {"a": 1}}))]);
    assert_eq!(database.show("SELECT tags, metadata FROM memories"), "cold | {\"a\": 1}\n");
}

fn change(id: &str, clock: i64, updates: &Value) -> Value {
    event(id, "update_metadata", clock, json!({ "updates": updates }), json!({}))
}

#[test]
fn metadata_that_only_python_reads_is_kept_member_by_member() {
    let mut database = Fixture::new();
    database.ingest([tea("1", 1, json!({}))]);
    database.execute(r#"UPDATE memories SET metadata = '{"score": NaN, "half": "\ud800", "author": "me"}'"#);
    database.ingest([change("2", 2, &json!({"metadata": {"a": 1}}))]);
    insta::assert_snapshot!(database.show("SELECT metadata FROM memories"), @r#"{"score": NaN, "half": "\ud800", "author": "me", "a": 1}"#);
}

#[test]
fn an_edit_that_nobody_logged_stays_until_an_event_says_otherwise() {
    let mut database = Fixture::new();
    database.ingest([tea("1", 1, json!({})), change("2", 5, &json!({"metadata": {"a": 0}}))]);
    database.execute("UPDATE memories SET tags = 'cold', memory_type = 'note'");
    let version = database.writer.reader.find("tea", None).unwrap().unwrap().etag;
    let mut leading = change("3", 6, &json!({"metadata": {"a": 1}}));
    leading["condition"] = json!(version.to_string());
    let late = change("4", 4, &json!({"metadata": {"a": 2, "b": 2}}));
    assert_eq!(database.ingest([leading, late]), [Status::Applied; 2]);
    let columns = "SELECT tags, memory_type, metadata FROM memories";
    insta::assert_snapshot!(database.show(columns), @r#"cold | note | {"a": 1, "b": 2}"#);
    database.ingest([change("5", 7, &json!({"tags": ["hot"]}))]);
    insta::assert_snapshot!(database.show(columns), @r#"hot | note | {"a": 1, "b": 2}"#);
}

#[test]
fn what_came_back_or_went_without_an_entry_is_not_turned_by_one_that_changes_nothing() {
    let mut database = Fixture::new();
    let delete = |id, clock| event(id, "delete", clock, json!({ "deleted_at": clock }), json!({}));
    database.ingest([tea("1", 1, json!({})), delete("2", 5)]);
    database.execute("UPDATE memories SET deleted_at = NULL, updated_at = 9");
    database.ingest([tea("3", 2, json!({})), delete("4", 3)]);
    assert_eq!(database.show("SELECT deleted_at FROM memories"), "NULL\n");
    database.ingest([tea("5", 7, json!({}))]);
    database.execute("UPDATE memories SET deleted_at = 9");
    database.ingest([tea("6", 6, json!({})), delete("7", 6)]);
    assert_eq!(database.show("SELECT deleted_at FROM memories"), "9\n");
    database.ingest([delete("8", 10)]);
    assert_eq!(database.show("SELECT deleted_at FROM memories"), "10\n");
}

#[test]
fn an_odd_row_stops_no_event() {
    for metadata in [
        r#"CAST('{"b": 2}' AS BLOB)"#,
        r"CAST(X'7B2262223A20327D' AS TEXT)",
        "X'FF'",
        "CAST(X'FF' AS TEXT)",
        "7",
    ] {
        let mut database = Fixture::new();
        database.ingest([tea("1", 1, json!({}))]);
        database
            .execute(&format!("UPDATE memories SET metadata = {metadata}, store = X'FF', content = X'FF'"));
        let revived = event("4", "create", 4, json!({"content": "Tea"}), json!({}));
        let events = [
            change("2", 2, &json!({"metadata": {"a": 1}})),
            event("3", "delete", 3, json!({}), json!({})),
            revived,
        ];
        assert_eq!(database.ingest(events), [Status::Applied; 3], "{metadata}");
    }
}

#[test]
fn a_clock_that_nobody_can_have_given_out_is_refused() {
    let mut database = Fixture::new();
    let now = 1_700_000_000_500;
    for clock in [-1, now + 24 * 60 * 60 * 1000 + 1, i64::MAX] {
        let events = [tea("1", clock, json!({})), tea("2", clock, json!({"content_hash": "tee"}))];
        assert_eq!(database.ingest(events), [Status::Failed; 2], "{clock}");
    }
    assert_eq!(database.ingest([tea("1", 1, json!({"hlc_logical": -1}))]), [Status::Failed]);
    assert_eq!(database.ingest([tea("1", now + 24 * 60 * 60 * 1000, json!({}))]), [Status::Applied]);
}

#[test]
fn one_memory_that_cannot_be_written_costs_those_before_it_nothing() {
    let mut database = Fixture::new();
    database.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON memories WHEN new.content_hash = '400' \
         BEGIN SELECT RAISE(ABORT, 'refused'); END",
    );
    let events = (0..500).map(|name| tea(&name.to_string(), 1, json!({"content_hash": name.to_string()})));
    let statuses = database.ingest(events);
    assert_eq!(statuses.iter().filter(|status| **status == Status::Applied).count(), 400);
    assert_eq!(statuses[400..], [Status::Failed; 100]);
    assert_eq!(database.show("SELECT count(*) FROM memories"), "400\n");
}
