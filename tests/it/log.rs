//! `memsync log`: the syncs of this device.

use insta::assert_snapshot;

use crate::support::documents::{self, Log};
use crate::support::scene::{Scene, server};

#[test]
fn each_sync_that_changed_anything_is_an_entry() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::morning() else { return };
    let mut device = scene.device.with_remote(&server);
    device.memsync(["init"]).success();
    assert_snapshot!(device.memsync(["log"]), @"");
    device.memsync(["sync"]).success();
    "2025-01-03T10:00:00Z".clone_into(&mut device.now);
    server.note("The server thought of this", &["server"]);
    device.memsync(["sync"]).success();
    device.memsync(["sync"]).success();
    assert_snapshot!(device.memsync(["log"]).without_ids(), @"");
    assert_snapshot!(device.memsync(["log", "--oneline"]).without_ids(), @"");
    assert_eq!(device.memsync(["log", "--oneline", "-n", "1"]).success().stdout.lines().count(), 1);
    let log: Log = documents::parse(&device.memsync(["log", "--json"]).success());
    assert_eq!(
        log.commits.iter().map(|commit| commit.seconds).collect::<Vec<_>>(),
        [1_735_898_400, 1_735_787_045]
    );
    assert_eq!(log.commits[0].device, "laptop");
    assert_snapshot!(device.memsync(["show", &log.commits[1].id[..8]]).without_ids(), @"");
}
