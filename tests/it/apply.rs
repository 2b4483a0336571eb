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
