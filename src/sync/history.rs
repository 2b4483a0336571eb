//! The base and its history, as refs and commits.
//!
//! - `refs/heads/local`: what this device held, a commit whenever that changed.
//! - `refs/remotes/NAME`: what the server held, likewise.
//! - `refs/base/NAME`: the syncs. The tree of such a commit holds what both sides agreed on, `local/` and
//!   `remote/`; its parents are the sync before and the two snapshots that it was made from.
//! - `refs/imported/NAME`: what was taken over from another program.

use std::cell::Cell;

use super::{Error, Session};
use crate::object::tree::Snapshot;
use crate::object::{Commit, CommitId, ContentHash, Signature, TreeId};
use crate::reconcile::{Base, Pair};
use crate::store::RefName;

/// Where this device's snapshots are kept.
#[must_use]
pub fn local_reference() -> RefName {
    RefName::new("refs/heads/local").expect("a fixed, valid name")
}

/// Where the snapshots of a remote are kept.
pub fn remote_reference(remote: &str) -> Result<RefName, Error> {
    Ok(RefName::new(format!("refs/remotes/{remote}"))?)
}

/// Where the syncs with a remote are kept.
pub fn base_reference(remote: &str) -> Result<RefName, Error> {
    Ok(RefName::new(format!("refs/base/{remote}"))?)
}

/// The last sync and what both sides agreed on.
#[derive(Clone, Debug, Default)]
pub struct BaseCommit {
    /// The commit; `None` before the first sync.
    pub id: Option<CommitId>,
    /// What it says; in an outlook ([`Session::outlook`]) without what is the same on both sides since.
    pub base: Base,
    /// In an outlook, how many memories are left out of `base` and of both readings; `None` where all are there.
    pub agreed: Option<usize>,
}

/// The trees of the last sync.
#[derive(Clone, Copy, Debug)]
pub(super) struct BaseTrees {
    pub(super) commit: CommitId,
    /// This device's forms.
    pub(super) local: TreeId,
    /// The server's.
    pub(super) remote: TreeId,
}

/// What a commit was made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// Whether it is a sync, and not a snapshot of one side.
    pub is_sync: bool,
    /// The commit that it follows; `None` for the first one.
    pub before: Option<CommitId>,
    /// Of a sync: what this device held before.
    pub local: Option<CommitId>,
    /// Of a sync: what the server held before.
    pub remote: Option<CommitId>,
}

