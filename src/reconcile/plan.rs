//! From states to edits: what each side would be asked to do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::decide::{Choices, Resolved, agreeing, merge_chosen};
use super::merge::{Field, Merged, differing, merge};
use super::scope::Scope;
use super::state::{Compared, Pair, State, Versions};
use crate::object::{BlobId, ContentHash, Memory, ObjectId, Resolution, SideName};
use crate::planted::{self, Mistake};

/// Which sides a plan may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Only this device: `pull`, `apply`.
    Pull,
    /// Only the server: `push`.
    Push,
    /// Both: `sync`.
    Both,
}

/// What happens to a field that both sides changed to different values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The memory waits for the user.
    #[default]
    Wait,
    /// This device's value is taken.
    Ours,
    /// The server's value is taken.
    Theirs,
    /// The value of the memory that was written later is taken; an edit counts as later than a deletion, and
    /// where the times are equal or unknown the server's is taken, so that every device decides alike.
    Newest,
}

/// What [`plan`] needs to know besides the trees.
pub struct Options<'a> {
    /// Which sides may be changed.
    pub direction: Direction,
    /// What collisions do.
    pub strategy: Strategy,
    /// Whether memories that both sides changed are merged (`merge.auto`).
    pub auto_merge: bool,
    /// Which memories the plan is about.
    pub scope: &'a Scope,
    /// The conflicts that the user has ended.
    pub resolutions: &'a BTreeMap<ContentHash, Resolved>,
    /// What the user has chosen for some fields of a conflict, and the versions that it was chosen for; a strategy
    /// decides the others.
    pub choices: &'a BTreeMap<ContentHash, (Versions, Choices)>,
    /// Where this device has carried out an answer, and the base of the conflict that it was about. If the memory
    /// moved since, it waits again: what the answer set back to the base looks like no change, and must not be
    /// overwritten by the version that it was decided against.
    pub carried_out: &'a BTreeMap<ContentHash, Option<Pair>>,
    /// Which side wrote a memory later; asked only under [`Strategy::Newest`].
    pub newer: &'a dyn Fn(&ContentHash) -> SideName,
}

/// One edit of one side, by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// What the side must hold now.
    pub expected: Option<BlobId>,
    /// What it shall hold; `None` to delete.
    pub target: Option<BlobId>,
}

impl Step {
    /// Whether the step deletes.
    #[must_use]
    pub fn is_deletion(self) -> bool {
        self.target.is_none()
    }
}

/// What is planned for one memory. Where it is complete without a step, both sides agree already, and only
/// the base moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The memory.
    pub key: ContentHash,
    /// Why.
    pub state: State,
    /// What both sides hold now.
    pub versions: Versions,
    /// What this device does.
    pub local: Option<Step>,
    /// What the server is asked to do.
    pub remote: Option<Step>,
    /// Whether both sides agree once the steps are done; false where the direction left a step out.
    pub complete: bool,
}

impl Planned {
    /// The step of one side.
    #[must_use]
    pub fn step(&self, side: SideName) -> Option<Step> {
        match side {
            SideName::Local => self.local,
            SideName::Remote => self.remote,
        }
    }
}

/// A memory that waits for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The memory.
    pub key: ContentHash,
    /// What happened to it.
    pub state: State,
    /// Base, ours and theirs.
    pub versions: Versions,
    /// The fields that collide.
    pub fields: BTreeSet<Field>,
}

/// Names a plan by what it would do: 12 hexadecimal digits, equal for equal plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanId(String);

impl PlanId {
    /// The name of the same plan under other circumstances, which `what` names.
    #[must_use]
    pub fn with(&self, what: &str) -> Self {
        Self(BlobId::of(format!("{} {what}", self.0).as_bytes()).to_string()[..self.0.len()].to_owned())
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything that a sync would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The memories that change, whose base moves, or whose steps the direction leaves out; sorted by key.
    pub entries: Vec<Planned>,
    /// The memories that wait, sorted by key.
    pub conflicts: Vec<Conflict>,
    /// The conflicts that the strategy ends, sorted by key, and how. Where a side is left out, this is what a later
    /// plan must know to come to the same.
    pub ended: Vec<(Conflict, Resolution)>,
    /// The merged memories that neither side holds yet; all other targets are held by one of them.
    pub objects: BTreeMap<BlobId, Memory>,
}

impl Plan {
    /// The steps of one side.
    pub fn steps(&self, side: SideName) -> impl Iterator<Item = (&ContentHash, Step)> {
        self.entries.iter().filter_map(move |entry| Some((&entry.key, entry.step(side)?)))
    }

    /// Whether no side is asked to do anything.
    #[must_use]
    pub fn has_no_steps(&self) -> bool {
        self.entries.iter().all(|entry| entry.local.is_none() && entry.remote.is_none())
    }

    /// Whether both sides agree on all that the plan is about.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.conflicts.is_empty() && self.has_no_steps() && self.entries.iter().all(|entry| entry.complete)
    }

    /// The plan's name.
    #[must_use]
    pub fn id(&self) -> PlanId {
        let mut text = String::new();
        for side in [SideName::Local, SideName::Remote] {
            for (key, step) in self.steps(side) {
                let name =
                    |blob: Option<BlobId>| blob.map_or_else(|| "-".to_owned(), |blob| blob.to_string());
                text.extend([format!("{side} {key:?} {} {}\n", name(step.expected), name(step.target))]);
            }
        }
        PlanId(BlobId::of(text.as_bytes()).to_string()[..12].to_owned())
    }
}

/// Decides what happens to each memory of `compared`, reading memories through `load` only where fields matter.
pub fn plan<E>(
    compared: &[Compared],
    options: &Options<'_>,
    load: &mut impl FnMut(BlobId) -> Result<Memory, E>,
) -> Result<Plan, E> {
    let mut planner = Planner { options, load, plan: Plan::default() };
    for one in compared {
        if planner.is_in_scope(one.versions)? {
            planner.decide(one)?;
        } else if planted::makes(Mistake::FilterAsADeletion) {
            planner.settle(one, None, None);
        }
    }
    Ok(planner.plan)
}

/// What one memory comes to: the next local and the next remote blob, or the fields that collide.
enum Verdict {
    Settle { local: Option<BlobId>, remote: Option<BlobId> },
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
            Verdict::Settle { local, remote } => self.settle(one, local, remote),
            Verdict::Wait(fields) => self.plan.conflicts.push(conflict(one, fields)),
        }
        Ok(())
    }

    fn settle(&mut self, one: &Compared, local: Option<BlobId>, remote: Option<BlobId>) {
        let step = |held, target| (held != target).then_some(Step { expected: held, target });
        let (local, remote) = (step(one.versions.local, local), step(one.versions.remote, remote));
        let (may_pull, may_push) = (
            self.options.direction != Direction::Push,
            self.options.direction != Direction::Pull || planted::makes(Mistake::PushOnPull),
        );
        self.plan.entries.push(Planned {
            key: one.key.clone(),
            state: one.state,
            versions: one.versions,
            local: local.filter(|_| may_pull),
            remote: remote.filter(|_| may_push),
            complete: (local.is_none() || may_pull) && (remote.is_none() || may_push),
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
        let fields = if !merged.collisions.is_empty() {
            merged.collisions.clone()
        } else if !self.options.auto_merge && !is_settled {
            differing(&self.load(local)?, &self.load(remote)?)
        } else {
            return Ok(self.keep(one, merged));
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
            Strategy::Wait if planted::makes(Mistake::DeletionWins) => {
                Some(if one.versions.local.is_none() { SideName::Local } else { SideName::Remote })
            }
            Strategy::Wait => None,
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
