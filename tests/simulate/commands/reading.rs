//! Reading a device, as `porcelain::shared::reading` does it: by what was noted of its rows, where there is a database.
//!
//! Guarantees: what was read that way is compared with what the place holds, in the same moment, as its own reading
//! shows it: nothing of what was noted may ever be out of date.

use std::ops::ControlFlow;

use memsync::object::tree::{Difference, Snapshot};
use memsync::object::{ContentHash, Edit, Marks, Memory, SideName};
use memsync::reconcile::Base;
use memsync::side::{self, Change, Found, Side, Witness};
use memsync::store::Store;
use memsync::sync::{self, Proposal, Reading, Session};

use super::{Doing, Ended, Stop, session, wishes};
use crate::faults::Watched;
use crate::history::{Command, Strategy};

/// A device's side that is watched, with what it can tell of its rows.
struct Here<'a> {
    watched: Watched<'a>,
    /// A transaction of the staging database is open, in which nothing else can happen.
    is_quiet: bool,
}

impl Here<'_> {
    fn tick(&self) {
        if self.is_quiet { self.watched.watch.quiet_tick() } else { self.watched.watch.tick() }
    }
}

impl Side for Here<'_> {
    fn snapshot(&mut self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), side::Error> {
        if self.is_quiet { self.watched.inner.snapshot(visit) } else { self.watched.snapshot(visit) }
    }

    fn state(&mut self) -> Option<String> {
        self.watched.inner.state()
    }

    fn changes(
        &mut self,
        marks: Option<Marks>,
        visit: &mut dyn FnMut(Change) -> ControlFlow<()>,
    ) -> Result<Option<Marks>, side::Error> {
        let watch = self.watched.watch;
        let is_quiet = self.is_quiet;
        let renewed = self.watched.inner.changes(marks, &mut |change| {
            if is_quiet {
                watch.quiet_tick();
            } else {
                watch.tick();
            }
            visit(change)
        })?;
        // A place in memory knows of no rows, and was not asked for anything.
        if renewed.is_some() {
            self.tick();
            self.watched.call()?;
        }
        Ok(renewed)
    }

    fn get(&mut self, keys: &[ContentHash]) -> Result<Vec<Option<Found>>, side::Error> {
        if self.is_quiet { self.watched.inner.get(keys) } else { self.watched.get(keys) }
    }

    fn apply(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), side::Error> {
        self.watched.apply(edits, witness)
    }
}

