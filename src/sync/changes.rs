//! What a run does to each side, kept so that it can be taken back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Error, Reading, Session};
use crate::object::{CommitId, ContentHash, Outcome, SideName};
use crate::reconcile::{After, Plan, Step, is_rewriting};
use crate::side::{Cause, Replaced, Witness};
use crate::store::{self, Change, Intent};

/// The memories that a run which did not end has changed, as far as both sides show it.
pub(super) type Adopted = BTreeSet<(SideName, ContentHash)>;

/// Takes down what becomes of one batch of edits. What this device's database replaces is in the staging database
/// before it is final.
pub(super) struct Notes<'a, F> {
    session: &'a Session<'a>,
    side: SideName,
    steps: &'a HashMap<&'a ContentHash, Step>,
    progress: F,
    outcomes: Vec<(ContentHash, Outcome)>,
    kept: Result<(), store::Error>,
}

impl<'a, F: FnMut(usize)> Notes<'a, F> {
    /// `progress` is told how many edits have an outcome.
    pub(super) fn new(
        session: &'a Session<'a>,
        side: SideName,
        steps: &'a HashMap<&'a ContentHash, Step>,
        progress: F,
    ) -> Self {
        Self { session, side, steps, progress, outcomes: Vec::new(), kept: Ok(()) }
    }

    /// The outcomes, and why something could not be kept.
    pub(super) fn into_parts(self) -> (Vec<(ContentHash, Outcome)>, Result<(), store::Error>) {
        (self.outcomes, self.kept)
    }
}

impl<F: FnMut(usize)> Witness for Notes<'_, F> {
    fn keep(&mut self, replaced: Vec<Replaced>) -> Result<(), Cause> {
        if self.side == SideName::Remote {
            return Ok(());
        }
        let change = |one: Replaced| Change {
            side: self.side,
            before: self.steps.get(&one.key).and_then(|step| step.expected),
            key: one.key,
            after: one.now,
            row: Some(one.row),
        };
        let changes: Vec<Change> = replaced.into_iter().map(change).collect();
        self.kept = self.session.store.keep_changes(&self.session.remote, &changes);
        self.kept.as_ref().map_err(|error| error.to_string().into()).copied()
    }

    fn report(&mut self, key: ContentHash, outcome: Outcome) {
        self.outcomes.push((key, outcome));
        (self.progress)(self.outcomes.len());
    }
}

impl Session<'_> {
    /// Looks after what a run that did not end has left: what it did belongs to this run, and what it did not come to
    /// do is forgotten.
    pub(super) fn adopt_changes(&self, local: &Reading, remote: &Reading) -> Result<Adopted, Error> {
        self.store.transaction(|store| {
            let mut adopted = Adopted::new();
            let open = store.open_changes()?;
            // Taken down by an undo that did not end either: see below.
            adopted.extend(
                folded(open.clone(), SideName::Remote).into_keys().map(|key| (SideName::Remote, key)),
            );
            for (key, change) in folded(open, SideName::Local) {
                let now = local.snapshot.get(&key).copied();
                if now == change.before && now != change.after {
                    store.forget_changes(SideName::Local, &key)?;
                } else {
                    adopted.insert((SideName::Local, key));
                }
            }
            for intent in store.journal()?.into_iter().filter(|intent| intent.remote == self.remote) {
                if let Some(change) = self.happened(&intent, remote)? {
                    store.keep_changes(&self.remote, &[change])?;
                    store.end_intent(&self.remote, intent.side, &intent.key)?;
                    adopted.insert((intent.side, intent.key));
                }
            }
            Ok(adopted)
        })
    }

    /// What an edit of the server came to whose outcome nobody took down; `None` where it shows no trace.
    fn happened(&self, intent: &Intent, remote: &Reading) -> Result<Option<Change>, Error> {
        let after = remote.snapshot.get(&intent.key).copied();
        if after == intent.expected {
            return Ok(None);
        }
        let is_ours = match (intent.target, after) {
            (target, after) if target == after => true,
            (Some(target), Some(after)) => {
                let load = |blob| self.store.memory(blob);
                let before = intent.expected.map(load).transpose()?;
                is_rewriting(before.as_ref(), &load(target)?, &load(after)?)
            }
            _ => false,
        };
        let (side, key, before) = (intent.side, intent.key.clone(), intent.expected);
        Ok(is_ours.then_some(Change { side, key, before, after, row: None }))
    }

    /// Notes under the commit of a run what it did. Belongs into the transaction that makes the commit.
    pub(super) fn record_changes(
        &self,
        run: CommitId,
        plan: &Plan,
        after: &After,
        adopted: &Adopted,
    ) -> Result<(), Error> {
        let store = self.store;
        for (side, key) in adopted {
            store.close_changes(run, &self.remote, *side, key)?;
        }
        for (key, step) in plan.steps(SideName::Remote) {
            let Some(held) = after.get(SideName::Remote, key, step) else { continue };
            let (side, key, before) = (SideName::Remote, key.clone(), step.expected);
            let change = Change { side, key: key.clone(), before, after: held, row: None };
            store.keep_changes(&self.remote, &[change])?;
            store.close_changes(run, &self.remote, side, &key)?;
            store.end_intent(&self.remote, side, &key)?;
        }
        for (key, _) in plan.steps(SideName::Local) {
            if after.has(SideName::Local, key) {
                store.close_changes(run, &self.remote, SideName::Local, key)?;
            }
        }
        Ok(())
    }
}

/// What `changes`, which are in their order, come to for each memory on one side: before the first, after the last. One that
/// never became final, or that somebody else wrote over, does not count once another follows.
pub(super) fn folded(changes: Vec<Change>, side: SideName) -> BTreeMap<ContentHash, Change> {
    let mut folded: BTreeMap<ContentHash, Change> = BTreeMap::new();
    for change in changes.into_iter().filter(|change| change.side == side) {
        match folded.get_mut(&change.key) {
            Some(known) if known.after == change.before => known.after = change.after,
            Some(known) => *known = change,
            None => drop(folded.insert(change.key.clone(), change)),
        }
    }
    folded
}
