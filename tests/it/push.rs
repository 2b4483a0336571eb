//! `memsync push`: bring this device's changes to the server.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, Run};
use crate::support::scene::{BREAD, GATE, Scene, server};

#[test]
fn the_devices_changes_leave_and_none_of_the_servers_arrive() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    assert_snapshot!(scene.device.memsync(["push"]), @"
    exit status: 0
    ----- stdout -----
    Already up to date.
    ");

    scene.evening();
    server.note("The server thought of this", &["server"]);
    let files = scene.files();
    let asked = server.requests().len();
    assert_snapshot!(scene.device.memsync(["push", "--dry-run"]), @"
    exit status: 0
    ----- stdout -----
      -> deleted 1bdb863c  Call Ada on Monday
      -> new     3d898a9e  Bread needs salt
      -> changed 962b5c9f  The garden gate sticks in winter
    would push: 1 new, 1 changed, 1 deleted
    ");
    assert_eq!(scene.files(), files, "a dry run changes nothing");
    assert_eq!(server.writes_since(asked), [""; 0]);
    let rows = scene.device.database.rows();
    assert_snapshot!(scene.device.memsync(["push"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 1 new, 1 changed, 1 deleted
    ");
    assert_eq!(scene.device.database.rows(), rows);
    assert_snapshot!(server.page(), @"
    1f2de887  [server] The server thought of this
    3d898a9e  [kitchen] Bread needs salt
    962b5c9f  [home,winter] The garden gate sticks in winter
    b5830158  [physics] Water boils at 100 degrees
    ");
    let run: Run = documents::parse(&scene.device.memsync(["push", "--json"]).success());
    assert!(run.entries.is_empty() && !run.dry_run);
    assert_snapshot!(scene.device.memsync(["status", "--porcelain"]), @"
    exit status: 0
    ----- stdout -----
    .A. 1f2de887026fde8073887ce19003825b28c31cc4a93d62f4986e0f6b48c69779	The server thought of this
    ");
}

#[test]
fn a_memory_that_the_server_refuses_waits_and_stops_no_other() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::synced(&server) else { return };
    scene.evening();
    // The server's limits, or whatever else it minds: here a trigger in its database.
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON memories WHEN new.content = 'Bread needs salt'
                  BEGIN SELECT RAISE(ABORT, 'no bread today'); END";
    server.database().execute(refuse, []);
    let refused = scene.device.memsync(["push"]);
    server.database().execute("DROP TRIGGER refuse", []);
    assert_snapshot!(refused, @"
    exit status: 6
    ----- stdout -----
    pushed: 1 changed, 1 deleted
    1 memory not taken:
      3d898a9e  the server failed to apply it
    ");
    assert_eq!(server.list()[GATE]["tags"], json!(["home", "winter"]));
    assert_snapshot!(scene.device.memsync(["status"]), @r#"
    exit status: 0
    ----- stdout -----
    On device laptop, 3 memories
    Remote origin: http://127.0.0.1:[PORT]/
    Last remote sync: 2025-01-02 03:04
    Last push attempt: 2025-01-02 03:04

    Changes on this device:
      ("memsync push" sends them, "memsync sync" does all)
    	new:             3d898a9e  Bread needs salt

    Failed pushes:
      (the next "memsync push" tries again)
    	3d898a9e  the server failed to apply it
    "#);
    assert_eq!(
        scene.device.memsync(["status", "--porcelain"]).success().stdout,
        format!("A.F {BREAD}\tBread needs salt\n")
    );
    "2025-01-03T10:00:00Z".clone_into(&mut scene.device.now);
    assert_snapshot!(scene.device.memsync(["push"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 1 new
    ");
    assert_eq!(scene.device.memsync(["status", "--porcelain"]).success().stdout, "");
}
