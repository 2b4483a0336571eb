//! A history: what happens to a few devices and a hub, step by step, as text that can be printed and read again.
//!
//! A step says all that it needs, so that it means the same when others around it are left out.

use std::fmt;
use std::str::FromStr;

/// Who somebody works with, or what is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// A device, by its number.
    Device(usize),
    /// The hub.
    Hub,
}

/// One step. Memories go by numbers; the last number of a deed makes what it writes unlike all else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Somebody works with a memory.
    Work { spot: Spot, deed: String, memory: usize, value: usize },
    /// Somebody types a command.
    Run { device: usize, trouble: Trouble, command: String },
    /// Two commands run on one device at once.
    Twice { device: usize, one: String, other: String },
    /// A database is copied, to be put back later.
    BackUp(Spot),
    /// The last copy is put back, if there is one.
    Restore(Spot),
    /// A staging database is deleted, and a new one is made.
    LoseStaging(usize),
    /// The hub is killed and started again.
    Restart,
}

/// What happens to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// It is killed at its call of that number (see `interpose`).
    Kill(usize),
    /// Its requests of those numbers, from 1, meet that.
    Network { fault: Network, from: usize, to: usize },
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It does not arrive.
    Lost,
    /// It arrives, and the answer does not.
    Unanswered,
    /// It arrives twice.
    Doubled,
    /// It does not arrive, and something between answers with this status.
    Refused(u16),
    /// It arrives, and something between answers with this status.
    Replaced(u16),
    /// The connection ends in the middle of the answer.
    Truncated,
    /// Something between answers in its own words.
    Garbled,
}

/// The deeds, and the commands that people type; those that are typed often are here more than once.
const DEEDS: [&str; 6] = ["remember", "tag", "type", "note", "respell", "forget"];
const COMMANDS: [&str; 36] = [
    "sync",
    "sync",
    "sync",
    "stash",
    "pull",
    "apply",
    "push",
    "fetch",
    "undo",
    "undo --remote",
    "checkout --ours --all",
    "checkout --theirs --all",
    "checkout --base --all",
    "merge",
    "merge -X ours",
    "restore --all --source HEAD~1",
    "sync -X newest",
    "pull -X theirs",
    "push --no-dedup",
    "sync --tag red",
    "pull --type decision --type note",
    "push --store default",
    "sync --since 2025-01-01T00:10:00Z",
    "sync --tag blue --type learning",
    "init",
    "config merge.conflictStyle diff3",
    "embed --missing",
    "gc",
    "gc --prune=now",
    "write-tree",
    "resolve",
    "mergetool --tool mine",
    "hash-object -w --stdin",
    "remote add spare http://127.0.0.1:9",
    "remote set-url spare http://127.0.0.1:19",
    "remote remove spare",
];
/// The commands that only look, and write nothing.
pub const LOOKS: [&str; 32] = [
    "status",
    "status --json",
    "sync --dry-run",
    "pull --dry-run --json",
    "push --dry-run",
    "apply --dry-run",
    "diff",
    "diff --remote --find-edits",
    "diff --word-diff --tag red",
    "conflicts --json",
    "log --graph --stat",
    "log --json",
    "show",
    "reflog",
    "explain 789cdaf5",
    "explain 789cdaf5 --json",
    "digest",
    "embed",
    "embed --verify=all",
    "config --list",
    "remote list -v",
    "fsck",
    "show-ref",
    "for-each-ref",
    "rev-parse HEAD",
    "cat-file -p HEAD",
    "ls-tree HEAD",
    "diff-tree HEAD~1 HEAD",
    "fast-export --all",
    "hash-object --stdin",
    "completions bash",
    "man sync",
];
const STATUSES: [u16; 7] = [401, 408, 409, 429, 500, 502, 503];

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(number) => write!(f, "{number}"),
            Self::Hub => f.write_str("hub"),
        }
    }
}

impl FromStr for Spot {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "hub" { Ok(Self::Hub) } else { text.parse().map(Self::Device) }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Work { spot, deed, memory, value } => write!(f, "{deed} {spot} {memory} {value}"),
            Self::Run { device, trouble: Trouble::None, command } => write!(f, "run {device} {command}"),
            Self::Run { device, trouble: Trouble::Kill(at), command } => {
                write!(f, "kill {device} {at} {command}")
            }
            Self::Run { device, trouble: Trouble::Network { fault, from, to }, command } => {
                write!(f, "network {device} {fault} {from} {to} {command}")
            }
            Self::Twice { device, one, other } => write!(f, "twice {device} {one} & {other}"),
            Self::BackUp(spot) => write!(f, "back-up {spot}"),
            Self::Restore(spot) => write!(f, "restore {spot}"),
            Self::LoseStaging(device) => write!(f, "lose-staging {device}"),
            Self::Restart => f.write_str("restart"),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("lost"),
            Self::Unanswered => f.write_str("unanswered"),
            Self::Doubled => f.write_str("doubled"),
            Self::Refused(status) => write!(f, "refused-{status}"),
            Self::Replaced(status) => write!(f, "replaced-{status}"),
            Self::Truncated => f.write_str("truncated"),
            Self::Garbled => f.write_str("garbled"),
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let status = |rest: &str| rest.parse().map_err(|_| text.to_owned());
        match text {
            "lost" => Ok(Self::Lost),
            "unanswered" => Ok(Self::Unanswered),
            "doubled" => Ok(Self::Doubled),
            "truncated" => Ok(Self::Truncated),
            "garbled" => Ok(Self::Garbled),
            _ => match text.split_once('-') {
                Some(("refused", rest)) => status(rest).map(Self::Refused),
                Some(("replaced", rest)) => status(rest).map(Self::Replaced),
                _ => Err(text.to_owned()),
            },
        }
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        parse(line).ok_or_else(|| format!("no step: {line}"))
    }
}

