//! From two readings to a proposal: the plan, and the reasons to stop before it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::changes::folded;
use super::conflicts::{resolved, versions};
use super::{BaseCommit, Error, Reading, Session};
use crate::object::tree::{Difference, Snapshot};
use crate::object::{BlobId, CommitId, ContentHash, SideName};
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

/// A side that was restored from a backup.
#[derive(Clone, Debug)]
pub struct Rewind {
    /// The side.
    pub side: SideName,
    /// The sync whose state it is back at.
    pub commit: CommitId,
    /// When that sync was, seconds since 1970 in UTC.
    pub seconds: i64,
    /// How many memories are back at their older forms.
    pub memories: usize,
    /// What puts them right, where the run is about all memories: the other side's newer forms travel.
    pub cure: Option<Cure>,
}

/// A plan that reads a rewind as one, with its own base.
#[derive(Clone, Debug)]
pub struct Cure {
    /// The plan.
    pub plan: Plan,
    base: Base,
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
    /// Every memory that is not unchanged.
    pub compared: Vec<Compared>,
    /// What the run would do.
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
        if self.base.agreed > 0 {
            return None;
        }
        let is_allowed = |id: &PlanId| allowed == Some(id.to_string().as_str());
        let (plain, rewound) = self.ids();
        if rewound.is_some_and(|id| is_allowed(&id)) {
            let cure = self.rewind.as_ref()?.cure.as_ref()?;
            return Some(Chosen { plan: &cure.plan, base: &cure.base });
        }
        let may_go_on = self.brakes.is_empty() && self.rewind.is_none() && self.moved.is_none();
        (may_go_on || is_allowed(&plain)).then_some(self.plain())
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
        let plan = self.plan(&compared, &wishes, &local, &remote)?;
        let held = Holdings {
            base: &base.base,
            local: &local.snapshot,
            remote: &remote.snapshot,
            agreed: base.agreed,
        };
        let brakes = reconcile::brakes(&plan, &held, wishes.limit);
        let rewind = match self.find_rewind(&base, &trees)? {
            Some((side, commit, memories)) => {
                let cure = if wishes.is_about_everything() {
                    let earlier = self.base_at(commit)?;
                    let base = reconcile::rewound_base(&base.base, &earlier, side, trees.side(side));
                    let plan = self.plan(&trees.compare(&base, None), &wishes, &local, &remote)?;
                    Some(Cure { plan, base })
                } else {
                    None
                };
                let seconds = self.store.commit(commit)?.author.seconds;
                Some(Rewind { side, commit, seconds, memories, cure })
            }
            None => None,
        };
        // Only where all agrees there, it is the same database. Having nothing to do says nothing: a pull into an empty
        // one has not.
        let agrees = wishes.is_about_everything() && plan.agrees();
        let moved = if agrees { None } else { self.moved(&local, &remote)? };
        Ok(Proposal { compared, plan, brakes, rewind, moved, base, local, remote, wishes })
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
        compared: &[Compared],
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

    /// Looks for an earlier sync that one side is back at; local first.
    fn find_rewind(
        &self,
        base: &BaseCommit,
        trees: &Trees<'_>,
    ) -> Result<Option<(SideName, CommitId, usize)>, Error> {
        if planted::makes(Mistake::IgnoreARewind) {
            return Ok(None);
        }
        for side in [SideName::Local, SideName::Remote] {
            let form =
                |pair: &reconcile::Pair| if side == SideName::Local { pair.local } else { pair.remote };
            let changed = |held: &Snapshot| -> Vec<ContentHash> {
                let is_changed =
                    |(key, pair): &(&ContentHash, &reconcile::Pair)| held.get(*key) != Some(&form(pair));
                base.base.iter().filter(is_changed).map(|(key, _)| key.clone()).collect()
            };
            let mut held = Cow::Borrowed(trees.side(side));
            let suspects = changed(&held);
            if side == SideName::Local && suspects.len() >= reconcile::SMALLEST_REWIND {
                for key in self.brought_back(&suspects, &base.base, &held)? {
                    held.to_mut().extend(base.base.get(&key).map(|pair| (key, pair.local)));
                }
            }
            if changed(&held).len() < reconcile::SMALLEST_REWIND {
                continue;
            }
            let (commits, since) = self.changes_since_earlier_syncs(base, side, &held)?;
            if let Some(at) = reconcile::find_rewind(&since, &held) {
                return Ok(Some((side, commits[at], since[at].len())));
            }
        }
        Ok(None)
    }

