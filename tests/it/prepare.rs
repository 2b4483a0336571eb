//! A database that memsync made or upgraded, under the real service.

use std::fs;
use std::path::Path;

use memsync::local::{Prepared, prepare};
use rusqlite::Connection;

use crate::support::Version::{V10_20_6, V12_2_0};
use crate::support::world::contents;
use crate::support::{Database, Service, Services, TestEnvironment};

#[test]
fn the_service_opens_a_new_database_as_its_own() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let (ours, theirs) = (environment.folder("ours"), environment.folder("theirs"));
    assert_eq!(prepare(Database::in_folder(&ours).path()).unwrap(), Prepared::Created);
    let made = facts(&ours);

    let mut service = services.start(V12_2_0, &ours);
    assert_eq!(facts(&ours), made, "the service has migrated something");
    use_it(&service);
    service.stop();

    // What the service makes of nothing, byte for byte but for the moment.
    services.start(V12_2_0, &theirs).stop();
    assert_eq!(schema(&ours), schema(&theirs));
    assert_eq!(made, facts(&theirs));
    assert_eq!(prepare(Database::in_folder(&theirs).path()).unwrap(), Prepared::Kept);
}

#[test]
fn an_upgraded_database_is_as_the_service_would_have_upgraded_it() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let (ours, theirs) = (environment.folder("ours"), environment.folder("theirs"));
    let mut old = services.start(V10_20_6, &ours);
    old.post("Written by the old version", &["old"]);
    let gone = old.post("Deleted by the old version", &["old"]);
    old.delete(&gone);
    old.stop();
    Database::in_folder(&ours).settle();
    fs::copy(Database::in_folder(&ours).path(), Database::in_folder(&theirs).path()).unwrap();

    assert_eq!(prepare(Database::in_folder(&ours).path()).unwrap(), Prepared::Upgraded);
    let upgraded = facts(&ours);
    let mut service = services.start(V12_2_0, &ours);
    assert_eq!(facts(&ours), upgraded, "the service has migrated something");
    services.start(V12_2_0, &theirs).stop();
    assert_eq!(sorted(schema(&ours)), sorted(schema(&theirs)));
    assert_eq!(upgraded, facts(&theirs));
    assert_eq!(Database::in_folder(&ours).rows(), Database::in_folder(&theirs).rows());

    assert_eq!(service.search("old version").len(), 1);
    use_it(&service);
    service.stop();
}

/// Stores, changes, finds and deletes, then looks whether everything is whole.
#[track_caller]
fn use_it(service: &Service) {
    let before = contents(service).len();
    let key = service.post("The service writes into what memsync made", &["new"]);
    service.put(&key, &serde_json::json!({ "tags": ["newer"] }));
    assert_eq!(service.search("writes into what memsync made").first(), Some(&key));
    assert_eq!(contents(service).len(), before + 1);
    service.delete(&key);
    let database = service.database();
    database.check();
    assert!(database.live().iter().all(|row| row.vector));
}

/// The statements that a database is made of, in their order.
fn schema(folder: &Path) -> Vec<String> {
    list(folder, "SELECT concat_ws(' ', type, name, tbl_name, sql) FROM sqlite_schema")
}

/// The rows by which the service tells how far a database has been migrated, and how SQLite keeps it.
fn facts(folder: &Path) -> Vec<String> {
    let mut facts = list(folder, "SELECT concat_ws(' ', key, value) FROM metadata ORDER BY key");
    facts.extend(list(
        folder,
        "SELECT concat_ws(' ', version, name, filename, checksum, length(applied_at)) FROM migration_registry",
    ));
    facts.extend(list(folder, "SELECT concat_ws(' ', key, value) FROM memory_embeddings_info"));
    for pragma in ["journal_mode", "user_version", "application_id", "page_size", "auto_vacuum", "encoding"] {
        facts.extend(list(folder, &format!("SELECT '{pragma} ' || {pragma} FROM pragma_{pragma}")));
    }
    facts
}

fn list(folder: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open(Database::in_folder(folder).path()).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// The same statements whatever their order and white space, which depend on how a schema grew.
fn sorted(schema: Vec<String>) -> Vec<String> {
    let words = |statement: String| statement.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut schema: Vec<_> = schema.into_iter().map(words).collect();
    schema.sort();
    schema
}
