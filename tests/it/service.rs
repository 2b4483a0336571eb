//! The harness itself: both versions of the real service start, keep what they are told, and are counted.

use std::process::Command;

use serde_json::json;

use crate::support::{Service, Services, TestEnvironment, Version};

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

    let device = environment.device("laptop").with_remote(&service);
    assert_eq!((device.remote, device.key.as_deref()), (Some(service.url()), Some(Service::KEY)));

    let kept = service.post("Kept in the morning", &["Early"]);
    let gone = service.post_json(&json!({ "content": "Gone by noon", "memory_type": "note" }));
    let seen = service.requests().len();
    let database = service.database().watch();
    assert_eq!(service.list().len(), 2);
    assert!(!database.has_changed());
    service.put(&kept, &json!({ "tags": ["late"], "metadata": { "stars": 3 } }));
    assert!(database.has_changed());
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
    drop(database);
    service.database().settle();
    let rows = service.database().rows();
    let states: Vec<_> =
        rows.iter().map(|row| (row.content.as_str(), row.tags.as_deref(), row.deleted, row.vector)).collect();
    assert!(states.contains(&("Kept in the morning", Some("late"), false, true)), "{states:?}");
    assert!(states.contains(&("Gone by noon", Some("untagged"), true, false)), "{states:?}");
    assert_eq!(service.database().live().len(), 1);
    assert_eq!(
        service.database().execute("UPDATE memories SET tags = 'x' WHERE content_hash = ?1", [kept]),
        1
    );
    service.database().check();
}

#[test]
fn a_device_shows_nothing_of_this_machine() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    let memsync = device.command();
    let mut shell = Command::new("sh");
    shell.args(["-c", "pwd; env | grep -v -e ^PATH= -e ^PWD= -e ^_= -e ^OLDPWD= -e ^SHLVL= | sort; exit 3"]);
    shell.env_clear().current_dir(&device.folder);
    shell.envs(memsync.get_envs().filter_map(|(name, value)| Some((name, value?))));
    insta::assert_snapshot!(device.output(&shell.output().unwrap()), @r"
    exit status: 3
    ----- stdout -----
    [TMP]/laptop
    COLUMNS=80
    HOME=[TMP]/laptop
    HOSTNAME=laptop
    LANG=C.UTF-8
    MCP_MEMORY_SQLITE_PATH=[TMP]/laptop/sqlite_vec.db
    MEMSYNC_NOW=2025-01-02T03:04:05Z
    NO_COLOR=1
    STAGING_DB=[TMP]/laptop/staging.db
    TZ=UTC
    ");
    assert_eq!(device.memsync(["--version"]).success().without_ids().stderr, "");
}
