//! When a plan must stop before any effect and be shown to the user.

use crate::object::SideName;
use std::fmt;
use std::str::FromStr;

use super::plan::Plan;
use super::state::Base;
use crate::object::tree::Snapshot;
use crate::planted::{self, Mistake};

/// How much a plan may delete on either side without being asked about (`sync.maxDelete`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionLimit {
    /// At most this share of a side, in percent; ten memories or fewer are always allowed.
    Percent(u8),
    /// At most this many memories.
    Count(usize),
}

impl DeletionLimit {
    /// Deletions up to this number are never a share to worry about.
    const ALWAYS_ALLOWED: usize = 10;

    fn is_passed(self, deletions: usize, held: usize) -> bool {
        match self {
            Self::Percent(percent) => {
                deletions > Self::ALWAYS_ALLOWED && deletions * 100 > held * usize::from(percent)
            }
            Self::Count(count) => deletions > count,
        }
    }
}

impl Default for DeletionLimit {
    fn default() -> Self {
        Self::Percent(25)
    }
}

impl FromStr for DeletionLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let problem = "a share such as 25% (at most 100%) or a number of memories";
        match text.trim().strip_suffix('%') {
            Some(percent) => match percent.trim().parse() {
                Ok(percent @ 0..=100) => Ok(Self::Percent(percent)),
                _ => Err(problem),
            },
            None => text.trim().parse().map(Self::Count).map_err(|_| problem),
        }
    }
}

impl fmt::Display for DeletionLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

/// A reason to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brake {
    /// The plan deletes more than the limit allows.
    TooManyDeletions {
        /// Where.
        side: SideName,
        /// How many memories the plan deletes there.
        deletions: usize,
        /// How many memories are there.
        held: usize,
    },
    /// A side came back empty although the base holds memories.
    Empty {
        /// The empty side.
        side: SideName,
        /// How many memories it held when both sides last agreed.
        base: usize,
    },
    /// A side holds memories, but none of those that it held when both sides last agreed.
    Stranger {
        /// The side that seems to be another one.
        side: SideName,
        /// How many memories it held when both sides last agreed.
        base: usize,
    },
}

impl Brake {
    /// How many memories must all be gone before a side counts as another one.
    const CANARIES: usize = 3;
}

/// What there is where a plan is to be carried out.
#[derive(Clone, Copy, Debug)]
pub struct Holdings<'a> {
    /// What both sides held when they last agreed.
    pub base: &'a Base,
    /// What this device holds.
    pub local: &'a Snapshot,
    /// What the server holds.
    pub remote: &'a Snapshot,
    /// How many more memories there are that are the same in all three and are left out.
    pub agreed: usize,
}

/// The reasons to stop before `plan`.
#[must_use]
pub fn brakes(plan: &Plan, held: &Holdings<'_>, limit: DeletionLimit) -> Vec<Brake> {
    let Holdings { base, local, remote, agreed } = *held;
    let mut found = Vec::new();
    for (side, snapshot, other) in
        [(SideName::Local, local, SideName::Remote), (SideName::Remote, remote, SideName::Local)]
    {
        let deletions = plan.steps(side).filter(|(_, step)| step.is_deletion()).count();
        let held = snapshot.len() + agreed;
        if limit.is_passed(deletions, held) && !planted::makes(Mistake::DeleteWithoutLimit) {
            found.push(Brake::TooManyDeletions { side, deletions, held });
        }
        let deletes_elsewhere = plan.steps(other).any(|(_, step)| step.is_deletion());
        let accepts = planted::makes(Mistake::AcceptAnEmptyListing);
        let knows_one = agreed > 0 || base.keys().any(|key| snapshot.contains_key(key));
        if accepts || !deletes_elsewhere || knows_one {
            continue;
        }
        if snapshot.is_empty() {
            found.push(Brake::Empty { side, base: base.len() });
        } else if base.len() >= Brake::CANARIES {
            found.push(Brake::Stranger { side, base: base.len() });
        }
    }
    found
}
