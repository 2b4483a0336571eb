//! `memsync init`: prepare this device.

use std::os::unix::fs::PermissionsExt;
use std::{fs, io};

use insta::assert_snapshot;

use crate::support::TestEnvironment;
use crate::support::scene::Scene;

#[test]
fn it_makes_the_staging_database_and_keeps_what_it_is_given() {
    let Some(scene) = Scene::morning() else { return };
    let before = scene.device.database.rows();
    assert_snapshot!(scene.device.memsync(["init", "https://memory.local:8443"]), @"
    exit status: 0
    ----- stderr -----
    Initialised staging database [TMP]/laptop/staging.db
    Memories: [TMP]/laptop/sqlite_vec.db (hash vectors)
    Remote origin: https://memory.local:8443/
    hint: `memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do
    ");
    assert_eq!(scene.device.database.rows(), before);

    let mode =
        |name: &str| fs::metadata(scene.device.folder.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("staging.db"), mode("staging.config")), (0o600, 0o600));
    assert_snapshot!(scene.device.memsync(["remote", "list", "-v"]), @"
    exit status: 0
    ----- stdout -----
    origin  https://memory.local:8443/  (trusts the system's authorities)
    ");
    assert_snapshot!(scene.device.memsync(["status"]), @r#"
    exit status: 0
    ----- stdout -----
    On device laptop, 3 memories
    Remote origin: https://memory.local:8443/
    Last remote sync: never
    Last push attempt: never

    Changes on this device:
      ("memsync push" sends them, "memsync sync" does all)
    	new:             1bdb863c  Call Ada on Monday
    	new:             962b5c9f  The garden gate sticks in winter
    	new:             b5830158  Water boils at 100 degrees
    "#);
}

#[test]
fn running_it_again_keeps_what_is_there() {
    let Some(scene) = Scene::morning() else { return };
    scene.device.memsync(["init", "http://127.0.0.1:8000"]).success();
    scene.device.memsync(["stash"]).success();
    let staged = scene.device.memsync(["status", "--porcelain"]).success().stdout;
    assert_snapshot!(scene.device.memsync(["init", "http://127.0.0.1:9000/api"]), @"
    exit status: 0
    ----- stderr -----
    Kept the staging database [TMP]/laptop/staging.db
    Memories: [TMP]/laptop/sqlite_vec.db (hash vectors)
    Remote origin: http://127.0.0.1:[PORT]/api
    hint: `memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do
    ");
    assert_eq!(scene.device.memsync(["status", "--porcelain"]).success().stdout, staged);
    assert_snapshot!(scene.device.memsync(["remote", "-v"]), @"
    exit status: 0
    ----- stdout -----
    origin  http://127.0.0.1:[PORT]/api  (not encrypted)
    ");
}

#[test]
fn without_a_server_it_says_how_to_name_one() {
    let Some(scene) = Scene::morning() else { return };
    assert_snapshot!(scene.device.memsync(["init"]), @"
    exit status: 0
    ----- stderr -----
    Initialised staging database [TMP]/laptop/staging.db
    Memories: [TMP]/laptop/sqlite_vec.db (hash vectors)
    hint: `memsync remote add origin URL` names the server
    ");
    assert_snapshot!(scene.device.memsync(["sync"]), @"
    exit status: 2
    ----- stderr -----
    error: the remote 'origin' has no address
    hint: give its address: `memsync remote add origin URL`, or set REMOTE_API
    ");
}

#[test]
fn another_database_is_kept_for_later_runs() -> io::Result<()> {
    let Some(mut scene) = Scene::morning() else { return Ok(()) };
    let notes = scene.environment.folder("notes").join("memories.db");
    fs::rename(scene.device.database.path(), &notes)?;
    // The environment outranks the configuration, so it must not name a database here.
    let memsync = |scene: &Scene, arguments: &[&str]| {
        let mut command = scene.device.command();
        scene.device.output(&command.env_remove("MCP_MEMORY_SQLITE_PATH").args(arguments).output().unwrap())
    };
    assert_snapshot!(memsync(&scene, &["init", "--database", notes.to_str().unwrap()]), @"
    exit status: 0
    ----- stderr -----
    Initialised staging database [TMP]/laptop/staging.db
    Memories: [TMP]/notes/memories.db (hash vectors)
    hint: `memsync remote add origin URL` names the server
    ");
    scene.device.remote = Some("http://127.0.0.1:1".to_owned());
    assert_eq!(memsync(&scene, &["status", "--porcelain"]).success().stdout.lines().count(), 3);
    Ok(())
}

#[test]
fn a_staging_database_is_not_made_for_nothing() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    assert_snapshot!(device.memsync(["init", "http://127.0.0.1:8000"]), @"
    exit status: 5
    ----- stderr -----
    error: there is no database at [TMP]/laptop/sqlite_vec.db
    hint: say where the memories are: `memsync config core.database PATH`, or set MCP_MEMORY_SQLITE_PATH
    ");
    assert!(!device.staging.exists());
    assert_snapshot!(device.memsync(["init", "http://ada:hunter2@127.0.0.1:8000"]), @"
    exit status: 2
    ----- stderr -----
    error: the address cannot be used: expected an address without a user name or password; give the key in MCP_API_KEY or a key file
    ");
}
