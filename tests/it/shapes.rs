//! `snapshots/json-shapes/`: one example of each document that `--json` prints, for whoever writes a program that
//! reads them.

use serde_json::json;

use crate::support::gallery::assert_gallery;
use crate::support::scene::{BREAD, GATE, Scene, WATER, server};

#[test]
fn every_document_has_an_example() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.evening();
    let show = |name: &str, arguments: &[&str]| {
        let output = scene.device.memsync(arguments);
        assert!(matches!(output.status, Some(0 | 1)), "{output}");
        assert_gallery(&format!("json-shapes/{name}.json"), &output.stdout);
    };
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON memories WHEN new.content = 'Bread needs salt'
                  BEGIN SELECT RAISE(ABORT, 'no bread today'); END";
    server.database().execute(refuse, []);
    scene.device.memsync(["push"]).expect_status(6);
    server.database().execute("DROP TRIGGER refuse", []);
    let other_type = "UPDATE memories SET memory_type = 'decision' WHERE content_hash = ?1";
    scene.device.database.execute(other_type, [GATE]);
    server.put(GATE, &json!({ "memory_type": "learning" }));
    server.put(WATER, &json!({ "tags": ["kitchen"] }));
    show("diff", &["diff", "--json"]);
    show("sync-dry-run", &["sync", "--dry-run", "--json"]);
    scene.device.memsync(["fetch"]).success();
    show("status", &["status", "--json"]);
    show("pull", &["pull", "--json"]);
    show("log", &["log", "--json"]);
    show("fsck", &["fsck", "--json"]);
    show("undo", &["undo", "--json"]);
    show("embed", &["embed", "--json"]);
    show("embed-missing", &["embed", "--missing", "--json"]);
    show("embed-verify", &["embed", "--verify", "--json"]);
    show("show", &["show", "--json"]);
    show("reflog", &["reflog", "--json"]);
    show("explain", &["explain", "--json", BREAD]);
}
