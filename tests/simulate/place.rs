//! Where memories live in a simulated world: a device's database, or the server.
//!
//! Guarantees asked of an implementation: every handle that [`Place::side`] gives works on the same memories, also while
//! others are open, because other devices and other clients write in between; the same calls leave the same memories.
//!
//! Must never: know of a history, a fault or an invariant. Faults are put around a side by `faults`.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use memsync::local::Database;
use memsync::object::{ContentHash, Memory};
use memsync::side::{self, Side};

/// Memories by their names.
pub(crate) type Memories = BTreeMap<ContentHash, Memory>;

/// What stands in files, by their names.
pub(crate) type Bytes = BTreeMap<String, Vec<u8>>;

/// What a person or a program does to a place through the service, without memsync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Stores a memory that the place does not hold, be it that it once did.
    Create(ContentHash, Memory),
    /// Makes a memory that the place holds into this one: its tags, its type, its metadata (a member that is not in
    /// here any more is removed) or the letter case of its text.
    Change(ContentHash, Memory),
    /// Deletes a memory that the place holds.
    Delete(ContentHash),
    /// Searches, which rewrites the counters of what is found, and when it was last written.
    Search(ContentHash),
    /// Forgets for good what was deleted (the service's tombstones).
    Purge,
}

/// Who comes to a place, and when.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The device's name.
    pub device: String,
    /// The present time by that device's clock, seconds since 1970.
    pub now: i64,
    /// Whether a server may refuse memories that are similar to others.
    pub deduplicate: bool,
}

/// Somebody who sets a metadata member of a memory on the server.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Before the request of this number, since memsync began to write, is answered.
    pub request: u64,
    pub key: ContentHash,
    pub member: &'static str,
    pub value: u32,
}

/// The version of the service at a place, where that makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 10.20.6.
    Old,
    /// 12.2.0.
    New,
}

/// All that a place holds at one moment; only the place that made it can read it.
#[derive(Clone)]
pub(crate) struct Backup(pub Rc<dyn Any>);

/// A device's database, or the server.
pub(crate) trait Place {
    /// Every live memory in the form in which a side shows it, read without any fault.
    fn memories(&self) -> Memories;

    /// One of them.
    fn memory(&self, key: &ContentHash) -> Option<Memory> {
        self.memories().remove(key)
    }

    /// Carries out work at a moment, seconds since 1970. Work that the service refuses does nothing.
    fn work(&self, work: &Work, now: i64);

    /// A new handle for memsync, as a command opens one each time.
    fn side(&self, caller: &Caller) -> Result<Box<dyn Side>, side::Error>;

    /// The database itself, opened as for [`Place::side`]; `None` where there is none on this machine.
    fn database(&self, caller: &Caller) -> Option<Result<Database, side::Error>> {
        let _ = caller;
        None
    }

    /// Lets the files, where there are any, be old enough to tell of the next write to them.
    fn let_times_pass(&self) {}

    /// How many edits are handed to a side at once while it is watched: 1 where a call costs nothing, so that each can
    /// be looked at; more where it does.
    fn edits_at_once(&self) -> usize {
        1
    }

    /// A copy of everything.
    fn back_up(&self) -> Backup;

    /// Puts everything back as it was, as whoever restores a backup does.
    fn restore(&self, backup: &Backup);

    /// Another one answers at the same address, and it is empty.
    fn replace_by_empty(&self);

    /// Another version of the service runs from now on.
    fn set_version(&self, version: Version);

    /// The service is restarted: what is asked next, where there is a network, finds nobody.
    fn restart(&self) {}

    /// Somebody comes in between two requests of the run that begins now, where there are requests.
    fn expect(&self, visit: Visit) {
        let _ = visit;
    }

    /// Memsync begins to write.
    fn begin_writing(&self) {}

    /// Who came since this was last asked: the memory before and after. Nobody comes any more who has not come yet.
    fn visits(&self) -> Vec<(ContentHash, Option<Memory>, Option<Memory>)> {
        Vec::new()
    }

    /// From now on requests go wrong on their way as this seed says, or no longer; whether any did since this was last
    /// said. Only a place with a network knows of any.
    fn misbehave(&self, seed: Option<u64>) -> bool {
        let _ = seed;
        false
    }

    /// Every byte that is there, by files.
    fn bytes(&self) -> Bytes;

    /// What is wrong inside, one sentence for each finding: a memory without its entry in the full-text index, with two
    /// vectors or with neither vector nor pending mark, or the key's bytes where they do not belong.
    fn complaints(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether the service takes a memory of this name no more, whatever it is asked: 10.20.6 takes no deleted one back.
    fn has_barred(&self, key: &ContentHash) -> bool {
        let _ = key;
        false
    }

    /// How many requests all handles together have sent, where that means anything.
    fn requests(&self) -> u64 {
        0
    }
}

/// What makes the places of a world.
pub(crate) trait Ground: Sync {
    /// `fast`, `real` or `shared`.
    fn name(&self) -> &'static str;

    /// How many steps a history on it has at most: where each takes long, more short ones find more.
    fn longest(&self) -> usize;

    /// The server, empty.
    fn server(&self) -> Rc<dyn Place>;

    /// The database of the device with this number, empty.
    fn device(&self, number: usize) -> Rc<dyn Place>;
}
