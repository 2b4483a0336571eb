//! A database that moves to the real model (`memsync embed --all`), killed on the way: the old vectors stay until the
//! new ones are all there, what was made is not made again, and the service then finds by meaning.

use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::support::Version::V12_2_0;
use crate::support::{Services, TestEnvironment};

const MEMORIES: u32 = 200;

#[test]
fn a_database_moves_from_hash_vectors_to_the_model() {
    let Some(services) = Services::with_model() else { return };
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    {
        let service = services.start(V12_2_0, &device.folder);
        service.post("The cat sleeps on the warm windowsill", &[]);
        for number in 1..MEMORIES {
            service.post(&format!("Invoice {number} of the shipyard was paid in March"), &[]);
        }
    }
    device.memsync(["init"]).success();
    services.model().lay_onnx(&device.folder);
    let before = device.database.vectors();

    let mut memsync = device.command();
    let mut child = memsync
        .args(["embed", "--all", "--yes"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_mins(2);
    while kept(&device.staging) < 10 {
        assert!(child.try_wait().unwrap().is_none() && Instant::now() < deadline, "no vector is kept");
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(kept(&device.staging) < MEMORIES, "no kill came in the midst");
    assert_eq!(device.database.vectors(), before, "the old ones are all there");

    device.memsync(["embed", "--all", "--yes"]).success();
    let after = device.database.vectors();
    assert_eq!(after.len(), MEMORIES as usize);
    assert!(after.iter().all(|(key, vector)| *vector != before[key]));
    let verified = device.memsync(["embed", "--verify=all"]).success();
    assert_eq!(verified.stdout, "200 vectors looked at: all are of all-MiniLM-L6-v2 (ONNX)\n");
    device.database.check();

    let service = services.start_with_model(V12_2_0, &device.folder);
    let scores = service.scores("A pet is taking a nap");
    let best = scores.iter().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    assert_eq!(*best, memsync::local::service::content_hash("The cat sleeps on the warm windowsill"));
}

/// How many vectors the staging database keeps; none while somebody writes into it.
fn kept(staging: &Path) -> u32 {
    let count = || {
        let staging = Connection::open_with_flags(staging, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        staging.query_row("SELECT count(*) FROM vectors", [], |row| row.get(0))
    };
    count().unwrap_or(0)
}
