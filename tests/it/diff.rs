//! `memsync diff`: changes in full.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, Diff};
use crate::support::scene::{ADA, BREAD, GATE, Scene, WATER, server};

#[test]
fn this_device_against_the_last_sync_and_the_server_as_last_fetched() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    assert_snapshot!(scene.device.memsync(["diff", "--exit-code"]), @"exit status: 0");

    scene.evening();
    let content = "Water boils at 100 degrees\nAt sea level, that is.";
    scene
        .device
        .database
        .execute("UPDATE memories SET content = ?2 WHERE content_hash = ?1", [WATER, content]);
    let files = scene.files();
    assert_snapshot!(scene.device.memsync(["diff"]), @"
    exit status: 0
    ----- stdout -----
    deleted memory 1bdb863cf08dcd687af29d415ad2d887d7263e095dbc64362427f164d6eb89d8
    -created 1735689603
    -tag todo
    -type note
    -
    -Call Ada on Monday
    new memory 3d898a9e6c848864dd726e185eaf870df60c99879e453d119b1082c713548ca8
    +created 1735689604
    +tag kitchen
    +type note
    +
    +Bread needs salt
    memory 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4
      tags: +winter
    memory b5830158211ea7ad98e6aa74d6454f6458ec5f2cd8cea75e632c16805bde124e
    @@ -1,2 +1,2 @@
     Water boils at 100 degrees
    -At sea level.
    +At sea level, that is.
    ");
    assert_snapshot!(scene.device.memsync(["diff", "--exit-code", "--tag", "winter"]), @"
    exit status: 1
    ----- stdout -----
    memory 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4
      tags: +winter
    ");
    assert_eq!(scene.files(), files, "diff changes nothing");

    server.put(GATE, &json!({ "memory_type": "task", "metadata": { "where": { "garden": true } } }));
    server.delete(ADA);
    assert_snapshot!(scene.device.memsync(["diff", "--remote"]), @"exit status: 0");
    scene.device.memsync(["fetch"]).success();
    assert_snapshot!(scene.device.memsync(["diff", "--remote"]), @r#"
    exit status: 0
    ----- stdout -----
    deleted memory 1bdb863cf08dcd687af29d415ad2d887d7263e095dbc64362427f164d6eb89d8
    -created 1735689603
    -tag todo
    -type note
    -
    -Call Ada on Monday
    memory 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4
      type: note -> task
      meta.where: - -> {"garden":true}
    "#);
    assert_snapshot!(scene.device.memsync(["diff", "--remote", &GATE[..4]]), @r#"
    exit status: 0
    ----- stdout -----
    memory 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4
      type: note -> task
      meta.where: - -> {"garden":true}
    "#);
}

#[test]
fn the_document_for_programs() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let diff: Diff = documents::parse(&scene.device.memsync(["diff", "--json"]).success());
    assert!(diff.changes.is_empty());

    scene.evening();
    let diff: Diff =
        documents::parse(&scene.device.memsync(["diff", "--json", "--exit-code"]).expect_status(1));
    let entry = |key: &str| diff.changes.iter().find(|entry| entry.content_hash == key).unwrap();
    assert!(entry(ADA).old.is_some() && entry(ADA).new.is_none());
    let bread = entry(BREAD).new.as_ref().unwrap();
    assert_eq!(
        (bread.content.as_str(), bread.tags.as_slice()),
        ("Bread needs salt", ["kitchen".to_owned()].as_slice())
    );
    assert_eq!(entry(GATE).fields, ["tags"]);
    assert_eq!(entry(GATE).new.as_ref().unwrap().tags, ["home", "winter"]);
}
