//! `memsync checkout`: decide conflicts.

use insta::assert_snapshot;
use memsync::local::prepare;
use memsync::local::service::content_hash;
use serde_json::{Value, json};

use crate::support::environment::Device;
use crate::support::scene::{ADA, GATE, Scene, WATER, server};
use crate::support::{Database, Service, TestEnvironment};

/// Three conflicts: the type of two memories is another one on both sides, one memory is deleted here and edited there.
fn quarrel(server: &Service) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    scene.evening();
    for key in [WATER, GATE] {
        scene
            .device
            .database
            .execute("UPDATE memories SET memory_type = 'decision' WHERE content_hash = ?1", [key]);
        server.put(key, &json!({ "memory_type": "learning" }));
    }
    server.put(ADA, &json!({ "tags": ["urgent"] }));
    scene.device.memsync(["sync"]).expect_status(1);
    Some(scene)
}

fn server_type(server: &Service, key: &str) -> Option<Value> {
    server.get(key).map(|memory| memory["memory_type"].clone())
}

fn local_type(scene: &Scene, key: &str) -> Option<String> {
    scene.device.database.live().into_iter().find(|row| row.content_hash == key)?.memory_type
}

#[test]
fn each_conflict_is_ended_by_itself() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", &GATE[..4]]), @"
    exit status: 1
    ----- stderr -----
    took this device's version (laptop) of 1 memory
    hint: 2 conflicts are left: see `memsync status`
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--theirs", &WATER[..8], ADA]), @"
    exit status: 0
    ----- stderr -----
    took the server's version (origin) of 2 memories
    hint: `memsync sync` brings the decision to the server (origin)
    ");
    assert_eq!(local_type(&scene, WATER).as_deref(), Some("learning"));
    assert!(local_type(&scene, ADA).is_some(), "it is back");
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 1 changed
    ");
    assert_eq!(server_type(&server, GATE), Some(json!("decision")));
    assert_eq!(server_type(&server, WATER), Some(json!("learning")));
    assert_eq!(server.get(ADA).unwrap()["tags"], json!(["urgent"]));
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    Already up to date.
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", "--all"]), @"
    exit status: 0
    ----- stderr -----
    no conflicts
    ");
}

#[test]
fn all_end_with_this_devices_versions() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", "--all"]), @"
    exit status: 0
    ----- stderr -----
    took this device's version (laptop) of 3 memories
    hint: `memsync sync` brings the decision to the server (origin)
    ");
    scene.device.memsync(["sync"]).success();
    assert_eq!(
        [WATER, GATE].map(|key| server_type(&server, key)),
        [Some(json!("decision")), Some(json!("decision"))]
    );
    assert_eq!(server.get(ADA), None);
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn all_end_with_the_servers_versions() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    scene.device.memsync(["checkout", "--theirs", "--all"]).success();
    assert_eq!([WATER, GATE].map(|key| local_type(&scene, key).unwrap()), ["learning", "learning"]);
    assert!(local_type(&scene, ADA).is_some());
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
    scene.device.database.check();
}

#[test]
fn what_names_no_conflict_decides_nothing() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", "3d89"]), @"
    exit status: 2
    ----- stderr -----
    error: no conflict begins with '3d89'
    hint: `memsync conflicts` lists the conflicts
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--ours"]), @"
    exit status: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <HASH|--all>

    Usage: memsync checkout <--ours|--theirs|--base> <HASH|--all>

    For more information, try '--help'.
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--all"]), @"
    exit status: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <--ours|--theirs|--base>

    Usage: memsync checkout <--ours|--theirs|--base> <HASH|--all>

    For more information, try '--help'.
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--ours", "--theirs", "--all"]), @"
    exit status: 2
    ----- stderr -----
    error: the argument '--ours' cannot be used with '--theirs'

    Usage: memsync checkout <--ours|--theirs|--base> <HASH|--all>

    For more information, try '--help'.
    ");
    assert_eq!(scene.device.memsync(["status", "--porcelain"]).success().stdout.matches('U').count(), 3);
}

