//! From two readings to a proposal: the plan, and the reasons to stop before it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::conflicts::{resolved, versions};
use super::rewind::Rewind;
use super::{BaseCommit, Error, Reading, Session};
use crate::object::tree::Snapshot;
use crate::object::{ContentHash, SideName};
use crate::planted::{self, Mistake};
use crate::reconcile::{
    self, Base, Brake, Compared, DeletionLimit, Direction, Holdings, Options, Plan, PlanId, Scope, Strategy,
};
use crate::store::Conflict;

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Which sides may be changed; both where nothing is said.
    pub direction: Option<Direction>,
    /// What collisions do.
    pub strategy: Strategy,
    /// Every memory that both sides changed waits (`merge.auto=false`).
    pub never_merge: bool,
    /// Which memories the run is about.
    pub scope: Scope,
    /// The same, by name.
    pub only: Option<BTreeSet<ContentHash>>,
    /// What the server refused is sent again though it has not changed.
    pub retry_refused: bool,
    /// How much may be deleted without asking.
    pub limit: DeletionLimit,
}

impl Wishes {
    /// Whether the run is about all memories.
    #[must_use]
    pub fn is_about_everything(&self) -> bool {
        self.only.is_none() && self.scope.is_everything()
    }
}

/// A side that is at another place than the one that the base was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The side.
    pub side: SideName,
    /// Where it was.
    pub was: String,
    /// Where it is.
    pub is: String,
}

/// What a run would do.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What the run would do; it names every memory that is not unchanged.
    pub plan: Plan,
    /// Reasons to stop before it.
    pub brakes: Vec<Brake>,
    /// A side seems to have been restored from a backup: also a reason to stop.
    pub rewind: Option<Rewind>,
    /// A side is at another place than the one that the base was made with: also a reason to stop.
    pub moved: Option<Moved>,
    /// The last sync.
    pub base: BaseCommit,
    /// What this device holds.
    pub local: Reading,
    /// What the server holds.
    pub remote: Reading,
    /// What the user asked for.
    pub wishes: Wishes,
}

/// A plan that may be carried out.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    pub(super) plan: &'a Plan,
    pub(super) base: &'a Base,
}

impl<'a> Chosen<'a> {
    /// The plan itself.
    #[must_use]
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }
}

impl Proposal {
    /// The plan to carry out: the one named by `allowed`, else the proposed one if nothing speaks against it. An
    /// outlook has none.
    #[must_use]
    pub fn choose(&self, allowed: Option<&str>) -> Option<Chosen<'_>> {
        if self.base.agreed.is_some() {
            return None;
        }
        if self.brakes.is_empty() && self.rewind.is_none() && self.moved.is_none() {
            return Some(self.plain());
        }
        let is_allowed = |id: &PlanId| allowed == Some(id.to_string().as_str());
        let (plain, rewound) = self.ids();
        if rewound.is_some_and(|id| is_allowed(&id)) {
            let cure = self.rewind.as_ref()?.cure.as_ref()?;
            return Some(Chosen { plan: &cure.plan, base: &cure.base });
        }
        is_allowed(&plain).then_some(self.plain())
    }

    /// The plan as it stands, whatever speaks against it.
    #[must_use]
    pub fn plain(&self) -> Chosen<'_> {
        Chosen { plan: &self.plan, base: &self.base.base }
    }

    /// The ids that `--allow-plan` takes: the plan as it stands, and the one that puts a rewind right.
    #[must_use]
    pub fn ids(&self) -> (PlanId, Option<PlanId>) {
        let rewound = self.rewind.as_ref().and_then(|rewind| {
            // Both plans may do the same, but they leave different bases.
            Some(rewind.cure.as_ref()?.plan.id().with(&rewind.commit.to_string()))
        });
        (self.plan.id(), rewound)
    }
}

