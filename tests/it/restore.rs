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
    assert_snapshot!(device.memsync(["restore", &ADA[..8]]), @"
    exit status: 2
    ----- stderr -----
    error: no memory of that commit begins with '1bdb863c'
    hint: `memsync log -- HASH` shows the syncs that changed a memory; `--source COMMIT` names one
    ");
    assert_snapshot!(device.memsync(["restore", "--source", "HEAD~", &ADA[..8]]), @"
    exit status: 0
    ----- stdout -----
    on this device (laptop): 1 brought back
    ----- stderr -----
    restoring from the sync of 2025-01-02 03:04 (d4edc25451)
    hint: the next `memsync sync` brings this to the server (origin): 1 new there
    hint: `memsync undo` takes this back
    ");
    assert_eq!(database.dump(), before, "with the row that it had");
    assert_snapshot!(device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 1 new
    ");
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
    assert_snapshot!(device.memsync(["restore", "--all", "--dry-run"]), @"
    exit status: 0
    ----- stdout -----
      <- brought back  1bdb863c  Call Ada on Monday
      <- changed back  962b5c9f  The garden gate sticks in winter
    on this device (laptop): would be 1 brought back, 1 changed back
    ----- stderr -----
    would restore from the sync of 2025-01-02 03:04 (d4edc25451)
    1 memory that it does not know is left alone
    ");
    assert_snapshot!(device.memsync(["restore", "--all"]), @"
    exit status: 0
    ----- stdout -----
    on this device (laptop): 1 brought back, 1 changed back
    ----- stderr -----
    restoring from the sync of 2025-01-02 03:04 (d4edc25451)
    1 memory that it does not know is left alone
    hint: the next `memsync sync` brings this to the server (origin): 1 new there
    hint: `memsync undo` takes this back
    ");
    assert_snapshot!(device.memsync(["status", "--porcelain"]).stdout, @"A.. 3d898a9e6c848864dd726e185eaf870df60c99879e453d119b1082c713548ca8	Bread needs salt");
    assert_snapshot!(device.memsync(["restore", "--all"]), @"
    exit status: 0
    ----- stdout -----
    Nothing to bring back.
    ----- stderr -----
    restoring from the restore of 2025-01-02 03:04 (8e537eee25)
    1 memory that it does not know is left alone
    ");
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
    assert_snapshot!(device.memsync(["restore", "-s", "HEAD^2", GATE]), @"
    exit status: 0
    ----- stdout -----
    on this device (laptop): 1 changed back
    ----- stderr -----
    restoring from the snapshot of 2025-01-02 03:04 (29e40278f6)
    hint: the next `memsync sync` brings this to the server (origin): 1 changed there
    hint: `memsync undo` takes this back
    ");
    assert_eq!(database.dump(), before);
    assert_snapshot!(device.memsync(["restore", "-s", "HEAD^3", GATE]), @"
    exit status: 0
    ----- stdout -----
    on this device (laptop): 1 changed back
    ----- stderr -----
    restoring from the snapshot of 2025-01-02 03:04 (f4ed13e3a6)
    hint: `memsync undo` takes this back
    ");
    let row = database.live().into_iter().find(|row| row.content_hash == GATE).unwrap();
    assert_eq!(row.tags.as_deref(), Some("theirs"));
}

#[test]
fn what_the_commit_does_not_hold_is_refused() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let new = server.note("From elsewhere", &["new"]);
    scene.device.memsync(["sync"]).success();
    assert_snapshot!(scene.device.memsync(["restore", "-s", "HEAD~", &new]), @"
    exit status: 2
    ----- stderr -----
    error: no memory of that commit begins with '986579813ea28169394b0d4224bd72324637ddfe9ae057bfba64a5fb5a70c2e2'
    hint: `memsync log -- HASH` shows the syncs that changed a memory; `--source COMMIT` names one
    ");
    assert_snapshot!(scene.device.memsync(["restore", WATER]), @"
    exit status: 0
    ----- stdout -----
    Nothing to bring back.
    ----- stderr -----
    restoring from the sync of 2025-01-02 03:04 (b94cb869f4)
    ");
    assert_snapshot!(scene.device.memsync(["restore"]), @"
    exit status: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <HASH|--all>

    Usage: memsync restore <HASH|--all>

    For more information, try '--help'.
    ");
}
