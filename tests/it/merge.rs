//! `memsync merge`: merge what was fetched, and end conflicts by a rule.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::Service;
use crate::support::scene::{ADA, GATE, Scene, WATER, server};

/// The type of one memory is another one on both sides, with tags that merge; one memory is deleted here and edited there;
/// and one has only changed on the server. All is fetched.
fn quarrel(server: &Service) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    let ours = "UPDATE memories SET memory_type = 'decision', tags = 'home,ours' WHERE content_hash = ?1";
    scene.device.database.execute(ours, [GATE]);
    scene
        .device
        .database
        .execute("UPDATE memories SET deleted_at = 1735700000 WHERE content_hash = ?1", [ADA]);
    server.put(GATE, &json!({ "memory_type": "learning", "tags": ["home", "theirs"] }));
    server.put(ADA, &json!({ "tags": ["urgent"] }));
    server.put(WATER, &json!({ "tags": ["physics", "kitchen"] }));
    scene.device.memsync(["fetch"]).success();
    Some(scene)
}

fn row(scene: &Scene, key: &str) -> Option<String> {
    let row = scene.device.database.live().into_iter().find(|row| row.content_hash == key)?;
    Some(format!("{} [{}]", row.memory_type.unwrap_or_default(), row.tags.unwrap_or_default()))
}

fn there(server: &Service, key: &str) -> Option<String> {
    let memory = server.get(key)?;
    Some(format!("{} {}", memory["memory_type"].as_str().unwrap(), memory["tags"]))
}

#[test]
fn what_merges_is_merged_and_the_rest_waits() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let asked = server.requests().len();
    assert_snapshot!(scene.device.memsync(["merge"]), @"
    exit status: 1
    ----- stdout -----
    pulled: 1 changed
    2 conflicts wait for you:
      1bdb863c  (deleted by us) Call Ada on Monday
      962b5c9f  (type) The garden gate sticks in winter
    ----- stderr -----
    hint: `memsync checkout --ours HASH` or `--theirs HASH` ends a conflict
    ");
    assert_eq!(server.requests().len(), asked, "the server is asked nothing");
    assert!(row(&scene, WATER).unwrap().contains("kitchen"));
    assert_eq!(row(&scene, GATE).as_deref(), Some("decision [home,ours]"), "what waits is not touched");
}

#[test]
fn a_rule_decides_the_colliding_fields_and_that_lasts() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    assert_snapshot!(scene.device.memsync(["merge", "-X", "ours", "--dry-run"]), @"
    exit status: 0
    ----- stdout -----
      <- changed 962b5c9f  The garden gate sticks in winter
      <- changed b5830158  Water boils at 100 degrees
    would pull: 2 changed
    ");
    assert_snapshot!(scene.device.memsync(["merge", "-X", "ours"]), @"
    exit status: 0
    ----- stdout -----
    pulled: 2 changed
    ----- stderr -----
    ended 2 conflicts with this device's values (laptop)
    hint: `memsync sync` brings the decision to the server
    ");
    assert_eq!(row(&scene, GATE).as_deref(), Some("decision [home,ours,theirs]"));
    assert_snapshot!(scene.device.memsync(["status"]), @r#"
    exit status: 0
    ----- stdout -----
    On device laptop, 2 memories
    Remote origin: http://127.0.0.1:[PORT]/
    Last remote sync: 2025-01-02 03:04
    Last push attempt: 2025-01-02 03:04

    Changes on this device:
      ("memsync push" sends them, "memsync sync" does all)
    	modified:        1bdb863c  (ours chosen) Call Ada on Monday
    	modified:        962b5c9f  (merged) The garden gate sticks in winter
    "#);
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 1 changed, 1 deleted
    ");
    assert_eq!(there(&server, GATE).as_deref(), Some(r#"decision ["home","ours","theirs"]"#));
    assert_eq!(there(&server, ADA), None);
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn the_server_decides_and_what_was_chosen_by_hand_stands() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    scene
        .device
        .database
        .execute("UPDATE memories SET metadata = '{\"a\": 1}' WHERE content_hash = ?1", [GATE]);
    server.put(GATE, &json!({ "metadata": { "a": 2 } }));
    scene.device.memsync(["pull"]).expect_status(1);
    scene.device.memsync(["checkout", "--ours", "--field", "meta.a", GATE]).expect_status(1);
    assert_snapshot!(scene.device.memsync(["merge", "-X", "theirs"]), @"
    exit status: 0
    ----- stdout -----
    pulled: 1 new, 1 changed
    ----- stderr -----
    ended 2 conflicts with the server's values (origin)
    hint: `memsync sync` brings the decision to the server
    ");
    assert_eq!(row(&scene, GATE).as_deref(), Some("learning [home,ours,theirs]"));
    scene.device.memsync(["sync"]).success();
    assert_eq!(there(&server, GATE).as_deref(), Some(r#"learning ["home","ours","theirs"]"#));
    assert_eq!(server.get(GATE).unwrap()["metadata"]["a"], 1);
    assert!(row(&scene, ADA).is_some());
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn a_pull_or_push_with_a_rule_lasts_as_well() {
    for first in
        [["pull", "-X", "ours"], ["apply", "-X", "ours"], ["push", "-X", "theirs"], ["pull", "-X", "theirs"]]
    {
        let Some(server) = server() else { return };
        let Some(scene) = Scene::synced(&server) else { return };
        let kind = format!("{} {}", first[0], first[2]);
        scene.device.database.execute(
            "UPDATE memories SET memory_type = 'decision', tags = ?2 WHERE content_hash = ?1",
            [GATE, &kind],
        );
        server.put(GATE, &json!({ "memory_type": "learning", "metadata": { "by": kind } }));
        scene.device.memsync(["fetch"]).success();
        let output = scene.device.memsync(first).success();
        assert!(output.stderr.contains("ended 1 conflict with"), "{output}");
        scene.device.memsync(["sync"]).success();
        let expected = if first[2] == "ours" { "decision" } else { "learning" };
        assert_eq!(row(&scene, GATE), Some(format!("{expected} [{kind}]")));
        assert_eq!(there(&server, GATE), Some(format!("{expected} [{kind:?}]")));
        assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
    }
}

#[test]
fn a_conflict_that_nobody_has_to_decide_any_more_ends_by_itself() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    scene.device.memsync(["merge"]).expect_status(1);
    server.put(GATE, &json!({ "memory_type": "decision" }));
    server.put(ADA, &json!({ "tags": ["todo"] }));
    assert_snapshot!(scene.device.memsync(["pull"]), @"
    exit status: 0
    ----- stdout -----
    pulled: 1 changed
    ----- stderr -----
    2 conflicts have ended by themselves: nothing collides there any more
    ");
    assert_eq!(scene.device.memsync(["conflicts"]).success().stderr, "no conflicts\n");
}
