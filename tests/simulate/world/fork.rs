//! Putting a device, the server and a staging database back as they were, to see what would have happened otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use memsync::object::{BlobId, CommitId, ContentHash, SideName};
use memsync::store::{Holder, Store};

use super::{Device, World};
use crate::commands::Ended;
use crate::history::{Fault, FaultKind, Moment, Run, Spot};
use crate::invariants;
use crate::place::{Backup, Bytes, Memories};

/// Makes a new staging database at `path`: a copy of one that was made once, which takes a tenth of the time.
pub(super) fn put_template(path: &Path, holder: &Holder) {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let made = folder.path().join("staging.db");
        drop(Store::create(&made, holder).expect("a new staging database"));
        fs::read(&made).expect("it was just made")
    });
    let _ = fs::remove_file(journal(path));
    fs::write(path, template).expect("a copy");
}

fn journal(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-journal");
    name.into()
}

impl Device {
    /// The bytes of the staging database and of its journal.
    pub(crate) fn staging_bytes(&self) -> Bytes {
        let files = [self.staging.clone(), journal(&self.staging)];
        let read = |path: PathBuf| Some((path.display().to_string(), fs::read(&path).ok()?));
        files.into_iter().filter_map(read).collect()
    }
}

/// How a device and its staging database were.
struct SavedDevice {
    number: usize,
    place: Backup,
    staging: Bytes,
    unsettled: BTreeSet<ContentHash>,
    is_baseless: bool,
    agreed_at: Option<(u32, u32)>,
    fetched_at: Option<u32>,
    syncs: Vec<[BTreeMap<ContentHash, BlobId>; 2]>,
    left: BTreeSet<(SideName, ContentHash, Option<BlobId>)>,
    replaced: BTreeSet<BlobId>,
    base_seen: Option<CommitId>,
    absent_when_fetched: BTreeSet<ContentHash>,
}

/// How some devices and the server were.
pub(super) struct Saved {
    devices: Vec<SavedDevice>,
    server: Backup,
    clock: i64,
    held: BTreeSet<(Spot, ContentHash, BlobId)>,
    ledger: crate::ledger::Ledger,
}

impl Device {
    fn save(&self) -> SavedDevice {
        SavedDevice {
            number: self.number,
            place: self.place.back_up(),
            staging: self.staging_bytes(),
            unsettled: self.unsettled.borrow().clone(),
            is_baseless: self.is_baseless.get(),
            agreed_at: self.agreed_at.get(),
            fetched_at: self.fetched_at.get(),
            syncs: self.syncs.borrow().clone(),
            left: self.left.borrow().clone(),
            replaced: self.replaced.borrow().clone(),
            base_seen: self.base_seen.get(),
            absent_when_fetched: self.absent_when_fetched.borrow().clone(),
        }
    }

    fn put_back(&self, saved: &SavedDevice) {
        self.place.restore(&saved.place);
        let _ = fs::remove_file(journal(&self.staging));
        for (path, bytes) in &saved.staging {
            fs::write(path, bytes).expect("the staging database is put back");
        }
        self.unsettled.replace(saved.unsettled.clone());
        self.is_baseless.set(saved.is_baseless);
        self.agreed_at.set(saved.agreed_at);
        self.fetched_at.set(saved.fetched_at);
        self.syncs.replace(saved.syncs.clone());
        self.left.replace(saved.left.clone());
        self.replaced.replace(saved.replaced.clone());
        self.base_seen.set(saved.base_seen);
        self.absent_when_fetched.replace(saved.absent_when_fetched.clone());
    }
}

impl World {
    pub(super) fn save(&self, devices: &[Device]) -> Saved {
        Saved {
            devices: devices.iter().map(Device::save).collect(),
            server: self.server.back_up(),
            clock: self.clock.get(),
            held: self.held.borrow().clone(),
            ledger: self.ledger.borrow().clone(),
        }
    }

    pub(super) fn put_back(&self, saved: &Saved) {
        saved.devices.iter().for_each(|device| self.devices[device.number].put_back(device));
        self.server.restore(&saved.server);
        self.clock.set(saved.clock);
        self.held.replace(saved.held.clone());
        self.ledger.replace(saved.ledger.clone());
    }

    /// What this device and the server hold after two ordinary runs, and nobody knows of them; `None` where a brake
    /// stopped one.
    /// Besides, how many ticks the first of them had.
    fn afterwards(&self, run: &Run) -> (Option<[Memories; 2]>, u32) {
        let ordinary = Run { fault: None, ..run.clone() };
        let device = &self.devices[run.device];
        let saved = self.save(std::slice::from_ref(device));
        let first = self.run_watched(&ordinary);
        let ticks = self.ticks.get();
        let ends = [first, self.run_watched(&ordinary)];
        let held = [device.place.memories(), self.server.memories()];
        self.put_back(&saved);
        (ends.iter().all(|end| matches!(end, Ended::Done { .. })).then_some(held), ticks)
    }

    /// Carries out a run that is killed, and looks whether ordinary runs come to the same with it and without. A moment
    /// after its end stands for one before it.
    pub(super) fn crash_and_compare(&self, run: &Run, from: Moment) {
        let (without, ticks) = self.afterwards(run);
        let from = match from {
            Moment::Tick(tick) => Moment::Tick(tick % ticks.max(1)),
            other => other,
        };
        let killed = Run { fault: Some(Fault { kind: FaultKind::Kill, from }), ..run.clone() };
        let ended = self.run_watched(&killed);
        if self.is_broken() || !matches!(ended, Ended::Killed) {
            return;
        }
        if let (Some(without), (Some(with), _)) = (without, self.afterwards(run)) {
            invariants::a_crash_equals_no_crash(self, &without, &with);
        }
    }
}