/// The type, two metadata members and the tags of one memory changed on both sides.
fn quarrel_about_fields(server: &Service) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    let metadata = json!({ "source": "kitchen", "project": { "name": "tea", "year": 2025 } });
    scene.device.database.execute(
        "UPDATE memories SET memory_type = 'decision', tags = 'physics,ours', metadata = ?2 WHERE content_hash = ?1",
        [WATER, &metadata.to_string()],
    );
    server.put(
        WATER,
        &json!({ "memory_type": "learning", "tags": ["physics", "theirs"],
                 "metadata": { "source": "garden", "project": { "name": "ice", "year": 2025 } } }),
    );
    scene.device.memsync(["sync"]).expect_status(1);
    Some(scene)
}

#[test]
fn fields_are_decided_one_after_the_other() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel_about_fields(&server) else { return };
    let memsync = |arguments: &[&str]| scene.device.memsync(arguments);
    assert_snapshot!(memsync(&["checkout", "--ours", "--field", "tags", WATER]), @"
    exit status: 2
    ----- stderr -----
    error: b5830158: 'tags' is no field that both sides changed; these are: type, meta.project.name, meta.source
    hint: `memsync conflicts` lists them
    ");
    assert_snapshot!(memsync(&["checkout", "--local", "--field", "type", WATER]), @"
    exit status: 1
    ----- stderr -----
    took this device's type (laptop) of 1 memory
    still open in b5830158: meta.project.name, meta.source
    hint: 1 conflict is left: see `memsync status`
    ");
    assert_snapshot!(memsync(&["conflicts"]), @r#"
    exit status: 0
    ----- stdout -----
    Conflicts:
      ("memsync checkout --ours HASH" takes this device's version (laptop))
      ("memsync checkout --theirs HASH" takes the server's version (origin))
      ("memsync mergetool" goes through them field by field)
    	both modified:   b5830158  3af0dfea1cf3  (type: ours, meta.project.name, meta.source) Water boils at …
    "#);
    assert_snapshot!(memsync(&["checkout", "--remote", "--field", "meta.source,meta.project", WATER]), @"
    exit status: 0
    ----- stderr -----
    took the server's meta.source, meta.project (origin) of 1 memory
    hint: `memsync sync` brings the decision to the server (origin)
    ");
    assert_snapshot!(memsync(&["conflicts"]), @r#"
    exit status: 0
    ----- stdout -----
    Decided:
      ("memsync sync" brings the decision to origin)
    	both modified:   b5830158  3af0dfea1cf3  (merged) Water boils at 100 de…
    "#);
    // One field of the decision is changed.
    assert_snapshot!(memsync(&["checkout", "--theirs", "--field", "type", WATER]), @"
    exit status: 0
    ----- stderr -----
    took the server's type (origin) of 1 memory
    hint: `memsync sync` brings the decision to the server (origin)
    ");
    memsync(&["sync"]).success();
    let there = server.get(WATER).unwrap();
    assert_eq!(there["memory_type"], "learning");
    assert_eq!(there["tags"], json!(["ours", "physics", "theirs"]));
    assert_eq!(there["metadata"]["source"], "garden");
    assert_eq!(there["metadata"]["project"], json!({ "name": "ice", "year": 2025 }));
    assert_eq!(local_type(&scene, WATER).as_deref(), Some("learning"));
    assert_eq!(memsync(&["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn the_base_ends_a_conflict_where_there_is_one() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    scene.device.memsync(["sync", "-X", "ours"]).success();
    // One more, which both made by themselves.
    let key = server.note("Soup needs salt", &["kitchen"]);
    let sql = "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at)
               VALUES (?1, 'Soup needs salt', 'kitchen', 'decision', '{}', 1735700000.0)";
    scene.device.database.execute(sql, [&key]);
    scene.device.database.execute("UPDATE memories SET memory_type = 'idea' WHERE content_hash = ?1", [GATE]);
    server.put(GATE, &json!({ "memory_type": "learning" }));
    scene.device.memsync(["pull"]).expect_status(1);
    assert_snapshot!(scene.device.memsync(["checkout", "--base", "--all"]), @"
    exit status: 2
    ----- stderr -----
    error: 95bf04dd: there is no base: both sides added this memory, each by itself
    hint: `memsync checkout --ours HASH` or `--theirs HASH` ends such a conflict
    ");
    assert_snapshot!(scene.device.memsync(["checkout", "--base", GATE]), @"
    exit status: 1
    ----- stderr -----
    took the version that this device (laptop) and the server (origin) last agreed on of 1 memory
    hint: 1 conflict is left: see `memsync status`
    ");
    assert_eq!(local_type(&scene, GATE).as_deref(), Some("decision"));
    scene.device.memsync(["checkout", "--ours", &key]).success();
    scene.device.memsync(["sync"]).success();
    assert_eq!(server_type(&server, GATE), Some(json!("decision")));
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn a_decision_can_be_changed_until_the_server_has_it() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let memsync = |arguments: &[&str]| scene.device.memsync(arguments);
    memsync(&["checkout", "--ours", "--all"]).success();
    // The base is written to this device, and taken back by what comes after.
    memsync(&["checkout", "--base", WATER, ADA]).success();
    assert_eq!(local_type(&scene, WATER).as_deref(), Some("reference"));
    assert!(local_type(&scene, ADA).is_some());
    memsync(&["checkout", "--ours", WATER, ADA]).success();
    assert_eq!(local_type(&scene, WATER).as_deref(), Some("decision"));
    assert_eq!(local_type(&scene, ADA), None);
    assert_snapshot!(memsync(&["checkout", "--theirs", "--all"]), @"
    exit status: 0
    ----- stderr -----
    no open conflicts; 3 conflicts are decided and wait for `memsync sync` (name one by its hash to decide anew)
    ");
    memsync(&["checkout", "--theirs", WATER]).success();
    assert_eq!(local_type(&scene, WATER).as_deref(), Some("learning"));
    // Now both sides hold the same, and there is nothing left to decide.
    assert_snapshot!(memsync(&["checkout", "--ours", WATER]), @"
    exit status: 2
    ----- stderr -----
    error: no conflict begins with 'b5830158211ea7ad98e6aa74d6454f6458ec5f2cd8cea75e632c16805bde124e'
    hint: `memsync conflicts` lists the conflicts
    ");
    memsync(&["sync"]).success();
    assert_eq!(server_type(&server, WATER), Some(json!("learning")));
    assert_eq!(server_type(&server, GATE), Some(json!("decision")));
    assert_eq!(server.get(ADA), None);
    assert_eq!(memsync(&["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn an_edit_after_the_decision_asks_again() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let memsync = |arguments: &[&str]| scene.device.memsync(arguments);
    memsync(&["checkout", "--base", GATE, WATER, ADA]).success();
    scene.device.database.execute("UPDATE memories SET memory_type = 'idea' WHERE content_hash = ?1", [GATE]);
    server.put(WATER, &json!({ "memory_type": "gotcha" }));
    assert_snapshot!(memsync(&["sync"]), @"
    exit status: 1
    ----- stdout -----
    pushed: 1 changed
    2 conflicts wait for you:
      962b5c9f  (type) The garden gate sticks in winter
      b5830158  (type) Water boils at 100 degrees
    ----- stderr -----
    hint: `memsync checkout --ours HASH` or `--theirs HASH` ends a conflict
    ");
    assert_eq!(local_type(&scene, GATE).as_deref(), Some("idea"));
    assert_eq!(server_type(&server, GATE), Some(json!("learning")));
}

/// A device that agrees with a file about one memory, a note.
struct Beside {
    device: Device,
    server: Database,
    key: String,
    environment: TestEnvironment,
}

impl Beside {
    fn a_file() -> Self {
        let environment = TestEnvironment::new();
        let device = environment.device("laptop");
        let server = Database::in_folder(&environment.folder("server"));
        prepare(device.database.path()).unwrap();
        device.memsync(["init", "../server/sqlite_vec.db"]).success();
        let text = "Coffee at ten";
        let insert = "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at)
                      VALUES (?1, ?2, 'plan', 'note', '{\"x\":1}', 1735689600.0)";
        device.database.execute(insert, (content_hash(text), text));
        device.memsync(["sync"]).success();
        Self { device, server, key: content_hash(text), environment }
    }

    /// Sets a column of the memory.
    fn set(&self, database: &Database, column: &str, value: &str) {
        let update = format!("UPDATE memories SET {column} = ?2 WHERE content_hash = ?1");
        assert_eq!(database.execute(&update, (&self.key, value)), 1);
    }

    /// Both sides set a column, and the device sees it.
    fn quarrel(&self, column: &str, ours: &str, theirs: &str) {
        self.set(&self.device.database, column, ours);
        self.set(&self.server, column, theirs);
        self.device.memsync(["sync"]).expect_status(1);
    }

    /// The type on both sides.
    fn types(&self) -> [Option<String>; 2] {
        [&self.device.database, &self.server].map(|database| database.live().remove(0).memory_type)
    }
}

#[test]
fn metadata_that_is_no_object_is_brought_to_the_server() {
    let beside = Beside::a_file();
    beside.quarrel("metadata", "a plain text", r#"{"x":2}"#);
    beside.device.memsync(["checkout", "--ours", "--all"]).success();
    assert_snapshot!(beside.device.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 1 changed
    ");
    assert_eq!(beside.server.live()[0].metadata.as_deref(), Some("a plain text"));
}

#[test]
fn a_decision_for_the_base_is_in_the_status() {
    let beside = Beside::a_file();
    beside.quarrel("memory_type", "decision", "learning");
    beside.device.memsync(["checkout", "--base", "--all"]).success();
    assert_snapshot!(beside.device.memsync(["status"]), @r#"
    exit status: 0
    ----- stdout -----
    On device laptop, 1 memory
    Remote origin: [TMP]/server/sqlite_vec.db
    Last remote sync: 2025-01-02 03:04
    Last push attempt: 2025-01-02 03:04

    Changes on this device:
      ("memsync push" sends them, "memsync sync" does all)
    	modified:        eb4e6f39  (merged) Coffee at ten

    1 memory without a vector: found by list, tag and text, not by meaning
      ("memsync embed" says why, and what to do)
    "#);
}

#[test]
fn a_database_at_another_place_is_not_taken_for_this_devices() {
    let mut beside = Beside::a_file();
    let home = std::mem::replace(
        &mut beside.device.database,
        Database::in_folder(&beside.environment.folder("other")),
    );
    prepare(beside.device.database.path()).unwrap();
    beside.set(&beside.server, "memory_type", "learning");
    beside.device.memsync(["fetch"]).success();
    assert_snapshot!(beside.device.memsync(["checkout", "--theirs", "--all"]), @"
    exit status: 3
    ----- stderr -----
    error: stopped before any change: the database of this device (laptop) was [TMP]/laptop/sqlite_vec.db at the last sync, and is [TMP]/other/sqlite_vec.db
    hint: if that is meant, `memsync sync` comes first: it asks before it goes on
    ");
    beside.device.memsync(["pull"]).expect_status(3);
    beside.device.memsync(["sync", "-X", "ours"]).expect_status(3);
    beside.device.database = home;
    beside.device.memsync(["sync"]).success();
    assert_eq!(beside.types(), [Some("learning".to_owned()), Some("learning".to_owned())]);
}

#[test]
fn a_decision_that_was_carried_out_here_is_not_overwritten_by_what_came_later() {
    for side in ["server", "laptop"] {
        let beside = Beside::a_file();
        beside.quarrel("memory_type", "decision", "learning");
        beside.device.memsync(["checkout", "--base", "--all"]).success();
        let moved = if side == "server" { &beside.server } else { &beside.device.database };
        beside.set(moved, "tags", "plan,later");
        // The decision was made for what nobody holds any more, so it waits again, however often one looks.
        for _ in 0..2 {
            beside.device.memsync(["sync"]).expect_status(1);
            assert_eq!(beside.types(), [Some("note".to_owned()), Some("learning".to_owned())], "{side}");
        }
        let listed = beside.device.memsync(["conflicts"]).success().stdout;
        assert!(listed.contains("(type, tags) Coffee at ten"), "{side}: {listed}");
        beside.device.memsync(["checkout", "--ours", "--field", "type", "--all"]).expect_status(1);
        beside.device.memsync(["sync", "-X", "theirs"]).success();
        assert_eq!(beside.types(), [Some("note".to_owned()), Some("note".to_owned())], "{side}");
        assert_eq!(beside.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
    }
}
