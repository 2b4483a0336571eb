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
        server.put(key, &json!({ "memory_type": "learning" }));
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
    assert_eq!(local_type(&scene, WATER).as_deref(), Some("learning"));
    assert!(local_type(&scene, ADA).is_some(), "it is back");
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 1 changed
    ");
    assert_eq!(server_type(&server, GATE), Some(json!("decision")));
    assert_eq!(server_type(&server, WATER), Some(json!("learning")));
    assert_eq!(server.get(ADA).unwrap()["tags"], json!(["urgent"]));
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    Already up to date.
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", "--all"]), @"
    exit status: 0
    ----- stderr -----
    no conflicts
    ");
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
    assert_eq!([WATER, GATE].map(|key| local_type(&scene, key).unwrap()), ["learning", "learning"]);
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
    hint: `memsync conflicts` lists the conflicts
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--ours"]), @"
    exit status: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <HASH|--all>

    Usage: memsync checkout <--ours|--theirs|--base> <HASH|--all>

    For more information, try '--help'.
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--all"]), @"
    exit status: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <--ours|--theirs|--base>

    Usage: memsync checkout <--ours|--theirs|--base> <HASH|--all>

    For more information, try '--help'.
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", "--theirs", "--all"]), @"
    exit status: 2
    ----- stderr -----
    error: the argument '--ours' cannot be used with '--theirs'

    Usage: memsync checkout <--ours|--theirs|--base> <HASH|--all>

    For more information, try '--help'.
    ");
    assert_eq!(scene.device.memsync(["status", "--porcelain"]).success().stdout.matches('U').count(), 3);
}

/// The type, two metadata members and the tags of one memory changed on both sides.
fn quarrel_about_fields(server: &Service) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    let metadata = json!({ "source": "kitchen", "project": { "name": "tea", "year": 2025 } });
    scene.device.database.execute(
        "UPDATE memories SET memory_type = 'decision', tags = 'physics,ours', metadata = ?2 WHERE content_hash = ?1",
        [WATER, &metadata.to_string()],
    );
    server.put(
        WATER,
        &json!({ "memory_type": "learning", "tags": ["physics", "theirs"],
                 "metadata": { "source": "garden", "project": { "name": "ice", "year": 2025 } } }),
    );
    scene.device.memsync(["sync"]).expect_status(1);
    Some(scene)
}

