//! A history: what happens in a simulated world, step by step.
//!
//! A step says all that it needs, so that it means the same when others around it are left out: shrinking takes steps
//! away, and a history that was kept as text stays valid when the generator changes.

mod generate;
mod shrink;
mod text;

pub(crate) use generate::generate;
pub(crate) use shrink::shrink;

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
    /// Whether requests go wrong on their way, where there is a network.
    pub has_troubles: bool,
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

/// One run of memsync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub device: usize,
    pub command: Command,
    /// `--tag` with one of the common tags.
    pub scope: Option<usize>,
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
