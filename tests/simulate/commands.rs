//! memsync's commands, on a real staging database and sides that are watched.
//!
//! What is here is what `porcelain` does between the command line and `sync`: the same calls of [`Session`] in the same
//! order. It decides nothing of its own.

mod answer;
mod exchange;
mod reading;
mod recall;

use std::collections::BTreeSet;

use memsync::object::{ContentHash, Memory, SideName};
use memsync::reconcile::{Base, DeletionLimit};
use memsync::side;
use memsync::store::{self, Store};
use memsync::sync::{self, Proposal, Reading, Session, Wishes};

use crate::faults::{Watch, Watched};
use crate::history::{Command, FaultKind, Run, Spot};
use crate::invariants;
use crate::world::{Device, World};

/// How a command ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It came to its end.
    Done {
        /// The memories that wait for a decision.
        conflicts: BTreeSet<ContentHash>,
        /// The memories that a side did not take, or that changed meanwhile.
        open: BTreeSet<ContentHash>,
    },
    /// A brake stopped it.
    Stopped,
    /// There was nothing for it to do.
    Nothing,
    /// It failed.
    Failed(Stop),
    /// It was killed.
    Killed,
}

impl Ended {
    fn done() -> Self {
        Self::Done { conflicts: BTreeSet::new(), open: BTreeSet::new() }
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error(transparent)]
    Sync(#[from] sync::Error),
    #[error(transparent)]
    Side(#[from] side::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What a plan was made on, for the invariants.
pub(crate) struct Noted {
    pub proposal: Proposal,
    /// The memories that the run is about; `None` for all.
    pub in_scope: Option<BTreeSet<ContentHash>>,
    /// The conflicts that people have decided.
    pub decided: BTreeSet<ContentHash>,
    /// Whether people let the plan through by its id.
    pub is_allowed: bool,
    /// Whether it was carried out.
    pub is_chosen: bool,
}

/// A command under way.
struct Doing<'a> {
    world: &'a World,
    device: &'a Device,
    run: &'a Run,
    watch: &'a Watch<'a>,
}

/// Carries out a run.
pub(crate) fn carry_out(world: &World, run: &Run, watch: &Watch<'_>) -> Ended {
    let doing = Doing { world, device: &world.devices[run.device], run, watch };
    doing.carry_out().unwrap_or_else(Ended::Failed)
}

/// A session as `Workspace::session` makes it.
pub(crate) fn session<'a>(world: &World, device: &Device, store: &'a Store) -> Session<'a> {
    let places = vec![
        (SideName::Local, format!("/home/{}/memories.db", device.moves.get())),
        (SideName::Remote, format!("http://server-{}.example", world.server_moves.get())),
    ];
    Session {
        store,
        remote: "origin".to_owned(),
        device: format!("device-{}", device.number),
        places,
        now: world.now(Spot::Device(device.number)),
    }
}

/// What the configuration wishes of every run.
pub(crate) fn wishes(world: &World) -> Wishes {
    Wishes {
        never_merge: world.shape.never_merge,
        limit: world.shape.limit.map_or_else(DeletionLimit::default, DeletionLimit::Count),
        ..Wishes::default()
    }
}

impl Doing<'_> {
    fn carry_out(&self) -> Result<Ended, Stop> {
        match self.run.command {
            Command::Sync | Command::Pull | Command::Push | Command::Apply | Command::DryRun => {
                self.exchange()
            }
            Command::Fetch => {
                let store = self.open()?;
                let session = session(self.world, self.device, &store);
                let base = session.base()?;
                self.fetch(&session, &base.base, true)?;
                Ok(Ended::done())
            }
            Command::Stash => self.stash(),
            Command::Status => self.status(),
            Command::Undo | Command::UndoRemote => self.undo(),
            Command::Restore => self.restore(),
            Command::Gc => self.collect(),
            _ => self.answer(),
        }
    }

    fn open(&self) -> Result<Store, store::Error> {
        Store::open(&self.device.staging, &self.world.holder())
    }

    fn local(&self) -> Result<Watched<'_>, side::Error> {
        let place = std::rc::Rc::clone(&self.device.place);
        let inner = place.side(&self.world.caller(self.device, true))?;
        let spot = Spot::Device(self.device.number);
        let hold =
            Box::new(move |key: &ContentHash, memory: Option<&Memory>| self.world.hold(spot, key, memory));
        Ok(Watched { name: SideName::Local, inner, place, hold, watch: self.watch })
    }

    fn remote(&self, deduplicate: bool) -> Result<Watched<'_>, side::Error> {
        let place = std::rc::Rc::clone(&self.world.server);
        let inner = place.side(&self.world.caller(self.device, deduplicate))?;
        let hold =
            Box::new(|key: &ContentHash, memory: Option<&Memory>| self.world.hold(Spot::Server, key, memory));
        Ok(Watched { name: SideName::Remote, inner, place, hold, watch: self.watch })
    }

    /// `porcelain::shared::reading::fetch`.
    fn fetch(&self, session: &Session<'_>, base: &Base, writes: bool) -> Result<Reading, Stop> {
        let mut remote = self.remote(true)?;
        let before = self.world.server.memories();
        let reading = session.read(SideName::Remote, &mut remote, base, &mut |_| {})?;
        // A side that misses a memory and does not know it is a fault of its own.
        if self.run.fault.is_none_or(|fault| fault.kind != FaultKind::Missed) {
            invariants::what_stands_is_read(self.world, &before, &reading);
        }
        self.watch.tick();
        if writes {
            session.record_fetched(&reading)?;
            self.device.fetched_at.set(Some(self.world.server_moves.get()));
            let absent = self.watch.absent.borrow();
            let absent = absent.iter().filter(|(side, _)| *side == SideName::Remote);
            self.device.absent_when_fetched.replace(absent.map(|(_, key)| key.clone()).collect());
        }
        self.watch.tick();
        Ok(reading)
    }
}
