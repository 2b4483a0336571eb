//! From states to edits.

use std::collections::BTreeSet;

use super::decide::{Choices, Resolved, agreeing, merge_chosen};
use super::merge::{Field, Merged, differing, merge};
use super::plan::{Conflict, Direction, Options, Plan, Planned, Strategy};
use super::state::{Compared, Pair, State, Versions};
use crate::object::{BlobId, Memory, Resolution, SideName};
use crate::planted::{self, Mistake};

/// Decides what happens to each memory of `compared`, which are sorted by key, reading memories through `load` only where
/// fields matter.
pub fn plan<E>(
    compared: impl IntoIterator<Item = Compared>,
    options: &Options<'_>,
    load: &mut impl FnMut(BlobId) -> Result<Memory, E>,
) -> Result<Plan, E> {
    let mut planner = Planner { options, load, plan: Plan::default() };
    for one in compared {
        if planner.is_in_scope(one.versions)? {
            planner.decide(&one)?;
        } else if planted::makes(Mistake::FilterAsADeletion) {
            planner.settle(&one, [None, None], None);
        } else {
            planner.plan.left_out.push(one);
        }
    }
    Ok(planner.plan)
}

/// What one memory comes to: the next local and the next remote blob, or the fields that collide.
enum Verdict {
    Settle {
        local: Option<BlobId>,
        remote: Option<BlobId>,
    },
    /// Both sides changed it, and nothing collides.
    Merge(Pair),
    Wait(BTreeSet<Field>),
}

struct Planner<'a, L> {
    options: &'a Options<'a>,
    load: &'a mut L,
    plan: Plan,
}

