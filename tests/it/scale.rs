//! Ten thousand memories, there and back again, without holding much.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::environment::Device;
use crate::support::{Service, Services, TestEnvironment, Version};

const MEMORIES: usize = 10_000;
const MEGABYTES: u64 = 200;

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_memories_go_there_and_back_in_little_memory() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let first = services.start(Version::V12_2_0, &environment.folder("first"));
    fill(&first);
    // The service makes the device's database, and leaves it empty.
    drop(services.start(Version::V12_2_0, &environment.folder("laptop")));

    let mut device = environment.device("laptop").with_remote(&first);
    device.memsync(["init"]).success();
    assert_peak(&services, &device);
    assert_eq!(device.database.live().len(), MEMORIES);

    let second = services.start(Version::V12_2_0, &environment.folder("second"));
    device = device.with_remote(&second);
    device.staging = device.folder.join("second.db");
    device.memsync(["init"]).success();
    assert_peak(&services, &device);
    assert_eq!(second.list().len(), MEMORIES);
    let quiet = second.requests().len();
    device.memsync(["sync"]).success();
    assert_eq!(second.writes_since(quiet), [""; 0]);
}

/// Syncs, and fails the test where the program held more than the limit at any moment.
#[track_caller]
fn assert_peak(services: &Services, device: &Device) {
    // A process learns the peak of its child from the system: in kilobytes, once it has ended.
    let measure = "import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)";
    let memsync = device.command();
    let mut command = Command::new(&services.newest.python);
    command.args(["-c", measure]).arg(memsync.get_program()).args(["sync", "--quiet"]);
    command.env_clear().envs(memsync.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = device.output(&command.output().unwrap()).success();
    let kilobytes: u64 = output.stdout.lines().last().unwrap().parse().unwrap();
    assert!(kilobytes < MEGABYTES * 1024, "held {kilobytes} kB\n{output}");
}

/// Stores many memories through the event endpoint, the fast way in.
fn fill(service: &Service) {
    let numbers: Vec<usize> = (0..MEMORIES).collect();
    for part in numbers.chunks(500) {
        let events: Vec<Value> = part.iter().map(|n| event(*n)).collect();
        let body = json!({ "events": events });
        let (status, answer) = service.call(Method::POST, "/api/sync/events", Some(&body)).unwrap();
        assert!(status.is_success(), "{status} {answer}");
    }
    assert_eq!(service.list().len(), MEMORIES);
}

fn event(n: usize) -> Value {
    let content =
        format!("number {n}: {}", "what is worth remembering takes a few lines of text. ".repeat(7));
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
    hasher.update(content.trim().as_bytes());
    let key = hasher.try_finalize().unwrap().to_string();
    let seconds = 1_700_000_000 + n;
    json!({
        "schema_version": 1, "agent_id": "tests", "event_id": format!("00000000-0000-4000-8000-{n:012}"),
        "op": "create", "content_hash": key, "hlc_physical": seconds * 1_000, "hlc_logical": 0,
        "embedding_model": null, "embedding_dim": null,
        "payload": {
            "content_hash": key, "content": content.trim(), "memory_type": "note",
            "tags": ["many", format!("group-{}", n % 100)], "created_at": seconds, "updated_at": seconds,
            "metadata": { "number": n }, "store": "default",
        },
    })
}
