//! `memsync fsck`: damages planted in a device's databases, which the real service and a sync made.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use rusqlite::Connection;
use serde::Deserialize;

use crate::support::Version::{V10_20_6, V12_2_0};
use crate::support::scene::{ADA, GATE, Scene, WATER, server};
use crate::support::{Services, TestEnvironment};

/// Runs SQL on the staging database, as another program with its hand in it would.
fn spoil(scene: &Scene, sql: &str) {
    Connection::open(&scene.device.staging).unwrap().execute_batch(sql).unwrap();
}

/// Where the databases of a scene are, as its outputs show them.
fn staging(scene: &Scene) -> &Path {
    &scene.device.staging
}

#[test]
fn whole_databases_are_without_damage_and_nothing_is_written() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let before = scene.files();
    assert_snapshot!(scene.device.memsync(["fsck"]), @"
    exit status: 0
    ----- stdout -----
    staging database of laptop: [TMP]/laptop/staging.db
      10 objects, 3 refs
      no damage
    memories of laptop: [TMP]/laptop/sqlite_vec.db
      3 memories, 3 vectors
      no damage
    ");
    assert_snapshot!(scene.device.memsync(["fsck", "--connectivity-only"]), @"
    exit status: 0
    ----- stdout -----
    staging database of laptop: [TMP]/laptop/staging.db
      10 objects, 3 refs
      no damage
    ");
    assert_eq!(scene.files(), before);
}

#[test]
fn the_services_own_neglect_is_found_and_mended_as_told() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let database = &scene.device.database;
    // The service's trigger forgets to take the old words out of the index.
    database.execute("UPDATE memories SET content = 'Water freezes' WHERE content_hash = ?1", [WATER]);
    // The plain tables beneath the table of vectors, which needs an extension.
    let of = "(SELECT id FROM memories WHERE content_hash = ?1)";
    database.execute(&format!("DELETE FROM memory_embeddings_rowids WHERE rowid = {of}"), [GATE]);
    database.execute("UPDATE memories SET deleted_at = 1.5 WHERE content_hash = ?1", [ADA]);
    database.settle();
    let before = scene.files();
    let told = scene.device.memsync(["fsck"]).expect_status(5);
    assert_eq!(scene.files(), before);
    assert_snapshot!(told, @r#"
    exit status: 5
    ----- stdout -----
    staging database of laptop: [TMP]/laptop/staging.db
      10 objects, 3 refs
      no damage
    memories of laptop: [TMP]/laptop/sqlite_vec.db
      2 memories, 2 vectors
      missing-vector: memory 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4: it has no vector, so that no search by meaning finds it
        hint: `memsync embed --missing` makes it, or says why it cannot
      deleted-vector: vector 3: it belongs to the deleted memory 1bdb863cf08dcd687af29d415ad2d887d7263e095dbc64362427f164d6eb89d8
        hint: stop mcp-memory-service, open [TMP]/laptop/sqlite_vec.db with its extension sqlite-vec loaded, and run `DELETE FROM memory_embeddings WHERE rowid NOT IN (SELECT id FROM memories WHERE deleted_at IS NULL)`
      vector-tables: vector 2: a search by meaning finds it, and it cannot be read
        hint: stop mcp-memory-service and put a backup of [TMP]/laptop/sqlite_vec.db back; without one it stays as it is: texts, lists and syncs take no harm from it
      full-text: the full-text index: it holds words that the texts do not, or lacks some that they do: a search for words goes wrong
        hint: `sqlite3 '[TMP]/laptop/sqlite_vec.db' "INSERT INTO memory_content_fts(memory_content_fts) VALUES('rebuild')"` makes it anew out of the texts; mcp-memory-service may keep running
    "#);
    database.execute("INSERT INTO memory_content_fts(memory_content_fts) VALUES('rebuild')", []);
    let told = scene.device.memsync(["fsck"]).expect_status(5);
    assert!(!told.stdout.contains("full-text"), "{told}");
}

#[test]
fn a_memory_gets_a_vector_as_told_and_keeps_what_it_holds() {
    let Some(services) = Services::available() else { return };
    for version in [V12_2_0, V10_20_6] {
        let environment = TestEnvironment::new();
        let server = services.start(version, &environment.folder("server"));
        let device = environment.device("laptop").with_remote(&server);
        let mut service = services.start(version, &device.folder);
        let key = service.post("The gate sticks", &["garden"]);
        service.post("Water boils", &["physics"]);
        device.memsync(["init"]).success();
        assert_eq!(device.memsync(["fsck"]).success().stdout.matches("no damage").count(), 2, "{version:?}");
        let held = device.database.live();
        let lose = "DELETE FROM memory_embeddings_rowids WHERE rowid = (SELECT id FROM memories WHERE content_hash = ?1)";
        device.database.execute(lose, [&key]);

        let told = device.memsync(["fsck"]).expect_status(5).stdout;
        let (_, told) = told.split_once("missing-vector: ").unwrap();
        assert!(told.contains(&key) && told.contains("hint: `memsync embed --missing` makes it"), "{told}");
        device.memsync(["embed", "--missing"]).success();
        assert!(!device.memsync(["fsck"]).stdout.contains("missing-vector"), "{version:?}");
        assert_eq!(device.database.live(), held, "{version:?}");
        service.stop();
    }
}

#[test]
fn a_damaged_object_is_found_and_mended_as_told() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let blob = "(SELECT blob FROM side_index WHERE key LIKE 'b583%')";
    spoil(&scene, &format!("UPDATE objects SET data = substr(data, 1, 9) WHERE id = {blob}"));
    let told = scene.device.memsync(["fsck"]).expect_status(5);
    assert_snapshot!(told, @"
    exit status: 5
    ----- stdout -----
    staging database of laptop: [TMP]/laptop/staging.db
      10 objects, 3 refs
      damaged-object: blob b13eba58c2d859a74c8e0ab4db2181508eea7941767afd0ff5a04b680865081a: Src size is incorrect
        hint: your memories are not in it: move [TMP]/laptop/staging.db away and run `memsync init`; the next sync joins both sides and deletes nothing, and with STAGING_DB the history that can still be read stays at hand
    memories of laptop: [TMP]/laptop/sqlite_vec.db
      3 memories, 3 vectors
      no damage
    ");
    let away = scene.device.staging.with_extension("old");
    fs::rename(&scene.device.staging, &away).unwrap();
    scene.device.memsync(["init"]).success();
    scene.device.memsync(["sync"]).success();
    scene.device.memsync(["fsck"]).success();
    let old = scene.device.command().env("STAGING_DB", &away).arg("log").output().unwrap();
    assert!(scene.device.output(&old).success().stdout.contains("sync with origin"));
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn a_file_that_was_overwritten_is_found() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let path = scene.device.database.path();
    scene.device.database.settle();
    let root: u32 = Connection::open(path)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'idx_created_at'", [], |row| row.get(0))
        .unwrap();
    let mut bytes = fs::read(path).unwrap();
    let at = (root as usize - 1) * 4096;
    bytes[at..at + 4096].fill(0xa5);
    fs::write(path, bytes).unwrap();
    let told = scene.device.memsync(["fsck"]).expect_status(5);
    assert!(told.stdout.contains("\n  file: the file: "), "{told}");
    assert!(told.stdout.contains("put a backup of"), "{told}");
    assert!(told.stdout.contains("staging.db\n  "), "{told}");
    fs::remove_file(staging(&scene)).unwrap();
    let _ = scene.device.memsync(["fsck"]).expect_status(128);
}

#[test]
fn a_missing_database_is_told_after_what_the_other_came_to() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    fs::remove_file(scene.device.database.path()).unwrap();
    assert_snapshot!(scene.device.memsync(["fsck"]), @"
    exit status: 5
    ----- stdout -----
    staging database of laptop: [TMP]/laptop/staging.db
      10 objects, 3 refs
      no damage
    ----- stderr -----
    error: there is no database at [TMP]/laptop/sqlite_vec.db
    hint: say where the memories are: `memsync config core.database PATH`, or set MCP_MEMORY_SQLITE_PATH
    ");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema_version: u32,
    damaged: bool,
    staging: Section<StagingCounts>,
    local: Option<Section<LocalCounts>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section<C> {
    path: String,
    counts: C,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StagingCounts {
    objects: usize,
    references: usize,
    unreachable: usize,
    vectors: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LocalCounts {
    memories: usize,
    vectors: usize,
    loose_links: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    code: String,
    place: String,
    problem: String,
    mend: String,
}

#[test]
fn programs_get_a_document() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let read = |arguments: &[&str], status| -> Document {
        serde_json::from_str(&scene.device.memsync(arguments).expect_status(status).stdout).unwrap()
    };
    let whole = read(&["fsck", "--json"], 0);
    assert_eq!((whole.schema_version, whole.damaged), (1, false));
    assert!(whole.staging.path.ends_with("staging.db"));
    assert_eq!((whole.staging.counts.references, whole.staging.counts.unreachable), (3, 0));
    assert!(whole.staging.counts.objects > 6);
    assert_eq!(whole.staging.counts.vectors, 0);
    let local = whole.local.unwrap();
    assert!(local.path.ends_with("sqlite_vec.db"));
    assert_eq!((local.counts.memories, local.counts.vectors, local.counts.loose_links), (3, 3, 0));

    spoil(&scene, "UPDATE refs SET target = zeroblob(32) WHERE name = 'refs/heads/local'");
    let damaged = read(&["fsck", "--connectivity-only", "--json"], 5);
    assert!(damaged.damaged && damaged.local.is_none());
    let [finding] = damaged.staging.findings.as_slice() else { panic!("one is wrong") };
    assert_eq!((finding.code.as_str(), finding.place.as_str()), ("missing-object", "refs/heads/local"));
    assert!(finding.problem.ends_with("which is missing") && finding.mend.contains("memsync init"));
}
