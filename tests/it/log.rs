//! `memsync log`: the syncs of this device.

use insta::assert_snapshot;

use serde_json::json;

use crate::support::Service;
use crate::support::documents::{self, Log, ShownCommit};
use crate::support::scene::{ADA, GATE, Scene, WATER, server};

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

/// Three syncs on three days: all is new; the evening's changes go to the server; the server changes one and thinks of
/// another.
fn three_days(server: &Service) -> Option<Scene> {
    let mut scene = Scene::synced(server)?;
    scene.evening();
    "2025-01-03T10:00:00Z".clone_into(&mut scene.device.now);
    scene.device.memsync(["sync"]).success();
    "2025-01-04T10:00:00Z".clone_into(&mut scene.device.now);
    server.put(WATER, &json!({ "tags": ["physics", "kitchen"] }));
    server.put(GATE, &json!({ "memory_type": "decision" }));
    scene.device.memsync(["sync"]).success();
    Some(scene)
}

#[test]
fn what_each_sync_changed_is_counted() {
    let Some(server) = server() else { return };
    let Some(scene) = three_days(&server) else { return };
    let device = &scene.device;
    assert_snapshot!(device.memsync(["log", "--oneline", "--stat"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    [ID] 2025-01-04 10:00 sync with origin: 2 pulled, 0 pushed
     [ID] | type
     [ID] | tags
     2 memories changed
    [ID] 2025-01-03 10:00 sync with origin: 0 pulled, 3 pushed
     [ID] | deleted
     [ID] | new
     [ID] | tags
     1 memory changed, 1 new, 1 deleted
    [ID] 2025-01-02 03:04 sync with origin: 0 pulled, 3 pushed
     [ID] | new
     [ID] | new
     [ID] | new
     3 new
    ");
    assert_snapshot!(device.memsync(["log", "--stat", "-n", "1", "@{yesterday}"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    commit [ID]
    Device: laptop
    Date:   2025-01-03 10:00:00 +0000

        sync with origin: 0 pulled, 3 pushed

        pulled: 0 new, 0 changed, 0 deleted
        pushed: 1 new, 1 changed, 1 deleted

     [ID] | deleted
     [ID] | new
     [ID] | tags
     1 memory changed, 1 new, 1 deleted
    ");
    let narrow =
        device.command().env("COLUMNS", "24").args(["log", "--stat", "--oneline", "-n", "1"]).output();
    assert_snapshot!(device.output(&narrow.unwrap()).without_ids(), @"
    exit status: 0
    ----- stdout -----
    [ID] 2025-01-04 10:00 sync with origin: 2 pulled, 0 pushed
     [ID] | type
     [ID] | tags
     2 memories changed
    ");
    let log: Log = documents::parse(&device.memsync(["log", "--json", "--stat", "-n", "1"]).success());
    let changes = log.commits[0].changes.as_ref().unwrap();
    assert_eq!(changes.iter().map(|one| one.fields.join(" ")).collect::<Vec<_>>(), ["type", "tags"]);
}

#[test]
fn the_graph_shows_what_each_sync_was_made_from() {
    let Some(server) = server() else { return };
    let Some(scene) = three_days(&server) else { return };
    let device = &scene.device;
    assert_snapshot!(device.memsync(["log", "--graph", "--oneline"]).without_ids(), @r"
    exit status: 0
    ----- stdout -----
    *-.    [ID] 2025-01-04 10:00 sync with origin: 2 pulled, 0 pushed
    |\ \
    | | *  [ID] 2025-01-04 10:00 fetch
    | | *  [ID] 2025-01-03 10:00 push
    *-+-+  [ID] 2025-01-03 10:00 sync with origin: 0 pulled, 3 pushed
    | * |  [ID] 2025-01-03 10:00 stash
    | | *  [ID] 2025-01-02 03:04 push
    *-+-+  [ID] 2025-01-02 03:04 sync with origin: 0 pulled, 3 pushed
      * |  [ID] 2025-01-02 03:04 stash
        *  [ID] 2025-01-02 03:04 fetch
    ");
    assert_snapshot!(device.memsync(["log", "--graph", "-n", "1", "--stat"]).without_ids(), @r"
    exit status: 0
    ----- stdout -----
    *-.    commit [ID]
    |\ \   Device: laptop
    | | |  Date:   2025-01-04 10:00:00 +0000
    | | |
    | | |      sync with origin: 2 pulled, 0 pushed
    | | |
    | | |      pulled: 0 new, 2 changed, 0 deleted
    | | |      pushed: 0 new, 0 changed, 0 deleted
    | | |
    | | |   [ID] | type
    | | |   [ID] | tags
    | | |   2 memories changed
    | | |
    ");
    assert_snapshot!(device.memsync(["log", "--graph", "local"]), @"
    exit status: 2
    ----- stderr -----
    error: --graph draws syncs: begin at HEAD, or at a commit of 'memsync log'
    ");
}

#[test]
fn a_log_begins_and_ends_where_it_is_told() {
    let Some(server) = server() else { return };
    let Some(scene) = three_days(&server) else { return };
    let lines = |arguments: &[&str]| -> Vec<String> {
        let all = [&["log", "--oneline"], arguments].concat();
        let output = scene.device.memsync(all).success();
        output.stdout.lines().map(|line| line[11..].to_owned()).collect()
    };
    assert_eq!(lines(&[]).len(), 3);
    assert_eq!(lines(&["HEAD~1"]), lines(&[])[1..]);
    assert_eq!(lines(&["--since", "yesterday"]), lines(&[])[..2]);
    assert_eq!(lines(&["--since", "2025-01-03", "--until", "2025-01-04"]), lines(&[])[1..2]);
    assert!(lines(&["origin"]).iter().all(|line| line.ends_with("fetch") || line.ends_with("push")));
    assert!(lines(&["local"]).iter().all(|line| line.ends_with("stash")));
    assert_eq!(lines(&["HEAD~2..HEAD"]), lines(&[])[..2]);
    assert_eq!(lines(&["@{1}.."]), lines(&[])[..1]);
    assert_eq!(lines(&["..HEAD~1"]), [""; 0]);
    assert_eq!(lines(&["HEAD~2..HEAD~1", "--stat"]).len(), 5, "a sync and what it changed");
    assert_snapshot!(scene.device.memsync(["log", "HEAD~1...HEAD"]), @"
    exit status: 2
    ----- stderr -----
    error: 'HEAD~1...HEAD' is no range: a history here has one line
    hint: with two dots, the commits after the first name are shown
    ");
    assert_snapshot!(scene.device.memsync(["log", "HEAD~7"]).without_ids(), @"
    exit status: 2
    ----- stderr -----
    error: 'HEAD~7' goes back too far: nothing comes before [ID]
    hint: `memsync log --oneline` lists the syncs
    ");
    assert_snapshot!(scene.device.memsync(["log", "@{3 years ago}"]), @"
    exit status: 2
    ----- stderr -----
    error: the reflog of refs/base/origin does not go back to '@{3 years ago}'
    hint: it begins at 2025-01-02 03:04:05 +0000: `memsync reflog refs/base/origin` lists it
    ");
    assert_snapshot!(scene.device.memsync(["log", &WATER[..8]]), @"
    exit status: 2
    ----- stderr -----
    error: 'b5830158211ea7ad98e6aa74d6454f6458ec5f2cd8cea75e632c16805bde124e' is a memory, not a commit
    hint: `memsync log -- b5830158211ea7ad98e6aa74d6454f6458ec5f2cd8cea75e632c16805bde124e` lists the syncs that changed it
    ");
    assert_snapshot!(scene.device.memsync(["log", "--since", "soon"]), @"
    exit status: 2
    ----- stderr -----
    error: invalid value 'soon' for '--since <WHEN>': expected a day, a time with its zone, or a span such as '2 weeks ago'

    For more information, try '--help'.
    ");
}

#[test]
fn the_syncs_of_one_memory_are_found_also_where_it_is_gone() {
    let Some(server) = server() else { return };
    let Some(scene) = three_days(&server) else { return };
    let device = &scene.device;
    assert_snapshot!(device.memsync(["log", "--oneline", "--stat", "--", &ADA[..6]]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    [ID] 2025-01-03 10:00 sync with origin: 0 pulled, 3 pushed
     [ID] | deleted
     1 deleted
    [ID] 2025-01-02 03:04 sync with origin: 0 pulled, 3 pushed
     [ID] | new
     1 new
    ");
    assert_snapshot!(device.memsync(["log", "--oneline", "--stat", "--", GATE]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    [ID] 2025-01-04 10:00 sync with origin: 2 pulled, 0 pushed
     [ID] | type
     1 memory changed
    [ID] 2025-01-03 10:00 sync with origin: 0 pulled, 3 pushed
     [ID] | tags
     1 memory changed
    [ID] 2025-01-02 03:04 sync with origin: 0 pulled, 3 pushed
     [ID] | new
     1 new
    ");
    assert_snapshot!(device.memsync(["log", "--", "0000"]), @"
    exit status: 2
    ----- stderr -----
    error: no memory begins with '0000'
    ");
}

#[test]
fn what_an_undo_gave_back_is_told_though_both_sides_do_not_agree_on_it() {
    let Some(server) = server() else { return };
    let Some(scene) = three_days(&server) else { return };
    let device = &scene.device;
    server.delete(WATER);
    device.memsync(["sync"]).success();
    device.memsync(["undo"]).success();
    assert_snapshot!(device.memsync(["log", "--oneline", "--stat", "HEAD~2.."]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    [ID] 2025-01-04 10:00 undo of the sync of 2025-01-04 10:00 ([ID])
     [ID] | new
     1 new
    [ID] 2025-01-04 10:00 sync with origin: 1 pulled, 0 pushed
     [ID] | deleted
     1 deleted
    ");
    assert_snapshot!(device.memsync(["log", "--oneline", "-n", "2", "--", WATER]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    [ID] 2025-01-04 10:00 undo of the sync of 2025-01-04 10:00 ([ID])
    [ID] 2025-01-04 10:00 sync with origin: 1 pulled, 0 pushed
    ");
    assert_snapshot!(device.memsync(["show"]).without_ids(), @r#"
    exit status: 0
    ----- stdout -----
    commit [ID]
    Device: laptop
    Date:   2025-01-04 10:00:00 +0000

        undo of the sync of 2025-01-04 10:00 ([ID])

    new memory [ID]
    +created [ID]
    +meta.source "school"
    +tag kitchen
    +tag physics
    +type reference
    +
    +Water boils at 100 degrees
    +At sea level.
    "#);
    let shown: ShownCommit = documents::parse(&device.memsync(["show", "--json"]).success());
    assert_eq!((shown.changes.len(), shown.changes[0].content_hash.as_str()), (1, WATER));
}