impl Session<'_> {
    /// Reads the base.
    pub fn base(&self) -> Result<BaseCommit, Error> {
        let Some(id) = self.store.reference(&base_reference(&self.remote)?)? else {
            return Ok(BaseCommit::default());
        };
        Ok(BaseCommit { id: Some(id), base: self.base_at(id)?, agreed: None })
    }

    /// The trees of the last sync; `None` before the first.
    pub(super) fn base_trees(&self) -> Result<Option<BaseTrees>, Error> {
        let Some(commit) = self.store.reference(&base_reference(&self.remote)?)? else { return Ok(None) };
        let (local, remote) = self.sides_at(commit)?;
        Ok(Some(BaseTrees { commit, local, remote }))
    }

    /// Reads the base that an earlier sync left.
    pub fn base_at(&self, commit: CommitId) -> Result<Base, Error> {
        let (local, remote) = self.sides_at(commit)?;
        let ours = self.store.snapshot(local)?;
        if local == remote {
            return Ok(ours
                .into_iter()
                .map(|(key, blob)| (key, Pair { local: blob, remote: blob }))
                .collect());
        }
        let theirs = self.store.snapshot(remote)?;
        let pair = |(key, local)| theirs.get(&key).map(|remote| (key, Pair { local, remote: *remote }));
        Ok(ours.into_iter().filter_map(pair).collect())
    }

    /// The two trees of a sync, local first.
    pub fn sides_at(&self, commit: CommitId) -> Result<(TreeId, TreeId), Error> {
        Ok(self.store.pair(self.store.commit(commit)?.tree)?)
    }

    /// The sync before this one; `None` for the first, and for what is no sync.
    pub fn sync_before(&self, commit: CommitId) -> Result<Option<CommitId>, Error> {
        let origins = self.origins(commit)?;
        Ok(origins.before.filter(|_| origins.is_sync))
    }

    /// What a commit was made from.
    pub fn origins(&self, commit: CommitId) -> Result<Origins, Error> {
        let commit = self.store.commit(commit)?;
        // A snapshot's tree is no pair.
        let is_sync = self.store.pair(commit.tree).is_ok();
        Ok(match commit.parents.as_slice() {
            [before, ..] if !is_sync => Origins { before: Some(*before), ..Origins::default() },
            [before, local, remote, ..] => {
                Origins { is_sync, before: Some(*before), local: Some(*local), remote: Some(*remote) }
            }
            parents => Origins {
                is_sync,
                before: None,
                local: parents.first().copied(),
                remote: parents.get(1).copied(),
            },
        })
    }

    /// Records what a side holds, as a commit on `reference` where it differs from the last one there.
    pub fn record_snapshot(
        &self,
        reference: &RefName,
        snapshot: &Snapshot,
        message: &str,
    ) -> Result<CommitId, Error> {
        self.store.transaction(|store| self.record_tree(reference, store.put_snapshot(snapshot)?, message))
    }

    /// The same where the tree is kept already.
    pub(super) fn record_tree(
        &self,
        reference: &RefName,
        tree: TreeId,
        message: &str,
    ) -> Result<CommitId, Error> {
        self.store.transaction(|store| {
            let last = store.reference(reference)?;
            if let Some(last) = last
                && store.commit(last)?.tree == tree
            {
                return Ok(last);
            }
            let commit = self.commit(tree, last.into_iter().collect(), message);
            let id = store.put_commit(&commit)?;
            store.move_reference(reference, last, id, message, self.now)?;
            Ok(id)
        })
    }

    /// Moves the base. Belongs into a transaction with everything else that a run records.
    pub(super) fn record_base<'b>(
        &self,
        last: Option<CommitId>,
        base: impl Iterator<Item = (&'b ContentHash, Pair)> + Clone,
        message: &str,
    ) -> Result<CommitId, Error> {
        self.replace_base(last, last, base, message)
    }

    /// Moves the base from `at` to a commit that follows `before`, as `git commit --amend` does.
    pub(super) fn replace_base<'b>(
        &self,
        at: Option<CommitId>,
        before: Option<CommitId>,
        base: impl Iterator<Item = (&'b ContentHash, Pair)> + Clone,
        message: &str,
    ) -> Result<CommitId, Error> {
        let store = self.store;
        let is_one = Cell::new(true);
        let look = |(_, pair): &(_, Pair)| is_one.set(is_one.get() && pair.local == pair.remote);
        let local = store.put_snapshot(base.clone().inspect(look).map(|(key, pair)| (key, pair.local)))?;
        let remote = if is_one.get() {
            local
        } else {
            store.put_snapshot(base.map(|(key, pair)| (key, pair.remote)))?
        };
        let tree = store.put_pair(local, remote)?;
        let snapshots =
            [store.reference(&local_reference())?, store.reference(&remote_reference(&self.remote)?)?];
        let parents = [before].into_iter().chain(snapshots).flatten().collect();
        let id = store.put_commit(&self.commit(tree, parents, message))?;
        store.move_reference(&base_reference(&self.remote)?, at, id, first_line(message), self.now)?;
        Ok(id)
    }

    pub(super) fn commit(&self, tree: TreeId, parents: Vec<CommitId>, message: &str) -> Commit {
        let author = Signature { name: self.device.clone(), seconds: self.now, offset: 0 };
        Commit { tree, parents, author, message: format!("{}\n", message.trim_end()) }
    }
}

/// The pairs of a base.
pub(super) fn pairs(base: &Base) -> impl Iterator<Item = (&ContentHash, Pair)> + Clone {
    base.iter().map(|(key, pair)| (key, *pair))
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}
