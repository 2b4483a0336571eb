//! What `memsync diff` shows: the differences that a command line selects.

use std::collections::{BTreeMap, BTreeSet};

use super::{Args, Likeness};
use crate::error::CommandError;
use crate::object::tree::Snapshot;
use crate::object::{BlobId, ContentHash, Memory, SideName};
use crate::porcelain::shared::edits::BothEdits;
use crate::porcelain::shared::selection::find_key;
use crate::reconcile::{Base, Choices, Compared, Conflict, ConflictId, EditRule, Edited, Scope, Unmerged};
use crate::sync::{Session, conflict_id};
use crate::ui::view::conflict::Conflicted;
use crate::ui::view::diff::{Change, Differences};
use crate::ui::view::edited::EditedPair;

/// What there is to select from.
pub(super) struct Candidates {
    /// What both sides held when they last agreed.
    pub(super) base: Base,
    /// What the side that is asked about holds.
    pub(super) now: Snapshot,
    /// All that is not unchanged.
    pub(super) compared: Vec<Compared>,
    /// All the conflicts that there are.
    pub(super) conflicts: Vec<Conflict>,
}

/// Who selects.
pub(super) struct Finder<'a> {
    pub(super) args: &'a Args,
    pub(super) scope: &'a Scope,
    pub(super) session: &'a Session<'a>,
    pub(super) among: &'a Candidates,
}

impl Finder<'_> {
    /// Finds the differences.
    pub(super) fn find(&self) -> Result<Differences, CommandError> {
        let mut named = self.named()?;
        let edits = self.edits(&mut named)?;
        let is_named = |key: &ContentHash| named.is_empty() || named.contains(key);
        let mut differences = Differences::default();
        for one in self.among.compared.iter().filter(|one| is_named(&one.key)) {
            let (old, new) = one.versions.of_side(self.side());
            if old != new {
                let (old, new) = (self.load(old)?, self.load(new)?);
                if [&old, &new].into_iter().flatten().any(|memory| self.scope.contains(memory)) {
                    differences.changes.push(Change { key: one.key.clone(), old, new });
                }
            }
        }
        let mut choices = self.choices()?;
        for conflict in self.among.conflicts.iter().filter(|conflict| is_named(&conflict.key)) {
            let id = ConflictId::of(&conflict.key, conflict.versions);
            let choices = choices.remove(&id).unwrap_or_default();
            differences.conflicts.push(self.conflicted(conflict, id, choices)?);
        }
        differences.divergent_edits = edits.divergent();
        differences.divergent_edits.retain(|edit| is_named(&edit.old));
        let edits = if self.args.remote { edits.theirs } else { edits.ours };
        differences.is_cut_short = edits.is_cut_short;
        differences.edits = pairs(&differences.changes, edits.found);
        Ok(differences)
    }

    /// The edits on both sides, where they are asked for. Who names one memory of an edit means the other one too.
    fn edits(&self, named: &mut BTreeSet<ContentHash>) -> Result<BothEdits, CommandError> {
        let rule = match self.args.find_edits {
            None => return Ok(BothEdits::default()),
            Some(Likeness::Percent(similarity)) => EditRule { similarity, ..EditRule::default() },
            Some(Likeness::Memory(_)) => EditRule::default(),
        };
        let edits = BothEdits::find(self.session.store, self.among.compared.iter().cloned(), rule)?;
        for edit in edits.ours.found.iter().chain(&edits.theirs.found) {
            if named.contains(&edit.old) || named.contains(&edit.new) {
                named.extend([edit.old.clone(), edit.new.clone()]);
            }
        }
        Ok(edits)
    }

    fn side(&self) -> SideName {
        if self.args.remote { SideName::Remote } else { SideName::Local }
    }

    /// The memories that the command line names.
    fn named(&self) -> Result<BTreeSet<ContentHash>, CommandError> {
        let Candidates { base, now, compared, .. } = self.among;
        let compared = compared.iter().map(|one| &one.key);
        let keys: BTreeSet<&ContentHash> = base.keys().chain(now.keys()).chain(compared).collect();
        let find = |prefix| find_key(keys.iter().copied(), prefix, "memory");
        let after_edits = match &self.args.find_edits {
            Some(Likeness::Memory(prefix)) => Some(prefix),
            _ => None,
        };
        self.args.hashes.iter().chain(after_edits).map(|prefix| find(prefix)).collect()
    }

    fn load(&self, blob: Option<BlobId>) -> Result<Option<Memory>, CommandError> {
        Ok(blob.map(|blob| self.session.store.memory(blob)).transpose()?)
    }

    fn conflicted(
        &self,
        conflict: &Conflict,
        id: ConflictId,
        choices: Choices,
    ) -> Result<Conflicted, CommandError> {
        let versions = conflict.versions;
        let base = match versions.base {
            Some(pair) => {
                Some((self.session.store.memory(pair.local)?, self.session.store.memory(pair.remote)?))
            }
            None => None,
        };
        let unmerged =
            Unmerged { base, ours: self.load(versions.local)?, theirs: self.load(versions.remote)? };
        Ok(Conflicted {
            key: conflict.key.clone(),
            id,
            fields: conflict.fields.clone(),
            choices,
            versions: unmerged,
        })
    }

    /// What was chosen for some fields of the conflicts as they are now.
    fn choices(&self) -> Result<BTreeMap<ConflictId, Choices>, CommandError> {
        let stored = self.session.store.conflicts(&self.session.remote)?;
        Ok(stored.into_iter().map(|conflict| (conflict_id(&conflict), conflict.choices)).collect())
    }
}

/// The edits of which both memories are shown, with the memory before and the one after.
fn pairs(changes: &[Change], edits: Vec<Edited>) -> Vec<EditedPair> {
    let changes: BTreeMap<&ContentHash, &Change> =
        changes.iter().map(|change| (&change.key, change)).collect();
    let pair = |edit: Edited| {
        let (old, new) = (changes.get(&edit.old)?.old.clone()?, changes.get(&edit.new)?.new.clone()?);
        Some(EditedPair { edit, old, new })
    };
    edits.into_iter().filter_map(pair).collect()
}
