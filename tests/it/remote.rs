//! `memsync remote`: the servers that this device knows.

use insta::assert_snapshot;

use crate::support::TestEnvironment;
use crate::support::scene::{Scene, server};

#[test]
fn servers_are_added_listed_moved_and_forgotten() {
    let environment = TestEnvironment::new();
    let mut device = environment.device("laptop");
    assert_snapshot!(device.memsync(["remote"]), @"exit status: 0");
    assert_snapshot!(device.memsync(["remote", "add", "origin", "https://memory.local:8443"]), @"exit status: 0");
    device.memsync(["remote", "add", "backup", "http://127.0.0.1:8000/api/memories"]).success();
    assert_snapshot!(device.memsync(["remote", "list"]), @"
    exit status: 0
    ----- stdout -----
    backup
    origin
    ");
    device.memsync(["remote", "set-url", "backup", "http://127.0.0.1:9000"]).success();
    assert_snapshot!(device.memsync(["remote", "list", "-v"]), @"
    exit status: 0
    ----- stdout -----
    backup  http://127.0.0.1:[PORT]/  (not encrypted)
    origin  https://memory.local:8443/  (trusts the system's authorities)
    ");
    device.memsync(["remote", "rm", "origin"]).success();
    assert_snapshot!(device.memsync(["remote", "set-url", "origin", "http://127.0.0.1:9000"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no remote 'origin'
    hint: `memsync remote add origin URL` adds it
    ");
    device.remote = Some("http://127.0.0.1:7000".to_owned());
    assert_snapshot!(device.memsync(["remote", "-v"]), @"
    exit status: 0
    ----- stdout -----
    backup  http://127.0.0.1:[PORT]/  (not encrypted)
    origin  http://127.0.0.1:[PORT]/  (not encrypted)
    ");
}

#[test]
fn a_device_may_sync_with_several_servers_by_name() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::morning() else { return };
    let mut device = scene.device.with_remote(&server);
    let url = device.remote.take().unwrap();
    device.memsync(["init", "http://127.0.0.1:1"]).success();
    device.memsync(["remote", "add", "home", &url]).success();
    assert_snapshot!(device.memsync(["sync", "home"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 3 new
    ");
    assert_snapshot!(device.memsync(["sync", "home"]), @"
    exit status: 0
    ----- stdout -----
    Already up to date.
    ");
    device.memsync(["config", "sync.remote", "home"]).success();
    assert_snapshot!(device.memsync(["status"]), @"
    exit status: 0
    ----- stdout -----
    On device laptop, 3 memories
    Remote home: http://127.0.0.1:[PORT]/
    Last remote sync: 2025-01-02 03:04
    Last push attempt: 2025-01-02 03:04

    nothing to sync: both sides agree
    ");
}
