//! Carries a history out: devices, a server, and what users and memsync do there.
//!
//! Guarantees: the same history on the same ground leaves the same world; no step stops it. What breaks a promise is kept
//! as the world's violation, the first one wins.

mod both;
mod fork;
mod rest;
mod work;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::rc::Rc;

use memsync::local::service::content_hash;
use memsync::object::{BlobId, CommitId, ContentHash, Memory, SideName};
use memsync::store::{Holder, Store};

use crate::commands::{self, Ended};
use crate::faults::{Killed, Watch};
use crate::history::{
    BEGINNING, Command, Deed, FaultKind, History, Moment, PATHS, Run, Shape, Spot, Step, text,
};
use crate::invariants;
use crate::ledger::{self, Ledger};
use crate::place::{Backup, Caller, Ground, Memories, Place, Visit};

pub(crate) use both::{Outcome, Written};

/// A promise that did not hold.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    /// The invariant, by the name of its function.
    pub invariant: &'static str,
    /// What was seen.
    pub detail: String,
}

/// A device.
pub(crate) struct Device {
    pub number: usize,
    pub place: Rc<dyn Place>,
    pub staging: PathBuf,
    skew: Cell<i64>,
    /// The staging database was lost, and there was no whole sync since.
    pub is_baseless: Cell<bool>,
    /// What a run wrote somewhere without learning that it had.
    pub unsettled: RefCell<BTreeSet<ContentHash>>,
    /// How often its database was moved.
    pub moves: Cell<u32>,
    /// How often both places had been moved when both sides last agreed; `None` where that is not known.
    pub agreed_at: Cell<Option<(u32, u32)>>,
    /// How often the server had been moved when it was last fetched.
    pub fetched_at: Cell<Option<u32>>,
    /// What both sides held after each of the last syncs that left nothing open.
    pub syncs: RefCell<Vec<[BTreeMap<ContentHash, BlobId>; 2]>>,
    /// All that its runs ever left, on either side.
    pub left: RefCell<BTreeSet<(SideName, ContentHash, Option<BlobId>)>>,
    /// All that its runs ever replaced or deleted, on either side, since it has its staging database.
    pub replaced: RefCell<BTreeSet<BlobId>>,
    /// The base when it was last looked at.
    pub base_seen: Cell<Option<CommitId>>,
    /// What the server did not have when it was last asked for it.
    pub absent_when_fetched: RefCell<BTreeSet<ContentHash>>,
}

/// A world.
pub(crate) struct World {
    pub shape: Shape,
    pub server: Rc<dyn Place>,
    pub devices: Vec<Device>,
    pub keys: Vec<ContentHash>,
    pub ledger: RefCell<Ledger>,
    /// Every version that a place ever held.
    held: RefCell<BTreeSet<(Spot, ContentHash, BlobId)>>,
    clock: Cell<i64>,
    server_skew: Cell<i64>,
    pub server_moves: Cell<u32>,
    backups: RefCell<BTreeMap<Spot, Backup>>,
    /// The right server, while another one answers.
    right_server: RefCell<Option<Backup>>,
    violation: RefCell<Option<Violation>>,
    depth: Cell<usize>,
    /// Whether the network may fail in the run that is under way.
    has_troubles: Cell<bool>,
    /// Whether whoever lets a rewind through means it as it is, rather than to put it right.
    pub takes_rewinds: Cell<bool>,
    /// How many ticks the last run had.
    ticks: Cell<u32>,
    _folder: tempfile::TempDir,
}

