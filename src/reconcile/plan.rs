//! What each side would be asked to do, as a value, and what that depends on; [`plan`](super::plan()) makes it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::iter;

use super::decide::{Choices, Resolved};
use super::merge::Field;
use super::scope::Scope;
use super::state::{Compared, Pair, State, Versions};
use crate::object::{BlobId, ContentHash, Memory, ObjectId, Resolution, SideName};

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

/// What [`plan`](super::plan()) needs to know besides the trees.
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
    /// What this device shall hold: what it holds now, where it has no step.
    pub local: Option<BlobId>,
    /// What the server shall hold.
    pub remote: Option<BlobId>,
    /// Whether both sides agree once the steps are done; false where the direction left a step out.
    pub complete: bool,
    /// What both sides shall hold in the end where each has changed it and nothing collides. There are few.
    pub merged: Option<Box<Pair>>,
}

impl Planned {
    /// What one side does; `None` where it holds already what it shall hold.
    #[must_use]
    pub fn step(&self, side: SideName) -> Option<Step> {
        let (expected, target) = match side {
            SideName::Local => (self.versions.local, self.local),
            SideName::Remote => (self.versions.remote, self.remote),
        };
        (expected != target).then_some(Step { expected, target })
    }

    /// Where the memory stands.
    #[must_use]
    pub fn compared(&self) -> Compared {
        Compared { key: self.key.clone(), state: self.state, versions: self.versions }
    }

    /// Whether any side does something.
    #[must_use]
    pub fn has_step(&self) -> bool {
        self.versions.local != self.local || self.versions.remote != self.remote
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

impl Conflict {
    /// Where the memory stands.
    #[must_use]
    pub fn compared(&self) -> Compared {
        Compared { key: self.key.clone(), state: self.state, versions: self.versions }
    }
}

/// Two rows that are sorted by key, as one.
fn by_key(
    one: impl Iterator<Item = Compared> + Clone,
    other: impl Iterator<Item = Compared> + Clone,
) -> impl Iterator<Item = Compared> + Clone {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some(first), Some(second)) if first.key.cmp(&second.key).is_gt() => other.next(),
        (Some(_), _) => one.next(),
        (None, _) => other.next(),
    })
}

fn find<T>(sorted: &[T], compare: impl FnMut(&T) -> Ordering) -> Option<&T> {
    sorted.binary_search_by(compare).ok().map(|at| &sorted[at])
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
    /// The memories that differ and are not in scope, sorted by key.
    pub left_out: Vec<Compared>,
    /// The merged memories that neither side holds yet; all other targets are held by one of them.
    pub objects: BTreeMap<BlobId, Memory>,
}

impl Plan {
    /// The steps of one side.
    pub fn steps(&self, side: SideName) -> impl Iterator<Item = (&ContentHash, Step)> {
        self.entries.iter().filter_map(move |entry| Some((&entry.key, entry.step(side)?)))
    }

    /// Every memory that is not unchanged, sorted by key, whether the plan is about it or not.
    pub fn compared(&self) -> impl Iterator<Item = Compared> + Clone {
        let planned = self.entries.iter().map(Planned::compared);
        let waiting = self.conflicts.iter().map(Conflict::compared);
        by_key(by_key(planned, waiting), self.left_out.iter().cloned())
    }

    /// What is planned for a memory.
    #[must_use]
    pub fn entry(&self, key: &ContentHash) -> Option<&Planned> {
        find(&self.entries, |one| one.key.cmp(key))
    }

    /// The versions of a memory that is not unchanged.
    #[must_use]
    pub fn versions(&self, key: &ContentHash) -> Option<Versions> {
        let planned = self.entry(key).map(|one| one.versions);
        let waiting = || find(&self.conflicts, |one| one.key.cmp(key)).map(|one| one.versions);
        let left_out = || find(&self.left_out, |one| one.key.cmp(key)).map(|one| one.versions);
        planned.or_else(waiting).or_else(left_out)
    }

    /// Whether no side is asked to do anything.
    #[must_use]
    pub fn has_no_steps(&self) -> bool {
        !self.entries.iter().any(Planned::has_step)
    }

    /// Whether both sides agree on all that the plan is about.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.conflicts.is_empty() && self.has_no_steps() && self.entries.iter().all(|entry| entry.complete)
    }

    /// The plan's name.
    #[must_use]
    pub fn id(&self) -> PlanId {
        const LONG: usize = 1 << 20;
        let mut text = String::new();
        for side in [SideName::Local, SideName::Remote] {
            for (key, step) in self.steps(side) {
                let name =
                    |blob: Option<BlobId>| blob.map_or_else(|| "-".to_owned(), |blob| blob.to_string());
                text.extend([format!("{side} {key:?} {} {}\n", name(step.expected), name(step.target))]);
                // The text of a million steps would be larger than the plan: its beginning is named by its own id.
                if (LONG..).contains(&text.len()) {
                    text = format!("{}\n", BlobId::of(text.as_bytes()));
                }
            }
        }
        PlanId(BlobId::of(text.as_bytes()).to_string()[..12].to_owned())
    }
}
