//! The service's writes: what each comes to in every state, and what it leaves behind.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixture::{Fixture, hashes};
use super::*;
use crate::object::{BlobId, ObjectId as _};

const TEA: &str = "Tea is at four";

/// The conditions that a write can have.
#[derive(Clone, Copy, Debug)]
enum If {
    Nothing,
    Absent,
    Current,
    Other,
}

impl Fixture {
    fn draft(content: &str) -> Draft {
        Draft { content: content.to_owned(), store: "default".to_owned(), ..Draft::default() }
    }

    fn store(&mut self, content: &str) -> Creation {
        self.store_if(content, &Condition::default())
    }

    fn store_if(&mut self, content: &str, condition: &Condition) -> Creation {
        let new = New::try_from(Self::draft(content)).unwrap();
        self.at(1.5, |changes| changes.store(&new, &hashes(), condition).unwrap())
    }

    fn update(&mut self, name: &str, tag: &str, condition: &Condition) -> Change<Version> {
        let updates = Updates::new(Some(vec![tag.to_owned()]), None, None).unwrap();
        self.at(2.5, |changes| changes.update(name, "default", &updates, condition).unwrap())
    }

    fn delete(&mut self, name: &str, condition: &Condition) -> Change<()> {
        self.at(3.5, |changes| changes.delete(name, "default", condition).unwrap())
    }

    fn etag(&self, name: &str) -> Option<BlobId> {
        self.writer.reader.find(name, None).unwrap().map(|version| version.etag)
    }

    fn condition(&self, name: &str, wanted: If) -> Condition {
        let one = |etag: Option<BlobId>| Some(Versions::OneOf(etag.into_iter().collect()));
        match wanted {
            If::Nothing => Condition::default(),
            If::Absent => Condition { is: None, is_not: Some(Versions::Any) },
            If::Current => Condition { is: one(self.etag(name)), is_not: None },
            If::Other => Condition { is: one(Some(BlobId::of(b"other"))), is_not: None },
        }
    }

    fn entries(&self) -> usize {
        self.show("SELECT op FROM sync_events").lines().count()
    }
}

fn word(outcome: &Creation) -> String {
    match outcome {
        Creation::Stored(_) => "stored".to_owned(),
        Creation::Exact { store } => format!("exact, in {store:?}"),
        Creation::Similar { to } => format!("similar to {to}"),
        Creation::PreconditionFailed { .. } => "precondition failed".to_owned(),
    }
}

fn change<T>(outcome: &Change<T>) -> String {
    let word = match outcome {
        Change::Done(_) => "done",
        Change::Missing => "missing",
        Change::PreconditionFailed { .. } => "precondition failed",
    };
    word.to_owned()
}

