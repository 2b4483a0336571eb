//! A history: what happens in a simulated world, step by step.
//!
//! A step says all that it needs, so that it means the same when others around it are left out: shrinking takes steps
//! away, and a history that was kept as text stays valid when the generator changes.

mod generate;
mod shrink;
mod text;

pub(crate) use generate::generate;
pub(crate) use shrink::shrink;

use memsync::object::{Memory, Timestamp};
use memsync::reconcile::Scope;

use crate::place::Version;

/// A world and what happens in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct History {
    pub shape: Shape,
    pub steps: Vec<Step>,
}

/// What a world is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// How many devices there are.
    pub devices: usize,
    /// How many memories there can be.
    pub memories: usize,
    /// How many deletions a run may carry out without asking (`sync.maxDelete`); the default where it is `None`.
    pub limit: Option<usize>,
    /// Whether every memory that both sides changed waits (`merge.auto=false`).
    pub never_merge: bool,
    /// The service that runs on the server at first.
    pub version: Version,
    /// What decides which requests go wrong on their way, where there is a network; none do where it is `None`.
    pub troubles: Option<u32>,
}

/// Where something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spot {
    Device(usize),
    Server,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Somebody works with a memory, by its number.
    Work(Spot, usize, Deed),
    /// The service forgets what was deleted.
    Purge(Spot),
    /// Somebody makes a backup; it takes the place of the last one.
    BackUp(Spot),
    /// Somebody restores the last backup, where there is one.
    Restore(Spot),
    /// The staging database of a device is lost, and `memsync init` makes a new one.
    LoseStaging(usize),
    /// Another, empty server answers at the address; or the right one again.
    Swap,
    /// Another version of the service runs on the server.
    Version(Version),
    /// The path or the address of a place is another one from now on.
    Move(Spot),
    /// The service on the server is restarted.
    Restart,
    /// A clock is off by so many seconds from now on.
    Clock(Spot, i64),
    /// Somebody runs memsync.
    Run(Run),
    /// When all are at rest two people work, neither of whom sees what the other does. In whichever order it is synced, and
    /// whichever of them is at which place, the same comes of it. After that all is as if neither had.
    Both([(Spot, usize, Deed); 2]),
    /// Nothing fails any more, everybody syncs and ends the conflicts, until nothing is left to do.
    Rest,
}

/// What is done to a memory. The number makes the value that is written unlike all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Create(u32),
    Respell(u32),
    Tag(u32),
    /// One of a few tags that everybody uses.
    CommonTag(usize),
    Untag(usize),
    Type(u32),
    /// Sets the metadata member at a path.
    Set(usize, u32),
    /// Sets it to null.
    Null(usize),
    /// Removes it.
    Unset(usize),
    Delete,
    Search,
}

/// A command of memsync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Sync,
    Pull,
    Push,
    Apply,
    Fetch,
    Stash,
    Status,
    DryRun,
    /// `checkout --ours --all`, and so on.
    Ours,
    Theirs,
    Base,
    /// `resolve` with a memory that somebody merged by hand.
    Merged(u32),
    /// `resolve` with `delete`.
    Deleted,
    /// `checkout --field` for the first field alone.
    Field,
    Undo,
    UndoRemote,
    /// `restore --all` from the sync before the last.
    Restore,
    /// `gc --prune=now`.
    Gc,
}

/// `-X`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    Ours,
    Theirs,
    Newest,
}

/// Which memories alone a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// `--tag` with one of the common tags.
    Tag(usize),
    /// `--type` with every third of the known types, from this one on.
    Type(usize),
    /// `--store` with one of [`STORES`].
    Store(usize),
    /// `--since`, so many steps after the beginning.
    Since(u32),
    /// `--tag` and `--type`, which must both hold.
    TagAndType(usize, usize),
}

/// One run of memsync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub device: usize,
    pub command: Command,
    /// Which memories alone it is about.
    pub scope: Option<Filter>,
    pub strategy: Option<Strategy>,
    /// Whether the person lets a plan through that a brake stopped.
    pub insists: bool,
    pub fault: Option<Fault>,
    /// What happens while it runs, and when.
    pub during: Vec<(Moment, Step)>,
}

/// A moment of a run, in ticks: a tick is one row read, one edit begun or ended, or one step of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So many ticks after it began.
    Tick(u32),
    /// So many ticks after it first began to write.
    Writing(u32),
    /// Before the server answers the request of this number since the run began to write to it, where there are requests.
    /// Only one who sets a member of a memory on the server comes in between.
    Request(u64),
}

/// What goes wrong in a run, and from when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub kind: FaultKind,
    pub from: Moment,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The program is killed.
    Kill,
    /// A request does not reach the server.
    Lost,
    /// The server does what it is asked, and the answer is lost.
    Unanswered,
    /// The server is asked twice.
    Doubled,
    /// The server refuses the key.
    Unauthorized,
    /// Something else answers.
    Garbled,
    /// The server answers 429, 500 or 503 for one memory, and has done nothing.
    Failed,
    /// The same, and it has done it.
    FailedAfter,
    /// The server will not take a memory.
    Refused,
    /// The server answers 200 and does nothing.
    Ignored,
    /// The device's database is locked by another program.
    Busy,
    /// The disk is full.
    Full,
    /// A listing misses a memory that is there.
    Missed,
}

