//! `memsync undo`: take back what a run did.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::client::Client;
use crate::support::documents::{Recalled, RecalledCounts, RecalledMemory, parse};
use crate::support::hub::Hub;
use crate::support::scene::{ADA, GATE, Scene, WATER, server};
use crate::support::{Database, Service, Services, TestEnvironment, Version};

/// A device with a column that nobody knows, bookkeeping, and links between all its memories, in step with `server`.
fn odd(server: &Service) -> Option<Scene> {
    let mut scene = Scene::morning()?;
    decorate(&scene.device.database);
    scene.device = scene.device.with_remote(server);
    scene.device.memsync(["init"]).success();
    scene.device.memsync(["sync"]).success();
    Some(scene)
}

/// The memory that somebody else makes.
const FROM_ELSEWHERE: &str = "986579813ea28169394b0d4224bd72324637ddfe9ae057bfba64a5fb5a70c2e2";

fn decorate(database: &Database) {
    database.execute("ALTER TABLE memories ADD COLUMN \"their own\" BLOB", []);
    database.execute(
        "UPDATE memories SET \"their own\" = CAST(x'ff00fe' AS TEXT), updated_at_iso = x'00', confidence = 9e999,
           metadata = '{\"access_count\": 3, \"source\":  \"school\"}' WHERE id % 2",
        [],
    );
    database.execute(
        "INSERT INTO memory_graph (source_hash, target_hash, similarity, connection_types, created_at)
         SELECT one.content_hash, other.content_hash, 0.1, '[]', 1.5 FROM memories one, memories other
         WHERE one.id <> other.id",
        [],
    );
    // A link to a memory that is not there, as a purge leaves it.
    database.execute(
        "INSERT INTO memory_graph (source_hash, target_hash, similarity, connection_types, created_at)
         VALUES (?1, ?2, 0.2, '[]', 1.5)",
        [WATER, FROM_ELSEWHERE],
    );
}

/// Something that others do, and what the device runs then.
type Kind = (&'static str, fn(&Service, &Database), &'static [&'static [&'static str]]);

const KINDS: [Kind; 9] = [
    ("new", |server, _| drop(server.post("From elsewhere", &["new"])), &[&["sync"]]),
    ("tags", |server, _| server.put(WATER, &json!({ "tags": ["other"] })), &[&["pull"]]),
    (
        "metadata",
        |server, _| server.put(GATE, &json!({ "metadata": { "a": [1] } })),
        &[&["fetch"], &["apply"]],
    ),
    ("text", |server, _| server.database().respell(GATE, "THE garden gate sticks in winter "), &[&["sync"]]),
    ("deletion", |server, _| [WATER, ADA].iter().for_each(|key| server.delete(key)), &[&["sync"]]),
    (
        "merge",
        |server, database| {
            server.put(GATE, &json!({ "tags": ["home", "theirs"] }));
            database.execute("UPDATE memories SET tags = 'home,ours' WHERE content_hash = ?1", [GATE]);
        },
        &[&["sync"]],
    ),
    ("checkout", quarrel, &[&["fetch"], &["checkout", "--theirs", "--all"]]),
    ("strategy", quarrel, &[&["sync", "-X", "theirs"]]),
    (
        "everything",
        |server, _| {
            server.post("From elsewhere", &["new"]);
            server.put(WATER, &json!({ "tags": ["other"], "memory_type": "decision" }));
            server.database().respell(GATE, "THE GARDEN GATE STICKS IN WINTER");
            server.delete(ADA);
        },
        &[&["sync"]],
    ),
];

fn quarrel(server: &Service, database: &Database) {
    server.put(GATE, &json!({ "memory_type": "learning" }));
    database.execute("UPDATE memories SET memory_type = 'decision' WHERE content_hash = ?1", [GATE]);
    server.put(ADA, &json!({ "tags": ["urgent"] }));
}

#[track_caller]
fn assert_same(now: &Database, then: &[String], what: &str) {
    for (now, then) in now.dump().iter().zip(then) {
        assert_eq!(now, then, "{what}");
    }
    assert_eq!(now.dump().len(), then.len(), "{what}");
    now.check();
}

