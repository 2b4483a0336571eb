//! The conflicts that the staging database holds, and what a run makes of them.
//!
//! A conflict is noted until both sides agree on its memory: while it waits for a decision, and then until the decision
//! has reached the side that it is about. One that a plan no longer finds has ended by itself.

use std::collections::{BTreeMap, BTreeSet};

use super::{Error, Proposal, Session};
use crate::object::{ContentHash, SideName};
use crate::reconcile::{self, After, ConflictId, Plan, Resolved, Unmerged, Versions};
use crate::store::Conflict;

impl Session<'_> {
    /// The conflicts of a proposal as they would be noted: those that wait, with the choices made so far, and those
    /// that are decided and not carried out on both sides. Sorted by key.
    pub fn conflicts(&self, proposal: &Proposal) -> Result<Vec<Conflict>, Error> {
        let mut stored: BTreeMap<ContentHash, Conflict> = BTreeMap::new();
        for conflict in self.store.conflicts(&self.remote)? {
            stored.insert(conflict.key.clone(), conflict);
        }
        let mut standing: Vec<Conflict> = Vec::new();
        for conflict in &proposal.plan.conflicts {
            let known = stored.remove(&conflict.key).filter(|known| versions(known) == conflict.versions);
            standing.push(known.unwrap_or_else(|| self.stored(conflict)));
        }
        standing.extend(stored.into_values().filter(|conflict| is_answered(conflict, proposal)));
        standing.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(standing)
    }

    /// Notes the conflicts of a proposal that is not carried out.
    pub fn record_conflicts(&self, proposal: &Proposal) -> Result<(), Error> {
        let nothing = After::default();
        self.store.transaction(|_| self.record_run_conflicts(proposal, &proposal.plan, &nothing, &|_| false))
    }

    /// The conflicts that stand after a run. What it was not about, or has not finished, stays as it was.
    pub(super) fn record_run_conflicts(
        &self,
        proposal: &Proposal,
        plan: &Plan,
        after: &After,
        is_finished: &dyn Fn(&ContentHash) -> bool,
    ) -> Result<(), Error> {
        let planned: BTreeSet<_> = plan.conflicts.iter().map(|conflict| &conflict.key).collect();
        let ended = || plan.ended.iter().filter(|(conflict, _)| !is_finished(&conflict.key));
        let waits = |conflict: &Conflict| {
            let is_left_out = !proposal.wishes.is_about_everything() && plan.entry(&conflict.key).is_none();
            let is_open = !is_finished(&conflict.key) && is_answered(conflict, proposal);
            !planned.contains(&conflict.key) && (is_left_out || is_open)
        };
        let mut conflicts: Vec<Conflict> =
            self.store.conflicts(&self.remote)?.into_iter().filter(waits).collect();
        let new = plan.conflicts.iter().chain(ended().map(|(conflict, _)| conflict));
        conflicts.extend(new.map(|conflict| self.stored(conflict)));
        self.store.set_conflicts(&self.remote, &conflicts)?;
        for (conflict, resolution) in ended() {
            self.store.resolve(&self.remote, &conflict.key, *resolution)?;
        }
        self.record_carried_out(proposal, plan, after)
    }

    /// Notes what the sides hold of the decided conflicts, so that what a decision did is no change to the conflict.
    fn record_carried_out(&self, proposal: &Proposal, plan: &Plan, after: &After) -> Result<(), Error> {
        for conflict in self.store.conflicts(&self.remote)? {
            let key = &conflict.key;
            if let Some(before) = proposal.plan.versions(key).filter(|_| is_answered(&conflict, proposal)) {
                let now = |side: SideName| {
                    let step = plan.entry(key).and_then(|entry| entry.step(side));
                    step.and_then(|step| after.get(side, key, step)).unwrap_or(before.of_side(side).1)
                };
                let (held, theirs) = (now(SideName::Local), now(SideName::Remote));
                self.store.carried_out(&self.remote, key, held, theirs)?;
            }
        }
        Ok(())
    }

    fn stored(&self, conflict: &reconcile::Conflict) -> Conflict {
        Conflict {
            key: conflict.key.clone(),
            remote: self.remote.clone(),
            base: conflict.versions.base.map(|pair| (pair.local, pair.remote)),
            ours: conflict.versions.local,
            theirs: conflict.versions.remote,
            fields: conflict.fields.iter().map(ToString::to_string).collect(),
            since: self.now,
            resolution: None,
            held: conflict.versions.local,
            choices: BTreeMap::new(),
            is_reopened: false,
        }
    }

    /// The memories of a conflict.
    pub fn unmerged(&self, conflict: &Conflict) -> Result<Unmerged, Error> {
        let load = |blob| self.store.memory(blob);
        let base = conflict.base.map(|(local, remote)| Ok::<_, Error>((load(local)?, load(remote)?)));
        Ok(Unmerged {
            base: base.transpose()?,
            ours: conflict.ours.map(load).transpose()?,
            theirs: conflict.theirs.map(load).transpose()?,
        })
    }
}

/// Whether a conflict is decided, and is still the one that the decision was about.
fn is_answered(conflict: &Conflict, proposal: &Proposal) -> bool {
    let now = proposal.plan.versions(&conflict.key);
    now.is_some_and(|now| resolved(conflict).is_some_and(|answer| answer.holds_for(now)))
}

/// The versions that a stored conflict was made of.
#[must_use]
pub fn versions(conflict: &Conflict) -> Versions {
    Versions {
        base: conflict.base.map(|(local, remote)| reconcile::Pair { local, remote }),
        local: conflict.ours,
        remote: conflict.theirs,
    }
}

/// The name of a stored conflict.
#[must_use]
pub fn conflict_id(conflict: &Conflict) -> ConflictId {
    ConflictId::of(&conflict.key, versions(conflict))
}

/// The decision on a stored conflict, where there is one.
pub(super) fn resolved(conflict: &Conflict) -> Option<Resolved> {
    let Conflict { held, resolution, .. } = *conflict;
    Some(Resolved { versions: versions(conflict), held, resolution: resolution? })
}
