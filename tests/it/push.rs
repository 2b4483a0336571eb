//! `memsync push`: bring this device's changes to the server.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, Run};
use crate::support::scene::{BREAD, GATE, Scene, server};

#[test]
fn the_devices_changes_leave_and_none_of_the_servers_arrive() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    assert_snapshot!(scene.device.memsync(["push"]), @"");

    scene.evening();
    server.note("The server thought of this", &["server"]);
    let files = scene.files();
    let asked = server.requests().len();
    assert_snapshot!(scene.device.memsync(["push", "--dry-run"]), @"");
    assert_eq!(scene.files(), files, "a dry run changes nothing");
    assert_eq!(server.writes_since(asked), [""; 0]);
    let rows = scene.device.database.rows();
    assert_snapshot!(scene.device.memsync(["push"]), @"");
    assert_eq!(scene.device.database.rows(), rows);
    assert_snapshot!(server.page(), @"");
    let run: Run = documents::parse(&scene.device.memsync(["push", "--json"]).success());
    assert!(run.entries.is_empty() && !run.dry_run);
    assert_snapshot!(scene.device.memsync(["status", "--porcelain"]), @"");
}

#[test]
fn a_memory_that_the_server_refuses_waits_and_stops_no_other() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.evening();
    // The server's limits, or whatever else it minds: here a trigger in its database.
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON memories WHEN new.content = 'Bread needs salt'
                  BEGIN SELECT RAISE(ABORT, 'no bread today'); END";
    server.database().execute(refuse, []);
    let refused = scene.device.memsync(["push"]);
    server.database().execute("DROP TRIGGER refuse", []);
    assert_snapshot!(refused, @"");
    assert_eq!(server.list()[GATE]["tags"], json!(["home", "winter"]));
    assert_snapshot!(scene.device.memsync(["status"]), @"");
    assert_eq!(
        scene.device.memsync(["status", "--porcelain"]).success().stdout,
        format!("A.F {BREAD}\tBread needs salt\n")
    );
    assert_snapshot!(scene.device.memsync(["push"]), @"");
    assert_eq!(scene.device.memsync(["status", "--porcelain"]).success().stdout, "");
}
