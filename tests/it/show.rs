//! `memsync show`: one object in full, named by as little of its hash as will do.

use insta::assert_snapshot;

use crate::support::scene::{GATE, Scene, WATER, server};

#[test]
fn a_memory_is_named_by_four_characters_or_more() {
    let Some(scene) = Scene::morning() else { return };
    scene.device.memsync(["init"]).success();
    assert_snapshot!(scene.device.memsync(["show", WATER]), @"");
    for length in [4, 8, 63] {
        assert_eq!(
            scene.device.memsync(["show", &WATER[..length]]).success().stdout.lines().last(),
            Some("At sea level.")
        );
    }
    assert_snapshot!(scene.device.memsync(["show", &WATER[..3]]), @"");
    assert_snapshot!(scene.device.memsync(["show", "0000"]), @"");

    let twin = format!("{}{}", &WATER[..6], &GATE[6..]);
    scene
        .device
        .database
        .execute("UPDATE memories SET content_hash = ?2 WHERE content_hash = ?1", [GATE, &twin]);
    assert_snapshot!(scene.device.memsync(["show", &WATER[..4]]), @"");
    scene.device.memsync(["show", &WATER[..7]]).success();
}

#[test]
fn the_last_sync_is_shown_with_what_it_changed() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::morning() else { return };
    let device = scene.device.with_remote(&server);
    device.memsync(["init"]).success();
    assert_snapshot!(device.memsync(["show"]), @"");
    server.note("The server thought of this", &["server"]);
    device.memsync(["sync"]).success();
    assert_snapshot!(device.memsync(["show"]).without_ids(), @"");
}

#[test]
fn every_version_that_a_sync_replaced_can_be_shown() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    server.put(GATE, &serde_json::json!({ "tags": ["changed"] }));
    let objects = |scene: &Scene| -> Vec<String> {
        let staging = rusqlite::Connection::open(&scene.device.staging).unwrap();
        let mut statement = staging.prepare("SELECT lower(hex(id)) FROM objects").unwrap();
        let ids = statement.query_map([], |row| row.get(0)).unwrap();
        ids.collect::<Result<_, _>>().unwrap()
    };
    scene.device.memsync(["pull"]).success();
    let versions = objects(&scene).into_iter().filter_map(|id| {
        let output = scene.device.memsync(["show", &id]);
        (output.status == Some(0) && output.stdout.ends_with("The garden gate sticks in winter\n"))
            .then_some(output.stdout)
    });
    let tags: Vec<String> = versions
        .filter_map(|text| text.lines().find(|line| line.starts_with("tag ")).map(str::to_owned))
        .collect();
    assert!(tags.contains(&"tag home".to_owned()) && tags.contains(&"tag changed".to_owned()), "{tags:?}");
}