impl Run {
    pub(crate) fn new(device: usize, command: Command) -> Self {
        Self { device, command, scope: None, strategy: None, insists: false, fault: None, during: Vec::new() }
    }
}

/// The tags that everybody uses.
pub(crate) const COMMON_TAGS: [&str; 3] = ["home", "Work", "later"];

/// The paths of metadata members that histories write.
pub(crate) const PATHS: [&[&str]; 6] =
    [&["a"], &["b"], &["m", "x"], &["m", "y"], &["m", "deep", "z"], &["m", "deep", "w"]];

/// Types that every version of the service knows.
#[rustfmt::skip]
pub(crate) const TYPES: [&str; 48] = [
    "acceptance_criteria", "action_item", "agenda_item", "announcement", "anti_pattern", "approach", "approval",
    "architecture", "assumption", "backlog_item", "best_practice", "bug", "ceremony", "code_edit", "code_smell",
    "command", "communication", "comparison", "configuration", "constraint", "conversation", "deadline", "decision",
    "dependency", "document", "error", "exception", "failure", "feedback", "finding", "follow_up", "gotcha",
    "hypothesis", "insight", "learning", "meeting", "milestone", "minutes", "note", "observation", "pattern",
    "planning", "reference", "request", "risk", "search", "source", "workflow",
];

/// The store that all memories of a history are in, and another one.
pub(crate) const STORES: [&str; 2] = [Memory::DEFAULT_STORE, "archive"];

impl Filter {
    /// The options of the command line.
    pub(crate) fn scope(self) -> Scope {
        let strings = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let tags = |tag: usize| strings(vec![COMMON_TAGS[tag % COMMON_TAGS.len()]]);
        let types = |which: usize| strings(TYPES.iter().skip(which % 3).step_by(3).copied().collect());
        let everything = Scope::default();
        match self {
            Self::Tag(tag) => Scope { tags: tags(tag), ..everything },
            Self::Type(which) => Scope { types: types(which), ..everything },
            Self::Store(which) => Scope { stores: strings(vec![STORES[which % STORES.len()]]), ..everything },
            Self::Since(step) => Scope { since: Timestamp::new(moment(step)), ..everything },
            Self::TagAndType(tag, which) => Scope { tags: tags(tag), types: types(which), ..everything },
        }
    }

    /// Whether a memory is one of those, by what they mean to people: said once more, without memsync's own code.
    pub(crate) fn is_about(self, memory: &Memory) -> bool {
        let place = TYPES.iter().position(|name| Some(*name) == memory.memory_type.as_deref());
        match self {
            Self::Tag(tag) => memory.tags.iter().any(|held| held == COMMON_TAGS[tag % COMMON_TAGS.len()]),
            Self::Type(which) => place.is_some_and(|place| place % 3 == which % 3),
            Self::Store(which) => {
                STORES[which % STORES.len()] == memory.store.as_deref().unwrap_or(STORES[0])
            }
            Self::Since(step) => memory.created_at.is_some_and(|created| created.seconds() >= moment(step)),
            Self::TagAndType(tag, which) => {
                Self::Tag(tag).is_about(memory) && Self::Type(which).is_about(memory)
            }
        }
    }
}

/// When a step is taken by a clock that is right, seconds since 1970.
fn moment(step: u32) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a moment of this century")]
    let beginning = BEGINNING as f64;
    beginning + f64::from(step) * 60.0
}

/// When every world begins, seconds since 1970.
pub(crate) const BEGINNING: i64 = 1_700_000_000;

/// Whether two types are one once a server has made of them what it makes of types: small letters, and its own word for
/// one that it does not know or that is missing.
pub(crate) fn is_same_type(one: Option<&str>, other: Option<&str>) -> bool {
    let is_unknown = |name: Option<&str>| name.is_none_or(|name| !TYPES.contains(&name));
    let is_made = |made: Option<&str>, of: Option<&str>| made == Some("observation") && is_unknown(of);
    one.map(str::to_lowercase) == other.map(str::to_lowercase) || is_made(one, other) || is_made(other, one)
}

/// The text of a memory; the number chooses which letters are capitals, so that all spellings have one name.
pub(crate) fn text(memory: usize, spelling: u32) -> String {
    let plain = format!("what everybody should remember about the thing {memory}");
    let mut bits = u64::from(spelling);
    let spell = |letter: char| {
        if !letter.is_ascii_alphabetic() {
            return letter;
        }
        let is_capital = bits & 1 == 1;
        bits >>= 1;
        if is_capital { letter.to_ascii_uppercase() } else { letter }
    };
    plain.chars().map(spell).collect()
}
