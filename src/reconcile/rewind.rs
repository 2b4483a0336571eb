//! Noticing that a side was restored from a backup.
//!
//! Such a side holds, for everything that changed since some earlier sync, what it held at that sync. Read as
//! edits that would undo the user's work on every device; read as a rewind, the other side puts it back.

use super::state::{Base, Pair};
use crate::object::SideName;
use crate::object::tree::{Difference, Snapshot};

/// The smallest number of memories that must be back at older forms. One or two may as well be somebody
/// changing their mind, and memories that are merely gone somebody deleting what was added lately.
pub const SMALLEST_REWIND: usize = 3;

/// Which of the earlier syncs a side was rewound to.
///
/// `since` has, for each earlier sync, what changed on this side from then to the base (older form, base form).
/// A side is rewound to a sync if everything that changed since is as it was then; of several such syncs
/// the one that explains most is meant, and of equals the first.
#[must_use]
pub fn find_rewind(since: &[Vec<Difference>], held: &Snapshot) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (at, changed) in since.iter().enumerate() {
        let is_back = changed.iter().all(|(key, older, _)| held.get(key).copied() == *older);
        let explains_more = best.is_none_or(|best| changed.len() > since[best].len());
        let older_forms = changed.iter().filter(|(_, older, _)| older.is_some()).count();
        if older_forms >= SMALLEST_REWIND && is_back && explains_more {
            best = Some(at);
        }
    }
    best
}

/// The base for reading a rewind: what changed since the earlier sync has the base it had then, so that the
/// other side's newer forms count as its changes and travel to the rewound side.
#[must_use]
pub fn rewound_base(base: &Base, earlier: &Base, side: SideName, held: &Snapshot) -> Base {
    let form = |pair: &Pair| match side {
        SideName::Local => pair.local,
        SideName::Remote => pair.remote,
    };
    let mut rewound = base.clone();
    for key in base.keys().chain(earlier.keys()) {
        let is_held = |pair: Option<&Pair>| pair.map(form) == held.get(key).copied();
        let then = earlier.get(key);
        if is_held(base.get(key)) || !is_held(then) {
            continue;
        }
        match then {
            Some(older) => drop(rewound.insert(key.clone(), *older)),
            None => drop(rewound.remove(key)),
        }
    }
    rewound
}
