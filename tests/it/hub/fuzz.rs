//! What `/openapi.json` promises, tried out by schemathesis: no request makes the hub fail.

use std::process::Command;

use crate::support::install::Installation;
use crate::support::{Hub, TestEnvironment, service};

/// What must hold of every answer: it is no failure, it is one that the document describes, and it guards the key.
const CHECKS: &str = "not_a_server_error,content_type_conformance,response_schema_conformance,\
    status_code_conformance,unsupported_method,ignored_auth,use_after_free,ensure_resource_availability";

#[test]
fn an_openapi_driven_fuzz_finds_no_failure() {
    let Some(fuzzer) = service::available(Installation::of_schemathesis()) else { return };
    let environment = TestEnvironment::new();
    let folder = environment.folder("hub");
    let hub = Hub::start(&folder);
    for number in 0..20 {
        hub.post(&format!("Something to find, number {number}"), &["fuzz", "note"]);
    }
    // Not the script beside it: that one names the folder that it was installed into, which may have moved.
    let mut command = Command::new(&fuzzer.python);
    command
        .args(["-m", "schemathesis.cli", "run"])
        .arg(format!("{}/openapi.json", hub.url()))
        .args(["--header", &format!("X-API-Key: {}", Hub::KEY)])
        // The stream of events never ends, and is tested on its own.
        .args(["--exclude-path", "/api/events", "--checks", CHECKS])
        .args(["--max-examples", "30", "--max-time", "30", "--seed", "1", "--generation-database", "none"])
        .args(["--suppress-health-check", "all", "--warnings", "off", "--no-color", "--no-shrink"])
        .args(["--request-timeout", "20", "--continue-on-failure"])
        .env_clear()
        .current_dir(&folder)
        .envs([("HOME", folder.as_os_str()), ("LANG", "C.UTF-8".as_ref()), ("NO_PROXY", "*".as_ref())]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // That it found the endpoints and had time for each.
    assert!(said.contains("Fuzzing"), "{said}");
    hub.database().check();
}
