//! `memsync sync`: all the steps, both ways, and the brakes.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, Run};
use crate::support::scene::{BREAD, GATE, Scene, WATER, server};
use crate::support::{Services, TestEnvironment, Version};

#[test]
fn the_first_sync_joins_both_sides_and_the_second_has_nothing_to_do() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::morning() else { return };
    let device = scene.device.with_remote(&server);
    server.note("The server thought of this", &["server"]);
    device.memsync(["init"]).success();
    assert_snapshot!(device.memsync(["sync", "--dry-run"]), @"");
    assert_snapshot!(device.memsync(["sync"]), @"");
    let asked = server.requests().len();
    let watch = device.database.watch();
    assert_snapshot!(device.memsync(["full"]), @"");
    assert_eq!(server.writes_since(asked), [""; 0]);
    assert!(!watch.has_changed());
    assert_snapshot!(server.page(), @"");
    device.database.check();
    server.database().check();
}

#[test]
fn it_says_little_or_nothing_or_each_step() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.evening();
    assert_snapshot!(scene.device.memsync(["sync", "--quiet"]), @"");
    server.put(WATER, &json!({ "tags": ["kitchen"] }));
    assert_snapshot!(scene.device.memsync(["sync", "-v"]), @"");
    assert_snapshot!(scene.device.memsync(["sync", "-q", "-v"]), @"");
}

#[test]
fn a_dry_run_changes_no_byte() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.evening();
    server.put(WATER, &json!({ "tags": ["kitchen"] }));
    let (files, asked) = (scene.files(), server.requests().len());
    assert_snapshot!(scene.device.memsync(["sync", "--dry-run"]), @"");
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
    assert_snapshot!(scene.device.memsync(["sync"]), @"");
    assert_eq!(server.list()[GATE]["tags"], json!(["home", "iron", "winter"]));
    assert!(server.list().contains_key(BREAD), "what does not collide does not wait");
    let output = scene.device.memsync(["sync", "--json"]).expect_status(1);
    let run: Run = documents::parse(&output);
    assert_eq!(
        (run.conflicts[0].content_hash.as_str(), run.conflicts[0].fields.as_slice()),
        (WATER, ["type".to_owned()].as_slice())
    );
    assert_snapshot!(scene.device.memsync(["sync", "-X", "ours"]), @"");
    assert_snapshot!(scene.device.memsync(["sync"]), @"");
}

#[test]
fn with_merging_switched_off_every_double_change_waits() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.evening();
    server.put(GATE, &json!({ "metadata": { "colour": "green" } }));
    scene.device.memsync(["config", "merge.auto", "false"]).success();
    assert_snapshot!(scene.device.memsync(["sync"]), @"");
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
    assert_snapshot!(stopped, @"");
    assert_snapshot!(scene.device.memsync(["sync", "--dry-run"]), @"");
    assert_snapshot!(scene.device.memsync(["status"]), @"");
    let run: Run = documents::parse(&scene.device.memsync(["sync", "--json"]).expect_status(3));
    assert_eq!(run.brakes.len(), 1);
    assert_eq!(scene.device.database.rows(), rows);
    scene.device.memsync(["sync", "--allow-plan", "0123abcd"]).expect_status(3);
    assert_eq!(scene.device.database.rows(), rows);

    assert_snapshot!(scene.device.memsync(["sync", "--allow-plan", &allowed(&stopped.stderr)]), @"");
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
    assert_snapshot!(stopped, @"");
    assert_eq!(device.database.live().len(), 23);
    // One more deletion makes it another plan.
    server.delete(&keys[12]);
    let id = allowed(&stopped.stderr);
    device.memsync(["sync", "--allow-plan", &id]).expect_status(3);
    device.memsync(["config", "sync.maxDelete", "60%"]).success();
    assert_snapshot!(device.memsync(["sync"]), @"");
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
    assert_snapshot!(scene.device.memsync(["sync"]), @"");
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
    for key in [WATER, GATE] {
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
    assert_snapshot!(stopped, @"");
    assert_eq!(device.database.rows(), rows);
    let id = stopped
        .stderr
        .lines()
        .find_map(|line| line.split_once("newer here: repeat with --allow-plan "))
        .unwrap()
        .1;
    assert_snapshot!(device.memsync(["sync", "--allow-plan", id]), @"");
    assert_eq!(server.list()[WATER]["tags"], json!(["edited"]));
    assert_eq!(device.database.rows(), rows);
}
