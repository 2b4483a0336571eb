//! `memsync restore`: bring memories back as they were.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::scene::{ADA, GATE, Scene, WATER, server};

#[test]
fn a_deleted_memory_comes_back() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let (device, database) = (&scene.device, &scene.device.database);
    let before = database.dump();
    server.delete(ADA);
    device.memsync(["sync"]).success();
    assert_snapshot!(device.memsync(["restore", &ADA[..8]]), @"");
    assert_snapshot!(device.memsync(["restore", "--source", "HEAD~", &ADA[..8]]), @"");
    assert_eq!(database.dump(), before, "with the row that it had");
    assert_snapshot!(device.memsync(["sync"]), @"");
    assert!(server.get(ADA).is_some());
    device.memsync(["undo"]).success();
    assert!(!database.live().iter().any(|row| row.content_hash == ADA));
    database.check();
}

#[test]
fn everything_is_as_it_was_except_what_is_new() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.evening();
    let device = &scene.device;
    assert_snapshot!(device.memsync(["restore", "--all", "--dry-run"]), @"");
    assert_snapshot!(device.memsync(["restore", "--all"]), @"");
    assert_snapshot!(device.memsync(["status", "--porcelain"]).stdout, @"A.. 3d898a9e6c848864dd726e185eaf870df60c99879e453d119b1082c713548ca8	Bread needs salt");
    assert_snapshot!(device.memsync(["restore", "--all"]), @"");
    device.database.check();
    device.memsync(["undo"]).success();
    assert_snapshot!(device.memsync(["status", "--porcelain"]).stdout, @"
    D.. 1bdb863cf08dcd687af29d415ad2d887d7263e095dbc64362427f164d6eb89d8	Call Ada on Monday
    A.. 3d898a9e6c848864dd726e185eaf870df60c99879e453d119b1082c713548ca8	Bread needs salt
    M.. 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4	The garden gate sticks in winter
    ");
}

#[test]
fn a_memory_comes_back_from_a_snapshot() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let (device, database) = (&scene.device, &scene.device.database);
    let before = database.dump();
    server.put(GATE, &json!({ "tags": ["theirs"] }));
    device.memsync(["sync"]).success();
    assert_snapshot!(device.memsync(["restore", "-s", "HEAD^2", GATE]), @"");
    assert_eq!(database.dump(), before);
    assert_snapshot!(device.memsync(["restore", "-s", "HEAD^3", GATE]), @"");
    let row = database.live().into_iter().find(|row| row.content_hash == GATE).unwrap();
    assert_eq!(row.tags.as_deref(), Some("theirs"));
}

#[test]
fn what_the_commit_does_not_hold_is_refused() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let new = server.note("From elsewhere", &["new"]);
    scene.device.memsync(["sync"]).success();
    assert_snapshot!(scene.device.memsync(["restore", "-s", "HEAD~", &new]), @"");
    assert_snapshot!(scene.device.memsync(["restore", WATER]), @"");
    assert_snapshot!(scene.device.memsync(["restore"]), @"");
}
