//! What a sync would do, from the trees alone: only memories that differ somewhere are loaded.
//!
//! Guarantees: the proposal says of every memory what one of the whole snapshots says. What is left out is the same on
//! both sides as when both agreed, and counted.
//!
//! Must never: be carried out. Its base is not whole.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::history::BaseTrees;
use super::{BaseCommit, Device, Error, Progress, Proposal, Reading, Session, Wishes, remote_reference};
use crate::object::tree::{Difference, Snapshot};
use crate::object::{BlobId, ContentHash, SideName, TreeId};
use crate::reconcile::{Base, Pair, Strategy};
use crate::side::Side;

/// So many memories are looked up one by one in a tree; for more, all of it is read.
const FEW: usize = 500;

impl Session<'_> {
    /// What a sync would do, this device read by its marks and the server as last fetched, and what this device holds;
    /// `None` where that cannot be told without reading everything.
    pub fn outlook(
        &self,
        side: &mut dyn Side,
        wishes: Wishes,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<(Proposal, Device)>, Error> {
        if wishes.strategy == Strategy::Newest {
            // When rows were written is no part of a tree.
            return Ok(None);
        }
        let Some((device, ours)) = self.changes_here(side, progress)? else { return Ok(None) };
        let trees = self.trees()?;
        let narrow = self.narrow(&trees, ours)?;
        let agreed = device.held.saturating_sub(narrow.local.len());
        let id = trees.base.map(|base| base.commit);
        let base = BaseCommit { id, base: narrow.base, agreed: Some(agreed) };
        let place = self.place(SideName::Local).map(str::to_owned);
        let local = Reading { snapshot: narrow.local, place, ..Reading::default() };
        let place = self.store.fact(&self.fetched_place_fact())?;
        let remote = Reading { snapshot: narrow.remote, place, ..Reading::default() };
        Ok(Some((self.propose(base, local, remote, wishes)?, device)))
    }

    /// What the server changed since both sides agreed, as last fetched, with what this device held then: the base and
    /// both snapshots, without what is the same everywhere.
    pub fn changes_there(&self) -> Result<(Base, Snapshot, Snapshot), Error> {
        let narrow = self.narrow(&self.trees()?, Vec::new())?;
        Ok((narrow.base, narrow.local, narrow.remote))
    }

    fn trees(&self) -> Result<Trees, Error> {
        let remote = self.store.reference(&remote_reference(&self.remote)?)?;
        let remote = remote.map(|commit| self.store.commit(commit)).transpose()?.map(|commit| commit.tree);
        Ok(Trees { base: self.base_trees()?, remote })
    }

    /// Loads what differs; `ours` is what differs between the base and this device.
    fn narrow(&self, trees: &Trees, ours: Vec<Difference>) -> Result<Narrow, Error> {
        let base_remote = trees.base.map(|base| base.remote);
        let theirs = self.store.diff(base_remote, trees.remote)?;
        let keys: BTreeSet<ContentHash> = ours
            .iter()
            .chain(&theirs)
            .map(|(key, ..)| key.clone())
            .chain(self.store.conflicts(&self.remote)?.into_iter().map(|conflict| conflict.key))
            .collect();
        let mut local = Forms::new(self, trees.base.map(|base| base.local), ours);
        let mut remote = Forms::new(self, base_remote, theirs);
        let mut narrow = Narrow::default();
        for key in keys {
            let ours = local.of(&key)?;
            let theirs = remote.of(&key)?;
            if let (Some(local), Some(remote)) = (ours.then, theirs.then) {
                narrow.base.insert(key.clone(), Pair { local, remote });
            }
            narrow.local.extend(ours.now.map(|blob| (key.clone(), blob)));
            narrow.remote.extend(theirs.now.map(|blob| (key, blob)));
        }
        Ok(narrow)
    }
}

/// Where to look.
struct Trees {
    base: Option<BaseTrees>,
    remote: Option<TreeId>,
}

/// The base and both sides, without what is the same everywhere.
#[derive(Default)]
struct Narrow {
    base: Base,
    local: Snapshot,
    remote: Snapshot,
}

/// What one side held of a memory when both agreed, and what it holds now.
#[derive(Clone, Copy)]
struct Form {
    then: Option<BlobId>,
    now: Option<BlobId>,
}

/// The forms of the memories on one side.
struct Forms<'a> {
    session: &'a Session<'a>,
    base: Option<TreeId>,
    changed: BTreeMap<ContentHash, Form>,
    asked: usize,
    whole: OnceCell<Snapshot>,
}

impl<'a> Forms<'a> {
    fn new(session: &'a Session<'a>, base: Option<TreeId>, changed: Vec<Difference>) -> Self {
        let changed = changed.into_iter().map(|(key, then, now)| (key, Form { then, now })).collect();
        Self { session, base, changed, asked: 0, whole: OnceCell::new() }
    }

    fn of(&mut self, key: &ContentHash) -> Result<Form, Error> {
        if let Some(forms) = self.changed.get(key) {
            return Ok(*forms);
        }
        let held = self.then(key)?;
        Ok(Form { then: held, now: held })
    }

    fn then(&mut self, key: &ContentHash) -> Result<Option<BlobId>, Error> {
        let Some(base) = self.base else { return Ok(None) };
        self.asked += 1;
        if self.asked <= FEW {
            return Ok(self.session.store.find(base, key)?);
        }
        if let Some(whole) = self.whole.get() {
            return Ok(whole.get(key).copied());
        }
        let whole = self.session.store.snapshot(base)?;
        Ok(self.whole.get_or_init(|| whole).get(key).copied())
    }
}
