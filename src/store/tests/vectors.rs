//! Vectors that are kept so that none is made twice.

use super::*;

const DAY: i64 = 24 * 60 * 60;
/// The moment at which the tests' process began.
const NOW: i64 = 1_700_000_000;
const MODEL: &str = "all-MiniLM-L6-v2 (ONNX, 128 tokens) 6fd5d72f";

/// A vector as a model makes it: nothing of it is the same twice.
pub(super) fn vector(number: u32) -> Vec<u8> {
    (0..384_u32).flat_map(|part| (number * 384 + part).wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

/// Keeps a vector of each text, numbered from 0.
fn keep(store: &Store, texts: &[&str]) {
    let vectors: Vec<_> = texts.iter().zip(0..).map(|(text, number)| (*text, vector(number))).collect();
    store.vectors().keep(MODEL, &vectors).unwrap();
}

fn later(days: i64) -> Holder {
    Holder { since: NOW + days * DAY, ..holder() }
}

fn column(store: &Store, sql: &str) -> Vec<i64> {
    store.rows("vectors", sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn what_was_kept_is_found_byte_for_byte_under_its_model_and_text_alone() {
    let fixture = fixture();
    let cache = fixture.store.vectors();
    assert_eq!(cache.find(MODEL, &["tea"]).unwrap(), [None]);
    keep(&fixture.store, &["tea", "", "Чай ☕"]);
    let all = [Some(vector(2)), None, Some(vector(0)), Some(vector(1))];
    assert_eq!(cache.find(MODEL, &["Чай ☕", "coffee", "tea", ""]).unwrap(), all);
    assert_eq!(cache.find("another", &["tea"]).unwrap(), [None]);

    let (_folder, store) = fixture.reopen(Store::open);
    let store = store.unwrap();
    assert_eq!(store.vectors().find(MODEL, &["tea"]).unwrap(), [Some(vector(0))]);
    store.vectors().keep(MODEL, &[("tea", vector(7))]).unwrap();
    assert_eq!(store.vectors().find(MODEL, &["tea"]).unwrap(), [Some(vector(7))]);
    assert_eq!(store.count_vectors().unwrap(), 3);
}

#[test]
fn a_closed_or_read_only_store_finds_and_keeps_nothing() {
    let fixture = fixture();
    keep(&fixture.store, &["tea"]);
    let cache = fixture.store.vectors();
    assert!(cache.find(MODEL, &["tea"]).unwrap()[0].is_some());
    let (folder, store) = fixture.reopen(Store::open_read_only);
    let store = store.unwrap();
    let before = state_of(folder.path());
    for cache in [cache, store.vectors()] {
        cache.keep(MODEL, &[("coffee", vector(1))]).unwrap();
        assert_eq!(cache.find(MODEL, &["tea"]).unwrap(), [None]);
    }
    assert_eq!(state_of(folder.path()), before);
}

#[test]
fn its_use_is_noted_once_a_day() {
    let fixture = fixture();
    keep(&fixture.store, &["tea", "coffee"]);
    let path = fixture.store.path().to_owned();
    let (_folder, ()) = fixture.reopen(|_, _| ());
    for (days, noted) in [(1, 0), (2, 2), (3, 2), (4, 4)] {
        let store = Store::open(&path, &later(days)).unwrap();
        assert!(store.vectors().find(MODEL, &["tea"]).unwrap()[0].is_some());
        let used = column(&store, "SELECT used FROM vectors ORDER BY id");
        assert_eq!(used, [NOW + noted * DAY, NOW], "after {days} days");
    }
}

#[test]
fn the_oldest_make_room_for_the_newest() {
    let Fixture { store, folder: _folder } = fixture();
    for (number, text) in ["a", "b", "c", "a", "d"].into_iter().enumerate() {
        let vectors = [(text, vector(u32::try_from(number).unwrap()))];
        store.vectors().keep_at_most(3, MODEL, &vectors).unwrap();
    }
    let found = store.vectors().find(MODEL, &["a", "b", "c", "d"]).unwrap();
    assert_eq!(found, [Some(vector(3)), None, Some(vector(2)), Some(vector(4))]);
}

#[test]
fn a_damaged_one_is_told_made_again_and_dropped_but_never_found() {
    let damages = [
        "UPDATE vectors SET vector = zeroblob(1536) WHERE id = 1",
        "UPDATE vectors SET vector = substr(vector, 1, 1532) WHERE id = 1",
        "UPDATE vectors SET vector = 'text' WHERE id = 1",
        "UPDATE vectors SET vector = (SELECT vector FROM vectors WHERE id = 2) WHERE id = 1",
        "UPDATE vectors SET checksum = checksum + 1 WHERE id = 1",
        "UPDATE vectors SET checksum = 'text' WHERE id = 1",
        // Under the name of another one.
        "CREATE TEMP TABLE coffee AS SELECT text FROM vectors WHERE id = 2; DELETE FROM vectors WHERE id = 2;
         UPDATE vectors SET text = (SELECT text FROM coffee) WHERE id = 1",
        "INSERT INTO models (name) VALUES ('another'); UPDATE vectors SET model = 2 WHERE id = 1",
        "UPDATE vectors SET model = 4711 WHERE id = 1",
    ];
    for damage in damages {
        let Fixture { store, folder: _folder } = fixture();
        keep(&store, &["tea", "coffee", "water"]);
        store.batch(damage).unwrap();
        let found = store.vectors().find(MODEL, &["tea", "coffee"]).unwrap();
        assert!(found[0].is_none() && found[1] != Some(vector(0)), "{damage}");
        let findings = store.fsck(false).unwrap().findings;
        assert!(findings.iter().any(|found| found.damage == Damage::Vector), "{damage}: {findings:?}");

        let planned = store.collectable(gc::USUAL).unwrap();
        let done = store.collect(gc::USUAL, &mut |_, _| {}).unwrap();
        assert_eq!(done.damaged_vectors, findings.len() as u64, "{damage}");
        assert_eq!((planned.damaged_vectors, done.vectors), (done.damaged_vectors, 0), "{damage}");
        assert_eq!(store.fsck(false).unwrap().findings, [], "{damage}");
        keep(&store, &["tea"]);
        assert_eq!(
            store.vectors().find(MODEL, &["tea", "water"]).unwrap(),
            [Some(vector(0)), Some(vector(2))]
        );
    }
}

#[test]
fn what_was_not_used_for_long_is_dropped_with_its_model() {
    let fixture = fixture();
    keep(&fixture.store, &["tea", "coffee"]);
    fixture.store.vectors().keep("another", &[("tea", vector(2))]).unwrap();
    let path = fixture.store.path().to_owned();
    let (_folder, ()) = fixture.reopen(|_, _| ());
    let store = Store::open(&path, &later(80)).unwrap();
    assert!(store.vectors().find(MODEL, &["coffee"]).unwrap()[0].is_some());
    let before = Some(NOW + DAY);
    for (retention, dropped) in [
        (Retention { objects: None, ..gc::USUAL }, 0),
        (Retention { objects: Some(NOW), ..gc::USUAL }, 0),
        (Retention { objects: before, ..gc::USUAL }, 2),
        (Retention { objects: before, ..gc::USUAL }, 0),
    ] {
        assert_eq!(store.collectable(retention).unwrap().vectors, dropped);
        assert_eq!(store.collect(retention, &mut |_, _| {}).unwrap().vectors, dropped);
    }
    assert_eq!(store.vectors().find(MODEL, &["tea", "coffee"]).unwrap(), [None, Some(vector(1))]);
    assert_eq!(column(&store, "SELECT count(*) FROM models"), [1]);
}

#[test]
fn every_older_file_gets_room_for_them() {
    for version in 1..MIGRATIONS.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("staging.db");
        let mut connection = Connection::open(&path).unwrap();
        schema::migrate(&mut connection, &MIGRATIONS[..version]).unwrap();
        connection.execute("INSERT INTO facts VALUES ('remote', 'origin', 1)", []).unwrap();
        drop(connection);
        let store = Store::open(&path, &holder()).unwrap();
        assert_eq!(store.fact("remote").unwrap().as_deref(), Some("origin"));
        keep(&store, &["tea"]);
        assert_eq!(store.vectors().find(MODEL, &["tea"]).unwrap(), [Some(vector(0))]);
    }
}

/// Measures rather than tests: what 100,000 vectors take and what gives the room back.
#[test]
#[ignore = "measures: cargo test --lib -- --ignored --nocapture a_hundred_thousand"]
fn a_hundred_thousand() {
    let Fixture { store, folder: _folder } = fixture();
    let texts: Vec<String> = (0..100_000).map(|number| format!("Memory {number}")).collect();
    let timed = |what: &str, begun: std::time::Instant| println!("{what}: {:?}", begun.elapsed());
    let size = || fs::metadata(store.path()).unwrap().len();

    let begun = std::time::Instant::now();
    for batch in texts.chunks(256) {
        keep(&store, &batch.iter().map(String::as_str).collect::<Vec<_>>());
    }
    timed("kept, 256 at a time", begun);
    println!("{} bytes, {} each", size(), size() / 100_000);
    let begun = std::time::Instant::now();
    for batch in texts.chunks(256) {
        let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
        assert!(store.vectors().find(MODEL, &batch).unwrap().iter().all(Option::is_some));
    }
    timed("found, 256 at a time", begun);
    let begun = std::time::Instant::now();
    assert_eq!(store.fsck(false).unwrap().vectors, 100_000);
    timed("fsck", begun);
    let begun = std::time::Instant::now();
    store.collect(gc::USUAL, &mut |_, _| {}).unwrap();
    timed("gc that drops nothing", begun);
    for half in ["id % 2", "1"] {
        store.batch(&format!("UPDATE vectors SET used = 0 WHERE {half}")).unwrap();
        let begun = std::time::Instant::now();
        store.collect(gc::USUAL, &mut |_, _| {}).unwrap();
        timed("gc that drops 50,000", begun);
        println!("{} bytes", size());
    }
}
