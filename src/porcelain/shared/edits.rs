//! Edits that the service stores as another memory, on both sides of a comparison.

use crate::error::CommandError;
use crate::object::{BlobId, ContentHash, Memory, SideName};
use crate::reconcile::{
    Compared, DivergentEdit, EditRule, Edits, Plan, SideChange, State, divergent_edits, find_edits,
};
use crate::store::Store;

/// The edits on both sides.
#[derive(Default)]
pub(crate) struct BothEdits {
    /// On this device.
    pub(crate) ours: Edits,
    /// On the server, as last fetched.
    pub(crate) theirs: Edits,
}

impl BothEdits {
    /// Finds the edits among all that is not unchanged.
    pub(crate) fn find(
        store: &Store,
        compared: impl Iterator<Item = Compared> + Clone,
        rule: EditRule,
    ) -> Result<Self, CommandError> {
        let ours = side_edits(store, compared.clone(), SideName::Local, rule)?;
        Ok(Self { ours, theirs: side_edits(store, compared, SideName::Remote, rule)? })
    }

    /// The memories that both sides edited, and not alike.
    pub(crate) fn divergent(&self) -> Vec<DivergentEdit> {
        divergent_edits(&self.ours.found, &self.theirs.found)
    }
}

/// The memories that this device and the server rewrote differently, for the page of a run; nothing is read where
/// there can be none.
pub(crate) fn find_divergent(store: &Store, plan: &Plan) -> Result<Vec<DivergentEdit>, CommandError> {
    let has = |state| plan.compared().any(|one| one.state == state);
    if !(has(State::AddedByUs) && has(State::AddedByThem)) {
        return Ok(Vec::new());
    }
    Ok(BothEdits::find(store, plan.compared(), EditRule::default())?.divergent())
}

/// The edits among what `side` changed. Nothing is read where nothing is new there, or nothing else than new, as
/// before a first sync.
fn side_edits(
    store: &Store,
    compared: impl Iterator<Item = Compared> + Clone,
    side: SideName,
    rule: EditRule,
) -> Result<Edits, CommandError> {
    let versions = compared.map(|one| (one.key, one.versions.of_side(side)));
    let touched = versions.filter(|(_, (old, new))| old != new);
    let is_new = |(_, (old, _)): &(_, (Option<BlobId>, _))| old.is_none();
    if !touched.clone().any(|one| is_new(&one)) || touched.clone().all(|one| is_new(&one)) {
        return Ok(Edits::default());
    }
    let load = |blob: Option<BlobId>| blob.map(|blob| store.memory(blob)).transpose();
    let mut memories: Vec<(ContentHash, Option<Memory>, Option<Memory>)> = Vec::new();
    for (key, (old, new)) in touched {
        memories.push((key, load(old)?, load(new)?));
    }
    let changes: Vec<_> = memories
        .iter()
        .map(|(key, old, new)| SideChange { key, old: old.as_ref(), new: new.as_ref() })
        .collect();
    Ok(find_edits(&changes, rule))
}
