//! `kill -9` while vectors are made: the next run goes on, and every memory has its one vector at the end.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::Version::V12_2_0;
use crate::support::{Hub, Services, TestEnvironment};

use super::assert_finds_itself;

const MEMORIES: usize = 400;

#[test]
fn an_interrupted_pull_goes_on() {
    let Some(services) = Services::with_model() else { return };
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    let keys: Vec<_> = (0..MEMORIES)
        .map(|number| {
            hub.post(&format!("Boat {number} came home with {} barrels of herring", number * 3), &[])
        })
        .collect();
    let device = environment.device("laptop").with_hub(&hub);
    services.model().lay_onnx(&device.folder);
    memsync::local::prepare(device.database.path()).unwrap();
    device.memsync(["init"]).success();

    let mut memsync = device.command();
    let mut child =
        memsync.arg("sync").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(2);
    while device.database.live().is_empty() {
        assert!(child.try_wait().unwrap().is_none() && Instant::now() < deadline, "nothing arrives");
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let arrived = device.database.live();
    assert!(arrived.len() < MEMORIES, "no kill came in the midst");
    assert!(arrived.iter().all(|row| row.vector), "a memory arrives with its vector");

    device.memsync(["sync"]).success();
    device.database.check();
    assert_eq!(device.database.live().len(), MEMORIES);
    assert_eq!(device.database.vectors().len(), MEMORIES);
    let service = services.start_with_model(V12_2_0, &device.folder);
    for key in keys.iter().step_by(67) {
        assert_finds_itself(&service, key);
    }
}