#[test]
fn every_write_in_every_state() {
    let tea = content_hash(TEA);
    let states: [(&str, String); 7] = [
        ("absent", String::new()),
        ("live", "SELECT 1".to_owned()),
        ("live in another store", "UPDATE memories SET store = 'work'".to_owned()),
        ("deleted", "UPDATE memories SET deleted_at = 9; DELETE FROM memory_embeddings".to_owned()),
        ("under another name", "UPDATE memories SET content_hash = 'other'".to_owned()),
        (
            "under another name, a day old",
            "UPDATE memories SET content_hash = 'other', created_at = -86399".to_owned(),
        ),
        ("unreadable", "UPDATE memories SET memory_type = x'00'".to_owned()),
    ];
    let mut table = String::new();
    for (state, sql) in &states {
        table.extend([format!("{state}\n")]);
        for wanted in [If::Nothing, If::Absent, If::Current, If::Other] {
            let outcome = |write: &dyn Fn(&mut Fixture, &Condition) -> String| {
                let mut database = Fixture::new();
                if !sql.is_empty() {
                    database.store(TEA);
                    database.execute(sql);
                }
                let before = database.entries();
                let condition = database.condition(&tea, wanted);
                let outcome = write(&mut database, &condition);
                let has_written = outcome == "stored" || outcome == "done";
                assert_eq!(database.entries() - before, usize::from(has_written), "{state}: {outcome}");
                outcome
            };
            let store = outcome(&|database, condition| word(&database.store_if(TEA, condition)));
            let update = outcome(&|database, condition| change(&database.update(&tea, "t", condition)));
            let delete = outcome(&|database, condition| change(&database.delete(&tea, condition)));
            table.extend([format!("  if {wanted:?}: store: {store}; update: {update}; delete: {delete}\n")]);
        }
    }
    insta::assert_snapshot!(table, @r#"
    absent
      if Nothing: store: stored; update: missing; delete: missing
      if Absent: store: stored; update: missing; delete: missing
      if Current: store: precondition failed; update: missing; delete: missing
      if Other: store: precondition failed; update: missing; delete: missing
    live
      if Nothing: store: exact, in Some("default"); update: done; delete: done
      if Absent: store: precondition failed; update: precondition failed; delete: precondition failed
      if Current: store: exact, in Some("default"); update: done; delete: done
      if Other: store: precondition failed; update: precondition failed; delete: precondition failed
    live in another store
      if Nothing: store: exact, in Some("work"); update: missing; delete: missing
      if Absent: store: precondition failed; update: missing; delete: missing
      if Current: store: exact, in Some("work"); update: missing; delete: missing
      if Other: store: precondition failed; update: missing; delete: missing
    deleted
      if Nothing: store: stored; update: missing; delete: missing
      if Absent: store: stored; update: missing; delete: missing
      if Current: store: precondition failed; update: missing; delete: missing
      if Other: store: precondition failed; update: missing; delete: missing
    under another name
      if Nothing: store: similar to other; update: missing; delete: missing
      if Absent: store: similar to other; update: missing; delete: missing
      if Current: store: precondition failed; update: missing; delete: missing
      if Other: store: precondition failed; update: missing; delete: missing
    under another name, a day old
      if Nothing: store: stored; update: missing; delete: missing
      if Absent: store: stored; update: missing; delete: missing
      if Current: store: precondition failed; update: missing; delete: missing
      if Other: store: precondition failed; update: missing; delete: missing
    unreadable
      if Nothing: store: exact, in Some("default"); update: missing; delete: missing
      if Absent: store: exact, in Some("default"); update: missing; delete: missing
      if Current: store: precondition failed; update: missing; delete: missing
      if Other: store: precondition failed; update: missing; delete: missing
    "#);
}

#[test]
fn what_a_life_leaves_in_the_tables() {
    let mut database = Fixture::new();
    let tea = content_hash(TEA);
    let mut shown = String::new();
    let mut show = |step: &str, database: &Fixture| {
        database.assert_sound();
        let rows = database.show("SELECT * FROM memories");
        let links = database.show("SELECT source_hash, target_hash FROM memory_graph");
        shown.extend([format!("{step}\n{rows}{links}")]);
    };
    database.store(TEA);
    show("stored", &database);
    database.update(&tea, "Hot, Drinks", &Condition::default());
    database.execute(&format!(
        "INSERT INTO memory_graph (source_hash, target_hash, similarity, connection_types, created_at)
         VALUES ('{tea}', 'cake', 1, '[]', 1), ('cake', '{tea}', 1, '[]', 1), ('cake', 'pie', 1, '[]', 1)",
    ));
    show("changed, linked", &database);
    database.delete(&tea, &Condition::default());
    show("deleted", &database);
    database.store("TEA is at FOUR");
    show("back in other letters", &database);
    insta::assert_snapshot!(shown, @"
    stored
    1 | 3026731c2f52b8bb2da2d96ab56305ffdeb7af53fc8331a92826453dc431cbdd | Tea is at four | untagged | NULL | {} | 1.5 | 1.5 | 1970-01-01T00:00:01.500000Z | 1970-01-01T00:00:01.500000Z | NULL | default | NULL | 1 | 1 | NULL | NULL | 0
    changed, linked
    1 | 3026731c2f52b8bb2da2d96ab56305ffdeb7af53fc8331a92826453dc431cbdd | Tea is at four | Hot, Drinks | NULL | {} | 1.5 | 2.5 | 1970-01-01T00:00:01.500000Z | 1970-01-01T00:00:02.500000Z | NULL | default | NULL | 1 | 1 | NULL | NULL | 0
    3026731c2f52b8bb2da2d96ab56305ffdeb7af53fc8331a92826453dc431cbdd | cake
    cake | 3026731c2f52b8bb2da2d96ab56305ffdeb7af53fc8331a92826453dc431cbdd
    cake | pie
    deleted
    1 | 3026731c2f52b8bb2da2d96ab56305ffdeb7af53fc8331a92826453dc431cbdd | Tea is at four | Hot, Drinks | NULL | {} | 1.5 | 2.5 | 1970-01-01T00:00:01.500000Z | 1970-01-01T00:00:02.500000Z | 3.5 | default | NULL | 1 | 1 | NULL | NULL | 0
    cake | pie
    back in other letters
    2 | 3026731c2f52b8bb2da2d96ab56305ffdeb7af53fc8331a92826453dc431cbdd | TEA is at FOUR | untagged | NULL | {} | 1.5 | 1.5 | 1970-01-01T00:00:01.500000Z | 1970-01-01T00:00:01.500000Z | NULL | default | NULL | 1 | 1 | NULL | NULL | 0
    cake | pie
    ");
    let found = "SELECT count(*) FROM memory_content_fts WHERE memory_content_fts MATCH 'four'";
    assert_eq!(database.show(found), "1\n");
    let log = "SELECT op, json_remove(payload, '$.content_hash', '$.recreate_of') FROM sync_events";
    insta::assert_snapshot!(database.show(log), @r#"
    create | {"content":"Tea is at four","created_at":1.5,"memory_type":null,"metadata":{},"store":"default","tags":["untagged"],"updated_at":1.5}
    update_metadata | {"updated_at":2.5,"updates":{"tags":["Hot, Drinks"]}}
    delete | {"deleted_at":3.5}
    create | {"content":"TEA is at FOUR","created_at":1.5,"memory_type":null,"metadata":{},"recreate_of_hlc":[3500,0,"unknown"],"store":"default","tags":["untagged"],"updated_at":1.5}
    "#);
}

#[test]
fn metadata_and_types_alone_move_what_the_service_moves() {
    let mut database = Fixture::new();
    let tea = content_hash(TEA);
    database.store(TEA);
    let mut shown = String::new();
    for (metadata, memory_type) in
        [(json!({"b": 1.50}), None), (json!({"a": null}), Some("weird")), (json!({}), Some("weird"))]
    {
        let Value::Object(members) = metadata else { unreachable!() };
        let updates = Updates::new(None, memory_type.map(str::to_owned), Some(members)).unwrap();
        database.at(9.5, |changes| changes.update(&tea, "default", &updates, &Condition::default()).unwrap());
        shown += &database.show("SELECT memory_type, metadata, updated_at, updated_at_iso FROM memories");
    }
    insta::assert_snapshot!(shown, @r#"
    NULL | {"b": 1.5} | 1.5 | 1970-01-01T00:00:01.500000Z
    weird | {"b": 1.5, "a": null} | 9.5 | 1970-01-01T00:00:09.500000Z
    weird | {"b": 1.5, "a": null} | 9.5 | 1970-01-01T00:00:09.500000Z
    "#);
}

#[test]
fn where_all_is_deleted_new_memories_still_get_vectors() {
    let mut database = Fixture::new();
    database.store(TEA);
    database.delete(&content_hash(TEA), &Condition::default());
    database.reopen();
    database.store("Cake");
    database.assert_sound();
}

#[test]
fn a_writer_opens_what_was_a_remote_with_a_log_that_is_synced() {
    let mut database = Fixture::new();
    database.execute("PRAGMA journal_mode = DELETE");
    database.reopen();
    let settings = ["journal_mode", "synchronous", "fullfsync"];
    insta::assert_snapshot!(settings.map(|name| database.show(&format!("PRAGMA {name}"))).concat(), @"
    wal
    2
    1
    ");
}

#[test]
fn a_change_that_fails_leaves_nothing_of_those_inside_it_that_panicked() {
    let mut database = Fixture::new();
    let store = |changes: &Changes<'_>, text: &str| {
        let new = New::try_from(Fixture::draft(text)).unwrap();
        changes.store(&new, &hashes(), &Condition::default()).unwrap();
    };
    database.at(1.5, |changes| {
        store(changes, "before");
        let failed: Result<(), side::Error> = changes.attempt(|changes| {
            store(changes, "outer");
            let inner = AssertUnwindSafe(|| {
                changes.attempt(|changes| -> Result<(), side::Error> {
                    store(changes, "inner");
                    panic!("on purpose")
                })
            });
            catch_unwind(inner).unwrap_err();
            Err(side::Error::Missing { path: "somewhere".into() })
        });
        failed.unwrap_err();
        store(changes, "after");
    });
    assert_eq!(database.show("SELECT content FROM memories"), "before\nafter\n");
}

#[test]
fn odd_texts_are_stored_as_they_are() {
    let mut database = Fixture::new();
    let huge = "Wörter und mehr ".repeat(1024 * 1024 / 17);
    for text in ["", "\0", "a\0b", "\u{feff}\u{202e}", "'; DROP TABLE memories; --", &huge] {
        let Creation::Stored(version) = database.store(text) else { panic!("{text:.20} is not stored") };
        assert_eq!(version.record.content, text);
        assert_eq!(database.etag(&content_hash(text)), Some(version.etag));
    }
    assert!(matches!(database.store(" \t "), Creation::Exact { .. }), "the empty text");
    database.assert_sound();
}

#[test]
fn a_near_meaning_stands_in_the_way_for_a_day_and_in_its_store() {
    let mut database = Fixture::new();
    let toward = |degrees: f32| {
        let mut vector = vec![0.0; 384];
        (vector[0], vector[1]) = (degrees.to_radians().cos(), degrees.to_radians().sin());
        vector
    };
    let mut vectors = Vectors::default();
    // The cosine of 30 degrees is 0.87, that of 35 is 0.82.
    for (text, degrees) in [(TEA, 0.0), ("At four there is tea", 30.0), ("Coffee", -35.0)] {
        vectors.insert(text.to_owned(), &toward(degrees));
    }
    let mut store = |draft: Draft, now: f64| {
        let new = New::try_from(draft).unwrap();
        let moment = Timestamp::new(now).unwrap();
        let near = database.writer.reader.similar(&new, &vectors, moment).unwrap();
        let new = new.with_near(near);
        database.at(now, |changes| changes.store(&new, &vectors, &Condition::default()).unwrap())
    };
    let again = || Fixture::draft("At four there is tea");
    assert_eq!(word(&store(Fixture::draft(TEA), 1.5)), "stored");
    assert_eq!(store(again(), 2.5), Creation::Similar { to: content_hash(TEA) });
    assert_eq!(word(&store(Fixture::draft("Coffee"), 3.5)), "stored");
    assert_eq!(word(&store(Draft { store: "work".to_owned(), ..again() }, 4.5)), "stored");
    let other = Draft { content: "unknown".to_owned(), ..again() };
    assert_eq!(word(&store(other, 90_000.0)), "stored", "a text without a vector");
    assert_eq!(database.show("SELECT count(*) FROM memory_embeddings"), "3\n");
}

#[test]
fn a_text_in_another_store_is_no_similar_one() {
    let mut database = Fixture::new();
    database.store(TEA);
    database.execute("UPDATE memories SET content_hash = 'other', store = 'work'");
    assert_eq!(word(&database.store(TEA)), "stored");
    let mut draft = Fixture::draft("Cake");
    database.store("Cake");
    database.execute("UPDATE memories SET content_hash = 'pie' WHERE content = 'Cake'");
    assert_eq!(word(&database.store("Cake")), "similar to pie");
    draft.conversation_id = Some("talk".to_owned());
    let new = New::try_from(draft).unwrap();
    assert_eq!(
        word(&database.at(1.5, |changes| changes.store(&new, &hashes(), &Condition::default()).unwrap())),
        "stored"
    );
}

/// What a client does next, and which client.
#[derive(Clone, Copy, Debug)]
enum Move {
    Look,
    Store,
    Update(u8),
    Delete,
}

fn moves() -> impl Strategy<Value = Vec<(usize, usize, Move)>> {
    let act = prop_oneof![
        Just(Move::Look),
        Just(Move::Store),
        (0..4_u8).prop_map(Move::Update),
        Just(Move::Delete)
    ];
    proptest::collection::vec((0..3_usize, 0..2_usize, act), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_version_is_replaced_that_its_writer_has_not_seen(moves in moves()) {
        let mut database = Fixture::new();
        let texts = ["one", "two"];
        let names = texts.map(content_hash);
        // What each client has last seen of each memory: `None` is that it is absent.
        let mut views = [[None::<BlobId>; 2]; 3];
        for (client, memory, next) in moves {
            let name = &names[memory];
            let before = database.etag(name);
            let view = &mut views[client][memory];
            let condition = match *view {
                None => Condition { is: None, is_not: Some(Versions::Any) },
                Some(seen) => Condition { is: Some(Versions::OneOf(vec![seen])), is_not: None },
            };
            let has_written = match next {
                Move::Look => false,
                Move::Store => matches!(database.store_if(texts[memory], &condition), Creation::Stored(_)),
                Move::Update(tag) => {
                    matches!(database.update(name, &tag.to_string(), &condition), Change::Done(_))
                }
                Move::Delete => matches!(database.delete(name, &condition), Change::Done(())),
            };
            let after = database.etag(name);
            if has_written {
                prop_assert_eq!(before, *view, "it had been seen");
            } else {
                prop_assert_eq!(before, after, "a refused write changes nothing");
            }
            if has_written || matches!(next, Move::Look) {
                *view = after;
            }
        }
        database.assert_sound();
    }
}