impl Doing<'_> {
    fn here(&self, is_quiet: bool) -> Result<Here<'_>, side::Error> {
        Ok(Here { watched: self.local()?, is_quiet })
    }

    /// `porcelain::shared::reading::read_local`; `read_rows` for whoever has to know which side wrote later.
    pub(super) fn read_local(&self, session: &Session<'_>, base: &Base) -> Result<Reading, Stop> {
        if self.run.strategy == Some(Strategy::Newest) {
            return self.read_rows(session, base, false);
        }
        // Now and then, because it takes longer than all the rest.
        if session.now / 60 % 4 == 0 {
            self.device.place.let_times_pass();
        }
        let before = self.held();
        let reading = session.read_local(&mut self.here(false)?, base, &mut |_| {})?;
        if let Some(device) = &reading.device {
            self.compare(session, &before, device)?;
        }
        self.watch.tick();
        Ok(reading)
    }

    fn read_rows(&self, session: &Session<'_>, base: &Base, is_quiet: bool) -> Result<Reading, Stop> {
        let mut here = self.here(is_quiet)?;
        let reading = session.read(SideName::Local, &mut here, base, &mut |_| {})?;
        here.tick();
        Ok(reading)
    }

    /// `memsync stash`.
    pub(super) fn stash(&self) -> Result<Ended, Stop> {
        self.device.place.let_times_pass();
        let store = self.open()?;
        let session = session(self.world, self.device, &store);
        if store.last_reading()?.is_none() {
            self.stash_in(&session, false)?;
        } else {
            store.transaction(|_| self.stash_in(&session, true))?;
        }
        Ok(Ended::done())
    }

    fn stash_in(&self, session: &Session<'_>, is_quiet: bool) -> Result<(), Stop> {
        let before = self.held();
        let mut here = self.here(is_quiet)?;
        if let Some((device, changes)) = session.changes_here(&mut here, &mut |_| {})? {
            self.compare(session, &before, &device)?;
            self.compare_changes(session, &before, &changes)?;
            session.record_device_now(&device)?;
            here.tick();
            session.record_changes_here(changes)?;
            return Ok(());
        }
        let base = session.base()?;
        let ours = self.read_rows(session, &base.base, is_quiet)?;
        let proposal = session.propose(base, ours, session.last_fetched()?, wishes(self.world))?;
        session.record_local(&proposal.local)?;
        here.tick();
        session.record_staged(&proposal)?;
        Ok(())
    }

    /// `memsync status`.
    pub(super) fn status(&self) -> Result<Ended, Stop> {
        self.device.place.let_times_pass();
        let store = Store::open_read_only(&self.device.staging, &self.world.holder())?;
        let session = session(self.world, self.device, &store);
        let proposal = self.outlook(&session)?;
        session.conflicts(&proposal)?;
        session.interrupted_edits()?;
        Ok(Ended::done())
    }

    /// `porcelain::shared::reading::outlook`.
    fn outlook(&self, session: &Session<'_>) -> Result<Proposal, Stop> {
        let before = self.held();
        let told = session.outlook(&mut self.here(false)?, wishes(self.world), &mut |_| {})?;
        if let Some((proposal, device)) = told {
            self.compare(session, &before, &device)?;
            self.compare_lacking(&before, device.lacking)?;
            self.compare_outlook(session, &before, &proposal)?;
            self.watch.tick();
            return Ok(proposal);
        }
        let base = session.base()?;
        let ours = self.read_rows(session, &base.base, false)?;
        Ok(session.propose(base, ours, session.last_fetched()?, wishes(self.world))?)
    }

    /// Ends a run as `porcelain::shared::vectors::fill` does, but one that was about the server alone. What cannot be made
    /// is no reason to fail.
    pub(super) fn fill(&self) {
        let is_about_server = self.run.command == Command::Push;
        let database = self.device.place.database(&self.world.caller(self.device, true));
        if let Some(Ok(mut database)) = database.filter(|_| !is_about_server) {
            let _ = database.fill_missing(&mut |_, _| {});
        }
    }

    /// What the device holds, as the place itself shows it.
    fn held(&self) -> Snapshot {
        self.device.place.memories().iter().map(|(key, memory)| (key.clone(), Memory::id(memory))).collect()
    }

    /// What was noted of a device's rows, and is used in place of reading them, is what the device holds.
    fn compare_with(&self, before: &Snapshot, read: &Snapshot, what: &str) {
        // What happened meanwhile may be in it or not.
        if read != before && *before == self.held() {
            let detail = format!("d{}: {what} shows {read:?}, there is {before:?}", self.device.number);
            self.world.say("what_was_cached_is_what_is_there", detail);
        }
    }

    fn compare(&self, session: &Session<'_>, before: &Snapshot, device: &sync::Device) -> Result<(), Stop> {
        self.compare_with(before, &session.store.snapshot(device.tree)?, "its tree");
        if device.held != before.len() && *before == self.held() {
            let detail = format!("d{}: {} were counted of {}", self.device.number, device.held, before.len());
            self.world.say("what_was_cached_is_what_is_there", detail);
        }
        Ok(())
    }

    /// The memories that no search by meaning finds are counted as they are.
    fn compare_lacking(&self, before: &Snapshot, counted: u64) -> Result<(), Stop> {
        let database = self.device.place.database(&self.world.caller(self.device, true));
        let lacking = database.transpose()?.map(|mut database| database.missing_vectors()).transpose()?;
        if lacking != Some(counted) && *before == self.held() {
            let detail = format!("d{}: {counted} vectors were missed, {lacking:?} are", self.device.number);
            self.world.say("what_was_cached_is_what_is_there", detail);
        }
        Ok(())
    }

    /// The same of the memories that differ from the last sync.
    fn compare_changes(
        &self,
        session: &Session<'_>,
        before: &Snapshot,
        changes: &[Difference],
    ) -> Result<(), Stop> {
        let base = session.base()?.base;
        let mut now: Snapshot = base.iter().map(|(key, pair)| (key.clone(), pair.local)).collect();
        for (key, _, is) in changes {
            match is {
                Some(blob) => drop(now.insert(key.clone(), *blob)),
                None => drop(now.remove(key)),
            }
        }
        self.compare_with(before, &now, "the last sync with its changes");
        Ok(())
    }

    /// What a sync would do is the same where only what differs was looked at.
    fn compare_outlook(
        &self,
        session: &Session<'_>,
        before: &Snapshot,
        outlook: &Proposal,
    ) -> Result<(), Stop> {
        let base = session.base()?;
        let mut side = self.device.place.side(&self.world.caller(self.device, true))?;
        let ours = session.read(SideName::Local, &mut *side, &base.base, &mut |_| {})?;
        if ours.snapshot != *before {
            return Ok(());
        }
        let whole = session.propose(base, ours, session.last_fetched()?, wishes(self.world))?;
        let [outlook, whole] = [outlook, &whole].map(|proposal| {
            format!("{} {:?} {:?}", proposal.plan.id(), proposal.plan.conflicts, proposal.brakes)
        });
        if outlook != whole {
            let detail = format!("d{}: a look shows {outlook}, a sync {whole}", self.device.number);
            self.world.say("what_was_cached_is_what_is_there", detail);
        }
        Ok(())
    }
}