impl Session<'_> {
    /// Compares both readings with the base and plans. Writes nothing.
    pub fn propose(
        &self,
        base: BaseCommit,
        local: Reading,
        remote: Reading,
        wishes: Wishes,
    ) -> Result<Proposal, Error> {
        let unreadable: BTreeSet<ContentHash> =
            local.unreadable.iter().chain(&remote.unreadable).filter_map(|one| one.key.clone()).collect();
        let trees = Trees {
            local: without(&local.snapshot, &unreadable),
            remote: without(&remote.snapshot, &unreadable),
            unreadable,
        };
        let compared = trees.compare(&base.base, wishes.only.as_ref());
        let plan = self.plan(compared, &wishes, &local, &remote)?;
        let held = Holdings {
            base: &base.base,
            local: &local.snapshot,
            remote: &remote.snapshot,
            agreed: base.agreed.unwrap_or(0),
        };
        let brakes = reconcile::brakes(&plan, &held, wishes.limit);
        let rewind = self.find_rewind(&base, &trees, |rewound| {
            let plan = || self.plan(trees.compare(rewound, None), &wishes, &local, &remote);
            wishes.is_about_everything().then(plan).transpose()
        })?;
        // Only where all agrees there, it is the same database. Having nothing to do says nothing: a pull into an empty
        // one has not.
        let agrees = wishes.is_about_everything() && plan.agrees();
        let moved = if agrees { None } else { self.moved(&local, &remote)? };
        Ok(Proposal { plan, brakes, rewind, moved, base, local, remote, wishes })
    }

    /// The base is what two particular databases agreed on: read against a third it would turn what that one lacks
    /// into deletions.
    pub fn moved(&self, local: &Reading, remote: &Reading) -> Result<Option<Moved>, Error> {
        for (side, reading) in [(SideName::Local, local), (SideName::Remote, remote)] {
            if let (Some(was), Some(is)) = (self.store.fact(&self.place_fact(side))?, &reading.place)
                && was != *is
                && !planted::makes(Mistake::TrustAnyPlace)
            {
                return Ok(Some(Moved { side, was, is: is.clone() }));
            }
        }
        Ok(None)
    }

    /// Whether this device has memories in common with what is at the remote's place now, so that nothing being
    /// there is no empty remote.
    pub fn knows_remote(&self, base: &Base) -> Result<bool, Error> {
        let was = self.store.fact(&self.place_fact(SideName::Remote))?;
        Ok(!base.is_empty() && was.is_none_or(|was| self.place(SideName::Remote).is_none_or(|is| was == is)))
    }

    /// The fact that says where the server was when it was last fetched.
    pub(super) fn fetched_place_fact(&self) -> String {
        format!("fetched address of {}", self.remote)
    }

    /// The fact that says where a side was when the base was made.
    pub(super) fn place_fact(&self, side: SideName) -> String {
        format!("{} of {}", if side == SideName::Local { "database" } else { "address" }, self.remote)
    }

    fn plan(
        &self,
        compared: impl Iterator<Item = Compared>,
        wishes: &Wishes,
        local: &Reading,
        remote: &Reading,
    ) -> Result<Plan, Error> {
        let conflicts = self.store.conflicts(&self.remote)?;
        let answered = |conflict: &Conflict| Some((conflict.key.clone(), resolved(conflict)?));
        let chosen =
            |conflict: &Conflict| (conflict.key.clone(), (versions(conflict), conflict.choices.clone()));
        let carried_out =
            |conflict: &&Conflict| conflict.is_carried_out(local.snapshot.get(&conflict.key).copied());
        let base = |conflict: &Conflict| (conflict.key.clone(), versions(conflict).base);
        // An unknown time is older than any; the server wins ties, so that all devices decide alike.
        let newer = |key: &ContentHash| {
            let ours_is_newer = local.updated_at.get(key) > remote.updated_at.get(key);
            if ours_is_newer { SideName::Local } else { SideName::Remote }
        };
        let options = Options {
            direction: wishes.direction.unwrap_or(Direction::Both),
            strategy: wishes.strategy,
            auto_merge: !wishes.never_merge,
            scope: &wishes.scope,
            resolutions: &conflicts.iter().filter_map(answered).collect(),
            choices: &conflicts.iter().map(chosen).collect(),
            carried_out: &conflicts.iter().filter(carried_out).map(base).collect(),
            newer: &newer,
        };
        Ok(reconcile::plan(compared, &options, &mut |blob| self.store.memory(blob))?)
    }

    /// How many edits of a run that did not end may or may not have reached the server. Nothing needs repair: where
    /// they did, both sides are equal, and where not, they are planned again.
    pub fn interrupted_edits(&self) -> Result<usize, Error> {
        Ok(self.store.journal()?.iter().filter(|intent| intent.remote == self.remote).count())
    }
}

/// The trees that are compared, without what cannot be read on either side.
pub(super) struct Trees<'a> {
    local: Cow<'a, Snapshot>,
    remote: Cow<'a, Snapshot>,
    unreadable: BTreeSet<ContentHash>,
}

impl Trees<'_> {
    pub(super) fn side(&self, side: SideName) -> &Snapshot {
        match side {
            SideName::Local => &self.local,
            SideName::Remote => &self.remote,
        }
    }

    fn compare<'a>(
        &'a self,
        base: &'a Base,
        only: Option<&'a BTreeSet<ContentHash>>,
    ) -> impl Iterator<Item = Compared> + 'a {
        reconcile::compare(base, &self.local, &self.remote).filter(move |one| {
            !self.unreadable.contains(&one.key) && only.is_none_or(|only| only.contains(&one.key))
        })
    }
}

fn without<'a>(snapshot: &'a Snapshot, keys: &BTreeSet<ContentHash>) -> Cow<'a, Snapshot> {
    let mut kept = Cow::Borrowed(snapshot);
    if !keys.is_empty() {
        kept.to_mut().retain(|key, _| !keys.contains(key));
    }
    kept
}
