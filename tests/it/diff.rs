//! `memsync diff`: changes in full.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, Diff};
use crate::support::scene::{ADA, BREAD, GATE, Scene, WATER, server};

#[test]
fn this_device_against_the_last_sync_and_the_server_as_last_fetched() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    assert_snapshot!(scene.device.memsync(["diff", "--exit-code"]), @"");

    scene.evening();
    let content = "Water boils at 100 degrees\nAt sea level, that is.";
    scene
        .device
        .database
        .execute("UPDATE memories SET content = ?2 WHERE content_hash = ?1", [WATER, content]);
    let files = scene.files();
    assert_snapshot!(scene.device.memsync(["diff"]), @"");
    assert_snapshot!(scene.device.memsync(["diff", "--exit-code", "--tag", "winter"]), @"");
    assert_eq!(scene.files(), files, "diff changes nothing");

    server.put(GATE, &json!({ "memory_type": "task", "metadata": { "where": { "garden": true } } }));
    server.delete(ADA);
    assert_snapshot!(scene.device.memsync(["diff", "--remote"]), @"");
    scene.device.memsync(["fetch"]).success();
    assert_snapshot!(scene.device.memsync(["diff", "--remote"]), @"");
    assert_snapshot!(scene.device.memsync(["diff", "--remote", &GATE[..4]]), @"");
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
