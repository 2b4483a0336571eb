//! What each commit changed, read off its trees and those of the commit before it.

use std::collections::BTreeMap;

use super::changes::folded;
use super::{Error, Session, base_reference, local_reference, remote_reference};
use crate::object::tree::Difference;
use crate::object::{CommitId, ContentHash, SideName, TreeId};

impl Session<'_> {
    /// The memories that a commit holds otherwise than the one before it, sorted by key, each with its version before
    /// and after. Of a sync that is this device's form, or the server's where only that one changed; and what its run
    /// did to a side though both sides do not agree on it, as where a sync was taken back.
    pub fn changed_by(&self, commit: CommitId) -> Result<Vec<Difference>, Error> {
        let mut changed = self.effects_of(commit)?;
        for (before, after) in self.trees_around(commit)?.into_iter().rev() {
            let differences = if let Some(before) = before {
                self.store.diff(before, after)?
            } else {
                let all = self.store.snapshot(after)?;
                all.into_iter().map(|(key, blob)| (key, None, Some(blob))).collect()
            };
            changed.extend(differences.into_iter().map(|one| (one.0.clone(), one)));
        }
        Ok(changed.into_values().collect())
    }

    /// The same for one memory, without looking at the others; `None` where the commit did not change it.
    pub fn change_of(&self, commit: CommitId, key: &ContentHash) -> Result<Option<Difference>, Error> {
        for (before, after) in self.trees_around(commit)? {
            let before = before.map(|before| self.store.find(before, key)).transpose()?.flatten();
            let after = self.store.find(after, key)?;
            if before != after {
                return Ok(Some((key.clone(), before, after)));
            }
        }
        Ok(self.effects_of(commit)?.remove(key))
    }

    /// What a run did to the sides, this device's before the server's.
    fn effects_of(&self, run: CommitId) -> Result<BTreeMap<ContentHash, Difference>, Error> {
        let effects = self.store.effects(run)?;
        let sides = [SideName::Remote, SideName::Local];
        let folded = sides.into_iter().flat_map(|side| folded(effects.clone(), side));
        Ok(folded.map(|(key, change)| (key.clone(), (key, change.before, change.after))).collect())
    }

    /// The commits from `start` back, newest first, along the line of syncs or of one side's snapshots. Each is read
    /// when it is asked for.
    pub fn ancestry(&self, start: CommitId) -> impl Iterator<Item = Result<CommitId, Error>> {
        let mut next = Some(start);
        std::iter::from_fn(move || {
            let commit = next?;
            match self.origins(commit) {
                Ok(origins) => {
                    next = origins.before;
                    Some(Ok(commit))
                }
                Err(error) => {
                    next = None;
                    Some(Err(error))
                }
            }
        })
    }

    /// The memories whose hash begins with `prefix`: those that are held somewhere, or else those that were held
    /// last of all.
    pub fn memories_ever_called(&self, prefix: &str) -> Result<Vec<ContentHash>, Error> {
        let held = self.memories_called(prefix)?;
        if !held.is_empty() {
            return Ok(held.into_iter().map(|(key, _)| key).collect());
        }
        for reference in [base_reference(&self.remote)?, local_reference(), remote_reference(&self.remote)?] {
            let Some(start) = self.store.reference(&reference)? else { continue };
            for commit in self.ancestry(start) {
                let changed = self.changed_by(commit?)?.into_iter().map(|(key, ..)| key);
                let found: Vec<ContentHash> =
                    changed.filter(|key| key.as_str().starts_with(prefix)).collect();
                if !found.is_empty() {
                    return Ok(found);
                }
            }
        }
        Ok(Vec::new())
    }

    /// The trees of a commit, each with the one that it followed; of a sync local first.
    fn trees_around(&self, commit: CommitId) -> Result<Vec<(Option<TreeId>, TreeId)>, Error> {
        let origins = self.origins(commit)?;
        if !origins.is_sync {
            let tree = |commit| self.store.commit(commit).map(|commit| commit.tree);
            return Ok(vec![(origins.before.map(tree).transpose()?, tree(commit)?)]);
        }
        let before = origins.before.map(|before| self.sides_at(before)).transpose()?;
        let (local, remote) = self.sides_at(commit)?;
        Ok(vec![(before.map(|sides| sides.0), local), (before.map(|sides| sides.1), remote)])
    }
}
