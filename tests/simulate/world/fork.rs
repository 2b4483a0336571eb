//! Putting a device, the server and a staging database back as they were, to see what would have happened otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use memsync::object::{BlobId, CommitId, ContentHash, SideName};
use memsync::store::{Holder, Store};

use super::{Device, World};
use crate::commands::Ended;
use crate::history::{Fault, FaultKind, Moment, Run};
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

/// How a device, its staging database and the server were.
struct Saved {
    device: Backup,
    server: Backup,
    staging: Bytes,
    clock: i64,
    unsettled: BTreeSet<ContentHash>,
    is_baseless: bool,
    agreed_at: Option<(u32, u32)>,
    syncs: Vec<[BTreeMap<ContentHash, BlobId>; 2]>,
    left: BTreeSet<(SideName, ContentHash, Option<BlobId>)>,
    replaced: BTreeSet<BlobId>,
    base_seen: Option<CommitId>,
    absent_when_fetched: BTreeSet<ContentHash>,
    ledger: crate::ledger::Ledger,
}

impl World {
    fn save(&self, device: &Device) -> Saved {
        Saved {
            device: device.place.back_up(),
            server: self.server.back_up(),
            staging: device.staging_bytes(),
            clock: self.clock.get(),
            unsettled: device.unsettled.borrow().clone(),
            is_baseless: device.is_baseless.get(),
            agreed_at: device.agreed_at.get(),
            syncs: device.syncs.borrow().clone(),
            left: device.left.borrow().clone(),
            replaced: device.replaced.borrow().clone(),
            base_seen: device.base_seen.get(),
            absent_when_fetched: device.absent_when_fetched.borrow().clone(),
            ledger: self.ledger.borrow().clone(),
        }
    }

    fn put_back(&self, device: &Device, saved: &Saved) {
        device.place.restore(&saved.device);
        self.server.restore(&saved.server);
        let _ = fs::remove_file(journal(&device.staging));
        for (path, bytes) in &saved.staging {
            fs::write(path, bytes).expect("the staging database is put back");
        }
        self.clock.set(saved.clock);
        device.unsettled.replace(saved.unsettled.clone());
        device.is_baseless.set(saved.is_baseless);
        device.agreed_at.set(saved.agreed_at);
        device.syncs.replace(saved.syncs.clone());
        device.left.replace(saved.left.clone());
        device.replaced.replace(saved.replaced.clone());
        device.base_seen.set(saved.base_seen);
        device.absent_when_fetched.replace(saved.absent_when_fetched.clone());
        self.ledger.replace(saved.ledger.clone());
    }

    /// What this device and the server hold after two ordinary runs, and nobody knows of them; `None` where a brake
    /// stopped one.
    /// Besides, how many ticks the first of them had.
    fn afterwards(&self, run: &Run) -> (Option<[Memories; 2]>, u32) {
        let ordinary = Run { fault: None, ..run.clone() };
        let device = &self.devices[run.device];
        let saved = self.save(device);
        let first = self.run_watched(&ordinary);
        let ticks = self.ticks.get();
        let ends = [first, self.run_watched(&ordinary)];
        let held = [device.place.memories(), self.server.memories()];
        self.put_back(device, &saved);
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
