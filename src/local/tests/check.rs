//! Damages planted one by one in databases with the schemas of the service's versions.

use super::super::check::{Checked, Damage};
use super::*;

/// The damages that are found, each as a line.
fn told(fixture: &Fixture) -> String {
    let found = fixture.open().check().unwrap().findings;
    let line = |found: &super::super::check::Finding| {
        format!("{}: {}: {}\n", found.damage.as_str(), found.place, found.problem)
    };
    found.iter().map(line).collect()
}

fn vector() -> Vec<u8> {
    hash_vector("Seed", 384).into_iter().flat_map(f32::to_le_bytes).collect()
}

#[test]
fn a_whole_database_of_every_version_is_without_findings_and_stays_as_it_is() {
    for schema in [V8, V10, V12] {
        let fixture = Fixture::with_seed(schema);
        let path = fixture.folder.path().join("sqlite_vec.db");
        let state = || {
            let version: i64 = fixture.one("PRAGMA data_version");
            let wal = fs::read(path.with_extension("db-wal")).unwrap_or_default();
            (version, fs::read(&path).unwrap(), wal)
        };
        let before = state();
        let checked = fixture.open().check().unwrap();
        let whole = Checked { memories: 1, vectors: Some(1), ..Checked::default() };
        assert_eq!(checked, whole);
        assert_eq!(state(), before);
    }
}

#[test]
fn the_service_writes_while_it_is_checked() {
    let fixture = Fixture::with_seed(V12);
    fixture.service.busy_timeout(Duration::ZERO).unwrap();
    let reader = fixture.open();
    reader.connection.execute_batch("BEGIN; SELECT count(*) FROM memories").unwrap();
    fixture.service.execute_batch("BEGIN IMMEDIATE").unwrap();
    fixture.insert("other", "Not there yet", "{}");
    assert_eq!(fixture.open().check().unwrap().findings, []);
    fixture.service.execute_batch("COMMIT").unwrap();
    let found = fixture.open().check().unwrap();
    assert_eq!(found.memories, 2);
    assert_eq!(found.findings.len(), 1, "{found:?}");
}

#[test]
fn every_planted_damage_of_a_vector_is_found() {
    type Plant = fn(&Fixture);
    let table: [(&str, Plant); 6] = [
        ("a memory without a vector", |fixture| fixture.insert("bare", "No vector", "{}")),
        ("a vector without a memory", |fixture| {
            let sql =
                "INSERT INTO memory_embeddings (rowid, content_embedding, store) VALUES (99, ?1, 'default')";
            execute(&fixture.service, sql, [vector()]);
        }),
        ("the vector of a deleted memory", |fixture| {
            execute(&fixture.service, "UPDATE memories SET deleted_at = 1.5", []);
        }),
        ("a vector in another store", |fixture| {
            execute(&fixture.service, "UPDATE memories SET store = 'work'", []);
        }),
        ("a vector whose numbers are gone", |fixture| {
            execute(
                &fixture.service,
                "UPDATE memory_embeddings_chunks SET validity = zeroblob(length(validity))",
                [],
            );
        }),
        ("a chunk of vectors that is cut short", |fixture| {
            execute(&fixture.service, "UPDATE memory_embeddings_vector_chunks00 SET vectors = x'00'", []);
        }),
    ];
    let mut all = String::new();
    for (what, plant) in table {
        let fixture = Fixture::with_seed(V12);
        plant(&fixture);
        all.extend([format!("# {what}\n{}", told(&fixture))]);
    }
    insta::assert_snapshot!(all, @"
    # a memory without a vector
    missing-vector: memory bare: it has no vector, so that no search by meaning finds it
    # a vector without a memory
    orphan-vector: vector 99: it belongs to no memory
    # the vector of a deleted memory
    deleted-vector: vector 1: it belongs to the deleted memory seed
    # a vector in another store
    vector-store: memory seed: it is in the store 'work', and its vector in 'default': a search by meaning does not find it
    # a vector whose numbers are gone
    vector-tables: vector 1: a search by meaning does not find it where it lies
    # a chunk of vectors that is cut short
    file: the vectors: it cannot be read: Could not fetch vector data for 1, reading from blob failed
    ");
}

#[test]
fn an_index_that_does_not_hold_the_texts_is_found_and_mended_as_told() {
    let rebuild = "INSERT INTO memory_content_fts(memory_content_fts) VALUES ('rebuild')";
    for (what, sql) in [
        // As the service's own trigger leaves it.
        ("stale", "UPDATE memories SET content = 'another text' WHERE content_hash = 'seed'"),
        ("left over", "DELETE FROM memories WHERE content_hash = 'more'"),
        (
            "missing",
            "INSERT INTO memory_content_fts(memory_content_fts, rowid, content) SELECT 'delete', id, content FROM memories",
        ),
        ("cut", "DELETE FROM memory_content_fts_data WHERE id > 10"),
        ("uncounted", "DELETE FROM memory_content_fts_docsize"),
    ] {
        let fixture = Fixture::with_seed(V12);
        fixture.insert("more", "More text to find", "{}");
        fixture.service.execute_batch(sql).unwrap();
        let found = fixture.open().check().unwrap().findings;
        assert!(found.iter().any(|found| found.damage == Damage::FullText), "{what}: {found:?}");
        fixture.service.execute_batch(rebuild).unwrap();
        let found = fixture.open().check().unwrap().findings;
        assert!(found.iter().all(|found| found.damage != Damage::FullText), "{what}: {found:?}");
    }
}

#[test]
fn odd_rows_double_names_and_loose_links_are_found() {
    let fixture = Fixture::with_seed(V12);
    execute(&fixture.service, "UPDATE memories SET content = x'ff' WHERE content_hash = 'seed'", []);
    let link = "INSERT INTO memory_graph (source_hash, target_hash, similarity, connection_types, created_at)
                VALUES ('seed', 'gone', 0.5, '[]', 1)";
    execute(&fixture.service, link, []);
    let checked = fixture.open().check().unwrap();
    assert_eq!(checked.loose_links, 1);
    assert!(
        told(&fixture).starts_with("unreadable-row: memory seed: `content` is a blob\n"),
        "{}",
        told(&fixture)
    );

    let fixture =
        Fixture::new(&V12.replace("content_hash TEXT UNIQUE NOT NULL", "content_hash TEXT NOT NULL"));
    fixture.insert("twice", "One", "{}");
    fixture.insert("twice", "Two", "{}");
    assert!(
        told(&fixture).starts_with("duplicate-hash: memory twice: 2 rows have this hash\n"),
        "{}",
        told(&fixture)
    );
}
