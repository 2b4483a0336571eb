//! The harness itself: both versions of the real service start, keep what they are told, and are counted.

use serde_json::json;

use crate::support::{Services, TestEnvironment, Version};

#[test]
fn version_12_keeps_what_it_is_told() {
    a_service_keeps_what_it_is_told(Version::V12_2_0);
}

#[test]
fn version_10_keeps_what_it_is_told() {
    a_service_keeps_what_it_is_told(Version::V10_20_6);
}

fn a_service_keeps_what_it_is_told(version: Version) {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let mut service = services.start(version, &environment.folder("server"));

    let kept = service.post("Kept in the morning", &["Early"]);
    let gone = service.post_json(&json!({ "content": "Gone by noon", "memory_type": "note" }));
    let seen = service.requests().len();
    service.put(&kept, &json!({ "tags": ["late"], "metadata": { "stars": 3 } }));
    service.delete(&gone);
    assert_eq!(
        service.writes_since(seen),
        [format!("PUT /api/memories/{kept}"), format!("DELETE /api/memories/{gone}")]
    );
    assert_eq!(service.search("morning"), [kept.as_str()]);

    service.restart();
    assert_eq!(service.list().keys().collect::<Vec<_>>(), [&kept]);
    assert_eq!(service.get(&kept).unwrap()["tags"], json!(["late"]));
    assert_eq!(service.get(&gone), None);

    service.stop();
    let rows = service.database().rows();
    let states: Vec<_> =
        rows.iter().map(|row| (row.content.as_str(), row.tags.as_deref(), row.deleted, row.vector)).collect();
    assert!(states.contains(&("Kept in the morning", Some("late"), false, true)), "{states:?}");
    assert!(states.contains(&("Gone by noon", Some("untagged"), true, false)), "{states:?}");
    service.database().check();
}

#[test]
fn a_device_runs_memsync_away_from_this_machine() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    insta::assert_snapshot!(device.memsync(["--version"]).success().without_ids(), @"exit status: 0");
}
