//! `memsync apply`: carry out on this device what was fetched.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, Run};
use crate::support::scene::{GATE, Scene, server};

#[test]
fn what_was_fetched_is_applied_without_asking_the_server() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::synced(&server) else { return };
    server.put(GATE, &json!({ "tags": ["home", "iron"] }));
    assert_snapshot!(scene.device.memsync(["apply"]), @"
    exit status: 0
    ----- stdout -----
    Already up to date.
    ");
    scene.device.memsync(["fetch"]).success();
    scene.device.remote = Some("http://127.0.0.1:1".to_owned());
    let files = scene.files();
    assert_snapshot!(scene.device.memsync(["apply", "--dry-run"]), @"
    exit status: 0
    ----- stdout -----
      <- changed 962b5c9f  The garden gate sticks in winter
    would pull: 1 changed
    ");
    assert_eq!(scene.files(), files, "a dry run changes nothing");
    let run: Run = documents::parse(&scene.device.memsync(["apply", "--json"]).success());
    assert_eq!((run.pulled.changed, run.entries.len()), (1, 1));
    let gate = scene.device.database.live().into_iter().find(|row| row.content_hash == GATE).unwrap();
    assert_eq!(gate.tags.as_deref(), Some("home,iron"));
    assert_snapshot!(scene.device.memsync(["apply"]), @"
    exit status: 0
    ----- stdout -----
    Already up to date.
    ");
}

#[test]
fn a_remote_that_was_never_fetched_is_not_taken_for_an_empty_one() {
    let Some(scene) = Scene::morning() else { return };
    scene.device.memsync(["init", "http://127.0.0.1:1"]).success();
    assert_snapshot!(scene.device.memsync(["apply"]), @"
    exit status: 2
    ----- stderr -----
    error: nothing has been fetched from origin yet
    hint: `memsync fetch origin` asks it what it holds
    ");
    assert_snapshot!(scene.device.memsync(["apply", "orgin"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no remote 'orgin'
    hint: `memsync remote add orgin URL` adds it
    ");
    assert_eq!(scene.device.memsync(["merge"]).status, Some(2));
    scene.device.memsync(["stash"]).success();
    let refs = scene.device.memsync(["show-ref"]).success().stdout;
    assert!(!refs.contains("refs/base/"), "no sync was noted: {refs}");
}
