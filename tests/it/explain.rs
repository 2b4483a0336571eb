//! `memsync explain`: one memory's whole story.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, Story};
use crate::support::environment::Device;
use crate::support::scene::{ADA, BREAD, GATE, Scene, WATER, server};

#[test]
fn what_the_next_sync_does_is_told_with_its_reason() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::synced(&server) else { return };
    scene.evening();
    "2025-01-03T10:00:00Z".clone_into(&mut scene.device.now);
    server.put(WATER, &json!({ "tags": ["kitchen"] }));
    let device = &scene.device;
    device.memsync(["fetch"]).success();
    let next = |key: &str| -> String {
        let story: Story = documents::parse(&device.memsync(["explain", "--json", key]).success());
        format!("{}: {}", story.next, story.why)
    };
    assert_snapshot!([WATER, GATE, ADA, BREAD].map(next).join("\n"), @"
    pull: only the server origin changed it: tags
    push: only this device changed it: tags
    delete remote: this device deleted it, and the server origin left it as it was
    push: it is new on this device
    ");
    device.memsync(["sync"]).success();
    assert_snapshot!([WATER, GATE, ADA, BREAD].map(next).join("\n"), @"
    none: both sides hold what they agreed on
    none: both sides hold what they agreed on
    none: it is gone on both sides
    none: both sides hold what they agreed on
    ");
    assert_snapshot!(device.memsync(["explain", &ADA[..4]]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    memory [ID]
      next sync: nothing to do
      because:   it is gone on both sides

                last held             ours: laptop          theirs: origin
      text      Call Ada on Monday    -                     -
      tags      todo                  -                     -
      type      note                  -                     -
      version   [ID]          -                     -

    Commits, newest first:
      [ID] 2025-01-03 10:00  deleted
      [ID] 2025-01-02 03:04  new
    ");
    assert_snapshot!(device.memsync(["explain", "0000"]), @"
    exit status: 2
    ----- stderr -----
    error: no memory begins with '0000'
    ");
    assert_snapshot!(device.memsync(["explain", "00"]), @"
    exit status: 2
    ----- stderr -----
    error: '00' is too short: name a memory by at least four characters
    ");
}

#[test]
fn a_conflict_is_told_with_its_end() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::synced(&server) else { return };
    "2025-01-03T10:00:00Z".clone_into(&mut scene.device.now);
    let set_type =
        "UPDATE memories SET memory_type = 'decision', updated_at = 1735890000 WHERE content_hash = ?1";
    scene.device.database.execute(set_type, [GATE]);
    server.put(GATE, &json!({ "memory_type": "learning" }));
    let pin = "UPDATE memories SET updated_at = 1735880000.0 WHERE content_hash = ?1";
    server.database().execute(pin, [GATE]);
    scene.device.memsync(["sync"]).expect_status(1);
    let page = scene.device.memsync(["explain", &GATE[..8]]).success();
    assert!(
        page.stdout.lines().count() <= 24 && page.stdout.lines().all(|line| line.chars().count() <= 80),
        "{page}"
    );
    assert_snapshot!(page.without_ids(), @"
    exit status: 0
    ----- stdout -----
    memory [ID]
      next sync: leaves it, it waits for you
      because:   both sides changed its type to something else

                last sync             ours: laptop          theirs: origin
      text      The garden gate sti…  The garden gate sti…  The garden gate sti…
      tags      home                  home                  home
      type      note                  decision              learning
      updated                         2025-01-03 07:40      2025-01-03 04:53
      version   [ID]          [ID]          [ID]

    Conflict since 2025-01-03 10:00: type
      memsync checkout --ours [ID]      takes this device's version (laptop)
      memsync checkout --theirs [ID]    takes the server's version (origin)
      memsync diff [ID]                 shows both; mergetool asks

    Commits, newest first:
      [ID] 2025-01-02 03:04  new
    ");
    scene.device.memsync(["checkout", "--ours", GATE]).success();
    let story: Story = documents::parse(&scene.device.memsync(["explain", "--json", GATE]).success());
    assert_eq!((story.next.as_str(), story.why.as_str()), ("settle", "you have ended its conflict: ours"));
}

#[test]
fn a_refusal_is_told_with_its_reason() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.evening();
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON memories WHEN new.content = 'Bread needs salt'
                  BEGIN SELECT RAISE(ABORT, 'no bread today'); END";
    server.database().execute(refuse, []);
    scene.device.memsync(["push"]).expect_status(6);
    server.database().execute("DROP TRIGGER refuse", []);
    assert_snapshot!(scene.device.memsync(["explain", BREAD]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    memory [ID]
      next sync: sends it to the server
      because:   it is new on this device

                last sync             ours: laptop          theirs: origin
      text      -                     Bread needs salt      -
      tags      -                     kitchen               -
      type      -                     note                  -
      updated   -                     2025-01-01 00:00      -
      version   -                     [ID]          -

    Not taken by the server, 2025-01-02 03:04 (1 attempt):
      the server failed to apply it
    ");
    let story: Story = documents::parse(&scene.device.memsync(["explain", "--json", BREAD]).success());
    assert_eq!((story.failures.len(), story.failures[0].side.as_str()), (1, "remote"));
}

#[test]
fn a_text_that_was_edited_is_found_under_both_hashes() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::synced(&server) else { return };
    server.delete(WATER);
    let new = server.note("Water boils at 100 degrees\nAt sea level, and less above.", &["physics"]);
    "2025-01-03T10:00:00Z".clone_into(&mut scene.device.now);
    scene.device.memsync(["sync"]).success();
    let story = |key: &str| -> Story {
        documents::parse(&scene.device.memsync(["explain", "--json", key]).success())
    };
    assert_eq!(story(WATER).edited_into, [new.as_str()]);
    assert_eq!(story(&new).edited_from, [WATER]);
    assert_eq!(story(WATER).last.unwrap().memory.content, "Water boils at 100 degrees\nAt sea level.");
}

#[test]
fn what_the_server_refused_is_held_back_for_a_day() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::synced(&server) else { return };
    scene.evening();
    let next = |device: &Device| -> Story {
        documents::parse(&device.memsync(["explain", "--json", BREAD]).success())
    };
    let version = next(&scene.device).ours.unwrap().version;
    let staging = rusqlite::Connection::open(&scene.device.staging).unwrap();
    let refuse = format!(
        "INSERT INTO failures (key, remote, side, reason, refused, attempts, at)
         VALUES ('{BREAD}', 'origin', 'remote', 'it is stale', X'{version}', 1, 1735787045)"
    );
    staging.execute(&refuse, []).unwrap();
    drop(staging);
    assert_eq!(next(&scene.device).next, "hold");
    "2025-01-03T03:04:05Z".clone_into(&mut scene.device.now);
    assert_eq!(next(&scene.device).next, "push", "the next sync tries once more");
}

#[test]
fn what_cannot_be_carried_is_told_with_its_side() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let device = &scene.device;
    device.database.execute("UPDATE memories SET metadata = X'ff' WHERE content_hash = ?1", [GATE]);
    let story: Story = documents::parse(&device.memsync(["explain", "--json", GATE]).success());
    assert_snapshot!(format!("{}: {}", story.next, story.why), @"leave: this device holds it in a form that cannot be carried: `metadata` is a blob");
    assert!(story.base.is_some() && story.ours.is_none(), "the last sync's version is not what is held");
    let status = device.memsync(["status"]);
    assert!(status.stdout.contains(&format!("\t{}: `metadata` is a blob\n", &GATE[..8])), "{status}");
}
