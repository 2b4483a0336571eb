//! What edits replace comes back to the last bit.

use rusqlite::types::ValueRef;

use super::*;
use crate::side::{Cause, Replaced};

/// Keeps what is replaced, or refuses to.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) replaced: Vec<Replaced>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) is_full: bool,
}

impl Witness for Kept {
    fn keep(&mut self, replaced: Vec<Replaced>) -> Result<(), Cause> {
        self.replaced.extend(replaced);
        if self.is_full { Err("no room".into()) } else { Ok(()) }
    }

    fn report(&mut self, _key: ContentHash, outcome: Outcome) {
        self.outcomes.push(outcome);
    }
}

fn carry_out(database: &mut Database, edits: Vec<Edit>) -> Vec<Replaced> {
    let mut kept = Kept::default();
    database.apply(edits, &mut kept).unwrap();
    let is_done = |outcome: &Outcome| matches!(outcome, Outcome::Done { .. });
    assert!(kept.outcomes.iter().all(is_done), "{:?}", kept.outcomes);
    kept.replaced
}

/// Puts back what was replaced; what that replaces in turn.
fn take_back(
    database: &mut Database,
    replaced: &[Replaced],
    before: impl Fn(&str) -> Option<Memory>,
) -> Vec<Replaced> {
    let back = |one: &Replaced| Edit {
        key: one.key.clone(),
        expected: one.now,
        target: before(one.key.as_str()),
        row: Some(one.row.clone()),
    };
    carry_out(database, replaced.iter().map(back).collect())
}

/// Every column of every row of the three tables, with its type and its bits.
fn dump(fixture: &Fixture) -> String {
    let mut out = String::new();
    for table in ["memories", "memory_embeddings", "memory_graph"] {
        let hidden = if table == "memory_embeddings" { "rowid, " } else { "" };
        let Ok(mut statement) =
            fixture.service.prepare(&format!("SELECT {hidden}* FROM {table} ORDER BY 1, 2"))
        else {
            continue;
        };
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            out.push_str(table);
            for column in 0..columns {
                let cell = match row.get_ref(column).unwrap() {
                    ValueRef::Real(number) => format!("Real({:x})", number.to_bits()),
                    other => format!("{other:?}"),
                };
                out.extend([" ", &cell]);
            }
            out.push('\n');
        }
    }
    out
}

/// Memories with whatever a column can hold, links among them and to nowhere.
fn odd(schema: &str) -> Fixture {
    let fixture = Fixture::with_seed(schema);
    fixture
        .service
        .execute_batch(
            "ALTER TABLE memories ADD COLUMN \"a \"\"b\"\" c\" BLOB;
             ALTER TABLE memories ADD COLUMN later REAL DEFAULT 7;",
        )
        .unwrap();
    let values = [
        "NULL, NULL",
        "CAST(x'ff00fe' AS TEXT), 9e999",
        "x'', -9e999",
        "-9223372036854775808, 4.9e-324",
        "'no number', 'no number either'",
    ];
    for (number, values) in values.into_iter().enumerate() {
        let sql = format!(
            "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, updated_at,
               created_at_iso, \"a \"\"b\"\" c\", later)
             VALUES ('odd-{number}', 'odd {number}' || char(0) || 'é', ' b,,a ', '', '{{\"access_count\": {number}}}',
               1.5, 'yesterday', x'00ff', {values})"
        );
        execute(&fixture.service, &sql, []);
        let id = fixture.service.last_insert_rowid();
        let copy = "INSERT INTO memory_embeddings (rowid, content_embedding) SELECT ?1, content_embedding
                    FROM memory_embeddings WHERE rowid = 1";
        // One has no vector.
        if number > 0 {
            execute(&fixture.service, copy, [id]);
        }
    }
    if schema.contains("memory_graph") {
        for (from, to) in [("odd-1", "odd-2"), ("odd-2", "odd-1"), ("odd-3", "nowhere"), ("seed", "odd-4")] {
            let sql = "INSERT INTO memory_graph (source_hash, target_hash, similarity, connection_types, created_at)
                       VALUES (?1, ?2, 0.1, '[\"semantic\"]', 1.25)";
            execute(&fixture.service, sql, (from, to));
        }
    }
    fixture
}

