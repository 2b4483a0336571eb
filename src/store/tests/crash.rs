//! A process that is killed in the middle of a transaction.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio, id};

use super::*;

/// Where the child process of the test below finds the staging database.
const PATH: &str = "MEMSYNC_TEST_KILLED_AT";

/// Not a test of its own: the process that gets killed.
#[test]
#[ignore = "run by `a_killed_process_leaves_nothing_to_repair`"]
fn be_killed() {
    let Some(path) = std::env::var_os(PATH).map(PathBuf::from) else { return };
    let store = Store::open(&path, &Holder { pid: id(), ..holder() }).unwrap();
    let _: Result<(), Error> = store.transaction(|store| {
        store.set_fact("remote", "half done", 2)?;
        for number in 0..500 {
            store.put_memory(&memory(number))?;
        }
        // Into the file, as a transaction does that outgrows the cache.
        store.connection.cache_flush().unwrap();
        println!("\nready");
        loop {
            std::thread::park();
        }
    });
}

#[test]
fn a_killed_process_leaves_nothing_to_repair() {
    let fixture = fixture();
    fixture.store.set_fact("remote", "origin", 1).unwrap();
    let (folder, path) = fixture.reopen(|path, _| path.to_owned());

    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::crash::be_killed", "--ignored", "--nocapture"])
        .env(PATH, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "ready"));

    let locked = Store::open(&path, &holder()).unwrap_err();
    let Error::Locked { holder: Some(who), .. } = &locked else { panic!("{locked:?}") };
    assert_eq!(who.pid, child.id());

    child.kill().unwrap();
    child.wait().unwrap();
    let journal =
        || fs::metadata(folder.path().join("staging.db-journal")).map_or(0, |journal| journal.len());
    assert!(journal() > 0);

    // Even a command that only reads finds the last whole state, by rolling back first.
    let store = Store::open_read_only(&path, &holder()).unwrap();
    assert_eq!(journal(), 0);
    assert_eq!(store.fact("remote").unwrap().as_deref(), Some("origin"));
    assert_eq!(store.object(memory(1).id().as_bytes()).unwrap(), None);
    drop(Store::open(&path, &holder()).unwrap());
}
