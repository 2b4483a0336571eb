//! `sync`, `pull`, `push`, `apply` and `--dry-run`, as `porcelain::shared::exchange` carries them out.

use std::collections::BTreeSet;

use memsync::object::{ContentHash, SideName};
use memsync::reconcile::{self, Direction, Scope};
use memsync::side::Side;
use memsync::store::Store;
use memsync::sync::{Chosen, Proposal, Reading, Report, Session, Wishes, remote_reference};

use super::{Doing, Ended, Noted, Stop, session, wishes};
use crate::history::{Command, Filter, Strategy};
use crate::invariants;

/// How often a run starts over because memories changed while it was under way.
const ROUNDS: usize = 3;

impl Doing<'_> {
    /// Runs the command and, where a brake stopped it and the person insists, once more with the plan's id.
    pub(super) fn exchange(&self) -> Result<Ended, Stop> {
        match self.exchange_once(None)? {
            (Ended::Stopped, Some(allowed)) if self.run.insists => Ok(self.exchange_once(Some(&allowed))?.0),
            (ended, _) => Ok(ended),
        }
    }

    /// One run; where a brake stops it, with the id that lets the plan through.
    fn exchange_once(&self, allowed: Option<&str>) -> Result<(Ended, Option<String>), Stop> {
        let is_dry = self.run.command == Command::DryRun;
        let holder = self.world.holder();
        let store = if is_dry { Store::open_read_only(&self.device.staging, &holder)? } else { self.open()? };
        let session = session(self.world, self.device, &store);
        session.interrupted_edits()?;
        let mut round = 1;
        loop {
            let Some(proposal) = self.propose(&session)? else { return Ok((Ended::Nothing, None)) };
            let chosen = proposal.choose(allowed);
            self.note(&session, &proposal, allowed.is_some(), chosen)?;
            let Some(chosen) = chosen else {
                let (plain, rewound) = proposal.ids();
                let cure = rewound.filter(|_| !self.world.takes_rewinds.get());
                return Ok((Ended::Stopped, Some(cure.unwrap_or(plain).to_string())));
            };
            let conflicts = chosen.plan().conflicts.iter().map(|conflict| conflict.key.clone()).collect();
            if is_dry {
                return Ok((Ended::Done { conflicts, open: BTreeSet::new() }, None));
            }
            let report = self.execute(&session, &proposal, chosen)?;
            let has_stale = !report.stale.is_empty() && report.error.is_none();
            if has_stale && self.is_fetching() && round < ROUNDS {
                round += 1;
                continue;
            }
            if let Some(error) = report.error {
                return Err(error.into());
            }
            self.fill();
            let stale = report.stale.into_iter().map(|(_, key)| key);
            let open = stale.chain(report.problems.into_iter().map(|problem| problem.key)).collect();
            return Ok((Ended::Done { conflicts, open }, None));
        }
    }

    fn direction(&self) -> Direction {
        match self.run.command {
            Command::Pull | Command::Apply => Direction::Pull,
            Command::Push => Direction::Push,
            _ => Direction::Both,
        }
    }

    fn is_fetching(&self) -> bool {
        self.run.command != Command::Apply
    }

    /// Who insists also sends what the server refused (`--no-dedup`).
    fn deduplicates(&self) -> bool {
        !self.run.insists
    }

    fn wishes(&self) -> Wishes {
        let direction = self.direction();
        Wishes {
            direction: Some(direction),
            strategy: match self.run.strategy {
                None => reconcile::Strategy::Wait,
                Some(Strategy::Ours) => reconcile::Strategy::Ours,
                Some(Strategy::Theirs) => reconcile::Strategy::Theirs,
                Some(Strategy::Newest) => reconcile::Strategy::Newest,
            },
            scope: self.scope(),
            retry_refused: direction == Direction::Push || !self.deduplicates(),
            ..wishes(self.world)
        }
    }

    fn scope(&self) -> Scope {
        self.run.scope.map(Filter::scope).unwrap_or_default()
    }

    /// `None` where nothing was fetched yet.
    fn propose(&self, session: &Session<'_>) -> Result<Option<Proposal>, Stop> {
        let writes = self.run.command != Command::DryRun;
        let base = session.base()?;
        let theirs = if self.is_fetching() {
            self.fetch(session, &base.base, writes)?
        } else if session.store.reference(&remote_reference(&session.remote)?)?.is_some() {
            session.last_fetched()?
        } else {
            return Ok(None);
        };
        let ours = self.read_local(session, &base.base)?;
        if writes {
            session.record_local(&ours)?;
        }
        self.watch.tick();
        let proposal = session.propose(base, ours, theirs, self.wishes())?;
        invariants::other_clocks_same_plan(self.world, session, &proposal)?;
        Ok(Some(proposal))
    }

    fn execute(
        &self,
        session: &Session<'_>,
        proposal: &Proposal,
        chosen: Chosen<'_>,
    ) -> Result<Report, Stop> {
        let mut local = self.local()?;
        let mut remote = match self.direction() {
            Direction::Pull => None,
            Direction::Push | Direction::Both => Some(self.remote(self.deduplicates())?),
        };
        self.watch.tick();
        let side = remote.as_mut().map(|remote| remote as &mut dyn Side);
        let report =
            session.execute(proposal, chosen, Some(&mut local), side, &mut |_| self.watch.quiet_tick())?;
        self.watch.tick();
        Ok(report)
    }

    /// Notes what a plan was made on, and what people decide with it.
    fn note(
        &self,
        session: &Session<'_>,
        proposal: &Proposal,
        is_allowed: bool,
        chosen: Option<Chosen<'_>>,
    ) -> Result<(), Stop> {
        let conflicts = session.store.conflicts(&session.remote)?;
        let decided = conflicts.into_iter().filter(|one| one.resolution.is_some()).map(|one| one.key);
        let in_scope = match self.run.scope {
            None => None,
            Some(filter) => Some(in_scope(filter, session, [&proposal.local, &proposal.remote])?),
        };
        if let Some(chosen) = chosen.filter(|_| self.run.command != Command::DryRun) {
            if self.run.strategy.is_some() {
                chosen.plan().ended.iter().for_each(|(conflict, _)| self.world.contest(&conflict.key));
            }
            if is_allowed
                && (proposal.rewind.is_some() || proposal.moved.is_some() || is_other_side(proposal))
            {
                let steps = [SideName::Local, SideName::Remote].map(|side| chosen.plan().steps(side));
                steps.into_iter().flatten().for_each(|(key, _)| self.world.contest(key));
            }
        }
        if self.device.is_baseless.get() {
            invariants::contest_what_differs(self.world, self.device);
        }
        self.watch.noted.borrow_mut().push(Noted {
            proposal: proposal.clone(),
            in_scope,
            decided: decided.collect(),
            is_allowed,
            is_chosen: chosen.is_some(),
        });
        Ok(())
    }
}

/// The memories of which a side has a version that the filter is about.
fn in_scope(
    filter: Filter,
    session: &Session<'_>,
    readings: [&Reading; 2],
) -> Result<BTreeSet<ContentHash>, Stop> {
    let mut found = BTreeSet::new();
    for (key, blob) in readings.into_iter().flat_map(|reading| &reading.snapshot) {
        if filter.is_about(&session.store.memory(*blob)?) {
            found.insert(key.clone());
        }
    }
    Ok(found)
}

/// Whether a side seems to be another one than that of the base.
fn is_other_side(proposal: &Proposal) -> bool {
    let is_about_deletions =
        |brake: &reconcile::Brake| matches!(brake, reconcile::Brake::TooManyDeletions { .. });
    !proposal.brakes.iter().all(is_about_deletions)
}
