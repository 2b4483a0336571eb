//! `memsync pull`: fetch, then apply.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, Change, Run, Verb};
use crate::support::scene::{ADA, GATE, Scene, WATER, server};

#[test]
fn the_servers_changes_arrive_and_none_of_the_devices_leave() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    assert_snapshot!(scene.device.memsync(["pull"]), @"
    exit status: 0
    ----- stdout -----
    Already up to date.
    ");

    scene.evening();
    let new = server.note("The server thought of this", &["server"]);
    server.put(WATER, &json!({ "tags": ["physics", "kitchen"] }));
    let (files, asked) = (scene.files(), server.requests().len());
    assert_snapshot!(scene.device.memsync(["pull", "--dry-run"]), @"
    exit status: 0
    ----- stdout -----
      <- new     1f2de887  The server thought of this
      <- changed b5830158  Water boils at 100 degrees
    would pull: 1 new, 1 changed
    ");
    let plan: Run = documents::parse(&scene.device.memsync(["pull", "--dry-run", "--json"]).success());
    assert!(plan.dry_run);
    assert_eq!((plan.pulled.created, plan.pulled.changed, plan.pushed.created), (1, 1, 0));
    assert_eq!(scene.files(), files, "a dry run changes nothing");

    let output = scene.device.memsync(["pull", "--json"]).success();
    let run: Run = documents::parse(&output);
    assert_eq!((run.dry_run, &run.plan, &run.pulled), (false, &plan.plan, &plan.pulled));
    let entry = run.entries.iter().find(|entry| entry.content_hash == new).unwrap();
    assert_eq!((&entry.local_state, &entry.remote_state), (&Change::Same, &Change::Added));
    assert_eq!((entry.local.as_ref(), entry.remote.as_ref()), (Some(&Verb::Create), None));
    assert_eq!(server.writes_since(asked), [""; 0]);
    assert_eq!(server.list()[GATE]["tags"], json!(["home"]));
    assert!(server.list().contains_key(ADA), "a deletion here is not the server's business yet");
    let held = scene.device.database.live();
    assert!(held.iter().any(|row| row.content == "The server thought of this" && row.vector));
    assert!(
        held.iter().any(|row| row.content_hash == WATER && row.tags.as_deref() == Some("kitchen,physics"))
    );
    scene.device.database.check();
}

#[test]
fn a_strategy_settles_what_both_sides_changed() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let set = |kind: &str| {
        scene
            .device
            .database
            .execute("UPDATE memories SET memory_type = ?2 WHERE content_hash = ?1", [GATE, kind]);
    };
    set("task");
    server.put(GATE, &json!({ "memory_type": "reference" }));
    assert_snapshot!(scene.device.memsync(["pull"]), @"
    exit status: 1
    ----- stdout -----
    1 conflict waits for you:
      962b5c9f  (type) The garden gate sticks in winter
    ----- stderr -----
    hint: `memsync checkout --ours HASH` or `--theirs HASH` ends a conflict
    ");
    assert_snapshot!(scene.device.memsync(["pull", "-X", "theirs"]), @"
    exit status: 0
    ----- stdout -----
    pulled: 1 changed
    ----- stderr -----
    ended 1 conflict with the server's values (origin)
    ");
    let gate = scene.device.database.live().into_iter().find(|row| row.content_hash == GATE).unwrap();
    assert_eq!(gate.memory_type.as_deref(), Some("reference"));
    assert_snapshot!(scene.device.memsync(["status", "--porcelain"]), @"exit status: 0");
}

#[test]
fn only_the_selected_memories_are_brought() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    server.note("Wanted", &["a"]);
    server.note("Left for later", &["b"]);
    assert_snapshot!(scene.device.memsync(["pull", "--tag", "a", "-v"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
      <- new     [ID]  Wanted
    pulled: 1 new
    ----- stderr -----
    origin: 2 requests to read it
    ");
    let contents: Vec<String> = scene.device.database.live().into_iter().map(|row| row.content).collect();
    assert!(contents.contains(&"Wanted".to_owned()) && !contents.contains(&"Left for later".to_owned()));
}