#[test]
fn whatever_a_run_did_to_a_row_is_taken_back_to_the_last_bit() {
    for (kind, happen, commands) in KINDS {
        let Some(server) = server() else { return };
        let Some(scene) = odd(&server) else { return };
        let (device, database) = (&scene.device, &scene.device.database);
        happen(&server, database);
        let before = database.dump();
        for command in commands {
            let _ = device.memsync(*command);
        }
        let after = database.dump();
        assert_ne!(before, after, "{kind}");
        device.memsync(["undo"]).success();
        assert_same(database, &before, kind);
        device.memsync(["undo"]).success();
        assert_same(database, &after, kind);
        device.memsync(["undo"]).success();
        assert_same(database, &before, kind);
    }
}

#[test]
fn a_first_sync_is_taken_back_and_the_next_one_asks() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::morning() else { return };
    for number in 0..12 {
        server.note(&format!("Number {number}"), &["there"]);
    }
    decorate(&scene.device.database);
    let before = scene.device.database.dump();
    scene.device = scene.device.with_remote(&server);
    scene.device.memsync(["init"]).success();
    scene.device.memsync(["sync"]).success();
    assert_snapshot!(scene.device.memsync(["undo"]), @"
    exit status: 0
    ----- stdout -----
    on this device (laptop): 12 taken away
    ----- stderr -----
    taking back the sync of 2025-01-02 03:04 (42f7641bb4)
    hint: the next `memsync sync` brings this to the server (origin): 12 deleted there, and asks before it does
    hint: `memsync undo` takes this back
    ");
    assert_same(&scene.device.database, &before, "first sync");
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 3
    ----- stderr -----
    error: stopped before any change: 12 of 15 memories on the server (origin) would be deleted, more than sync.maxDelete (25%) allows
    hint: to see the plan: repeat with --dry-run
    hint: to let exactly this plan through: repeat with --allow-plan d2e521272e29
    ");
    assert_eq!(server.list().len(), 15, "nothing was deleted");
    scene.device.memsync(["undo"]).success();
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn an_undo_is_carried_to_the_server_by_the_next_sync() {
    let Some(server) = server() else { return };
    let Some(scene) = odd(&server) else { return };
    server.put(WATER, &json!({ "tags": ["other"] }));
    server.delete(ADA);
    let new = server.note("From elsewhere", &["new"]);
    scene.device.memsync(["sync"]).success();
    assert_snapshot!(scene.device.memsync(["undo", "--dry-run"]), @"
    exit status: 0
    ----- stdout -----
      <- brought back  1bdb863c  Call Ada on Monday
      <- taken away    98657981  From elsewhere
      <- changed back  b5830158  Water boils at 100 degrees
    on this device (laptop): would be 1 brought back, 1 changed back, 1 taken away
    ----- stderr -----
    would take back the sync of 2025-01-02 03:04 (95cf8c6538)
    ");
    assert_snapshot!(scene.device.memsync(["undo"]), @"
    exit status: 0
    ----- stdout -----
    on this device (laptop): 1 brought back, 1 changed back, 1 taken away
    ----- stderr -----
    taking back the sync of 2025-01-02 03:04 (95cf8c6538)
    hint: the next `memsync sync` brings this to the server (origin): 1 new, 1 changed, 1 deleted there
    hint: `memsync undo` takes this back
    ");
    assert_snapshot!(scene.device.memsync(["log", "--oneline"]).stdout, @"
    786f8c9904 2025-01-02 03:04 undo of the sync of 2025-01-02 03:04 (95cf8c6538)
    95cf8c6538 2025-01-02 03:04 sync with origin: 3 pulled, 0 pushed
    b489357e4f 2025-01-02 03:04 sync with origin: 0 pulled, 3 pushed
    ");
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 1 new, 1 changed, 1 deleted
    ");
    assert_snapshot!(server.page(), @"
    1bdb863c  [todo] Call Ada on Monday
    962b5c9f  [home] The garden gate sticks in winter
    b5830158  [physics] Water boils at 100 degrees
    ");
    assert_eq!(server.get(&new), None);
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn what_was_changed_since_is_left_alone_and_named() {
    let Some(server) = server() else { return };
    let Some(scene) = odd(&server) else { return };
    server.put(WATER, &json!({ "tags": ["other"] }));
    server.put(GATE, &json!({ "tags": ["other"] }));
    scene.device.memsync(["sync"]).success();
    scene.device.database.execute("UPDATE memories SET tags = 'mine' WHERE content_hash = ?1", [WATER]);
    assert_snapshot!(scene.device.memsync(["undo"]), @"
    exit status: 6
    ----- stdout -----
    on this device (laptop): 1 changed back
    1 memory left alone, changed since:
      b5830158  on this device
    ----- stderr -----
    taking back the sync of 2025-01-02 03:04 (3121f31827)
    hint: `memsync show b5830158` shows such a memory, `memsync log -- b5830158` its history
    hint: the next `memsync sync` brings this to the server (origin): 2 changed there
    hint: `memsync undo` takes this back
    ");
    let rows = scene.device.database.live();
    let tags = |key: &str| rows.iter().find(|row| row.content_hash == key).unwrap().tags.clone();
    assert_eq!([tags(WATER), tags(GATE)], [Some("mine".to_owned()), Some("home".to_owned())]);
}

#[test]
fn the_result_is_there_for_programs() {
    let Some(server) = server() else { return };
    let Some(scene) = odd(&server) else { return };
    server.put(WATER, &json!({ "tags": ["other"] }));
    scene.device.memsync(["sync"]).success();
    server.put(GATE, &json!({ "tags": ["other"] }));
    scene.device.memsync(["sync"]).success();
    server.put(GATE, &json!({ "tags": ["moved"] }));
    let dry: Recalled = parse(&scene.device.memsync(["undo", "HEAD~", "--json", "--dry-run"]).success());
    assert_eq!((dry.dry_run, dry.commit), (true, None));
    let done: Recalled = parse(&scene.device.memsync(["undo", "HEAD~", "--json"]).success());
    assert!(done.commit.is_some_and(|id| id.len() == 64) && done.source == dry.source);
    let changed = RecalledCounts { created: 0, changed: 1, deleted: 0 };
    assert_eq!((&done.on_device, &dry.on_device), (&changed, &changed));
    assert_eq!(done.on_server, RecalledCounts { created: 0, changed: 0, deleted: 0 });
    let water = || RecalledMemory {
        content_hash: WATER.to_owned(),
        side: "local".to_owned(),
        action: "change".to_owned(),
    };
    assert_eq!((&done.memories, &dry.memories), (&vec![water()], &vec![water()]));
    scene.device.database.execute("UPDATE memories SET tags = 'mine' WHERE content_hash = ?1", [GATE]);
    let left: Recalled = parse(&scene.device.memsync(["undo", "HEAD~", "--json"]).expect_status(6));
    assert_eq!((left.left_alone[0].content_hash.as_str(), left.left_alone[0].side.as_str()), (GATE, "local"));
}

#[test]
fn where_nothing_was_done_the_next_step_is_told() {
    let Some(scene) = Scene::morning() else { return };
    scene.device.memsync(["init"]).success();
    assert_snapshot!(scene.device.memsync(["undo"]), @"
    exit status: 2
    ----- stderr -----
    error: nothing to take back: no sync has changed anything on this device
    hint: `memsync status` shows what the next sync would change
    ");
}

#[test]
fn what_cannot_be_taken_back_is_told() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    assert_snapshot!(scene.device.memsync(["undo"]), @"
    exit status: 2
    ----- stderr -----
    error: nothing to take back: no sync has changed anything on this device
    hint: the last one changed the server (origin): `memsync undo --remote` takes that back
    ");
    assert_snapshot!(scene.device.memsync(["undo", "HEAD"]), @"
    exit status: 2
    ----- stderr -----
    error: nothing to take back: the sync of 2025-01-02 03:04 (d4edc25451) changed nothing on this device
    hint: it changed the server (origin): `--remote` takes that back
    ");
    assert_snapshot!(scene.device.memsync(["undo", "HEAD^2"]), @"
    exit status: 2
    ----- stderr -----
    error: this is a snapshot of one side: only a sync can be taken back
    hint: `memsync log --oneline` lists the syncs
    ");
    assert_snapshot!(scene.device.memsync(["undo", "nothing"]), @"
    exit status: 2
    ----- stderr -----
    error: nothing here is named 'nothing'
    hint: `memsync log --oneline` lists the syncs
    ");
}

/// What it holds, without what a service stamps by itself.
fn held(server: &Client) -> Vec<String> {
    let memories = server.list().into_iter();
    memories
        .map(|(key, memory)| {
            let mut tags: Vec<String> = serde_json::from_value(memory["tags"].clone()).unwrap();
            tags.sort();
            format!(
                "{key} {} {tags:?} {} {}",
                memory["content"], memory["memory_type"], memory["metadata"]["mood"]
            )
        })
        .collect()
}

/// A device has sent changes and, where the server takes memories back, a deletion; in the end somebody changes one of
/// them on the server.
fn goes_back(server: &Client, url: &str, takes_back: bool) {
    let Some(mut scene) = Scene::morning() else { return };
    scene.device.remote = Some(url.to_owned());
    scene.device.key = Some(Service::KEY.to_owned());
    let (device, database) = (&scene.device, &scene.device.database);
    device.memsync(["init"]).success();
    device.memsync(["sync"]).success();
    let before = held(server);

    if takes_back {
        database.execute("UPDATE memories SET deleted_at = 1.5 WHERE content_hash = ?1", [ADA]);
    }
    database.execute(
        "UPDATE memories SET tags = 'home,winter', metadata = '{\"mood\": \"sad\"}' WHERE content_hash = ?1",
        [GATE],
    );
    database.execute("UPDATE memories SET tags = 'wet' WHERE content_hash = ?1", [WATER]);
    device.memsync(["sync"]).success();
    let after = held(server);
    assert_ne!(before, after);
    let here = database.dump();

    device.memsync(["undo", "--remote"]).success();
    assert_eq!(held(server), before);
    assert_eq!(database.dump(), here, "nothing was done to this device");
    device.memsync(["undo", "--remote"]).success();
    assert_eq!(held(server), after);
    assert_eq!(device.memsync(["sync"]).success().stdout, "Already up to date.\n");

    server.put(WATER, &json!({ "tags": ["moved"] }));
    let output = device.memsync(["undo", "--remote"]).expect_status(6);
    assert!(
        output.stdout.contains("1 memory left alone, changed since:\n  b5830158  on the server"),
        "{output}"
    );
    assert_eq!(server.get(WATER).unwrap()["tags"], json!(["moved"]));
    device.memsync(["sync"]).success();
    assert_eq!(database.dump().len(), here.len(), "nothing of this device is lost");
}

#[test]
fn the_service_goes_back_too() {
    let Some(services) = Services::available() else { return };
    for version in [Version::V12_2_0, Version::V10_20_6] {
        let environment = TestEnvironment::new();
        let server = services.start(version, &environment.folder("server"));
        goes_back(&server, &server.url(), version == Version::V12_2_0);
    }
}

/// It takes no memory back whose name it remembers as deleted.
#[test]
fn what_an_old_server_does_not_take_back_is_told() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let server = services.start(Version::V10_20_6, &environment.folder("server"));
    let Some(mut scene) = Scene::morning() else { return };
    scene.device = scene.device.with_remote(&server);
    let (device, database) = (&scene.device, &scene.device.database);
    device.memsync(["init"]).success();
    device.memsync(["sync"]).success();
    database.execute("UPDATE memories SET deleted_at = 1.5 WHERE content_hash = ?1", [ADA]);
    device.memsync(["sync"]).success();
    let before = database.dump();
    assert_snapshot!(device.memsync(["undo", "--remote"]), @"
    exit status: 6
    ----- stdout -----
    1 memory not taken:
      1bdb863c  refused: it was deleted there, and this version of the server takes no deleted memory back
    ----- stderr -----
    taking back the sync of 2025-01-02 03:04 (380132affb)
    ");
    device.memsync(["sync"]).success();
    assert_eq!(database.dump(), before);
}

#[test]
fn a_hub_goes_back_too() {
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("server"));
    goes_back(&hub, &hub.url(), true);
    hub.database().check();
}

#[test]
fn a_file_goes_back_too() {
    let Some(scene) = Scene::morning() else { return };
    let (device, database) = (&scene.device, &scene.device.database);
    let file = Database::in_folder(&scene.environment.folder("stick"));
    device.memsync(["init", "../stick/sqlite_vec.db"]).success();
    device.memsync(["sync"]).success();
    let before = file.live();
    database.execute("UPDATE memories SET tags = 'wet' WHERE content_hash = ?1", [WATER]);
    database.execute("UPDATE memories SET deleted_at = 1.5 WHERE content_hash = ?1", [ADA]);
    device.memsync(["sync"]).success();
    assert_ne!(file.live(), before);
    device.memsync(["undo", "--remote"]).success();
    assert_eq!(file.live(), before);
    file.check();
}
