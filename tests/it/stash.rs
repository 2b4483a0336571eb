//! `memsync stash`: record this device's changes.

use insta::assert_snapshot;
use rusqlite::types::Value;

use crate::support::scene::{BREAD, GATE, Scene, server};

#[test]
fn changes_are_recorded_and_nothing_is_taken_away() {
    let Some(mut scene) = Scene::morning() else { return };
    scene.device.remote = Some("http://127.0.0.1:1".to_owned());
    scene.device.memsync(["init"]).success();
    let (rows, files) = (scene.device.database.rows(), scene.files());
    assert_snapshot!(scene.device.memsync(["stash", "--dry-run"]), @"
    exit status: 0
    ----- stderr -----
    would stash the changes of 3 memories
    hint: `memsync status` shows them, `memsync push` sends them
    ");
    assert_eq!(scene.files(), files, "a dry run changes nothing");
    assert_snapshot!(scene.device.memsync(["stash"]), @"
    exit status: 0
    ----- stderr -----
    stashed the changes of 3 memories
    hint: `memsync status` shows them, `memsync push` sends them
    ");
    assert_eq!(scene.device.database.rows(), rows);
    assert_snapshot!(scene.device.memsync(["stash", "--quiet"]), @"exit status: 0");
}

/// The old scripts' names, columns and values, for whoever reads the staging database with plain SQL.
#[test]
fn the_old_tables_can_be_read_with_plain_sql() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    assert_snapshot!(query(&scene, "SELECT key, value FROM sync_status ORDER BY key"), @"
    last_local_sync | 2025-01-02 03:04:05
    last_push_attempt | 2025-01-02 03:04:05
    last_remote_sync | 2025-01-02 03:04:05
    staging_version | 1.0
    total_staged_changes | 0
    ");
    assert_snapshot!(scene.device.memsync(["stash"]), @"
    exit status: 0
    ----- stderr -----
    no changes on this device since the last sync
    ");

    scene.evening();
    scene.device.memsync(["stash"]).success();
    assert_snapshot!(
        query(&scene, "SELECT substr(id, 1, 8), content, substr(content_hash, 1, 8), tags, metadata, memory_type, operation,
                         staged_at, original_created_at, source_machine, conflict_status
                       FROM staged_memories ORDER BY id"), @r#"
    1bdb863c | Call Ada on Monday | 1bdb863c | ["todo"] | {} | note | DELETE | 2025-01-02 03:04:05 | 1735689603 | laptop | none
    3d898a9e | Bread needs salt | 3d898a9e | ["kitchen"] | {} | note | INSERT | 2025-01-02 03:04:05 | 1735689604 | laptop | none
    962b5c9f | The garden gate sticks in winter | 962b5c9f | ["home","winter"] | {} | note | UPDATE | 2025-01-02 03:04:05 | 1735689602 | laptop | none
    "#);
    server.put(GATE, &serde_json::json!({ "tags": ["mine"], "memory_type": "task" }));
    scene
        .device
        .database
        .execute("UPDATE memories SET memory_type = 'reference' WHERE content_hash = ?1", [GATE]);
    scene.device.memsync(["sync"]).expect_status(1);
    let states =
        "SELECT substr(content_hash, 1, 8), operation, conflict_status FROM staged_memories ORDER BY id";
    assert_snapshot!(query(&scene, states), @"962b5c9f | UPDATE | detected");
    assert_snapshot!(query(&scene, "SELECT substr(content_hash, 1, 8), remote, conflict_status, resolution, detected_at FROM conflict_resolution"), @"962b5c9f | origin | detected | NULL | 2025-01-02 03:04:05");
    scene.device.memsync(["checkout", "--ours", GATE]).success();
    assert_snapshot!(query(&scene, "SELECT conflict_status, resolution FROM conflict_resolution"), @"resolved | ours");
    scene.device.memsync(["sync"]).success();
    assert_snapshot!(query(&scene, states), @"");
    assert_snapshot!(query(&scene, "SELECT key, value FROM sync_status ORDER BY key"), @"
    last_local_sync | 2025-01-02 03:04:05
    last_push_attempt | 2025-01-02 03:04:05
    last_remote_sync | 2025-01-02 03:04:05
    staging_version | 1.0
    total_staged_changes | 0
    ");
    assert!(server.list().contains_key(BREAD));
}

/// The rows that plain SQL finds in the staging database, a line each.
fn query(scene: &Scene, sql: &str) -> String {
    let staging = rusqlite::Connection::open(&scene.device.staging).unwrap();
    let mut statement = staging.prepare(sql).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut out = String::new();
    while let Some(row) = rows.next().unwrap() {
        let cells = (0..columns).map(|at| match row.get(at).unwrap() {
            Value::Null => "NULL".to_owned(),
            Value::Integer(number) => number.to_string(),
            Value::Real(number) => number.to_string(),
            Value::Text(text) => text,
            Value::Blob(_) => "BLOB".to_owned(),
        });
        out += &(cells.collect::<Vec<_>>().join(" | ") + "\n");
    }
    out
}