impl<E, L: FnMut(BlobId) -> Result<Memory, E>> Planner<'_, L> {
    fn is_in_scope(&mut self, versions: Versions) -> Result<bool, E> {
        if self.options.scope.is_everything() {
            return Ok(true);
        }
        let base = versions.base.map(|pair| pair.local);
        let held = [versions.local, versions.remote];
        let looked_at = if held == [None, None] { [base, None] } else { held };
        for blob in looked_at.into_iter().flatten() {
            if self.options.scope.contains(&(self.load)(blob)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn decide(&mut self, one: &Compared) -> Result<(), E> {
        let options = self.options;
        let answer = options.resolutions.get(&one.key).filter(|answer| answer.holds_for(one.versions));
        let verdict = match answer {
            Some(answer) => self.resolved(one, answer)?,
            None if options.carried_out.get(&one.key) == Some(&one.versions.base) => self.reopened(one)?,
            None => self.verdict(one)?,
        };
        match verdict {
            Verdict::Settle { local, remote } => self.settle(one, [local, remote], None),
            Verdict::Merge(pair) => self.settle(one, [Some(pair.local), Some(pair.remote)], Some(pair)),
            Verdict::Wait(fields) => self.plan.conflicts.push(conflict(one, fields)),
        }
        Ok(())
    }

    fn settle(&mut self, one: &Compared, [local, remote]: [Option<BlobId>; 2], merged: Option<Pair>) {
        let (may_pull, may_push) = (
            self.options.direction != Direction::Push,
            self.options.direction != Direction::Pull || planted::makes(Mistake::PushOnPull),
        );
        let held = one.versions;
        self.plan.entries.push(Planned {
            key: one.key.clone(),
            state: one.state,
            versions: one.versions,
            local: if may_pull { local } else { held.local },
            remote: if may_push { remote } else { held.remote },
            complete: (local == held.local || may_pull) && (remote == held.remote || may_push),
            merged: merged.map(Box::new),
        });
    }

    fn verdict(&mut self, one: &Compared) -> Result<Verdict, E> {
        let Versions { local, remote, .. } = one.versions;
        Ok(match one.state {
            State::Unchanged | State::BothAddedAlike | State::BothModifiedAlike | State::BothDeleted => {
                Verdict::Settle { local, remote }
            }
            State::AddedByUs | State::DeletedByUs => Verdict::Settle { local, remote: local },
            State::AddedByThem | State::DeletedByThem => Verdict::Settle { local: remote, remote },
            // A change of one side travels as an edit of fields; nothing can collide with it.
            State::ModifiedByUs | State::ModifiedByThem => {
                let merged = self.merge(one, None)?;
                self.keep(one, merged)
            }
            State::BothAdded | State::BothModified => self.both_sided(one)?,
            State::DeletedByUsModifiedByThem | State::ModifiedByUsDeletedByThem => self.existence(one),
        })
    }

    /// What becomes of a memory whose conflict was decided for other versions. The server may take what this device
    /// holds; whatever would change this device is asked about, or done by the strategy as if there were no base.
    fn reopened(&mut self, one: &Compared) -> Result<Verdict, E> {
        let Versions { local, remote, .. } = one.versions;
        if local.is_none() || remote.is_none() {
            let is_ours = matches!(one.state, State::AddedByUs | State::DeletedByUs | State::BothDeleted);
            return if is_ours { self.verdict(one) } else { Ok(self.existence(one)) };
        }
        let merged = self.merge(one, None)?;
        if merged.collisions.is_empty() && Some(merged.local.id()) == local {
            return self.verdict(one);
        }
        let (ours, theirs) = (self.load(local)?, self.load(remote)?);
        let fields = if merged.collisions.is_empty() { differing(&ours, &theirs) } else { merged.collisions };
        let Some(preference) = self.preference(one) else { return Ok(Verdict::Wait(fields)) };
        let merged = merge_chosen(None, &ours, &theirs, &self.choices(one), Some(preference));
        let resolution = Resolution::Merged(Some(merged.local.id()));
        self.plan.ended.push((conflict(one, fields), resolution));
        Ok(self.keep(one, merged))
    }

    fn existence(&mut self, one: &Compared) -> Verdict {
        let Versions { local, remote, .. } = one.versions;
        let fields = BTreeSet::from([Field::Existence]);
        let Some(side) = self.preference_for_existence(one) else { return Verdict::Wait(fields) };
        self.plan.ended.push((conflict(one, fields), Resolution::Side(side)));
        let kept = if side == SideName::Local { local } else { remote };
        Verdict::Settle { local: kept, remote: kept }
    }

    fn both_sided(&mut self, one: &Compared) -> Result<Verdict, E> {
        let Versions { local, remote, .. } = one.versions;
        let preference = self.preference(one);
        let merged = self.merge(one, preference)?;
        let is_settled = [local, remote] == [Some(merged.local.id()), Some(merged.remote.id())];
        let asks = !self.options.auto_merge || planted::makes(Mistake::AskInVain);
        let fields = if !merged.collisions.is_empty() {
            merged.collisions.clone()
        } else if asks && !is_settled {
            differing(&self.load(local)?, &self.load(remote)?)
        } else {
            let (local, remote) = (self.object(one, merged.local), self.object(one, merged.remote));
            return Ok(Verdict::Merge(Pair { local, remote }));
        };
        if preference.is_none() {
            return Ok(Verdict::Wait(fields));
        }
        let resolution = Resolution::Merged(Some(merged.local.id()));
        self.plan.ended.push((conflict(one, fields), resolution));
        Ok(self.keep(one, merged))
    }

    fn preference(&self, one: &Compared) -> Option<SideName> {
        match self.options.strategy {
            Strategy::Wait => planted::makes(Mistake::PreferTheirs).then_some(SideName::Remote),
            Strategy::Ours => Some(SideName::Local),
            Strategy::Theirs => Some(SideName::Remote),
            Strategy::Newest => Some((self.options.newer)(&one.key)),
        }
    }

    fn preference_for_existence(&self, one: &Compared) -> Option<SideName> {
        match self.options.strategy {
            Strategy::Wait => planted::makes(Mistake::DeletionWins)
                .then(|| if one.versions.local.is_none() { SideName::Local } else { SideName::Remote }),
            Strategy::Ours => Some(SideName::Local),
            Strategy::Newest if one.versions.local.is_some() => Some(SideName::Local),
            Strategy::Theirs | Strategy::Newest => Some(SideName::Remote),
        }
    }

    /// The whole version of one side: the other side is taken as unchanged, but for what it shares with that version,
    /// so that every difference travels. A merged memory counts as this device's version.
    fn resolved(&mut self, one: &Compared, answer: &Resolved) -> Result<Verdict, E> {
        let Versions { base, local, remote } = answer.versions;
        let (side, local) = match answer.resolution {
            Resolution::Side(side) => (side, local),
            Resolution::Merged(merged) => (SideName::Local, merged),
        };
        if local.is_none() || remote.is_none() {
            let kept = if side == SideName::Local { local } else { remote };
            return Ok(Verdict::Settle { local: kept, remote: kept });
        }
        let base_ours = self.load(base.map(|pair| pair.local))?;
        let base_theirs = self.load(base.map(|pair| pair.remote))?;
        let (ours, theirs) = (self.load(local)?, self.load(remote)?);
        let base = Some((&base_ours, &base_theirs));
        Ok(match side {
            SideName::Local => {
                let merged = merge(base, &ours, &agreeing(&base_theirs, &theirs, &ours), Some(side));
                Verdict::Settle { local, remote: Some(self.object(one, merged.remote)) }
            }
            SideName::Remote => {
                let merged = merge(base, &agreeing(&base_ours, &ours, &theirs), &theirs, Some(side));
                Verdict::Settle { local: Some(self.object(one, merged.local)), remote }
            }
        })
    }

    fn merge(&mut self, one: &Compared, preference: Option<SideName>) -> Result<Merged, E> {
        let Versions { base, local, remote } = one.versions;
        let base_ours = self.load(base.map(|pair| pair.local))?;
        let base_theirs = self.load(base.map(|pair| pair.remote))?;
        let base = base.map(|_| (&base_ours, &base_theirs));
        let choices = preference.map_or_else(Choices::new, |_| self.choices(one));
        Ok(merge_chosen(base, &self.load(local)?, &self.load(remote)?, &choices, preference))
    }

    /// What the user has chosen for some fields of the memory as it is now.
    fn choices(&self, one: &Compared) -> Choices {
        let chosen = self.options.choices.get(&one.key).filter(|(versions, _)| *versions == one.versions);
        chosen.map(|(_, choices)| choices.clone()).unwrap_or_default()
    }

    fn keep(&mut self, one: &Compared, merged: Merged) -> Verdict {
        Verdict::Settle {
            local: Some(self.object(one, merged.local)),
            remote: Some(self.object(one, merged.remote)),
        }
    }

    /// The id of a merged memory, which goes into the plan where neither side holds it.
    fn object(&mut self, one: &Compared, memory: Memory) -> BlobId {
        let id = memory.id();
        if ![one.versions.local, one.versions.remote].contains(&Some(id)) {
            self.plan.objects.insert(id, memory);
        }
        id
    }

    /// The memory; nothing where there is none.
    fn load(&mut self, blob: Option<BlobId>) -> Result<Memory, E> {
        blob.map_or_else(|| Ok(Memory::default()), &mut *self.load)
    }
}

fn conflict(one: &Compared, fields: BTreeSet<Field>) -> Conflict {
    Conflict { key: one.key.clone(), state: one.state, versions: one.versions, fields }
}
