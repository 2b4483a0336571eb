//! `memsync gc`, and that everything works after it.

use std::fs;

use insta::assert_snapshot;
use rusqlite::Connection;

use crate::support::scene::{BREAD, Scene, server};

#[test]
fn everything_works_after_it() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::synced(&server) else { return };
    // Enough text for packing to be worth it.
    for number in 0..60 {
        let text: Vec<String> = (0..80).map(|word| format!("word {}", word * number % 97)).collect();
        let text = text.join(" ");
        server.note(&format!("Note {number}: {text}"), &["long"]);
    }
    scene.device.memsync(["sync"]).success();
    let log = scene.device.memsync(["log"]).success().stdout;
    let show = scene.device.memsync(["show"]).success().stdout;

    let before = scene.files();
    let planned = scene.device.memsync(["gc", "--dry-run"]).success();
    assert!(planned.stdout.starts_with("would pack "), "{planned}");
    assert_eq!(scene.files(), before, "nothing is written");
    let packed = scene.device.memsync(["gc"]).success();
    assert!(packed.stderr.starts_with("packed ") && packed.stdout.is_empty(), "{packed}");
    assert_eq!(scene.device.memsync(["gc", "-q"]).success().stderr, "");
    let nothing = scene.device.memsync(["gc"]).success();
    assert!(nothing.stderr.starts_with("nothing to pack or to drop: "), "{nothing}");

    scene.device.memsync(["fsck"]).success();
    assert_eq!(scene.device.memsync(["log"]).success().stdout, log);
    assert_eq!(scene.device.memsync(["show"]).success().stdout, show);
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
    let new = server.note("A new one", &["later"]);
    scene.device.memsync(["sync"]).success();
    scene.device.memsync(["show", &new]).success();
    // Half a year later, with everything dropped that can be.
    scene.device.now = "2025-07-02T03:04:05Z".to_owned();
    scene.device.memsync(["gc", "--prune=now"]).success();
    scene.device.memsync(["fsck"]).success();
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
    scene.device.memsync(["show", &new]).success();
}

#[test]
fn what_nothing_needs_goes_after_ninety_days_or_as_told() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::synced(&server) else { return };
    scene.evening();
    scene.device.memsync(["stash"]).success();
    // As if that snapshot had never been: nothing leads to its commit and its tree any more.
    let forget = "DELETE FROM readings; DELETE FROM marks; DELETE FROM reflog; UPDATE refs SET target =
                  (SELECT target FROM refs WHERE name = 'refs/remotes/origin') WHERE name = 'refs/heads/local'";
    Connection::open(&scene.device.staging).unwrap().execute_batch(forget).unwrap();
    let dropped = |scene: &Scene, arguments: &[&str]| scene.device.memsync(arguments).success().to_string();
    assert_snapshot!(dropped(&scene, &["gc", "--dry-run"]), @"
    exit status: 0
    ----- stdout -----
    nothing to pack or to drop: 96.0 KiB
    ");
    assert_snapshot!(dropped(&scene, &["gc", "-n", "--prune=now"]), @"
    exit status: 0
    ----- stdout -----
    would drop 2 unreachable objects: 96.0 KiB now
    ");
    assert_snapshot!(dropped(&scene, &["gc", "-n", "--no-prune"]), @"
    exit status: 0
    ----- stdout -----
    nothing to pack or to drop: 96.0 KiB
    ");
    scene.device.now = "2025-05-02T03:04:05Z".to_owned();
    assert_snapshot!(dropped(&scene, &["gc", "--no-prune"]), @"
    exit status: 0
    ----- stderr -----
    nothing to pack or to drop: 96.0 KiB
    ");
    assert_snapshot!(dropped(&scene, &["gc", "-n"]), @"
    exit status: 0
    ----- stdout -----
    would drop 2 unreachable objects older than 90 days: 96.0 KiB now
    ");
    assert_snapshot!(dropped(&scene, &["gc", "-n", "--prune=2025-01-01"]), @"
    exit status: 0
    ----- stdout -----
    nothing to pack or to drop: 96.0 KiB
    ");
    assert_snapshot!(dropped(&scene, &["gc"]), @"
    exit status: 0
    ----- stderr -----
    dropped 2 unreachable objects older than 90 days: 96.0 KiB -> 96.0 KiB
    ");
    scene.device.memsync(["fsck"]).success();
    // The next sync makes anew what it needs.
    scene.device.memsync(["sync"]).success();
    assert!(server.get(BREAD).is_some());
}

#[test]
fn a_damaged_database_is_left_alone() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let spoil = "UPDATE objects SET data = x'00' WHERE id = (SELECT target FROM refs LIMIT 1)";
    Connection::open(&scene.device.staging).unwrap().execute_batch(spoil).unwrap();
    let before = fs::read(&scene.device.staging).unwrap();
    assert_snapshot!(scene.device.memsync(["gc"]), @"
    exit status: 5
    ----- stderr -----
    error: [TMP]/laptop/staging.db is damaged: commit d4edc25451492cfd3258ca638e51ce2899767507f346b16ed7a73cbd43d58226 cannot be read
      caused by: Src size is incorrect
    hint: nothing was dropped; `memsync fsck` says what is damaged and how to mend it
    ");
    assert_eq!(fs::read(&scene.device.staging).unwrap(), before);
}

#[test]
fn a_damaged_vector_goes_as_told_and_hash_vectors_are_never_kept() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let staging = Connection::open(&scene.device.staging).unwrap();
    let count =
        || -> i64 { staging.query_row("SELECT count(*) FROM vectors", [], |row| row.get(0)).unwrap() };
    assert_eq!(count(), 0, "the service's hash vectors cost nothing to make");
    let plant = "INSERT INTO models VALUES (1, 'a model');
                 INSERT INTO vectors VALUES (1, 1, zeroblob(32), 4711, 0, zeroblob(1536))";
    staging.execute_batch(plant).unwrap();
    assert_snapshot!(scene.device.memsync(["fsck", "--connectivity-only"]).success().stdout, @"
    staging database of laptop: [TMP]/laptop/staging.db
      10 objects, 3 refs, 1 vector
      no damage
    ");
    let told = scene.device.memsync(["fsck"]).expect_status(5).stdout;
    assert_snapshot!(told.split("memories of").next().unwrap(), @"
    staging database of laptop: [TMP]/laptop/staging.db
      10 objects, 3 refs, 1 vector
      vector: vector 1: it is not the one that was kept
        hint: `memsync gc` drops it; it is made again when it is needed
    ");
    assert_snapshot!(scene.device.memsync(["gc", "-n"]).success().stdout, @"would drop 1 damaged vector: 96.0 KiB now");
    assert_eq!(count(), 1);
    assert_snapshot!(scene.device.memsync(["gc"]).success().stderr, @"dropped 1 damaged vector: 96.0 KiB -> 96.0 KiB");
    assert_eq!(count(), 0);
    scene.device.memsync(["fsck"]).success();
}