impl World {
    /// Plays a history; what broke, if anything did.
    pub(crate) fn play(history: &History, ground: &dyn Ground) -> Option<Violation> {
        let played = panic::catch_unwind(AssertUnwindSafe(|| {
            let world = Self::new(history.shape.clone(), ground);
            for step in &history.steps {
                world.step(step);
                if world.violation.borrow().is_some() {
                    break;
                }
            }
            world.violation.take()
        }));
        played.unwrap_or_else(|payload| {
            let words = payload.downcast_ref::<String>().cloned();
            let words = words.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string));
            Some(Violation { invariant: "nothing_panics", detail: words.unwrap_or_default() })
        })
    }

    fn new(shape: Shape, ground: &dyn Ground) -> Self {
        let memory_disk = std::path::Path::new("/dev/shm");
        let folder = tempfile::tempdir_in(memory_disk).or_else(|_| tempfile::tempdir()).expect("a folder");
        let device = |number| Device {
            number,
            place: ground.device(number),
            staging: folder.path().join(format!("staging-{number}.db")),
            skew: Cell::new(0),
            is_baseless: Cell::new(false),
            unsettled: RefCell::default(),
            moves: Cell::new(0),
            agreed_at: Cell::new(None),
            fetched_at: Cell::new(None),
            syncs: RefCell::default(),
            left: RefCell::default(),
            replaced: RefCell::default(),
            base_seen: Cell::new(None),
            absent_when_fetched: RefCell::default(),
        };
        let keys = (0..shape.memories)
            .map(|memory| ContentHash::new(content_hash(&text(memory, 0))).expect("a hash is a name"));
        let world = Self {
            keys: keys.collect(),
            server: ground.server(),
            devices: (0..shape.devices).map(device).collect(),
            ledger: RefCell::default(),
            held: RefCell::default(),
            clock: Cell::new(0),
            server_skew: Cell::new(0),
            server_moves: Cell::new(0),
            backups: RefCell::default(),
            right_server: RefCell::default(),
            violation: RefCell::default(),
            depth: Cell::new(0),
            has_troubles: Cell::new(false),
            takes_rewinds: Cell::new(false),
            ticks: Cell::new(0),
            shape,
            _folder: folder,
        };
        world.devices.iter().for_each(|device| world.create_staging(device));
        world.server.set_version(world.shape.version);
        world
    }

    /// `memsync init`.
    fn create_staging(&self, device: &Device) {
        fork::put_template(&device.staging, &self.holder());
    }

    pub(crate) fn holder(&self) -> Holder {
        Holder { pid: 1, command: "memsync".to_owned(), since: BEGINNING + self.clock.get() }
    }

    /// Keeps what broke; the first one wins.
    pub(crate) fn say(&self, invariant: &'static str, detail: impl Into<String>) {
        self.violation.borrow_mut().get_or_insert(Violation { invariant, detail: detail.into() });
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.violation.borrow().is_some()
    }

    pub(crate) fn place(&self, spot: Spot) -> Option<Rc<dyn Place>> {
        match spot {
            Spot::Server => Some(Rc::clone(&self.server)),
            Spot::Device(number) => self.devices.get(number).map(|device| Rc::clone(&device.place)),
        }
    }

    /// The present time at a place.
    pub(crate) fn now(&self, spot: Spot) -> i64 {
        let skew = match spot {
            Spot::Server => self.server_skew.get(),
            Spot::Device(number) => self.devices.get(number).map_or(0, |device| device.skew.get()),
        };
        BEGINNING + self.clock.get() * 60 + skew
    }

    pub(crate) fn caller(&self, device: &Device, deduplicate: bool) -> Caller {
        let now = self.now(Spot::Device(device.number));
        Caller { device: format!("device-{}", device.number), now, deduplicate }
    }

    /// Notes that a place holds something.
    pub(crate) fn hold(&self, spot: Spot, key: &ContentHash, memory: Option<&Memory>) {
        self.held.borrow_mut().extend(memory.map(|memory| (spot, key.clone(), memory.id())));
    }

    pub(crate) fn has_held(&self, spot: Spot, key: &ContentHash, blob: BlobId) -> bool {
        self.held.borrow().contains(&(spot, key.clone(), blob))
    }

    /// One step.
    pub(crate) fn step(&self, step: &Step) {
        self.clock.set(self.clock.get() + 1);
        self.depth.set(self.depth.get() + 1);
        match step {
            Step::Work(spot, memory, deed) => self.work(*spot, *memory, *deed, self.depth.get() > 1),
            Step::Purge(spot) => {
                if let Some(place) = self.place(*spot) {
                    place.work(&crate::place::Work::Purge, self.now(*spot));
                }
            }
            Step::BackUp(spot) => {
                let backup = self.place(*spot).map(|place| (*spot, place.back_up()));
                self.backups.borrow_mut().extend(backup);
            }
            Step::Restore(spot) => {
                let backup = self.backups.borrow().get(spot).cloned();
                if let (Some(place), Some(backup)) = (self.place(*spot), backup) {
                    self.replaced(*spot, &place, |place| place.restore(&backup));
                }
            }
            Step::LoseStaging(number) => self.lose_staging(*number),
            Step::Swap => self.swap(),
            Step::Version(version) => {
                self.server.set_version(*version);
                // Another version may show the same rows in another form.
                for (key, memory) in &self.server.memories() {
                    self.hold(Spot::Server, key, Some(memory));
                }
            }
            Step::Move(Spot::Server) => self.server_moves.set(self.server_moves.get() + 1),
            Step::Move(Spot::Device(number)) => {
                if let Some(device) = self.devices.get(*number) {
                    device.moves.set(device.moves.get() + 1);
                }
            }
            Step::Restart => self.server.restart(),
            Step::Clock(Spot::Server, seconds) => self.server_skew.set(*seconds),
            Step::Clock(Spot::Device(number), seconds) => {
                if let Some(device) = self.devices.get(*number) {
                    device.skew.set(*seconds);
                }
            }
            Step::Run(run) => self.run(run),
            // Not in the middle of a run.
            Step::Rest | Step::Both(_) if self.depth.get() > 1 => {}
            Step::Rest => self.rest(),
            Step::Both(works) => self.both(works),
        }
        self.depth.set(self.depth.get() - 1);
    }

    fn lose_staging(&self, number: usize) {
        let Some(device) = self.devices.get(number) else { return };
        // While a run holds it, the file is there as long as the run is.
        if Store::open(&device.staging, &self.holder()).is_ok() {
            self.create_staging(device);
            device.is_baseless.set(true);
            device.agreed_at.set(None);
            device.fetched_at.set(None);
            device.syncs.borrow_mut().clear();
            device.replaced.borrow_mut().clear();
        }
    }

    /// Another server answers, or the right one again.
    fn swap(&self) {
        let server = Rc::clone(&self.server);
        if let Some(backup) = self.right_server.take() {
            self.replaced(Spot::Server, &server, |place| place.restore(&backup));
        } else {
            self.right_server.replace(Some(server.back_up()));
            self.replaced(Spot::Server, &server, |place| place.replace_by_empty());
        }
    }

    /// What a place holds is replaced as a whole: about what differs, memsync can only know what it is told.
    fn replaced(&self, spot: Spot, place: &Rc<dyn Place>, replace: impl FnOnce(&dyn Place)) {
        let before = place.memories();
        replace(&**place);
        let after = place.memories();
        for key in &self.keys {
            self.hold(spot, key, after.get(key));
            if before.get(key) != after.get(key) {
                self.contest(key);
            }
        }
    }

    pub(crate) fn contest(&self, key: &ContentHash) {
        self.ledger.borrow_mut().contest(key);
    }

    /// Somebody took something away from a memory that a run may have written before without knowing it: it cannot tell
    /// whether what it finds was its own work taken back.
    pub(crate) fn touch(&self, key: &ContentHash, before: Option<&Memory>, after: Option<&Memory>) {
        let is_unsettled = || self.devices.iter().any(|device| device.unsettled.borrow().contains(key));
        if ledger::takes_away(before, after) && is_unsettled() {
            self.contest(key);
        }
    }

    /// Runs memsync.
    pub(crate) fn run(&self, run: &Run) {
        if run.device >= self.devices.len() {
            return;
        }
        let kill = run.fault.filter(|fault| fault.kind == FaultKind::Kill);
        // What is compared with a run that is not killed must not meet other faults than that one.
        self.has_troubles.set(kill.is_none() && self.depth.get() == 1);
        let is_comparable = run.command == Command::Sync && run.during.is_empty() && self.depth.get() == 1;
        match kill.filter(|_| is_comparable) {
            Some(fault) => self.crash_and_compare(run, fault.from),
            None => drop(self.run_watched(run)),
        }
        self.has_troubles.set(false);
    }

    /// Lets somebody come in between two requests.
    fn expect(&self, moment: Moment, step: &Step) {
        if let (Moment::Request(request), Step::Work(Spot::Server, memory, Deed::Set(path, value))) =
            (moment, step)
            && let (Some(key), [member]) = (self.keys.get(*memory), PATHS[path % PATHS.len()])
        {
            self.server.expect(Visit { request, key: key.clone(), member, value: *value });
        }
    }

    /// What decides about the troubles of the network in a run: what the run is, so that it meets the same in a history
    /// that was made smaller, and a number, because most runs are alike.
    fn troubles(&self, run: &Run) -> Option<u64> {
        let troubles = self.shape.troubles.filter(|_| self.has_troubles.get())?;
        let mut hasher = DefaultHasher::new();
        (troubles, run.to_string()).hash(&mut hasher);
        Some(hasher.finish())
    }

    /// Runs memsync and judges what it did; how it ended.
    pub(crate) fn run_watched(&self, run: &Run) -> Ended {
        let happen = |step: Step| self.step(&step);
        let only_looks = matches!(run.command, Command::Status | Command::DryRun) && run.during.is_empty();
        let before = only_looks.then(|| invariants::all_bytes(self, run.device));
        let watch = Watch::new(run.fault, &run.during, &happen);
        self.server.misbehave(self.troubles(run));
        run.during.iter().for_each(|(moment, step)| self.expect(*moment, step));
        let asked_before = self.server.requests();
        let ended = panic::catch_unwind(AssertUnwindSafe(|| commands::carry_out(self, run, &watch)));
        let ended = ended.unwrap_or_else(|payload| {
            if payload.is::<Killed>() { Ended::Killed } else { panic::resume_unwind(payload) }
        });
        self.ticks.set(watch.ticks.get());
        for (key, before, after) in self.server.visits() {
            watch.is_disturbed.set(true);
            self.written(Spot::Server, &key, before.as_ref(), after.as_ref());
        }
        if self.server.misbehave(None) {
            watch.is_disturbed.set(true);
        }
        invariants::questions_are_bounded(self, self.server.requests() - asked_before);
        if let Some(before) = before {
            invariants::looking_writes_nothing(self, run, &before);
        }
        let device = &self.devices[run.device];
        for seen in watch.seen.borrow().iter() {
            if seen.before != seen.after {
                let after = seen.after.as_ref().map(Memory::id);
                device.left.borrow_mut().insert((seen.side, seen.key.clone(), after));
                self.touch(&seen.key, seen.before.as_ref(), seen.after.as_ref());
                device.unsettled.borrow_mut().insert(seen.key.clone());
                // Before it was read back nobody knew that the server had taken it.
                if seen.read_back.is_some() {
                    self.touch(&seen.key, seen.after.as_ref(), seen.read_back.as_ref());
                }
            }
        }
        if !self.is_broken() {
            invariants::after_a_run(self, run, &watch, &ended);
        }
        // What a run is told and takes down is settled.
        if let Ended::Done { conflicts, .. } = &ended {
            let seen = watch.seen.borrow();
            let mut unsettled = device.unsettled.borrow_mut();
            if run.command == Command::Sync && run.scope.is_none() {
                // An answer that does not hold any more has gone nowhere.
                unsettled.retain(|key| conflicts.contains(key));
            }
            let is_exchange =
                matches!(run.command, Command::Sync | Command::Pull | Command::Push | Command::Apply);
            for seen in seen.iter().filter(|seen| is_exchange && seen.is_done) {
                unsettled.remove(&seen.key);
            }
            let untold = seen.iter().filter(|seen| seen.before != seen.after && !seen.is_done);
            unsettled.extend(untold.map(|seen| seen.key.clone()));
        }
        ended
    }

    /// What everybody holds: the server's first.
    pub(crate) fn everything(&self) -> Vec<(Spot, Memories)> {
        let devices =
            self.devices.iter().map(|device| (Spot::Device(device.number), device.place.memories()));
        [(Spot::Server, self.server.memories())].into_iter().chain(devices).collect()
    }
}