fn check_index(fixture: &Fixture, database: &Database) {
    if database.schema.stale_terms {
        let check = "INSERT INTO memory_content_fts (memory_content_fts, rank) VALUES ('integrity-check', 1)";
        fixture.service.execute(check, []).expect("the full-text index is clean");
    }
}

#[test]
fn whatever_an_edit_did_to_a_row_can_be_taken_back_and_done_again() {
    for schema in [V8, V10, V12] {
        let fixture = odd(schema);
        let mut database = fixture.open();
        // What leaves a tombstone, where there are any.
        let gone = held(&mut database, "odd-4").unwrap();
        carry_out(&mut database, vec![edit("odd-4", Some(&gone), None)]);

        let standing = |database: &mut Database, name: &str| held(database, name);
        let names = ["odd-0", "odd-1", "odd-2", "odd-3", "odd-4", "new"];
        let before = names.map(|name| standing(&mut database, name));
        let memory_before = |name: &str| before[names.iter().position(|one| *one == name).unwrap()].clone();
        let [tags, deleted, linked, text, ..] = &before;
        let changed = |memory: &Option<Memory>| memory.clone().unwrap();
        let edits = vec![
            edit("odd-0", tags.as_ref(), Some(&Memory { tags: ["x".to_owned()].into(), ..changed(tags) })),
            edit("odd-1", deleted.as_ref(), None),
            edit("odd-2", linked.as_ref(), None),
            edit(
                "odd-3",
                text.as_ref(),
                Some(&Memory { content: "another text".to_owned(), ..changed(text) }),
            ),
            edit("odd-4", None, Some(&gone)),
            edit("new", None, Some(&memory())),
        ];
        let first = dump(&fixture);
        let replaced = carry_out(&mut database, edits);
        assert_eq!(replaced.len(), names.len());
        let second = dump(&fixture);
        assert_ne!(first, second);
        let after = names.map(|name| standing(&mut database, name));
        let memory_after = |name: &str| after[names.iter().position(|one| *one == name).unwrap()].clone();

        let undone = take_back(&mut database, &replaced, memory_before);
        similar(&dump(&fixture), &first);
        check_index(&fixture, &database);
        let again = take_back(&mut database, &undone, memory_after);
        similar(&dump(&fixture), &second);
        check_index(&fixture, &database);
        // One by one, and the last first.
        for one in again.iter().rev() {
            take_back(&mut database, std::slice::from_ref(one), memory_before);
        }
        check_index(&fixture, &database);
    }
}

#[track_caller]
fn similar(left: &str, right: &str) {
    for (left, right) in left.lines().zip(right.lines()) {
        assert_eq!(left, right);
    }
    assert_eq!(left.lines().count(), right.lines().count());
}

#[test]
fn a_row_comes_back_into_a_schema_that_has_changed() {
    let fixture = odd(V12);
    let mut database = fixture.open();
    let before = held(&mut database, "odd-2");
    let replaced = carry_out(&mut database, vec![edit("odd-2", before.as_ref(), None)]);
    fixture
        .service
        .execute_batch(
            "ALTER TABLE memories DROP COLUMN later;
             ALTER TABLE memories ADD COLUMN newer TEXT DEFAULT 'as new';
             DROP TABLE memory_graph;",
        )
        .unwrap();
    take_back(&mut database, &replaced, |_| before.clone());
    assert_eq!(held(&mut database, "odd-2"), before);
    assert_eq!(fixture.one::<String>("SELECT newer FROM memories WHERE content_hash = 'odd-2'"), "as new");
    check_index(&fixture, &database);
}

