//! `memsync checkout`: decide conflicts.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::Service;
use crate::support::scene::{ADA, GATE, Scene, WATER, server};

/// Three conflicts: the type of two memories is another one on both sides, one memory is deleted here and edited there.
fn quarrel(server: &Service) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    scene.evening();
    for key in [WATER, GATE] {
        scene
            .device
            .database
            .execute("UPDATE memories SET memory_type = 'decision' WHERE content_hash = ?1", [key]);
        server.put(key, &json!({ "memory_type": "fact" }));
    }
    server.put(ADA, &json!({ "tags": ["urgent"] }));
    scene.device.memsync(["sync"]).expect_status(1);
    Some(scene)
}

fn server_type(server: &Service, key: &str) -> Option<Value> {
    server.get(key).map(|memory| memory["memory_type"].clone())
}

fn local_type(scene: &Scene, key: &str) -> Option<String> {
    scene.device.database.live().into_iter().find(|row| row.content_hash == key)?.memory_type
}

#[test]
fn each_conflict_is_ended_by_itself() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", &GATE[..4]]), @"
    exit status: 1
    ----- stderr -----
    took this device's version (laptop) of 1 memory
    hint: 2 conflicts are left: see `memsync status`
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--theirs", &WATER[..8], ADA]), @"
    exit status: 0
    ----- stderr -----
    took the server's version (origin) of 2 memories
    hint: `memsync sync` brings the decision to the server
    ");
    assert_eq!(local_type(&scene, WATER).as_deref(), Some("fact"));
    assert!(local_type(&scene, ADA).is_some(), "it is back");
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 1 changed
    ");
    assert_eq!(server_type(&server, GATE), Some(json!("decision")));
    assert_eq!(server_type(&server, WATER), Some(json!("fact")));
    assert_eq!(server.get(ADA).unwrap()["tags"], json!(["urgent"]));
    assert_snapshot!(scene.device.memsync(["sync"]), @"");
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", "--all"]), @"");
}

#[test]
fn all_end_with_this_devices_versions() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", "--all"]), @"
    exit status: 0
    ----- stderr -----
    took this device's version (laptop) of 3 memories
    hint: `memsync sync` brings the decision to the server
    ");
    scene.device.memsync(["sync"]).success();
    assert_eq!(
        [WATER, GATE].map(|key| server_type(&server, key)),
        [Some(json!("decision")), Some(json!("decision"))]
    );
    assert_eq!(server.get(ADA), None);
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn all_end_with_the_servers_versions() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    scene.device.memsync(["checkout", "--theirs", "--all"]).success();
    assert_eq!([WATER, GATE].map(|key| local_type(&scene, key).unwrap()), ["fact", "fact"]);
    assert!(local_type(&scene, ADA).is_some());
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
    scene.device.database.check();
}

#[test]
fn what_names_no_conflict_decides_nothing() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", "3d89"]), @"
    exit status: 2
    ----- stderr -----
    error: no conflict begins with '3d89'
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--ours"]), @"
    exit status: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <HASH|--all>

    Usage: memsync checkout <--ours|--theirs> <HASH|--all>

    For more information, try '--help'.
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--all"]), @"
    exit status: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <--ours|--theirs>

    Usage: memsync checkout <--ours|--theirs> <HASH|--all>

    For more information, try '--help'.
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", "--theirs", "--all"]), @"
    exit status: 2
    ----- stderr -----
    error: the argument '--ours' cannot be used with '--theirs'

    Usage: memsync checkout <--ours|--theirs> <HASH|--all>

    For more information, try '--help'.
    ");
    assert_eq!(scene.device.memsync(["status", "--porcelain"]).success().stdout.matches('U').count(), 3);
}
