//! `memsync sync`: all the steps, both ways, and the brakes.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, Run};
use crate::support::scene::{ADA, BREAD, GATE, Scene, WATER, server};
use crate::support::{Services, TestEnvironment, Version};

#[test]
fn the_first_sync_joins_both_sides_and_the_second_has_nothing_to_do() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::morning() else { return };
    let device = scene.device.with_remote(&server);
    server.note("The server thought of this", &["server"]);
    device.memsync(["init"]).success();
    assert_snapshot!(device.memsync(["sync", "--dry-run"]), @"
    exit status: 0
    ----- stdout -----
      -> new     1bdb863c  Call Ada on Monday
      <- new     1f2de887  The server thought of this
      -> new     962b5c9f  The garden gate sticks in winter
      -> new     b5830158  Water boils at 100 degrees
    would pull: 1 new
    would push: 3 new
    ");
    assert_snapshot!(device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pulled: 1 new
    pushed: 3 new
    ");
    let asked = server.requests().len();
    let watch = device.database.watch();
    assert_snapshot!(device.memsync(["full"]), @"
    exit status: 0
    ----- stdout -----
    Already up to date.
    ");
    assert_eq!(server.writes_since(asked), [""; 0]);
    assert!(!watch.has_changed());
    assert_snapshot!(server.page(), @"
    1bdb863c  [todo] Call Ada on Monday
    1f2de887  [server] The server thought of this
    962b5c9f  [home] The garden gate sticks in winter
    b5830158  [physics] Water boils at 100 degrees
    ");
    device.database.check();
    server.database().check();
}

#[test]
fn it_says_little_or_nothing_or_each_step() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.evening();
    assert_snapshot!(scene.device.memsync(["sync", "--quiet"]), @"exit status: 0");
    server.put(WATER, &json!({ "tags": ["kitchen"] }));
    assert_snapshot!(scene.device.memsync(["sync", "-v"]), @"
    exit status: 0
    ----- stdout -----
      <- changed b5830158  Water boils at 100 degrees
    pulled: 1 changed
    ----- stderr -----
    origin: 2 requests to read it
    ");
    assert_snapshot!(scene.device.memsync(["sync", "-q", "-v"]), @"
    exit status: 2
    ----- stderr -----
    error: the argument '--quiet' cannot be used with '--verbose...'

    Usage: memsync sync --quiet [REMOTE]

    For more information, try '--help'.
    ");
}

#[test]
fn a_dry_run_changes_no_byte() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.evening();
    server.put(WATER, &json!({ "tags": ["kitchen"] }));
    let (files, asked) = (scene.files(), server.requests().len());
    assert_snapshot!(scene.device.memsync(["sync", "--dry-run"]), @"
    exit status: 0
    ----- stdout -----
      -> deleted 1bdb863c  Call Ada on Monday
      -> new     3d898a9e  Bread needs salt
      -> changed 962b5c9f  The garden gate sticks in winter
      <- changed b5830158  Water boils at 100 degrees
    would pull: 1 changed
    would push: 1 new, 1 changed, 1 deleted
    ");
    let run: Run = documents::parse(&scene.device.memsync(["sync", "--dry-run", "--json"]).success());
    assert_eq!(
        (run.pulled.changed, run.pushed.created, run.pushed.changed, run.pushed.deleted),
        (1, 1, 1, 1)
    );
    assert_eq!(scene.files(), files);
    assert_eq!(server.writes_since(asked), [""; 0]);
}

#[test]
fn changes_of_different_fields_are_merged_and_of_the_same_field_wait() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.evening();
    scene
        .device
        .database
        .execute("UPDATE memories SET memory_type = 'task' WHERE content_hash = ?1", [WATER]);
    server.put(GATE, &json!({ "tags": ["home", "iron"], "metadata": { "colour": "green" } }));
    server.put(WATER, &json!({ "memory_type": "fact", "tags": ["kitchen"] }));
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 1
    ----- stdout -----
    pulled: 1 changed
    pushed: 1 new, 1 changed, 1 deleted
    1 conflict waits for you:
      b5830158  (type) Water boils at 100 degrees
    ----- stderr -----
    hint: `memsync checkout --ours HASH` or `--theirs HASH` ends a conflict
    ");
    assert_eq!(server.list()[GATE]["tags"], json!(["home", "iron", "winter"]));
    assert!(server.list().contains_key(BREAD), "what does not collide does not wait");
    let output = scene.device.memsync(["sync", "--json"]).expect_status(1);
    let run: Run = documents::parse(&output);
    assert_eq!(
        (run.conflicts[0].content_hash.as_str(), run.conflicts[0].fields.as_slice()),
        (WATER, ["type".to_owned()].as_slice())
    );
    assert_snapshot!(scene.device.memsync(["sync", "-X", "ours"]), @"
    exit status: 0
    ----- stdout -----
    pulled: 1 changed
    pushed: 1 changed
    ----- stderr -----
    ended 1 conflict with this device's values (laptop)
    ");
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    Already up to date.
    ");
}

#[test]
fn with_merging_switched_off_every_double_change_waits() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.evening();
    server.put(GATE, &json!({ "metadata": { "colour": "green" } }));
    scene.device.memsync(["config", "merge.auto", "false"]).success();
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 1
    ----- stdout -----
    pushed: 1 new, 1 deleted
    1 conflict waits for you:
      962b5c9f  (tags, meta.colour) The garden gate sticks in winter
    ----- stderr -----
    hint: `memsync checkout --ours HASH` or `--theirs HASH` ends a conflict
    ");
}

/// The plan that the error's hint lets through.
fn allowed(stderr: &str) -> String {
    let (_, rest) = stderr.rsplit_once("--allow-plan ").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_server_that_came_back_empty_stops_before_any_effect() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    for key in server.list().keys() {
        server.delete(key);
    }
    let rows = scene.device.database.rows();
    let stopped = scene.device.memsync(["sync"]);
    assert_snapshot!(stopped, @"
    exit status: 3
    ----- stderr -----
    error: stopped before any change: the server (origin) is empty, and held 3 memories after the last sync
    hint: to see the plan: repeat with --dry-run
    hint: to let exactly this plan through: repeat with --allow-plan 7301ae8784b7
    ");
    assert_snapshot!(scene.device.memsync(["sync", "--dry-run"]), @"
    exit status: 3
    ----- stdout -----
      <- deleted 1bdb863c  Call Ada on Monday
      <- deleted 962b5c9f  The garden gate sticks in winter
      <- deleted b5830158  Water boils at 100 degrees
    would pull: 3 deleted
    ----- stderr -----
    error: stopped before any change: the server (origin) is empty, and held 3 memories after the last sync
    hint: to see the plan: repeat with --dry-run
    hint: to let exactly this plan through: repeat with --allow-plan 7301ae8784b7
    ");
    assert_snapshot!(scene.device.memsync(["status"]), @r#"
    exit status: 0
    ----- stdout -----
    On device laptop, 3 memories
    Remote origin: http://127.0.0.1:[PORT]/
    Last remote sync: 2025-01-02 03:04
    Last push attempt: 2025-01-02 03:04

    Changes on the server, as last fetched:
      ("memsync pull" brings them here)
    	deleted:         1bdb863c  Call Ada on Monday
    	deleted:         962b5c9f  The garden gate sticks in winter
    	deleted:         b5830158  Water boils at 100 degrees

    The next sync stops:
      (nothing is changed before you decide)
    	the server (origin) is empty, and held 3 memories after the last sync
    "#);
    let run: Run = documents::parse(&scene.device.memsync(["sync", "--json"]).expect_status(3));
    assert_eq!(run.brakes.len(), 1);
    assert_eq!(scene.device.database.rows(), rows);
    scene.device.memsync(["sync", "--allow-plan", "0123abcd"]).expect_status(3);
    assert_eq!(scene.device.database.rows(), rows);

    assert_snapshot!(scene.device.memsync(["sync", "--allow-plan", &allowed(&stopped.stderr)]), @"
    exit status: 0
    ----- stdout -----
    pulled: 3 deleted
    ");
    assert!(scene.device.database.live().is_empty());
}

#[test]
fn deleting_more_than_the_limit_stops_and_another_plan_is_not_let_through() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::morning() else { return };
    let device = scene.device.with_remote(&server);
    let keys: Vec<String> = (0..20).map(|n| server.note(&format!("Number {n} of many"), &["many"])).collect();
    device.memsync(["init"]).success();
    device.memsync(["sync"]).success();
    for key in &keys[..12] {
        server.delete(key);
    }
    let stopped = device.memsync(["sync"]);
    assert_snapshot!(stopped, @"
    exit status: 3
    ----- stderr -----
    error: stopped before any change: 12 of 23 memories on this device would be deleted, more than sync.maxDelete (25%) allows
    hint: to see the plan: repeat with --dry-run
    hint: to let exactly this plan through: repeat with --allow-plan a4b4ab535ac1
    ");
    assert_eq!(device.database.live().len(), 23);
    // One more deletion makes it another plan.
    server.delete(&keys[12]);
    let id = allowed(&stopped.stderr);
    device.memsync(["sync", "--allow-plan", &id]).expect_status(3);
    device.memsync(["config", "sync.maxDelete", "60%"]).success();
    assert_snapshot!(device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pulled: 13 deleted
    ");
    assert_eq!(device.database.live().len(), 10);
}

#[test]
fn a_server_that_is_another_one_stops_before_any_effect() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    for key in server.list().keys() {
        server.delete(key);
    }
    server.note("Somebody else's memory", &["stranger"]);
    let rows = scene.device.database.rows();
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 3
    ----- stderr -----
    error: stopped before any change: the server (origin) holds none of the 3 memories that it held after the last sync: it seems to be another one
    hint: to see the plan: repeat with --dry-run
    hint: to let exactly this plan through: repeat with --allow-plan 77af2f98a93e
    ");
    assert_eq!(scene.device.database.rows(), rows);
    assert_eq!(server.list().len(), 1);
}

#[test]
fn a_server_that_was_restored_from_a_backup_is_noticed_and_healed() {
    // Taken first, so that nobody waits for a seat while sitting on one.
    let Some(scene) = Scene::morning() else { return };
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let mut server = services.start(Version::V12_2_0, &environment.folder("server"));
    let mut device = scene.device.with_remote(&server);
    device.memsync(["init"]).success();
    device.memsync(["sync"]).success();
    server.stop();
    server.database().settle();
    let backup = std::fs::read(server.database().path()).unwrap();
    server.resume();
    "2025-01-03T10:00:00Z".clone_into(&mut device.now);
    for key in [ADA, WATER, GATE] {
        let tag = "UPDATE memories SET tags = 'edited' WHERE content_hash = ?1";
        assert_eq!(device.database.execute(tag, [key]), 1);
    }
    device.memsync(["sync"]).success();

    server.stop();
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", server.database().path().display()));
    }
    std::fs::write(server.database().path(), backup).unwrap();
    server.resume();
    let rows = device.database.rows();
    let stopped = device.memsync(["sync"]);
    assert_snapshot!(stopped, @"
    exit status: 3
    ----- stderr -----
    error: stopped before any change: the server (origin) holds 3 memories as they were after the sync of 2025-01-02 03:04: it seems to have been restored from a backup
    hint: to put back what is newer on the other side: repeat with --allow-plan dec0a4b78daf
    hint: to read it as edits, deletions included: repeat with --allow-plan e080770912e7
    ");
    assert_eq!(device.database.rows(), rows);
    let id = stopped
        .stderr
        .lines()
        .find_map(|line| line.split_once("other side: repeat with --allow-plan "))
        .unwrap()
        .1;
    assert_snapshot!(device.memsync(["sync", "--allow-plan", id]), @"
    exit status: 0
    ----- stdout -----
    pushed: 3 changed
    ");
    assert_eq!(server.list()[WATER]["tags"], json!(["edited"]));
    assert_eq!(device.database.rows(), rows);
}

#[test]
fn a_device_that_was_restored_from_a_backup_is_noticed_and_healed() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::synced(&server) else { return };
    let database = scene.device.database.clone();
    database.settle();
    let backup = std::fs::read(database.path()).unwrap();
    "2025-01-03T10:00:00Z".clone_into(&mut scene.device.now);
    for key in [ADA, WATER, GATE] {
        server.put(key, &json!({ "tags": ["edited"] }));
    }
    scene.device.memsync(["sync"]).success();

    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", database.path().display()));
    }
    std::fs::write(database.path(), backup).unwrap();
    let (rows, asked) = (database.rows(), server.requests().len());
    let stopped = scene.device.memsync(["sync"]);
    assert_snapshot!(stopped, @"
    exit status: 3
    ----- stderr -----
    error: stopped before any change: this device holds 3 memories as they were after the sync of 2025-01-02 03:04: it seems to have been restored from a backup
    hint: to put back what is newer on the other side: repeat with --allow-plan 66885dc11180
    hint: to read it as edits, deletions included: repeat with --allow-plan 3b9e4a81c242
    ");
    assert_eq!((database.rows(), server.writes_since(asked)), (rows, Vec::new()));
    let id = stopped.stderr.split("--allow-plan ").nth(1).unwrap().split_whitespace().next().unwrap();
    assert_snapshot!(scene.device.memsync(["sync", "--allow-plan", id]), @"
    exit status: 0
    ----- stdout -----
    pulled: 3 changed
    ");
    assert!(database.live().iter().all(|row| row.tags.as_deref() == Some("edited")));
    assert_eq!(server.writes_since(asked), [""; 0]);
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}
