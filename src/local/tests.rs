//! The adapter against databases with the schemas of the service's versions 8.24.0, 10.20.6 and 12.2.0.

#![expect(clippy::disallowed_methods, reason = "these tests make and damage database files")]

mod check;
mod fake;
mod files;
mod image;
mod replace;
mod scale;
mod vectors;
mod verify;

use std::cell::RefCell;
use std::fs;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use rusqlite::types::Value;
use rusqlite::{OpenFlags, OptionalExtension};
use tempfile::TempDir;

use super::pass::Second;
use super::*;
use crate::embed::hash_vector;
use crate::object::{Memory, Metadata, Outcome};

const V8: &str = include_str!("../../tests/fixtures/local/v8.sql");
const V10: &str = include_str!("../../tests/fixtures/local/v10.sql");
const V12: &str = include_str!("../../tests/fixtures/local/v12.sql");

/// A database as the service leaves it, with a connection of its own as the service has one.
struct Fixture {
    folder: TempDir,
    service: Connection,
}

impl Fixture {
    fn new(schema: &str) -> Self {
        extension::register();
        let folder = TempDir::new().unwrap();
        let service = Connection::open(folder.path().join("sqlite_vec.db")).unwrap();
        service.execute_batch(schema).unwrap();
        Self { folder, service }
    }

    /// One memory with a hash vector, so that the maker is proven.
    fn with_seed(schema: &str) -> Self {
        Self::with_vector_of("Seed", schema)
    }

