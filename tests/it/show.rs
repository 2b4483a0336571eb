//! `memsync show`: one object in full, named by as little of its hash as will do.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, ShownCommit, ShownMemory};
use crate::support::scene::{ADA, GATE, Scene, WATER, server};

#[test]
fn a_memory_is_named_by_four_characters_or_more() {
    let Some(scene) = Scene::morning() else { return };
    scene.device.memsync(["init"]).success();
    assert_snapshot!(scene.device.memsync(["show", WATER]), @r#"
    exit status: 0
    ----- stdout -----
    created 1735689601
    meta.source "school"
    tag physics
    type reference

    Water boils at 100 degrees
    At sea level.
    "#);
    for length in [4, 8, 63] {
        assert_eq!(
            scene.device.memsync(["show", &WATER[..length]]).success().stdout.lines().last(),
            Some("At sea level.")
        );
    }
    assert_snapshot!(scene.device.memsync(["show", &WATER[..3]]), @"
    exit status: 2
    ----- stderr -----
    error: 'b58' is too short: name a memory or a commit by at least four characters
    hint: `memsync log --oneline` lists the syncs
    ");
    assert_snapshot!(scene.device.memsync(["show", "0000"]), @"
    exit status: 2
    ----- stderr -----
    error: no memory or sync begins with '0000'
    hint: `memsync log --oneline` lists the syncs
    ");

    let twin = format!("{}{}", &WATER[..6], &GATE[6..]);
    scene
        .device
        .database
        .execute("UPDATE memories SET content_hash = ?2 WHERE content_hash = ?1", [GATE, &twin]);
    assert_snapshot!(scene.device.memsync(["show", &WATER[..4]]), @"
    exit status: 2
    ----- stderr -----
    error: 'b583' is short for 2 memories
    hint: they are b5830158211ea7ad98e6aa74d6454f6458ec5f2cd8cea75e632c16805bde124e, b583019f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4
    hint: `memsync log --oneline` lists the syncs
    ");
    scene.device.memsync(["show", &WATER[..7]]).success();
}

#[test]
fn the_last_sync_is_shown_with_what_it_changed() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::morning() else { return };
    let device = scene.device.with_remote(&server);
    device.memsync(["init"]).success();
    assert_snapshot!(device.memsync(["show"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no sync with 'origin' yet
    hint: `memsync sync` makes the first one
    ");
    server.note("The server thought of this", &["server"]);
    device.memsync(["sync"]).success();
    assert_snapshot!(device.memsync(["show"]).without_ids(), @r#"
    exit status: 0
    ----- stdout -----
    commit [ID]
    Device: laptop
    Date:   2025-01-02 03:04:05 +0000

        sync with origin: 1 pulled, 3 pushed

        pulled: 1 new, 0 changed, 0 deleted
        pushed: 3 new, 0 changed, 0 deleted

    new memory [ID]
    +created [ID]
    +tag todo
    +type note
    +
    +Call Ada on Monday
    new memory [ID]
    +created [ID]
    +tag server
    +type note
    +
    +The server thought of this
    new memory [ID]
    +created [ID]
    +tag home
    +type note
    +
    +The garden gate sticks in winter
    new memory [ID]
    +created [ID]
    +meta.source "school"
    +tag physics
    +type reference
    +
    +Water boils at 100 degrees
    +At sea level.
    "#);
}

/// Whatever a sync replaces or deletes, on either side, can be printed afterwards: also the side that lost a conflict.
#[test]
fn every_version_that_a_sync_replaced_can_be_printed() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let device = &scene.device;
    let set_type = "UPDATE memories SET memory_type = 'decision' WHERE content_hash = ?1";
    device.database.execute(set_type, [GATE]);
    server.put(GATE, &json!({ "memory_type": "error" }));
    server.put(WATER, &json!({ "tags": ["changed there"] }));
    server.delete(ADA);
    device.memsync(["sync", "-X", "ours"]).success();

    let shown = device.memsync(["show"]).success();
    let replaced = |place: &str| -> Vec<String> {
        let start = format!("  replaced on {place}: memsync show ");
        let ids: Vec<&str> = shown.stdout.lines().filter_map(|line| line.strip_prefix(&start)).collect();
        ids.iter().map(|id| device.memsync(["show", id]).success().stdout).collect()
    };
    let here = replaced("this device");
    assert_eq!(here.len(), 2, "one changed and one deleted\n{shown}");
    assert!(here.iter().any(|text| text.contains("tag physics")), "{here:?}");
    let there = replaced("the server");
    assert_eq!(there.len(), 1, "the version that lost\n{shown}");
    assert!(there[0].contains("type error"), "{there:?}");
}

#[test]
fn a_memory_is_shown_as_it_was() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::synced(&server) else { return };
    scene.evening();
    "2025-01-03T10:00:00Z".clone_into(&mut scene.device.now);
    server.put(GATE, &json!({ "memory_type": "decision" }));
    scene.device.memsync(["sync"]).success();
    let device = &scene.device;
    assert_snapshot!(device.memsync(["show", &format!("HEAD:{}", &GATE[..8])]), @"
    exit status: 0
    ----- stdout -----
    created 1735689602
    tag home
    tag winter
    type decision

    The garden gate sticks in winter
    ");
    assert_snapshot!(device.memsync(["show", &format!("@{{yesterday}}:{}", &ADA[..8])]), @"
    exit status: 0
    ----- stdout -----
    created 1735689603
    tag todo
    type note

    Call Ada on Monday
    ");
    assert_snapshot!(device.memsync(["show", &format!("HEAD:{}", &ADA[..8])]).without_ids(), @"
    exit status: 2
    ----- stderr -----
    error: [ID] holds no memory '[ID]'
    hint: `memsync ls-tree -r [ID]` lists what it holds
    ");
    assert_snapshot!(device.memsync(["show", "origin"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    commit [ID]
    Device: laptop
    Date:   2025-01-03 10:00:00 +0000

        push

    deleted memory [ID]
    -created [ID]
    -tag todo
    -type note
    -
    -Call Ada on Monday
    new memory [ID]
    +created [ID]
    +tag kitchen
    +type note
    +
    +Bread needs salt
    memory [ID]
      tags: +winter
    ");
    assert_snapshot!(device.memsync(["show", "HEAD^{tree}"]), @"
    exit status: 2
    ----- stderr -----
    error: 'HEAD^{tree}' is a tree
    hint: `memsync ls-tree HEAD^{tree}` lists what it holds
    ");

    let shown: ShownMemory =
        documents::parse(&device.memsync(["show", "--json", &format!("HEAD^2:{GATE}")]).success());
    assert_eq!(shown.memory.memory_type.as_deref(), Some("note"), "before the server's change came");
    assert_eq!(shown.content_hash.as_deref(), Some(GATE));
    let last: ShownCommit = documents::parse(&device.memsync(["show", "--json"]).success());
    assert_eq!((last.changes.len(), last.commit.changes.unwrap().len()), (3, 3));

    // What the staging database knows needs no other one.
    std::fs::remove_file(device.database.path()).unwrap();
    let by_id: ShownMemory =
        documents::parse(&device.memsync(["show", "--json", &shown.version[..9]]).success());
    assert_eq!((by_id.content_hash, by_id.version), (None, shown.version));
    device.memsync(["show", "HEAD~1"]).success();
    device.memsync(["show", GATE]).expect_status(5);
}
