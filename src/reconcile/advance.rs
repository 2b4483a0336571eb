//! From confirmed outcomes to the next base.

use std::collections::HashMap;

use super::plan::Plan;
use super::state::{Base, Pair};
use crate::object::{BlobId, ContentHash, SideName};
use crate::planted::{self, Mistake};

/// What each side was confirmed to hold after its step: `None` for absent, no entry where the step was not
/// confirmed.
#[derive(Clone, Debug, Default)]
pub struct After {
    confirmed: HashMap<(SideName, ContentHash), Option<BlobId>>,
}

impl After {
    /// Notes what `side` holds of `key`, read back after its step.
    pub fn confirm(&mut self, side: SideName, key: ContentHash, held: Option<BlobId>) {
        self.confirmed.insert((side, key), held);
    }

    /// What was confirmed.
    #[must_use]
    pub fn get(&self, side: SideName, key: &ContentHash) -> Option<Option<BlobId>> {
        self.confirmed.get(&(side, key.clone())).copied()
    }
}

/// Moves the base over every memory whose steps are all confirmed; all others keep theirs, so that the next run
/// finds what is left to do.
#[must_use]
pub fn advance(base: &Base, plan: &Plan, after: &After) -> Base {
    let mut next = base.clone();
    for entry in plan.entries.iter().filter(|entry| entry.complete) {
        let held = |side, now: Option<BlobId>| match entry.step(side) {
            None => Some(now),
            Some(step) if planted::makes(Mistake::AdvanceBeforeTheWrite) => {
                Some(after.get(side, &entry.key).unwrap_or(step.target))
            }
            Some(_) => after.get(side, &entry.key),
        };
        let local = held(SideName::Local, entry.versions.local);
        let remote = held(SideName::Remote, entry.versions.remote);
        match (local, remote) {
            (Some(Some(local)), Some(Some(remote))) => {
                let remote = if planted::makes(Mistake::OneBaseForBothSides) { local } else { remote };
                next.insert(entry.key.clone(), Pair { local, remote });
            }
            (Some(None), Some(None)) => {
                next.remove(&entry.key);
            }
            // Not confirmed, or one side lost it meanwhile.
            _ => {}
        }
    }
    next
}