    /// One memory, its vector made from `text`.
    fn with_vector_of(text: &str, schema: &str) -> Self {
        let fixture = Self::new(schema);
        fixture.insert("seed", "Seed", r#"{"access_count": 3, "quality_score": 0.50, "a": 1.50}"#);
        fixture.put_vector(fixture.service.last_insert_rowid(), &hash_vector(text, 384));
        fixture
    }

    /// Gives a row a vector.
    fn put_vector(&self, id: i64, vector: &[f32]) {
        let layout: String = self.one("SELECT sql FROM sqlite_schema WHERE name = 'memory_embeddings'");
        let sql = if layout.contains("partition") {
            "INSERT INTO memory_embeddings (rowid, content_embedding, store) VALUES (?1, ?2, 'default')"
        } else {
            "INSERT INTO memory_embeddings (rowid, content_embedding) VALUES (?1, ?2)"
        };
        execute(&self.service, sql, (id, crate::embed::to_bytes(vector)));
    }

    fn insert(&self, key: &str, content: &str, metadata: &str) {
        let sql = "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at) \
                   VALUES (?1, ?2, 'b,a', 'note', ?3, 1.5)";
        execute(&self.service, sql, (key, content, metadata));
    }

    fn options(&self) -> Options {
        Options {
            path: self.folder.path().join("sqlite_vec.db"),
            bookkeeping: Bookkeeping::default(),
            busy_timeout: Duration::from_mins(1),
            now: Timestamp::new(1_700_000_000.25).unwrap(),
            makers: Makers::default(),
        }
    }

    fn open(&self) -> Database {
        Database::open(self.options()).unwrap()
    }

    fn one<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.service.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The row of `key`, column by column.
    fn row(&self, key: &str) -> String {
        let mut statement = self.service.prepare("SELECT * FROM memories WHERE content_hash = ?1").unwrap();
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([key]).unwrap();
        let row = rows.next().unwrap().unwrap();
        let shown = names.iter().enumerate().map(|(index, name)| match row.get(index).unwrap() {
            Value::Null => format!("{name} NULL\n"),
            Value::Text(text) => format!("{name} {text:?}\n"),
            Value::Real(number) => format!("{name} {number}\n"),
            Value::Integer(number) => format!("{name} {number}\n"),
            Value::Blob(bytes) => format!("{name} {bytes:?}\n"),
        });
        shown.collect()
    }

    /// What must hold after every edit: a clean index, and a vector for each live row and for nothing else.
    fn assert_sound(&self, database: &mut Database) {
        if database.schema.stale_terms {
            let check =
                "INSERT INTO memory_content_fts (memory_content_fts, rank) VALUES ('integrity-check', 1)";
            self.service.execute(check, []).expect("the full-text index is clean");
        }
        assert_eq!(database.missing_vectors().unwrap(), 0);
        let live = format!("SELECT count(*) FROM memories WHERE {}", database.schema.live());
        assert_eq!(self.one::<i64>("SELECT count(*) FROM memory_embeddings"), self.one::<i64>(&live));
    }
}

fn execute(connection: &Connection, sql: &str, values: impl rusqlite::Params) {
    connection.execute(sql, values).unwrap();
}

fn key(text: &str) -> ContentHash {
    ContentHash::new(text).unwrap()
}

fn edit(name: &str, expected: Option<&Memory>, target: Option<&Memory>) -> Edit {
    Edit { key: key(name), expected: expected.map(Memory::id), target: target.cloned(), row: None }
}

fn apply(database: &mut Database, edits: Vec<Edit>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    database.apply(edits, &mut |_: ContentHash, outcome: Outcome| outcomes.push(outcome)).unwrap();
    outcomes
}

fn snapshot(database: &mut Database) -> Vec<Found> {
    let mut all = Vec::new();
    database
        .snapshot(&mut |found| {
            all.push(found);
            ControlFlow::Continue(())
        })
        .unwrap();
    all
}

fn held(database: &mut Database, name: &str) -> Option<Memory> {
    match database.get(&[key(name)]).unwrap().pop().unwrap() {
        Some(Found::Memory(held)) => Some(held.memory),
        None => None,
        Some(Found::Unreadable { why, .. }) => panic!("{why}"),
    }
}

fn memory() -> Memory {
    Memory {
        content: "The text that is remembered".to_owned(),
        tags: ["rust", "Ünï"].map(str::to_owned).into(),
        memory_type: Some("note".to_owned()),
        metadata: Metadata::from_text(r#"{"n": 1.50, "é": {"b": [1, 2]}}"#, &Bookkeeping::default()),
        created_at: Timestamp::new(1_712_345_678.25),
        ..Memory::default()
    }
}

/// Memories that each differ from the one before in one field, and in the end in all.
fn versions(stores: bool) -> Vec<Memory> {
    let first = memory();
    let upper = Memory { content: " THE TEXT that is remembered\n".to_owned(), ..first.clone() };
    let odd = Memory { content: "nul \0 and 😀".to_owned(), ..upper.clone() };
    let tags = Memory { tags: ["rust".to_owned()].into(), ..odd.clone() };
    let memory_type = Memory { memory_type: None, ..tags.clone() };
    let parse = |text| Metadata::from_text(text, &Bookkeeping::default());
    let members = Memory { metadata: parse(r#"{"n": 1.5, "new": 1e400}"#), ..memory_type.clone() };
    let opaque = Memory { metadata: parse(r#"{"n": NaN, "s": "\ud800"}"#), ..members.clone() };
    let created = Memory { created_at: None, ..opaque.clone() };
    let empty = Memory { metadata: parse("{}"), tags: [].into(), ..created.clone() };
    let mut versions = vec![first.clone(), upper, odd, tags, memory_type, members, opaque, created, empty];
    if stores {
        let store = Memory { store: Some("work".to_owned()), ..first.clone() };
        versions.push(Memory { superseded_by: Some("other".to_owned()), ..store.clone() });
        versions.push(store);
    }
    versions.push(first);
    versions
}

#[test]
fn every_schema_is_found_out() {
    let facts = |schema| format!("{:?}", Fixture::with_seed(schema).open().facts().unwrap());
    insta::assert_snapshot!([V8, V10, V12].map(facts).join("\n"), @r#"
    Facts { stores: false, soft_deletes: false, dimension: Some(384), maker: Ok(Hash { dimension: 384 }) }
    Facts { stores: false, soft_deletes: true, dimension: Some(384), maker: Ok(Hash { dimension: 384 }) }
    Facts { stores: true, soft_deletes: true, dimension: Some(384), maker: Ok(Hash { dimension: 384 }) }
    "#);
}

#[test]
fn what_is_applied_is_read_back_and_leaves_the_database_sound() {
    for schema in [V8, V10, V12] {
        let fixture = Fixture::with_seed(schema);
        let mut database = fixture.open();
        let mut current: Option<Memory> = None;
        let versions = versions(schema == V12).into_iter().map(Some);
        // Through every version, then deleted, re-created, and deleted again.
        for target in versions.chain([None, Some(memory()), None]) {
            let outcomes = apply(&mut database, vec![edit("key", current.as_ref(), target.as_ref())]);
            assert_eq!(outcomes, [Outcome::Done { now: target.clone() }]);
            assert_eq!(held(&mut database, "key"), target);
            fixture.assert_sound(&mut database);
            current = target;
        }
    }
}

fn any_memory() -> impl Strategy<Value = Memory> {
    let json = prop_oneof![
        any::<i64>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
        vec(any::<bool>(), 0..3).prop_map(serde_json::Value::from),
    ];
    let fields = (
        any::<String>(),
        btree_set("[a-zÜ]{1,3}( [a-z])?", 0..4),
        option::of("[a-z ]{1,8}"),
        btree_map("[a-c\"é]{0,2}", json, 0..4),
        any::<f64>(),
    );
    fields.prop_map(|(content, tags, memory_type, members, created_at)| Memory {
        content,
        tags,
        memory_type,
        metadata: Metadata::Members(members),
        created_at: Timestamp::new(created_at),
        ..Memory::default()
    })
}

#[test]
fn any_memory_becomes_any_other() {
    let fixture = Fixture::with_seed(V12);
    let database = RefCell::new(fixture.open());
    let edits = |from: &Memory, to: &Memory| {
        vec![edit("key", None, Some(from)), edit("key", Some(from), Some(to)), edit("key", Some(to), None)]
    };
    proptest!(ProptestConfig::with_cases(64), |(from in any_memory(), to in any_memory())| {
        let now = [Some(from.clone()), Some(to.clone()), None].map(|now| Outcome::Done { now });
        prop_assert_eq!(apply(&mut database.borrow_mut(), edits(&from, &to)), now);
    });
    fixture.assert_sound(&mut database.borrow_mut());
}

#[test]
fn a_created_row_is_the_services_own() {
    let fixture = Fixture::with_seed(V12);
    apply(&mut fixture.open(), vec![edit("key", None, Some(&memory()))]);
    insta::assert_snapshot!(fixture.row("key"), @r#"
    id 2
    content_hash "key"
    content "The text that is remembered"
    tags "rust,Ünï"
    memory_type "note"
    metadata "{\"n\": 1.50, \"\\u00e9\": {\"b\": [1, 2]}}"
    created_at 1712345678.25
    updated_at 1700000000.25
    created_at_iso "2024-04-05T19:34:38.250000Z"
    updated_at_iso "2023-11-14T22:13:20.250000Z"
    deleted_at NULL
    store "default"
    parent_id NULL
    version 1
    confidence 1
    last_accessed NULL
    superseded_by NULL
    embedding_pending 0
    "#);
}

#[test]
fn an_update_writes_what_differs_and_keeps_everything_else() {
    let fixture = Fixture::with_seed(V12);
    let unknown = "ALTER TABLE memories ADD COLUMN later; \
                   UPDATE memories SET later = x'00ff', confidence = 0.25, last_accessed = 7";
    fixture.service.execute_batch(unknown).unwrap();
    let mut database = fixture.open();
    let before = held(&mut database, "seed").unwrap();
    let vector =
        |fixture: &Fixture| fixture.one::<Vec<u8>>("SELECT content_embedding FROM memory_embeddings");
    let stored = vector(&fixture);

    let metadata = Metadata::from_text(r#"{"a": 1.50, "b": "é"}"#, &Bookkeeping::default());
    let target = Memory { metadata, tags: ["c".to_owned()].into(), ..before.clone() };
    let outcomes = apply(&mut database, vec![edit("seed", Some(&before), Some(&target))]);
    assert_eq!(outcomes, [Outcome::Done { now: Some(target) }]);
    assert_eq!(vector(&fixture), stored);
    insta::assert_snapshot!(fixture.row("seed"), @r#"
    id 1
    content_hash "seed"
    content "Seed"
    tags "c"
    memory_type "note"
    metadata "{\"access_count\": 3, \"quality_score\": 0.50, \"a\": 1.50, \"b\": \"\\u00e9\"}"
    created_at 1.5
    updated_at 1700000000.25
    created_at_iso NULL
    updated_at_iso "2023-11-14T22:13:20.250000Z"
    deleted_at NULL
    store "default"
    parent_id NULL
    version 1
    confidence 0.25
    last_accessed 7
    superseded_by NULL
    embedding_pending 0
    later [0, 255]
    "#);
}

#[test]
fn a_deleted_memory_leaves_a_tombstone_and_no_links() {
    let fixture = Fixture::with_seed(V12);
    let links = "INSERT INTO memory_graph (source_hash, target_hash, similarity, connection_types, created_at) \
                 VALUES ('seed', 'x', 1, '[]', 1), ('x', 'seed', 1, '[]', 1), ('x', 'y', 1, '[]', 1)";
    fixture.service.execute_batch(links).unwrap();
    let mut database = fixture.open();
    let seed = held(&mut database, "seed");
    apply(&mut database, vec![edit("seed", seed.as_ref(), None)]);

    assert_eq!(fixture.one::<String>("SELECT CAST(deleted_at AS TEXT) FROM memories"), "1700000000.25");
    assert_eq!(fixture.one::<i64>("SELECT count(*) FROM memory_graph"), 1);
    assert_eq!(snapshot(&mut database), []);
    fixture.assert_sound(&mut database);
}

#[test]
fn an_edit_that_expects_something_else_writes_nothing() {
    let fixture = Fixture::with_seed(V12);
    fixture.insert("gone", "Gone", "{}");
    fixture.service.execute_batch("UPDATE memories SET deleted_at = 1 WHERE content_hash = 'gone'").unwrap();
    fixture.insert("odd", "Odd", "{}");
    fixture.service.execute_batch("UPDATE memories SET content = x'00' WHERE content_hash = 'odd'").unwrap();
    let mut database = fixture.open();
    let (seed, other) = (held(&mut database, "seed").unwrap(), memory());
    let before: i64 = fixture.one("PRAGMA data_version");

    let stale = vec![
        edit("seed", None, Some(&other)),
        edit("seed", Some(&other), None),
        edit("gone", Some(&other), None),
        edit("missing", Some(&seed), Some(&other)),
        edit("odd", None, Some(&other)),
        edit("odd", Some(&other), None),
    ];
    assert_eq!(apply(&mut database, stale), vec![Outcome::Stale; 6]);
    let agreed = vec![edit("gone", None, None), edit("seed", Some(&seed), Some(&seed))];
    assert!(apply(&mut database, agreed).iter().all(|outcome| matches!(outcome, Outcome::Done { .. })));
    assert_eq!(fixture.one::<i64>("PRAGMA data_version"), before);
}

#[test]
fn odd_rows_are_shown_as_such() {
    let fixture = Fixture::new(V8);
    for name in ["blob", "bytes", "tags", "late", "no time"] {
        fixture.insert(name, "content", "{}");
    }
    fixture.insert(&"k".repeat(2000), "content", "{}");
    fixture
        .service
        .execute_batch(
            "UPDATE memories SET content = x'41' WHERE content_hash = 'blob';
             UPDATE memories SET content = CAST(x'41ff' AS TEXT) WHERE content_hash = 'bytes';
             UPDATE memories SET tags = x'41' WHERE content_hash = 'tags';
             UPDATE memories SET created_at = 'soon', created_at_iso = '1970-01-01T00:00:02.5Z',
                 updated_at = 3 WHERE content_hash = 'late';
             UPDATE memories SET created_at = 9e999, metadata = NULL, tags = NULL, memory_type = ''
                 WHERE content_hash = 'no time';",
        )
        .unwrap();
    let shown = snapshot(&mut fixture.open()).into_iter().map(|found| match found {
        Found::Unreadable { key, why } => format!("{key:?}: {why}"),
        Found::Memory(held) => {
            format!("{:?} {:?} {:?}", held.key, held.memory.created_at, held.updated_at)
        }
    });
    insta::assert_debug_snapshot!(shown.collect::<Vec<_>>(), @r#"
    [
        "Some(ContentHash(\"blob\")): `content` is a blob",
        "Some(ContentHash(\"bytes\")): `content` is not UTF-8",
        "Some(ContentHash(\"tags\")): `tags` is a blob",
        "ContentHash(\"late\") Some(Timestamp(2.5)) Some(Timestamp(3.0))",
        "ContentHash(\"no time\") None None",
        "None: the content_hash has 2000 bytes; at most 1024 can be a name",
    ]
    "#);
}

#[test]
fn what_a_server_could_only_carry_is_put_back_in_its_place() {
    let fixture = Fixture::with_seed(V12);
    let carried = r#"{"memsync": {"created_at": 2.5, "metadata": "[1]"}, "access_count": 1}"#;
    fixture.insert("key", "Carried", carried);
    let mut database = fixture.open();
    let before = held(&mut database, "key").unwrap();
    assert_eq!(before.created_at, Timestamp::new(2.5));
    assert_eq!(before.metadata, Metadata::Opaque("[1]".to_owned()));

    let tagged = Memory { tags: ["new".to_owned()].into(), ..before.clone() };
    apply(&mut database, vec![edit("key", Some(&before), Some(&tagged))]);
    let metadata = "SELECT metadata FROM memories WHERE content_hash = 'key'";
    assert_eq!(fixture.one::<String>(metadata), carried, "it is left where no field of it changes");

    let target = Memory { metadata: Metadata::default(), created_at: Timestamp::new(3.5), ..tagged.clone() };
    let outcomes = apply(&mut database, vec![edit("key", Some(&tagged), Some(&target))]);
    assert_eq!(outcomes, [Outcome::Done { now: Some(target) }]);
    assert_eq!(fixture.one::<String>(metadata), r#"{"access_count": 1}"#);
}

#[test]
fn a_text_that_a_server_could_only_carry_ends_with_the_next_text() {
    let fixture = Fixture::with_seed(V12);
    fixture.insert(
        "key",
        "hello",
        r#"{"memsync": {"content": "Hello", "created_at": 2.5}, "access_count": 1}"#,
    );
    let mut database = fixture.open();
    let before = held(&mut database, "key").unwrap();
    assert_eq!(before.content, "Hello");

    let target = Memory { content: "HELLO!".to_owned(), ..before.clone() };
    let outcomes = apply(&mut database, vec![edit("key", Some(&before), Some(&target))]);
    assert_eq!(outcomes, [Outcome::Done { now: Some(target.clone()) }]);
    let metadata = "SELECT metadata FROM memories WHERE content_hash = 'key'";
    assert_eq!(fixture.one::<String>(metadata), r#"{"memsync": {"created_at": 2.5}, "access_count": 1}"#);

    let all = Memory { content: "hello".to_owned(), created_at: Timestamp::new(3.5), ..target.clone() };
    let back = r#"UPDATE memories SET metadata = '{"memsync": {"content": "HELLO!", "created_at": 2.5}}' WHERE content_hash = 'key'"#;
    fixture.service.execute_batch(back).unwrap();
    let outcomes = apply(&mut database, vec![edit("key", Some(&target), Some(&all))]);
    assert_eq!(outcomes, [Outcome::Done { now: Some(all) }]);
    assert_eq!(fixture.one::<String>(metadata), "{}");
}

#[test]
fn an_unknown_maker_makes_no_vectors_and_leaves_none_that_is_wrong() {
    let fixture = Fixture::with_vector_of("another text", V12);
    let mut database = fixture.open();
    assert!(database.facts().unwrap().maker.is_err());

    let before = held(&mut database, "seed").unwrap();
    let moved = Memory { store: Some("work".to_owned()), ..before.clone() };
    let edits = vec![edit("key", None, Some(&memory())), edit("seed", Some(&before), Some(&moved))];
    apply(&mut database, edits);
    assert_eq!(database.missing_vectors().unwrap(), 1, "the new memory has none");
    assert_eq!(fixture.one::<String>("SELECT store FROM memory_embeddings"), "work");
    assert_eq!(fixture.one::<i64>("SELECT sum(embedding_pending) FROM memories"), 0, "all stay visible");

    let rewritten = Memory { content: "other".to_owned(), ..moved.clone() };
    apply(&mut database, vec![edit("seed", Some(&moved), Some(&rewritten))]);
    assert_eq!(database.missing_vectors().unwrap(), 2);
}

#[test]
fn a_field_without_a_column_is_left_out_and_the_outcome_says_so() {
    let fixture = Fixture::with_seed(V10);
    let mut database = fixture.open();
    let target = Memory { store: Some("work".to_owned()), ..memory() };
    let outcomes = apply(&mut database, vec![edit("key", None, Some(&target))]);
    assert_eq!(outcomes, [Outcome::Done { now: Some(memory()) }]);
}

#[test]
fn a_memory_that_fails_does_not_stop_the_others() {
    let fixture = Fixture::with_seed(V12);
    let refuse = "CREATE TRIGGER refuse AFTER INSERT ON memories WHEN new.content_hash = 'bad' \
                  BEGIN SELECT RAISE(ABORT, 'not this one'); END";
    fixture.service.execute_batch(refuse).unwrap();
    let mut database = fixture.open();
    let edits = ["one", "bad", "two"].map(|name| edit(name, None, Some(&memory()))).into();
    let outcomes = apply(&mut database, edits);
    let done = Outcome::Done { now: Some(memory()) };
    let failed = Outcome::Failed { reason: "not this one".to_owned() };
    assert_eq!(outcomes, [done.clone(), failed, done]);
    fixture.assert_sound(&mut database);
}

#[test]
fn a_transaction_ends_when_its_time_is_up() {
    let fixture = Fixture::with_seed(V12);
    for (hold, count) in [(Duration::ZERO, 5), (Duration::MAX, 1)] {
        let mut database = fixture.open();
        database.hold = hold;
        let name = |n| format!("{hold:?} {n}");
        apply(&mut database, (0..5).map(|n| edit(&name(n), None, Some(&memory()))).collect());
        let deletions = (0..5).map(|n| edit(&name(n), Some(&memory()), None)).collect();
        assert_eq!(database.transactions().count, 1, "few memories that arrive are one step");
        apply(&mut database, deletions);
        assert_eq!(database.transactions().count, 1 + count);
    }
}

#[test]
fn the_service_can_write_during_a_snapshot_which_does_not_see_it() {
    let fixture = Fixture::with_seed(V12);
    fixture.insert("second", "Second", "{}");
    let mut database = fixture.open();
    let mut seen = 0;
    database
        .snapshot(&mut |_| {
            seen += 1;
            fixture.insert(&format!("during {seen}"), "During", "{}");
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, 2);
    assert_eq!(snapshot(&mut database).len(), 4);
}

#[test]
fn edits_wait_for_the_services_own_write() {
    let fixture = Fixture::with_seed(V12);
    let mut database = fixture.open();
    fixture.service.execute_batch("BEGIN IMMEDIATE; UPDATE memories SET tags = 'new'").unwrap();
    let expected = held(&mut database, "seed");
    let service = fixture.service;
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        service.execute_batch("COMMIT").unwrap();
    });
    let outcomes = apply(&mut database, vec![edit("seed", expected.as_ref(), None)]);
    writer.join().unwrap();
    assert_eq!(outcomes, [Outcome::Stale], "and then see it");
}

#[test]
fn a_schema_that_the_service_changes_meanwhile_is_noticed() {
    let fixture = Fixture::with_seed(V10);
    let mut database = fixture.open();
    let target = Memory { store: Some("work".to_owned()), ..memory() };
    fixture.service.execute_batch("ALTER TABLE memories ADD COLUMN store TEXT DEFAULT 'default'").unwrap();
    let outcomes = apply(&mut database, vec![edit("key", None, Some(&target))]);
    assert_eq!(outcomes, [Outcome::Done { now: Some(target) }]);
}