    /// Those of `keys` that this device holds as they are because memsync was told to bring them back, here or on the
    /// server, after both sides had agreed on something else.
    fn brought_back(
        &self,
        keys: &[ContentHash],
        base: &Base,
        held: &Snapshot,
    ) -> Result<Vec<ContentHash>, Error> {
        let mut brought_back = Vec::new();
        // What was brought back by a run that did not end has no commit yet.
        let open = folded(self.store.open_changes()?, SideName::Local);
        for key in keys {
            let (held, agreed) = (held.get(key).copied(), base.get(key).map(|pair| pair.local));
            let is_back = match open.get(key) {
                Some(change) => (change.before, change.after) == (agreed, held),
                None => self.came_back_here(key, agreed, held)? || self.went_back_there(key, agreed, held)?,
            };
            if is_back {
                brought_back.push(key.clone());
            }
        }
        Ok(brought_back)
    }

    /// Whether the last run that changed a memory here left what this device holds, and not what was agreed on.
    fn came_back_here(
        &self,
        key: &ContentHash,
        agreed: Option<BlobId>,
        held: Option<BlobId>,
    ) -> Result<bool, Error> {
        let Some((run, after)) = self.store.last_change(SideName::Local, key)? else { return Ok(false) };
        Ok(after == held && self.store.find(self.sides_at(run)?.0, key)? == agreed)
    }

    /// Whether the last run that changed a memory on the server took what was agreed on back, and left this device alone,
    /// which held then what it holds now.
    fn went_back_there(
        &self,
        key: &ContentHash,
        agreed: Option<BlobId>,
        held: Option<BlobId>,
    ) -> Result<bool, Error> {
        let Some((run, _)) = self.store.last_change(SideName::Remote, key)? else { return Ok(false) };
        let changed_here = self.store.last_change(SideName::Local, key)?.is_some_and(|(last, _)| last == run);
        let Some(before) = self.origins(run)?.local.filter(|_| !changed_here) else { return Ok(false) };
        let then = self.store.find(self.store.commit(before)?.tree, key)?;
        Ok(then == held && self.store.find(self.sides_at(run)?.0, key)? == agreed)
    }

    /// For each of the last syncs, what changed on one side from then to the base, if all of it is back as it was
    /// then; else nothing.
    fn changes_since_earlier_syncs(
        &self,
        base: &BaseCommit,
        side: SideName,
        held: &Snapshot,
    ) -> Result<(Vec<CommitId>, Vec<Vec<Difference>>), Error> {
        /// How far back a backup is looked for. Each sync that changed something is one step.
        const DEPTH: usize = 200;
        let (mut commits, mut since) = (Vec::new(), Vec::new());
        let Some(newest) = base.id else { return Ok((commits, since)) };
        let tree = |commit| -> Result<_, Error> {
            let (local, remote) = self.sides_at(commit)?;
            Ok(if side == SideName::Local { local } else { remote })
        };
        let mut at = newest;
        let newest = tree(newest)?;
        for _ in 0..DEPTH {
            let Some(before) = self.sync_before(at)? else { break };
            let changed = self.store.diff(tree(before)?, newest)?;
            // What is not back cannot be it, and is not held on to: it may be large.
            let is_back = changed.iter().all(|(key, older, newer)| {
                // What the base of an outlook leaves out is as it was when both sides agreed.
                let is_left_out = newer.is_some() && !base.base.contains_key(key);
                !is_left_out && held.get(key).copied() == *older
            });
            since.push(if is_back { changed } else { Vec::new() });
            commits.push(before);
            at = before;
        }
        Ok((commits, since))
    }
}

/// The trees that are compared, without what cannot be read on either side.
struct Trees<'a> {
    local: Cow<'a, Snapshot>,
    remote: Cow<'a, Snapshot>,
    unreadable: BTreeSet<ContentHash>,
}

impl Trees<'_> {
    fn side(&self, side: SideName) -> &Snapshot {
        match side {
            SideName::Local => &self.local,
            SideName::Remote => &self.remote,
        }
    }

    fn compare(&self, base: &Base, only: Option<&BTreeSet<ContentHash>>) -> Vec<Compared> {
        let mut compared = reconcile::compare(base, &self.local, &self.remote);
        compared.retain(|one| {
            !self.unreadable.contains(&one.key) && only.is_none_or(|only| only.contains(&one.key))
        });
        compared
    }
}

fn without<'a>(snapshot: &'a Snapshot, keys: &BTreeSet<ContentHash>) -> Cow<'a, Snapshot> {
    let mut kept = Cow::Borrowed(snapshot);
    if !keys.is_empty() {
        kept.to_mut().retain(|key, _| !keys.contains(key));
    }
    kept
}
