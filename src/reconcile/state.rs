//! The fourteen states of a memory between base, ours and theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use crate::object::tree::Snapshot;
use crate::object::{BlobId, ContentHash, SideName};
use crate::planted::{self, Mistake};

/// What both sides held when they last agreed, each in its own form; where one side alone holds what was merged, what it
/// has of the other's, which need not have been held as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// The local form.
    pub local: BlobId,
    /// The server's form, which may be a rewriting of the local one.
    pub remote: BlobId,
}

impl Pair {
    /// The form of one side.
    #[must_use]
    pub fn of_side(self, side: SideName) -> BlobId {
        match side {
            SideName::Local => self.local,
            SideName::Remote => self.remote,
        }
    }
}

/// The base of all memories.
pub type Base = BTreeMap<ContentHash, Pair>;

/// One memory in the three trees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Versions {
    /// What both sides held when they last agreed.
    pub base: Option<Pair>,
    /// What this device holds.
    pub local: Option<BlobId>,
    /// What the server holds.
    pub remote: Option<BlobId>,
}

impl Versions {
    /// What a side held when both last agreed, in its own form, and what it holds now.
    #[must_use]
    pub fn of_side(self, side: SideName) -> (Option<BlobId>, Option<BlobId>) {
        match side {
            SideName::Local => (self.base.map(|pair| pair.local), self.local),
            SideName::Remote => (self.base.map(|pair| pair.remote), self.remote),
        }
    }
}

/// What happened to a memory since both sides last agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Both sides hold what they held.
    Unchanged,
    /// New on this device.
    AddedByUs,
    /// New on the server.
    AddedByThem,
    /// New on both, with equal contents.
    BothAddedAlike,
    /// New on both, with different contents.
    BothAdded,
    /// Changed on this device.
    ModifiedByUs,
    /// Changed on the server.
    ModifiedByThem,
    /// Changed on both, to equal contents.
    BothModifiedAlike,
    /// Changed on both, to different contents.
    BothModified,
    /// Deleted on this device, unchanged on the server.
    DeletedByUs,
    /// Deleted on the server, unchanged on this device.
    DeletedByThem,
    /// Deleted on both.
    BothDeleted,
    /// Deleted on this device, changed on the server.
    DeletedByUsModifiedByThem,
    /// Changed on this device, deleted on the server.
    ModifiedByUsDeletedByThem,
}

impl State {
    /// Every state, in the order of the decision table.
    pub const ALL: [State; 14] = [
        Self::Unchanged,
        Self::AddedByUs,
        Self::AddedByThem,
        Self::BothAddedAlike,
        Self::BothAdded,
        Self::ModifiedByUs,
        Self::ModifiedByThem,
        Self::BothModifiedAlike,
        Self::BothModified,
        Self::DeletedByUs,
        Self::DeletedByThem,
        Self::BothDeleted,
        Self::DeletedByUsModifiedByThem,
        Self::ModifiedByUsDeletedByThem,
    ];

    /// The state of a memory; `None` where no tree holds it.
    #[must_use]
    pub fn of(versions: Versions) -> Option<Self> {
        let forgets = versions.remote.is_none() && planted::makes(Mistake::ForgetTombstone);
        let Some(base) = versions.base.filter(|_| !forgets) else {
            return match (versions.local, versions.remote) {
                (None, None) => None,
                (Some(_), None) => Some(Self::AddedByUs),
                (None, Some(_)) => Some(Self::AddedByThem),
                (Some(local), Some(remote)) if local == remote => Some(Self::BothAddedAlike),
                (Some(_), Some(_)) => Some(Self::BothAdded),
            };
        };
        Some(match (versions.local, versions.remote) {
            (None, None) => Self::BothDeleted,
            (None, Some(remote)) if remote == base.remote => Self::DeletedByUs,
            (None, Some(_)) => Self::DeletedByUsModifiedByThem,
            (Some(local), None) if local == base.local => Self::DeletedByThem,
            (Some(_), None) => Self::ModifiedByUsDeletedByThem,
            (Some(local), Some(remote)) => match (local == base.local, remote == base.remote) {
                (true, true) => Self::Unchanged,
                (false, true) => Self::ModifiedByUs,
                (true, false) => Self::ModifiedByThem,
                (false, false) if local == remote => Self::BothModifiedAlike,
                (false, false) => Self::BothModified,
            },
        })
    }