#[test]
fn a_row_whose_place_is_taken_gets_another_one() {
    let fixture = odd(V8);
    let mut database = fixture.open();
    let before = held(&mut database, "odd-2");
    let id: i64 = fixture.one("SELECT id FROM memories WHERE content_hash = 'odd-2'");
    let replaced = carry_out(&mut database, vec![edit("odd-2", before.as_ref(), None)]);
    let squatter = "INSERT INTO memories (id, content_hash, content) VALUES (?1, 'squatter', 'text')";
    execute(&fixture.service, squatter, [id]);
    take_back(&mut database, &replaced, |_| before.clone());
    assert_eq!(held(&mut database, "odd-2"), before);
    assert_ne!(fixture.one::<i64>("SELECT id FROM memories WHERE content_hash = 'odd-2'"), id);
    check_index(&fixture, &database);
}

#[test]
fn a_vector_of_another_model_is_made_anew() {
    let fixture = odd(V12);
    let mut database = fixture.open();
    let before = held(&mut database, "odd-2");
    let replaced = carry_out(&mut database, vec![edit("odd-2", before.as_ref(), None)]);
    fixture
        .service
        .execute_batch(
            "DROP TABLE memory_embeddings;
             CREATE VIRTUAL TABLE memory_embeddings USING vec0(content_embedding FLOAT[8], store TEXT partition key);",
        )
        .unwrap();
    take_back(&mut database, &replaced, |_| before.clone());
    assert_eq!(held(&mut database, "odd-2"), before);
}

#[test]
fn a_damaged_copy_is_as_good_as_none() {
    let fixture = odd(V12);
    let mut database = fixture.open();
    let before = held(&mut database, "odd-2");
    let mut replaced = carry_out(&mut database, vec![edit("odd-2", before.as_ref(), None)]);
    let mut bytes = replaced[0].row.as_bytes().to_vec();
    bytes[9] ^= 1;
    replaced[0].row = crate::object::Row::from_bytes(bytes);
    take_back(&mut database, &replaced, |_| before.clone());
    assert_eq!(held(&mut database, "odd-2"), before);
    check_index(&fixture, &database);
}

#[test]
fn a_link_to_a_memory_that_was_deleted_meanwhile_stays_away() {
    let fixture = odd(V12);
    let mut database = fixture.open();
    let [first, second] = ["odd-1", "odd-2"].map(|name| held(&mut database, name));
    let replaced = carry_out(&mut database, vec![edit("odd-1", first.as_ref(), None)]);
    carry_out(&mut database, vec![edit("odd-2", second.as_ref(), None)]);
    take_back(&mut database, &replaced, |_| first.clone());
    let links = "SELECT count(*) FROM memory_graph WHERE source_hash = 'odd-1' OR target_hash = 'odd-1'";
    assert_eq!(fixture.one::<i64>(links), 0);
}

#[test]
fn what_cannot_be_kept_is_not_replaced() {
    let fixture = odd(V12);
    let mut database = fixture.open();
    let before = held(&mut database, "odd-2");
    let first = dump(&fixture);
    let mut kept = Kept { is_full: true, ..Kept::default() };
    let result = database.apply(vec![edit("odd-2", before.as_ref(), None)], &mut kept);
    assert!(matches!(result, Err(side::Error::Unkept { .. })), "{result:?}");
    assert_eq!((dump(&fixture), kept.outcomes), (first, vec![]));
}

#[test]
fn nothing_is_kept_of_what_was_not_done() {
    let fixture = odd(V12);
    let mut database = fixture.open();
    let before = held(&mut database, "odd-2");
    let mut kept = Kept::default();
    let edits = vec![edit("odd-1", before.as_ref(), None), edit("none", None, None)];
    database.apply(edits, &mut kept).unwrap();
    assert_eq!(kept.replaced, []);
}
