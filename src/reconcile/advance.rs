//! From confirmed outcomes to the next base.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::iter;

use super::field::take_field;
use super::merge::{differing, merge};
use super::plan::{Plan, Planned, Step};
use super::state::{Base, Pair};
use crate::object::{BlobId, ContentHash, Memory, SideName};
use crate::planted::{self, Mistake};

/// What each side was confirmed to hold after its step: `None` for absent, no entry where the step was not
/// confirmed.
#[derive(Clone, Debug, Default)]
pub struct After {
    local: Confirmed,
    remote: Confirmed,
}

/// The same of one side. There can be a million, nearly all of which came to what was planned: their names are enough.
#[derive(Clone, Debug, Default)]
struct Confirmed {
    as_planned: HashSet<ContentHash>,
    otherwise: HashMap<ContentHash, Option<BlobId>>,
}

impl After {
    /// Notes what `side` holds of `key`, read back after `step`.
    pub fn confirm(&mut self, side: SideName, key: ContentHash, step: Step, held: Option<BlobId>) {
        let confirmed = match side {
            SideName::Local => &mut self.local,
            SideName::Remote => &mut self.remote,
        };
        if held == step.target {
            confirmed.otherwise.remove(&key);
            confirmed.as_planned.insert(key);
        } else {
            // It counts before the other.
            confirmed.otherwise.insert(key, held);
        }
    }

    /// What was confirmed after `step`.
    #[must_use]
    pub fn get(&self, side: SideName, key: &ContentHash, step: Step) -> Option<Option<BlobId>> {
        let confirmed = self.of(side);
        let as_planned = || confirmed.as_planned.contains(key).then_some(step.target);
        confirmed.otherwise.get(key).copied().or_else(as_planned)
    }

    /// Whether anything was.
    #[must_use]
    pub fn has(&self, side: SideName, key: &ContentHash) -> bool {
        let Confirmed { as_planned, otherwise } = self.of(side);
        as_planned.contains(key) || otherwise.contains_key(key)
    }

    fn of(&self, side: SideName) -> &Confirmed {
        match side {
            SideName::Local => &self.local,
            SideName::Remote => &self.remote,
        }
    }

    /// What a side holds where it is what was planned for it in the end: `None` where that is not confirmed, or was left to
    /// another run.
    #[must_use]
    pub fn reached(&self, entry: &Planned, side: SideName) -> Option<Option<BlobId>> {
        if let Some(step) = entry.step(side) {
            let confirmed = self.get(side, &entry.key, step);
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

/// The next base: the one before, and what a run came to. It is told pair by pair, since a copy of it can be large.
#[derive(Clone, Debug)]
pub struct Advanced<'a> {
    base: &'a Base,
    plan: &'a Plan,
    after: &'a After,
    /// The memories of which one side alone has taken what was merged.
    taken: BTreeMap<ContentHash, Pair>,
    /// The memories in the base that neither side holds.
    pub objects: BTreeMap<BlobId, Memory>,
}

/// Moves the base over every memory whose steps are all confirmed. Where changes of both sides were merged and only one side
/// has the result, what it took is agreed on from then on, as in git, where a merge that is not pushed yet has the other
/// branch for its base: whoever removes a merged value again must not get it back as if the other side had just added it.
/// All other memories keep their base, so that the next run finds what is left to do.
pub fn advance<'a, E>(
    base: &'a Base,
    plan: &'a Plan,
    after: &'a After,
    load: &mut impl FnMut(BlobId) -> Result<Memory, E>,
) -> Result<Advanced<'a>, E> {
    let mut next = Advanced { base, plan, after, taken: BTreeMap::new(), objects: BTreeMap::new() };
    let mut load = |blob| plan.objects.get(&blob).map_or_else(|| load(blob), |known| Ok(known.clone()));
    for entry in plan.entries.iter().filter(|entry| entry.merged.is_some()) {
        match (after.reached(entry, SideName::Local), after.reached(entry, SideName::Remote)) {
            (Some(Some(local)), None) => next.take(entry, SideName::Local, local, &mut load)?,
            (None, Some(Some(remote))) => next.take(entry, SideName::Remote, remote, &mut load)?,
            _ => {}
        }
    }
    Ok(next)
}

impl Advanced<'_> {
    /// The base's pairs, sorted by key.
    pub fn pairs(&self) -> impl Iterator<Item = (&ContentHash, Pair)> + Clone {
        let (mut base, mut entries) = (self.base.iter().peekable(), self.plan.entries.iter().peekable());
        iter::from_fn(move || {
            loop {
                let before = match entries.peek() {
                    None => base.next(),
                    Some(entry) => base.next_if(|(key, _)| **key <= entry.key),
                };
                let before = before.map(|(key, pair)| (key, *pair));
                let Some(entry) = entries.next_if(|entry| before.is_none_or(|(key, _)| *key == entry.key))
                else {
                    return before;
                };
                if let Some(pair) = self.pair(entry, before.map(|(_, pair)| pair)) {
                    return Some((&entry.key, pair));
                }
            }
        })
    }

    fn pair(&self, entry: &Planned, before: Option<Pair>) -> Option<Pair> {
        match (self.after.reached(entry, SideName::Local), self.after.reached(entry, SideName::Remote)) {
            (Some(Some(local)), Some(Some(remote))) => {
                let remote = if planted::makes(Mistake::OneBaseForBothSides) { local } else { remote };
                Some(Pair { local, remote })
            }
            (Some(None), Some(None)) => None,
            // Taken by one side alone, not confirmed, or one side lost it meanwhile.
            _ => self.taken.get(&entry.key).copied().or(before),
        }
    }

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
        self.taken.insert(entry.key.clone(), pair);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectId;

    #[test]
    fn what_was_confirmed_last_counts_and_only_for_its_side() {
        let [planned, another] = [&b"planned"[..], b"another"].map(BlobId::of);
        let key = ContentHash::new("a").unwrap();
        let step = Step { expected: None, target: Some(planned) };
        for last in [Some(planned), Some(another), None] {
            for before in [None, Some(Some(planned)), Some(Some(another)), Some(None)] {
                let mut after = After::default();
                let told = |after: &After| {
                    [SideName::Local, SideName::Remote]
                        .map(|side| (after.has(side, &key), after.get(side, &key, step)))
                };
                assert_eq!(told(&after), [(false, None), (false, None)]);
                if let Some(before) = before {
                    after.confirm(SideName::Local, key.clone(), step, before);
                }
                after.confirm(SideName::Local, key.clone(), step, last);
                assert_eq!(told(&after), [(true, Some(last)), (false, None)], "after {before:?}");
            }
        }
    }
}