#[test]
fn fields_are_decided_one_after_the_other() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel_about_fields(&server) else { return };
    let memsync = |arguments: &[&str]| scene.device.memsync(arguments);
    assert_snapshot!(memsync(&["checkout", "--ours", "--field", "tags", WATER]), @"
    exit status: 2
    ----- stderr -----
    error: b5830158: 'tags' is no field that both sides changed; these are: type, meta.project.name, meta.source
    hint: `memsync conflicts` lists them
    ");
    assert_snapshot!(memsync(&["checkout", "--local", "--field", "type", WATER]), @"
    exit status: 1
    ----- stderr -----
    took this device's type (laptop) of 1 memory
    still open in b5830158: meta.project.name, meta.source
    hint: 1 conflict is left: see `memsync status`
    ");
    assert_snapshot!(memsync(&["conflicts"]), @r#"
    exit status: 0
    ----- stdout -----
    Conflicts:
      ("memsync checkout --ours HASH" takes this device's version (laptop))
      ("memsync checkout --theirs HASH" takes the server's version (origin))
      ("memsync mergetool" goes through them field by field)
    	both modified:   b5830158  3af0dfea1cf3  (type: ours, meta.project.name, meta.source) Water boils at …
    "#);
    assert_snapshot!(memsync(&["checkout", "--remote", "--field", "meta.source,meta.project", WATER]), @"
    exit status: 0
    ----- stderr -----
    took the server's meta.source, meta.project (origin) of 1 memory
    hint: `memsync sync` brings the decision to the server
    ");
    assert_snapshot!(memsync(&["conflicts"]), @r#"
    exit status: 0
    ----- stdout -----
    Decided:
      ("memsync sync" brings the decision to origin)
    	both modified:   b5830158  3af0dfea1cf3  (merged) Water boils at 100 de…
    "#);
    // One field of the decision is changed.
    assert_snapshot!(memsync(&["checkout", "--theirs", "--field", "type", WATER]), @"
    exit status: 0
    ----- stderr -----
    took the server's type (origin) of 1 memory
    hint: `memsync sync` brings the decision to the server
    ");
    memsync(&["sync"]).success();
    let there = server.get(WATER).unwrap();
    assert_eq!(there["memory_type"], "learning");
    assert_eq!(there["tags"], json!(["ours", "physics", "theirs"]));
    assert_eq!(there["metadata"]["source"], "garden");
    assert_eq!(there["metadata"]["project"], json!({ "name": "ice", "year": 2025 }));
    assert_eq!(local_type(&scene, WATER).as_deref(), Some("learning"));
    assert_eq!(memsync(&["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn the_base_ends_a_conflict_where_there_is_one() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    scene.device.memsync(["sync", "-X", "ours"]).success();
    // One more, which both made by themselves.
    let key = server.note("Soup needs salt", &["kitchen"]);
    let sql = "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at)
               VALUES (?1, 'Soup needs salt', 'kitchen', 'decision', '{}', 1735700000.0)";
    scene.device.database.execute(sql, [&key]);
    scene.device.database.execute("UPDATE memories SET memory_type = 'idea' WHERE content_hash = ?1", [GATE]);
    server.put(GATE, &json!({ "memory_type": "learning" }));
    scene.device.memsync(["pull"]).expect_status(1);
    assert_snapshot!(scene.device.memsync(["checkout", "--base", "--all"]), @"
    exit status: 2
    ----- stderr -----
    error: 95bf04dd: there is no base: both sides added this memory, each by itself
    hint: `memsync checkout --ours HASH` or `--theirs HASH` ends such a conflict
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--base", GATE]), @"
    exit status: 1
    ----- stderr -----
    took the version that this device (laptop) and the server (origin) last agreed on of 1 memory
    hint: 1 conflict is left: see `memsync status`
    ");
    assert_eq!(local_type(&scene, GATE).as_deref(), Some("decision"));
    scene.device.memsync(["checkout", "--ours", &key]).success();
    scene.device.memsync(["sync"]).success();
    assert_eq!(server_type(&server, GATE), Some(json!("decision")));
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn a_decision_can_be_changed_until_the_server_has_it() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let memsync = |arguments: &[&str]| scene.device.memsync(arguments);
    memsync(&["checkout", "--ours", "--all"]).success();
    // The base is written to this device, and taken back by what comes after.
    memsync(&["checkout", "--base", WATER, ADA]).success();
    assert_eq!(local_type(&scene, WATER).as_deref(), Some("reference"));
    assert!(local_type(&scene, ADA).is_some());
    memsync(&["checkout", "--ours", WATER, ADA]).success();
    assert_eq!(local_type(&scene, WATER).as_deref(), Some("decision"));
    assert_eq!(local_type(&scene, ADA), None);
    assert_snapshot!(memsync(&["checkout", "--theirs", "--all"]), @"
    exit status: 0
    ----- stderr -----
    no open conflicts; 3 conflicts are decided and wait for `memsync sync` (name one by its hash to decide anew)
    ");
    memsync(&["checkout", "--theirs", WATER]).success();
    assert_eq!(local_type(&scene, WATER).as_deref(), Some("learning"));
    // Now both sides hold the same, and there is nothing left to decide.
    assert_snapshot!(memsync(&["checkout", "--ours", WATER]), @"
    exit status: 2
    ----- stderr -----
    error: no conflict begins with 'b5830158211ea7ad98e6aa74d6454f6458ec5f2cd8cea75e632c16805bde124e'
    hint: `memsync conflicts` lists the conflicts
    ");
    memsync(&["sync"]).success();
    assert_eq!(server_type(&server, WATER), Some(json!("learning")));
    assert_eq!(server_type(&server, GATE), Some(json!("decision")));
    assert_eq!(server.get(ADA), None);
    assert_eq!(memsync(&["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn an_edit_after_the_decision_asks_again() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let memsync = |arguments: &[&str]| scene.device.memsync(arguments);
    memsync(&["checkout", "--base", GATE, WATER, ADA]).success();
    scene.device.database.execute("UPDATE memories SET memory_type = 'idea' WHERE content_hash = ?1", [GATE]);
    server.put(WATER, &json!({ "memory_type": "gotcha" }));
    assert_snapshot!(memsync(&["sync"]), @"
    exit status: 1
    ----- stdout -----
    pulled: 1 changed
    pushed: 1 changed
    1 conflict waits for you:
      962b5c9f  (type) The garden gate sticks in winter
    ----- stderr -----
    hint: `memsync checkout --ours HASH` or `--theirs HASH` ends a conflict
    ");
    assert_eq!(local_type(&scene, GATE).as_deref(), Some("idea"));
    assert_eq!(server_type(&server, GATE), Some(json!("learning")));
}
