//! `memsync conflicts`: look at the conflicts.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::Service;
use crate::support::documents::{Choice, Conflicts, parse};
use crate::support::scene::{ADA, BREAD, GATE, Scene, WATER, server};

/// One conflict of each kind.
fn quarrel(server: &Service) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    scene.evening();
    let type_of = "UPDATE memories SET memory_type = 'decision' WHERE content_hash = ?1";
    for key in [WATER, GATE] {
        assert_eq!(scene.device.database.execute(type_of, [key]), 1);
    }
    server.put(WATER, &json!({ "memory_type": "learning" }));
    server.delete(GATE);
    server.put(ADA, &json!({ "tags": ["urgent"] }));
    server.post_json(&json!({ "content": "Bread needs salt", "tags": ["kitchen"], "memory_type": "idea" }));
    scene.device.memsync(["fetch"]).success();
    Some(scene)
}

#[test]
fn each_kind_has_gits_words_and_the_command_that_ends_it() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let before = scene.files();
    let listed = scene.device.memsync(["conflicts"]);
    assert_eq!(scene.files(), before, "it only looks");
    assert_snapshot!(without_server_ids(&listed.to_string(), &scene), @r#"
    exit status: 0
    ----- stdout -----
    Conflicts:
      ("memsync checkout --ours HASH" takes this device's version (laptop))
      ("memsync checkout --theirs HASH" takes the server's version (origin))
      (deleted by us: --ours deletes it on origin too, --theirs brings it back here)
      (deleted by them: --ours brings it back on origin, --theirs deletes it here)
      ("memsync mergetool" goes through them field by field)
    	deleted by us:   1bdb863c  [CONFLICT ID]  Call Ada on Monday
    	both added:      3d898a9e  [CONFLICT ID]  (type) Bread needs salt
    	deleted by them: 962b5c9f  [CONFLICT ID]  The garden gate sticks in wint…
    	both modified:   b5830158  [CONFLICT ID]  (type) Water boils at 100 degr…
    "#);
    assert_snapshot!(scene.device.memsync(["status"]), @r#"
    exit status: 0
    ----- stdout -----
    On device laptop, 3 memories
    Remote origin: http://127.0.0.1:[PORT]/
    Last remote sync: 2025-01-02 03:04
    Last push attempt: 2025-01-02 03:04

    Conflicts:
      ("memsync checkout --ours HASH" takes this device's version (laptop))
      ("memsync checkout --theirs HASH" takes the server's version (origin))
      (deleted by us: --ours deletes it on origin too, --theirs brings it back here)
      (deleted by them: --ours brings it back on origin, --theirs deletes it here)
      ("memsync mergetool" goes through them field by field)
    	deleted by us:   1bdb863c  Call Ada on Monday
    	both added:      3d898a9e  (type) Bread needs salt
    	deleted by them: 962b5c9f  The garden gate sticks in winter
    	both modified:   b5830158  (type) Water boils at 100 degrees
    "#);
}

/// Ids tell apart what the server's clock has written, so they differ from run to run.
fn without_server_ids(text: &str, scene: &Scene) -> String {
    let list: Conflicts = parse(&scene.device.memsync(["conflicts", "--json"]).success());
    list.conflicts.iter().fold(text.to_owned(), |text, conflict| text.replace(&conflict.id, "[CONFLICT ID]"))
}

#[test]
fn the_document_holds_base_ours_and_theirs() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let list = |arguments: &[&str]| -> Conflicts { parse(&scene.device.memsync(arguments).success()) };
    let one = list(&["conflicts", "--json", &WATER[..6]]);
    assert_eq!((one.device.as_str(), one.remote.as_str()), ("laptop", "origin"));
    let [water] = one.conflicts.as_slice() else { panic!("{one:?}") };
    assert_eq!((water.content_hash.as_str(), water.state.as_str()), (WATER, "both modified"));
    assert_eq!(water.fields, ["type"]);
    let types = [&water.base, &water.ours, &water.theirs]
        .map(|memory| memory.as_ref().unwrap().memory_type.clone().unwrap());
    assert_eq!(types, ["reference", "decision", "learning"]);
    let all = list(&["conflicts", "--json"]);
    let kinds: Vec<_> = all
        .conflicts
        .iter()
        .map(|one| {
            let is_there = [&one.base, &one.ours, &one.theirs].map(Option::is_some);
            (one.content_hash.as_str(), one.state.as_str(), is_there)
        })
        .collect();
    assert_eq!(
        kinds,
        [
            (ADA, "deleted by us", [true, false, true]),
            (BREAD, "both added", [false, true, true]),
            (GATE, "deleted by them", [true, true, false]),
            (WATER, "both modified", [true, true, true]),
        ]
    );
}

#[test]
fn a_conflict_survives_runs_and_an_edit_makes_it_another_one() {
    let Some(server) = server() else { return };
    let Some(mut scene) = quarrel(&server) else { return };
    scene.device.memsync(["sync"]).expect_status(1);
    let water = |scene: &Scene| {
        let list: Conflicts = parse(&scene.device.memsync(["conflicts", "--json", WATER]).success());
        list.conflicts.into_iter().next().unwrap()
    };
    let first = water(&scene);
    scene.device.now = "2025-02-02T00:00:00Z".to_owned();
    scene.device.memsync(["sync"]).expect_status(1);
    let later = water(&scene);
    assert_eq!((&later.id, later.since), (&first.id, first.since), "nothing has changed about it");
    scene.device.memsync(["checkout", "--ours", WATER]).expect_status(1);
    let decided = water(&scene);
    assert_eq!((&decided.id, decided.resolution), (&first.id, Some(Choice::Ours)));
    server.put(WATER, &json!({ "memory_type": "gotcha" }));
    scene.device.memsync(["fetch"]).success();
    let refreshed = water(&scene);
    assert_ne!(refreshed.id, first.id);
    assert_eq!((refreshed.resolution, refreshed.since), (None, 1_738_454_400));
    scene.device.memsync(["sync"]).expect_status(1);
    assert_eq!(water(&scene).id, refreshed.id);
}

#[test]
fn there_may_be_none() {
    let Some(scene) = Scene::morning() else { return };
    scene.device.memsync(["init"]).success();
    assert_snapshot!(scene.device.memsync(["conflicts"]), @"
    exit status: 0
    ----- stderr -----
    no conflicts
    ");
    assert_snapshot!(scene.device.memsync(["conflicts", "--json"]), @r#"
    exit status: 0
    ----- stdout -----
    {
      "schema_version": 1,
      "device": "laptop",
      "remote": "origin",
      "conflicts": []
    }
    "#);
    assert_snapshot!(scene.device.memsync(["conflicts", "abcd"]), @"
    exit status: 2
    ----- stderr -----
    error: no conflict begins with 'abcd'
    hint: `memsync conflicts` lists the conflicts
    ");
}
