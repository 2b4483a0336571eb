//! The service's own client code drives the hub unmodified, and gets what a real service gives it.

use std::path::Path;
use std::process::Command;

use super::differential;
use crate::support::{Hub, Services, TestEnvironment};

#[test]
fn the_services_own_client_cannot_tell_the_hub_from_a_service() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let service = differential::start(&services, &environment, "service");
    let hub = Hub::start(&environment.folder("hub"));
    let with_service = drive(&services, &service.url(), &environment.folder("beside-service"));
    let with_hub = drive(&services, &hub.url(), &environment.folder("beside-hub"));
    // Their logs would bury the report.
    drop((service, hub));
    let differing: Vec<String> = with_service
        .lines()
        .zip(with_hub.lines())
        .filter(|(theirs, ours)| theirs != ours)
        .map(|(theirs, ours)| format!("service {theirs}\nhub     {ours}\n"))
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert_eq!(with_service.lines().count(), with_hub.lines().count(), "{with_hub}");

    // What the client says of its own success, so that equal failures are not taken for it.
    let successes: Vec<&str> = with_hub.lines().filter(|line| line.contains("Result(")).collect();
    insta::assert_snapshot!(successes.join("\n"), @r#"
    pull: "SyncResult(events_applied=0, pages_processed=0, final_cursor=17, events_failed=0)"
    push: "PushResult(events_pushed=17, events_failed=0, final_seq=17)"
    pull again: "SyncResult(events_applied=17, pages_processed=1, final_cursor=34, events_failed=0)"
    pull: "SyncResult(events_applied=2, pages_processed=1, final_cursor=36, events_failed=0)"
    push: "PushResult(events_pushed=4, events_failed=0, final_seq=21)"
    pull again: "SyncResult(events_applied=2, pages_processed=1, final_cursor=38, events_failed=0)"
    pull: "SyncResult(events_applied=2, pages_processed=1, final_cursor=40, events_failed=0)"
    push: "PushResult(events_pushed=4, events_failed=0, final_seq=25)"
    pull again: "SyncResult(events_applied=2, pages_processed=1, final_cursor=42, events_failed=0)"
    pull: "SyncResult(events_applied=2, pages_processed=1, final_cursor=44, events_failed=0)"
    push: "PushResult(events_pushed=4, events_failed=0, final_seq=29)"
    pull again: "SyncResult(events_applied=2, pages_processed=1, final_cursor=46, events_failed=0)"
    pull: "SyncResult(events_applied=0, pages_processed=0, final_cursor=46, events_failed=0)"
    "#);
}

/// Runs the client against the server at `url`, with databases of its own in `folder`; what it printed.
fn drive(services: &Services, url: &str, folder: &Path) -> String {
    let mut command = Command::new(&services.newest.python);
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/hub/official_client.py"))
        .args([url, Hub::KEY])
        .arg(folder)
        .env_clear()
        .current_dir(folder)
        .env("HOME", folder)
        .env("MCP_MEMORY_BASE_DIR", folder)
        .envs([
            ("MCP_SYNC_EVENTLOG", "on"),
            ("MCP_MEMORY_ALLOW_HASH_EMBEDDINGS", "1"),
            ("HF_HUB_OFFLINE", "1"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("LANG", "C.UTF-8"),
            ("TZ", "UTC"),
        ]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
