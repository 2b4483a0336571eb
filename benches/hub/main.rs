//! The hub beside the real mcp-memory-service 12.2.0: `cargo bench --bench hub`.
//!
//! Both serve the same database, each its own copy, and get the same requests from the same number of
//! connections, in turns, so that whatever else slows the machine down slows both. An answer that is wrong
//! ends the program. Afterwards the hub alone is put under load from many connections.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures time, makes folders and starts programs"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]
#![expect(clippy::print_stdout, reason = "its table is what it is run for")]
#![expect(unreachable_pub, reason = "`pub` marks what a file offers the others; nothing is exported")]

mod load;
mod memories;
mod soak;
mod workloads;

#[path = "../../tests/it/support"]
#[expect(dead_code, reason = "the tests need more of it")]
mod support {
    pub mod client;
    pub mod database;
    pub mod hub;
    pub mod install;
    pub mod model;
    pub mod service;

    pub use database::Database;
    pub use hub::Hub;
    pub use service::{Service, Services, Version};
}

use std::fs;
use std::path::Path;

use load::{Load, Peer};
use support::service::Options;
use support::{Database, Hub, Service, Services, Version};
use workloads::Workload;

/// How many memories both hold at the beginning.
const MEMORIES: usize = 2_000;

/// How often each server is measured with each workload. The median counts.
const ROUNDS: usize = 5;

fn main() {
    // `cargo test --all-targets` starts benchmarks too, without this argument and without wanting a result.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let Some(services) = Services::available() else { return };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let [theirs, ours] = ["service", "hub"].map(|name| folder.path().join(name));
    let (running_service, running_hub) = start(&services, &theirs, &ours);
    let service = &Peer { url: running_service.url(), key: Service::KEY };
    let hub = &Peer { url: running_hub.url(), key: Hub::KEY };

    let load = Load::new();
    println!("{:<44}{:>12}{:>12}{:>9}{:>7}", "", "service /s", "hub /s", "ratio", "goal");
    for workload in workloads::all() {
        let (theirs, ours) = compare(&load, &workload, service, hub);
        let goal = workload.goal.map(|goal| format!("{goal:.0}")).unwrap_or_default();
        println!("{:<44}{theirs:>12.0}{ours:>12.0}{:>9.1}{goal:>7}", workload.name, ours / theirs);
    }
    println!("\n{}", soak::run(&load, hub));
}

/// Starts both servers on copies of one database, which the service made.
fn start(services: &Services, theirs: &Path, ours: &Path) -> (Service, Hub) {
    for folder in [theirs, ours] {
        fs::create_dir(folder).unwrap();
    }
    // A line in the log for each request would only slow the service down.
    let options = Options { environment: vec![("UVICORN_ACCESS_LOG", "false".to_owned())], tls: None };
    let mut service = services.start_with(Version::V12_2_0, theirs, options);
    for batch in memories::batches(0..MEMORIES) {
        let (status, answer) = service.call(reqwest::Method::POST, "/api/sync/events", Some(&batch)).unwrap();
        assert!(status.is_success(), "{status} {answer}");
    }
    service.stop();
    service.database().settle();
    fs::copy(service.database().path(), Database::in_folder(ours).path()).unwrap();
    service.resume();
    (service, Hub::start(ours))
}

/// The rates of the service and the hub, in what the workload counts per second.
fn compare(load: &Load, workload: &Workload, service: &Peer, hub: &Peer) -> (f64, f64) {
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    // The first round fills the caches and is not counted.
    for round in 0..=ROUNDS {
        let requests = (workload.requests)(round);
        for (peer, rates) in [(service, &mut theirs), (hub, &mut ours)] {
            let (took, answers) = load.send(peer, &requests);
            for answer in &answers {
                assert!((workload.is_right)(answer), "{}: {answer}", workload.name);
            }
            #[expect(clippy::cast_precision_loss, reason = "a round has few requests")]
            rates.push((requests.len() * workload.counts) as f64 / took.as_secs_f64());
        }
    }
    (median(theirs.split_off(1)), median(ours.split_off(1)))
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