    /// What happened on one side, as `status --porcelain` shows it: `.` the same, `A` added, `M` modified,
    /// `D` deleted.
    #[must_use]
    pub fn letter(self, side: SideName) -> char {
        let (local, remote) = match self {
            Self::Unchanged => ('.', '.'),
            Self::AddedByUs => ('A', '.'),
            Self::AddedByThem => ('.', 'A'),
            Self::BothAddedAlike | Self::BothAdded => ('A', 'A'),
            Self::ModifiedByUs => ('M', '.'),
            Self::ModifiedByThem => ('.', 'M'),
            Self::BothModifiedAlike | Self::BothModified => ('M', 'M'),
            Self::DeletedByUs => ('D', '.'),
            Self::DeletedByThem => ('.', 'D'),
            Self::BothDeleted => ('D', 'D'),
            Self::DeletedByUsModifiedByThem => ('D', 'M'),
            Self::ModifiedByUsDeletedByThem => ('M', 'D'),
        };
        match side {
            SideName::Local => local,
            SideName::Remote => remote,
        }
    }
}

/// One memory that is not unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The memory's name.
    pub key: ContentHash,
    /// Where it stands.
    pub state: State,
    /// Its versions.
    pub versions: Versions,
}

/// Every memory that is not [`State::Unchanged`], sorted by key.
pub fn compare<'a>(
    base: &'a Base,
    local: &'a Snapshot,
    remote: &'a Snapshot,
) -> impl Iterator<Item = Compared> + 'a {
    // The three maps are sorted alike, so each is walked once; a key is looked at where it comes first.
    let (mut bases, mut ours, mut theirs) =
        (base.iter().peekable(), local.iter().peekable(), remote.iter().peekable());
    let next = move || {
        let heads = [
            bases.peek().map(|(key, _)| *key),
            ours.peek().map(|(key, _)| *key),
            theirs.peek().map(|(key, _)| *key),
        ];
        let key = heads.into_iter().flatten().min()?;
        let versions = Versions {
            base: bases.next_if(|(head, _)| *head == key).map(|(_, pair)| *pair),
            local: ours.next_if(|(head, _)| *head == key).map(|(_, blob)| *blob),
            remote: theirs.next_if(|(head, _)| *head == key).map(|(_, blob)| *blob),
        };
        Some((key, versions))
    };
    iter::from_fn(next).filter_map(|(key, versions)| {
        let state = State::of(versions).filter(|state| *state != State::Unchanged)?;
        Some(Compared { key: key.clone(), state, versions })
    })
}

/// The keys that the base holds and a snapshot does not: missing, which is not yet deleted.
#[must_use]
pub fn missing<'a>(base: &'a Base, snapshot: &Snapshot) -> BTreeSet<&'a ContentHash> {
    base.keys().filter(|key| !snapshot.contains_key(*key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_a_letter_for_each_side() {
        let shown: Vec<String> = State::ALL
            .map(|state| [SideName::Local, SideName::Remote].map(|side| state.letter(side)))
            .map(String::from_iter)
            .into();
        assert_eq!(shown.join(" "), ".. A. .A AA AA M. .M MM MM D. .D DD DM MD");
    }

    #[test]
    fn what_a_base_holds_and_a_snapshot_does_not_is_missing() {
        let blob = <BlobId as crate::object::ObjectId>::of(b"x");
        let key = |name: &str| ContentHash::new(name).unwrap();
        let base: Base = ["a", "b", "c"].map(|name| (key(name), Pair { local: blob, remote: blob })).into();
        let snapshot: Snapshot = ["b", "d"].map(|name| (key(name), blob)).into();
        assert_eq!(missing(&base, &snapshot), BTreeSet::from([&key("a"), &key("c")]));
    }
}
