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
    assert_snapshot!(device.memsync(["log"]), @"
    exit status: 0
    ----- stderr -----
    no sync yet
    ");
    device.memsync(["sync"]).success();
    "2025-01-03T10:00:00Z".clone_into(&mut device.now);
    server.note("The server thought of this", &["server"]);
    device.memsync(["sync"]).success();
    device.memsync(["sync"]).success();
    assert_snapshot!(device.memsync(["log"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    commit [ID]
    Device: laptop
    Date:   2025-01-03 10:00:00 +0000

        sync with origin: 1 pulled, 0 pushed

        pulled: 1 new, 0 changed, 0 deleted
        pushed: 0 new, 0 changed, 0 deleted

    commit [ID]
    Device: laptop
    Date:   2025-01-02 03:04:05 +0000

        sync with origin: 0 pulled, 3 pushed

        pulled: 0 new, 0 changed, 0 deleted
        pushed: 3 new, 0 changed, 0 deleted
    ");
    assert_snapshot!(device.memsync(["log", "--oneline"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    [ID] 2025-01-03 10:00 sync with origin: 1 pulled, 0 pushed
    [ID] 2025-01-02 03:04 sync with origin: 0 pulled, 3 pushed
    ");
    assert_eq!(device.memsync(["log", "--oneline", "-n", "1"]).success().stdout.lines().count(), 1);
    let log: Log = documents::parse(&device.memsync(["log", "--json"]).success());
    assert_eq!(
        log.commits.iter().map(|commit| commit.seconds).collect::<Vec<_>>(),
        [1_735_898_400, 1_735_787_045]
    );
    assert_eq!(log.commits[0].device, "laptop");
    assert_snapshot!(device.memsync(["show", &log.commits[1].id[..8]]).without_ids(), @r#"
    exit status: 0
    ----- stdout -----
    commit [ID]
    Device: laptop
    Date:   2025-01-02 03:04:05 +0000

        sync with origin: 0 pulled, 3 pushed

        pulled: 0 new, 0 changed, 0 deleted
        pushed: 3 new, 0 changed, 0 deleted

    new memory [ID]
    +created [ID]
    +tag todo
    +type note
    +
    +Call Ada on Monday
    new memory [ID]
    +created [ID]
    +tag home
    +type note
    +
    +The garden gate sticks in winter
    new memory [ID]
    +created [ID]
    +meta.source "school"
    +tag physics
    +type reference
    +
    +Water boils at 100 degrees
    +At sea level.
    "#);
}
