//! From confirmed outcomes to the next base.

use std::collections::{BTreeMap, HashMap};

use super::field::take_field;
use super::merge::{differing, merge};
use super::plan::{Plan, Planned};
use super::state::{Base, Pair};
use crate::object::{BlobId, ContentHash, Memory, SideName};
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

    /// What a side holds where it is what was planned for it in the end: `None` where that is not confirmed, or was left to
    /// another run.
    #[must_use]
    pub fn reached(&self, entry: &Planned, side: SideName) -> Option<Option<BlobId>> {
        if let Some(step) = entry.step(side) {
            let confirmed = self.get(side, &entry.key);
            if planted::makes(Mistake::AdvanceBeforeTheWrite) {
                return Some(confirmed.unwrap_or(step.target));
            }
            return confirmed;
        }
        let (_, now) = entry.versions.of_side(side);
        let is_its_end = |merged: &Pair| now == Some(merged.of_side(side));
        (entry.complete || entry.merged.as_deref().is_some_and(is_its_end)).then_some(now)
    }
}

/// The next base, and the memories in it that neither side holds.
#[derive(Clone, Debug, Default)]
pub struct Advanced {
    /// The base.
    pub base: Base,
    /// The memories that are new with it.
    pub objects: BTreeMap<BlobId, Memory>,
}

/// Moves the base over every memory whose steps are all confirmed. Where changes of both sides were merged and only one side
/// has the result, what it took is agreed on from then on, as in git, where a merge that is not pushed yet has the other
/// branch for its base: whoever removes a merged value again must not get it back as if the other side had just added it.
/// All other memories keep their base, so that the next run finds what is left to do.
pub fn advance<E>(
    base: &Base,
    plan: &Plan,
    after: &After,
    load: &mut impl FnMut(BlobId) -> Result<Memory, E>,
) -> Result<Advanced, E> {
    let mut next = Advanced { base: base.clone(), objects: BTreeMap::new() };
    let mut load = |blob| plan.objects.get(&blob).map_or_else(|| load(blob), |known| Ok(known.clone()));
    for entry in &plan.entries {
        match (after.reached(entry, SideName::Local), after.reached(entry, SideName::Remote)) {
            (Some(Some(local)), Some(Some(remote))) => {
                let remote = if planted::makes(Mistake::OneBaseForBothSides) { local } else { remote };
                next.base.insert(entry.key.clone(), Pair { local, remote });
            }
            (Some(None), Some(None)) => {
                next.base.remove(&entry.key);
            }
            (Some(Some(local)), None) => next.take(entry, SideName::Local, local, &mut load)?,
            (None, Some(Some(remote))) => next.take(entry, SideName::Remote, remote, &mut load)?,
            // Not confirmed, or one side lost it meanwhile.
            _ => {}
        }
    }
    Ok(next)
}

impl Advanced {
    /// Moves the base of a memory that `taker` alone holds as it was merged, namely as `held`: to what the other side holds, and
    /// to what the taker would hold without what the other side has yet to take.
    fn take<E>(
        &mut self,
        entry: &Planned,
        taker: SideName,
        held: BlobId,
        load: &mut impl FnMut(BlobId) -> Result<Memory, E>,
    ) -> Result<(), E> {
        let other = taker.other();
        let (Some(merged), (_, Some(standing))) = (&entry.merged, entry.versions.of_side(other)) else {
            return Ok(());
        };
        let (held, merged, theirs) = (load(held)?, load(merged.of_side(other))?, load(standing)?);
        let mut shared = merge(Some((&held, &merged)), &held, &theirs, None).local;
        if let Some(base) = entry.versions.base {
            let (before, theirs_before) = (load(base.of_side(taker))?, load(base.of_side(other))?);
            // Where the other side changed nothing, the taker's own form of before says what it had.
            for field in differing(&held, &shared).difference(&differing(&theirs, &theirs_before)) {
                take_field(&mut shared, field, &before);
            }
        }
        let id = shared.id();
        self.objects.insert(id, shared);
        let pair = match taker {
            SideName::Local => Pair { local: id, remote: standing },
            SideName::Remote => Pair { local: standing, remote: id },
        };
        self.base.insert(entry.key.clone(), pair);
        Ok(())
    }
}
