//! `memsync reflog`: where a ref has been.

use insta::assert_snapshot;

use crate::support::documents::{self, Reflog};
use crate::support::scene::{Scene, server};

#[test]
fn every_move_is_listed_with_the_name_that_leads_there() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::morning() else { return };
    scene.device = scene.device.with_remote(&server);
    scene.device.memsync(["init"]).success();
    assert_snapshot!(scene.device.memsync(["reflog"]), @"
    exit status: 0
    ----- stderr -----
    no sync yet
    ");
    assert_snapshot!(scene.device.memsync(["reflog", "origin"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no ref 'origin'
    hint: `memsync show-ref` lists the refs
    ");
    scene.device.memsync(["sync"]).success();
    scene.evening();
    "2025-01-03T10:00:00Z".clone_into(&mut scene.device.now);
    scene.device.memsync(["sync"]).success();
    let device = &scene.device;
    assert_snapshot!(device.memsync(["reflog"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    [ID] refs/base/origin@{0}: sync with origin: 0 pulled, 3 pushed
    [ID] refs/base/origin@{1}: sync with origin: 0 pulled, 3 pushed
    ");
    assert_snapshot!(device.memsync(["reflog", "local", "-n", "1"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    [ID] refs/heads/local@{0}: stash
    ");
    let log: Reflog = documents::parse(&device.memsync(["reflog", "--json"]).success());
    assert_eq!(log.reference, "refs/base/origin");
    assert_eq!(
        log.entries.iter().map(|entry| entry.seconds).collect::<Vec<_>>(),
        [1_735_898_400, 1_735_787_045]
    );
    assert_eq!((&log.entries[0].old, &log.entries[1].old), (&log.entries[1].new, &None));
    let named = device.memsync(["show", "--json", &log.entries[1].name]).success();
    assert!(named.stdout.contains(log.entries[1].new.as_ref().unwrap()));
}