fn parse(line: &str) -> Option<Step> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let words: Vec<&str> = rest.split(' ').collect();
    let number = |index: usize| words.get(index)?.parse::<usize>().ok();
    let command = |from: usize| Some(words.get(from..)?.join(" "));
    Some(match word {
        "run" => Step::Run { device: number(0)?, trouble: Trouble::None, command: command(1)? },
        "kill" => Step::Run { device: number(0)?, trouble: Trouble::Kill(number(1)?), command: command(2)? },
        "network" => {
            let fault = words.get(1)?.parse().ok()?;
            let trouble = Trouble::Network { fault, from: number(2)?, to: number(3)? };
            Step::Run { device: number(0)?, trouble, command: command(4)? }
        }
        "twice" => {
            let both = command(1)?;
            let (one, other) = both.split_once(" & ")?;
            Step::Twice { device: number(0)?, one: one.to_owned(), other: other.to_owned() }
        }
        "back-up" => Step::BackUp(rest.parse().ok()?),
        "restore" => Step::Restore(rest.parse().ok()?),
        "lose-staging" => Step::LoseStaging(number(0)?),
        "restart" => Step::Restart,
        deed if DEEDS.contains(&deed) => {
            let (spot, memory, value) = (words.first()?.parse().ok()?, number(1)?, number(2)?);
            Step::Work { spot, deed: deed.to_owned(), memory, value }
        }
        _ => return None,
    })
}

/// Numbers from a seed (`SplitMix64`, Steele, Lea and Flood 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A history of `devices` devices.
pub fn generate(random: &mut Random, devices: usize) -> Vec<Step> {
    let count = 10 + random.below(31);
    let steps = |value| {
        if random.below(10) == 0 {
            quarrel(random, devices, value)
        } else {
            vec![step(random, devices, value)]
        }
    };
    (0..count).flat_map(steps).collect()
}

/// A device and the hub give a memory two types, and the conflict is ended or looked at.
fn quarrel(random: &mut Random, devices: usize, value: usize) -> Vec<Step> {
    let (device, memory) = (random.below(devices), random.below(6));
    let typed = |spot, value| Step::Work { spot, deed: "type".to_owned(), memory, value };
    let run = |command: &str| Step::Run { device, trouble: Trouble::None, command: command.to_owned() };
    let remember = Step::Work { spot: Spot::Hub, deed: "remember".to_owned(), memory, value };
    let answer =
        *random.one(&["resolve", "mergetool --tool mine", "conflicts --json", "checkout --theirs --all"]);
    let both = [typed(Spot::Device(device), value), typed(Spot::Hub, value + 1)];
    [remember, run("sync")].into_iter().chain(both).chain(["sync", answer, "sync"].map(run)).collect()
}

fn step(random: &mut Random, devices: usize, value: usize) -> Step {
    let device = random.below(devices);
    let spot = if random.below(4) == 0 { Spot::Hub } else { Spot::Device(device) };
    match random.below(100) {
        0..50 => {
            let deed = (*random.one(&DEEDS)).to_owned();
            Step::Work { spot, deed, memory: random.below(6), value }
        }
        50..70 => Step::Run { device, trouble: Trouble::None, command: command(random) },
        70..76 => {
            Step::Run { device, trouble: Trouble::Kill(1 + random.below(300)), command: command(random) }
        }
        76..88 => Step::Run { device, trouble: network(random), command: command(random) },
        88..90 => Step::Twice { device, one: command(random), other: command(random) },
        90..94 => Step::BackUp(spot),
        94..97 => Step::Restore(spot),
        97..99 => Step::LoseStaging(device),
        _ => Step::Restart,
    }
}

fn command(random: &mut Random) -> String {
    let command = if random.below(5) == 0 { random.one(&LOOKS) } else { random.one(&COMMANDS) };
    (*command).to_owned()
}

fn network(random: &mut Random) -> Trouble {
    let fault = match random.below(9) {
        0 => Network::Lost,
        1 | 2 => Network::Unanswered,
        3 => Network::Doubled,
        4 => Network::Refused(*random.one(&STATUSES)),
        5 | 6 => Network::Replaced(*random.one(&STATUSES)),
        7 => Network::Truncated,
        _ => Network::Garbled,
    };
    let from = 1 + random.below(8);
    // Retried, or for good.
    let to = if random.below(4) > 0 { from } else { from + 20 };
    Trouble::Network { fault, from, to }
}

/// The smallest part of a history found that still `fails`, in at most `tries`.
pub fn shrink(mut steps: Vec<Step>, mut tries: usize, mut fails: impl FnMut(&[Step]) -> bool) -> Vec<Step> {
    let mut size = steps.len().div_ceil(2);
    loop {
        let mut at = 0;
        let mut is_smaller = false;
        while at < steps.len() && tries > 0 {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(steps.len()));
            tries -= 1;
            if fails(&fewer) {
                steps = fewer;
                is_smaller = true;
            } else {
                at += size;
            }
        }
        if tries == 0 || (size == 1 && !is_smaller) {
            return steps;
        }
        size = (size / 2).max(1);
    }
}
