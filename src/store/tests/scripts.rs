//! The statements of the sync scripts that came with mcp-memory-service, read word for word, against the views.

use super::*;
use crate::object::{Metadata, Resolution, SideName};

fn ask(store: &Store, sql: &str) -> String {
    let mut statement = store.connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let value = |at| match row.get_ref(at)? {
            rusqlite::types::ValueRef::Null => Ok(String::new()),
            rusqlite::types::ValueRef::Text(text) => Ok(String::from_utf8_lossy(text).into_owned()),
            rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
            rusqlite::types::ValueRef::Real(number) => Ok(number.to_string()),
            rusqlite::types::ValueRef::Blob(_) => Ok("a blob".to_owned()),
        };
        (0..columns).map(value).collect::<rusqlite::Result<Vec<_>>>().map(|row| row.join("|"))
    });
    rows.unwrap().collect::<rusqlite::Result<Vec<_>>>().unwrap().join("\n")
}

/// What `memory_sync.sh status` prints.
fn status(store: &Store) -> String {
    let count = |status: &str| {
        ask(store, &format!("SELECT COUNT(*) FROM staged_memories WHERE conflict_status = '{status}';"))
    };
    let value = |key: &str| ask(store, &format!("SELECT value FROM sync_status WHERE key = '{key}';"));
    format!(
        "Staged changes ready: {}\nConflicts detected: {}\nFailed pushes: {}\nLast remote sync: {}\nLast push attempt: {}",
        count("none"),
        count("detected"),
        count("push_failed"),
        value("last_remote_sync"),
        value("last_push_attempt"),
    )
}

fn staged(store: &Store, number: usize, operation: Operation) -> Staged {
    let blob = store.put_memory(&memory(number)).unwrap();
    let (key, staged_at) = (key(number), 1_700_000_000 + i64::try_from(number).unwrap());
    Staged { key, operation, blob, staged_at, source_machine: "laptop".to_owned() }
}

fn conflict(number: usize) -> Conflict {
    let remote = "origin".to_owned();
    let (ours, theirs, fields) = (Some(memory(number).id()), None, vec!["content".to_owned()]);
    Conflict {
        key: key(number),
        remote,
        base: None,
        ours,
        theirs,
        fields,
        since: 1_700_000_100,
        resolution: None,
        held: ours,
        choices: BTreeMap::new(),
        is_reopened: false,
    }
}

#[test]
fn the_old_status_command_reads_it() {
    let Fixture { store, folder: _folder } = fixture();
    assert_snapshot!(status(&store), @"
        Staged changes ready: 0
        Conflicts detected: 0
        Failed pushes: 0
        Last remote sync: 
        Last push attempt:
        ");

    let changes: Vec<_> = (1..=6).map(|number| staged(&store, number, Operation::Insert)).collect();
    store.set_staged(&changes).unwrap();
    store.set_conflicts("origin", &[conflict(2), conflict(3)]).unwrap();
    store.resolve("origin", &key(3), Resolution::Side(SideName::Remote)).unwrap();
    for (number, side) in [(4, SideName::Remote), (5, SideName::Local), (2, SideName::Remote)] {
        let (reason, remote) = ("no".to_owned(), "origin".to_owned());
        let failure = Failure {
            key: key(number),
            remote,
            side,
            reason,
            refused: None,
            similar_to: None,
            attempts: 1,
            at: 1,
        };
        store.record_failure(&failure).unwrap();
    }
    store.set_fact("last_remote_sync", "", 1_700_000_000).unwrap();
    store.set_fact("last_push_attempt", "", 1_700_000_060).unwrap();
    assert_snapshot!(status(&store), @"
        Staged changes ready: 3
        Conflicts detected: 1
        Failed pushes: 1
        Last remote sync: 2023-11-14 22:13:20
        Last push attempt: 2023-11-14 22:14:20
        ");
    assert_snapshot!(ask(&store, "SELECT key, value FROM sync_status"), @"
        last_remote_sync|2023-11-14 22:13:20
        last_local_sync|
        last_push_attempt|2023-11-14 22:14:20
        staging_version|1.0
        total_staged_changes|6
        ");
    assert_snapshot!(
        ask(&store, "SELECT conflict_status, resolution, detected_at FROM conflict_resolution ORDER BY 1"),
        @"
    detected||2023-11-14 22:15:00
    resolved|theirs|2023-11-14 22:15:00
    "
    );
    // As resolve_conflicts.sh lists them.
    assert_snapshot!(
        ask(&store, "SELECT id, content, staged_at, conflict_status FROM staged_memories
                     WHERE conflict_status IN ('detected', 'push_failed') ORDER BY staged_at DESC;"),
        @r#"
        92e09a90e9b194d5eff7e7fc2994d4ef972d5677fd8fff0388c3b1b9a9685ae8|Memory 4 says that "SQLite" is a library; it's small | and fast.|2023-11-14 22:13:24|push_failed
        229eb4add7c502c32a2093b160e2e3aad22e9b9d760f0b970ff7fa392f3b75e7|Memory 2 says that "SQLite" is a library; it's small | and fast.|2023-11-14 22:13:22|detected
        "#
    );
}

#[test]
fn the_old_push_command_reads_what_it_sends() {
    let Fixture { store, folder: _folder } = fixture();
    let mut full = memory(1);
    full.metadata = Metadata::Members([("project".to_owned(), serde_json::json!({"stars": 3}))].into());
    full.memory_type = Some("decision".to_owned());
    let blob = store.put_memory(&full).unwrap();
    let changes = [
        Staged { blob, ..staged(&store, 1, Operation::Update) },
        staged(&store, 2, Operation::Insert),
        staged(&store, 3, Operation::Delete),
    ];
    store.set_staged(&changes).unwrap();
    assert_snapshot!(
        ask(&store, "SELECT id, content, content_hash, tags, metadata, memory_type,
                            operation, staged_at, original_created_at, source_machine
                     FROM staged_memories
                     WHERE conflict_status = 'none' AND operation IN ('INSERT', 'UPDATE')
                     ORDER BY staged_at ASC;"),
        @r#"
        845b003fdd91015c038662a8923fb925cd28c617a57b4d1ccde5b39dc667c33d|Memory 1 says that "SQLite" is a library; it's small | and fast.|845b003fdd91015c038662a8923fb925cd28c617a57b4d1ccde5b39dc667c33d|["number 1","rust"]|{"project":{"stars":3}}|decision|UPDATE|2023-11-14 22:13:21|1712345678.25|laptop
        229eb4add7c502c32a2093b160e2e3aad22e9b9d760f0b970ff7fa392f3b75e7|Memory 2 says that "SQLite" is a library; it's small | and fast.|229eb4add7c502c32a2093b160e2e3aad22e9b9d760f0b970ff7fa392f3b75e7|["number 2","rust"]|{}|note|INSERT|2023-11-14 22:13:22|1712345678.25|laptop
        "#
    );
}

#[test]
fn a_change_that_stays_staged_is_not_written_again() {
    let Fixture { store, folder: _folder } = fixture();
    let first = [staged(&store, 1, Operation::Update), staged(&store, 2, Operation::Update)];
    store.set_staged(&first).unwrap();
    let before = store.connection.total_changes();
    let later = [Staged { staged_at: 1_800_000_000, ..first[0].clone() }, first[1].clone()];
    store.set_staged(&later).unwrap();
    assert_eq!(store.connection.total_changes(), before);

    let deleted = Staged { operation: Operation::Delete, ..later[0].clone() };
    store.set_staged(std::slice::from_ref(&deleted)).unwrap();
    assert_eq!(store.staged().unwrap(), [deleted]);
}
