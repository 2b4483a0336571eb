//! memsync beside itself at other sizes: the time of `stash` and `status`, and the most memory that it takes.
//!
//! The databases in which time is measured hold no vectors and no full text: neither command reads them, and a million
//! memories then fit on the disk. Each is deleted before the next is made.

use std::fs;

use crate::memories::{self, Indexes, Made};
use crate::run::{Device, peak};
use crate::support::{Database, Hub};
use crate::table::{Goal, Sample, Table, Unit};
use crate::{Bench, fresh};

const GROWTH: [&str; 4] = [
    "growth of stash, first",
    "growth of stash, unchanged",
    "growth of status, unchanged",
    "growth of status, one change",
];
const MEMORY: [&str; 4] =
    ["memory of sync, first", "memory of stash, first", "memory of status", "memory of sync, nothing"];

/// Measures the lines that are wanted.
pub fn measure(bench: &Bench, table: &mut Table) {
    if bench.wants(&GROWTH) {
        times(bench, table);
    }
    for (count, limit) in bench.scale.memory {
        if bench.wants(&MEMORY) {
            peaks(bench, table, *count, *limit);
        }
    }
}

/// A device that has synced with a copy of its database.
fn settled(bench: &Bench, count: usize) -> Device {
    let device = Device::new(&bench.folder("grown"));
    memories::fill(device.database.path(), Made::range(0..count), Indexes::None);
    device
}

fn times(bench: &Bench, table: &mut Table) {
    let mut before: Option<(usize, Vec<Sample>)> = None;
    for count in bench.scale.growth.iter().copied() {
        let samples = times_at(bench, count);
        let (last, peers) = before.take().unzip();
        for (index, sample) in samples.iter().enumerate() {
            // Whole steps of ten times as much: linear growth shows as 10, with what starting a process costs less.
            let times = last.map_or(1, |last| count / last);
            #[expect(clippy::cast_precision_loss, reason = "a small number")]
            let most = if index == 1 || index == 2 { 1.5 } else { times as f64 * 1.15 };
            let peer = peers.as_ref().map(|peers: &Vec<Sample>| &peers[index]);
            let goal = if peer.is_some() { Goal::AtMost(most) } else { Goal::None };
            let beside = last.map(|last| format!("{count} beside {last}")).unwrap_or(format!("{count}"));
            table.add(bench, [GROWTH[index], &beside], sample, peer, goal);
        }
        before = Some((count, samples));
    }
}

/// The times of one size, in the order of [`GROWTH`].
fn times_at(bench: &Bench, count: usize) -> Vec<Sample> {
    let device = settled(bench, count);
    let mut samples = vec![Sample::of(Unit::Seconds); 4];
    let rounds = bench.scale.rounds[usize::from(count < 1_000_000)].min(7);
    for _ in 0..rounds.min(3) {
        device.forget();
        device.text(&["init"]);
        samples[0].push(device.time(&["stash"]));
    }
    let stick = fresh(&device.folder.join("stick"));
    device.database.settle();
    fs::copy(device.database.path(), stick.join("sqlite_vec.db")).unwrap();
    device.text(&["init", "stick/sqlite_vec.db"]);
    device.text(&["sync"]);
    fs::remove_dir_all(&stick).unwrap();
    device.text(&["stash"]);
    for round in 0..rounds {
        samples[1].push(device.time(&["stash"]));
        samples[2].push(device.time(&["status"]));
        let mut made = Made::new((round + 1) * 7919 % count);
        made.edit(round);
        memories::update(device.database.path(), &made);
        samples[3].push(device.time(&["status"]));
        device.text(&["stash"]);
        device.text(&["status"]);
    }
    fs::remove_dir_all(&device.folder).unwrap();
    samples
}

fn peaks(bench: &Bench, table: &mut Table, count: usize, limit: f64) {
    let server = bench.folder("hub");
    let database = Database::in_folder(&server);
    memories::fill(database.path(), Made::range(0..count), Indexes::None);
    // The hub would do it before it listens, and `Hub::start` waits a minute at most.
    memsync::local::prepare(database.path()).unwrap();
    let hub = Hub::start(&server);
    let device = Device::new(&bench.folder("device"));
    memsync::local::prepare(device.database.path()).unwrap();
    device.text(&["init", &hub.url()]);
    let mut values = vec![peak(&mut device.memsync(&["sync", "-q"]))];
    device.database.settle();
    values.push({
        let alone = Device { staging: device.folder.join("alone.db"), ..Device::new(&device.folder) };
        alone.text(&["init"]);
        peak(&mut alone.memsync(&["stash", "-q"]))
    });
    values.push(peak(&mut device.memsync(&["status"])));
    values.push(peak(&mut device.memsync(&["sync", "-q"])));
    for (value, work) in values.into_iter().zip(MEMORY) {
        let sample = Sample::single(Unit::Bytes, value);
        table.add(bench, [work, &format!("{count} memories")], &sample, None, Goal::Below(limit));
    }
    drop(hub);
    fs::remove_dir_all(&server).unwrap();
    fs::remove_dir_all(&device.folder).unwrap();
}
