//! Noticing that a side was restored from a backup, and what puts that right.
//!
//! Guarantees: a side that is as an earlier sync left it is a rewind only where nobody asked for that: what memsync was told
//! to bring back is not.
//!
//! Must never: write, or decide which reading of a rewind is carried out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::changes::folded;
use super::propose::Trees;
use super::{BaseCommit, Error, Session};
use crate::object::tree::{Difference, Snapshot};
use crate::object::{BlobId, CommitId, ContentHash, SideName};
use crate::planted::{self, Mistake};
use crate::reconcile::{self, Base, Plan};

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
    pub(super) base: Base,
}

impl Session<'_> {
    /// Looks for a side that was restored from a backup; local first. `plan` says what a run would do from another base,
    /// where that can be a cure.
    pub(super) fn find_rewind(
        &self,
        base: &BaseCommit,
        trees: &Trees<'_>,
        plan: impl FnOnce(&Base) -> Result<Option<Plan>, Error>,
    ) -> Result<Option<Rewind>, Error> {
        let Some((side, commit, memories)) = self.find_earlier_state(base, trees)? else { return Ok(None) };
        let seconds = self.store.commit(commit)?.author.seconds;
        let base = reconcile::rewound_base(&base.base, &self.base_at(commit)?, side, trees.side(side));
        let cure = plan(&base)?.map(|plan| Cure { plan, base });
        Ok(Some(Rewind { side, commit, seconds, memories, cure }))
    }

    /// The earlier sync that one side is back at, and how many memories are.
    fn find_earlier_state(
        &self,
        base: &BaseCommit,
        trees: &Trees<'_>,
    ) -> Result<Option<(SideName, CommitId, usize)>, Error> {
        if base.id.is_none() || planted::makes(Mistake::IgnoreARewind) {
            return Ok(None);
        }
        for (side, other) in [(SideName::Local, SideName::Remote), (SideName::Remote, SideName::Local)] {
            let form =
                |pair: &reconcile::Pair| if side == SideName::Local { pair.local } else { pair.remote };
            let mut held = Cow::Borrowed(trees.side(side));
            let agreed = |key: &ContentHash| base.base.get(key).map(form);
            let changed = base.base.keys().filter(|key| held.get(*key).copied() != agreed(key));
            // What was deleted everywhere and is there again looks like new.
            let is_new =
                |key: &&ContentHash| !base.base.contains_key(*key) && !trees.side(other).contains_key(*key);
            let new = held.keys().filter(is_new);
            let suspects: Vec<ContentHash> = changed.chain(new).cloned().collect();
            if suspects.len() < reconcile::SMALLEST_REWIND {
                continue;
            }
            let (commits, since) = self.changes_since_earlier_syncs(base, side, &held)?;
            if reconcile::find_rewind(&since, &held).is_none() {
                continue;
            }
            for key in self.brought_back(side, &suspects, &agreed, &held)? {
                match agreed(&key) {
                    Some(blob) => held.to_mut().insert(key, blob),
                    None => held.to_mut().remove(&key),
                };
            }
            if let Some(at) = reconcile::find_rewind(&since, &held) {
                return Ok(Some((side, commits[at], since[at].len())));
            }
        }
        Ok(None)
    }

    /// Those of `keys` that a side holds as they are because memsync was told to bring them back, here or on the server,
    /// after both sides had `agreed` on something else.
    fn brought_back(
        &self,
        side: SideName,
        keys: &[ContentHash],
        agreed: &dyn Fn(&ContentHash) -> Option<BlobId>,
        held: &Snapshot,
    ) -> Result<Vec<ContentHash>, Error> {
        let mut brought_back = Vec::new();
        // What was brought back by a run that did not end has no commit yet.
        let intents = self.store.journal()?.into_iter().filter(|intent| intent.side == side);
        let mut open: BTreeMap<_, _> =
            intents.map(|intent| (intent.key, (intent.expected, intent.target))).collect();
        let changes = folded(self.store.open_changes()?, side);
        open.extend(changes.into_iter().map(|(key, change)| (key, (change.before, change.after))));
        for key in keys {
            let (held, agreed) = (held.get(key).copied(), agreed(key));
            let is_back = match open.get(key) {
                Some(told) => *told == (agreed, held),
                // What a run that ended brought back on the server is agreed on.
                None if side == SideName::Remote => false,
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
