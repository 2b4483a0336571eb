//! How many instructions the commands take on 10,000 memories, by callgrind: they repeat where times do not.
//!
//! `cargo bench --bench versus -- instructions > benches/versus/instructions.txt` renews the recorded counts.

use std::process::Command;

use crate::memories::{self, Indexes, Made};
use crate::run::Device;
use crate::{Bench, fresh, machine};

const MEMORIES: usize = 10_000;

/// Prints a line for each command.
pub fn print(bench: &Bench) {
    if !machine::has("valgrind") {
        println!("SKIPPED: there is no valgrind");
        return;
    }
    println!("# Millions of instructions of each command on {MEMORIES} memories, renewed by");
    println!("# cargo bench --bench versus -- instructions > benches/versus/instructions.txt");
    let device = Device::new(&bench.folder("device"));
    memories::fill(device.database.path(), Made::range(0..MEMORIES), Indexes::All);
    device.text(&["init"]);
    let show = |what: &str, device: &Device, arguments: &[&str]| {
        println!("{:>8}  {what}", count(device, arguments));
    };
    show("stash, first", &device, &["stash"]);
    let stick = fresh(&device.folder.join("stick"));
    device.database.settle();
    std::fs::copy(device.database.path(), stick.join("sqlite_vec.db")).unwrap();
    device.text(&["init", "stick/sqlite_vec.db"]);
    device.text(&["sync"]);
    device.text(&["stash"]);
    show("stash, unchanged", &device, &["stash"]);
    show("status, unchanged", &device, &["status"]);
    show("sync with a file, nothing to do", &device, &["sync"]);
    let mut made = Made::new(7);
    made.edit(1);
    memories::update(device.database.path(), &made);
    show("status, one change", &device, &["status"]);
    show("stash, one change", &device, &["stash"]);
    show("diff-tree of the two", &device, &["diff-tree", "-r", "--keys", "heads/local@{1}", "heads/local"]);
    let late = Device::new(&fresh(&device.folder.join("late")));
    memsync::local::prepare(late.database.path()).unwrap();
    late.text(&["init", "../stick/sqlite_vec.db"]);
    show("sync with a file, first", &late, &["sync"]);
}

/// The instructions of one run, in millions.
fn count(device: &Device, arguments: &[&str]) -> u64 {
    let memsync = device.memsync(arguments);
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(memsync.get_program());
    command.args(memsync.get_args()).env_clear().envs(device.environment()).current_dir(&device.folder);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let line =
        said.lines().find_map(|line| line.split_once("Collected : ")).unwrap_or_else(|| panic!("{said}"));
    line.1.trim().parse::<u64>().unwrap() / 1_000_000
}
