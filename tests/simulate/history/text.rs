//! Histories as text: one line a step.
//!
//! ```text
//! world devices=2 memories=3
//! server create 0 1
//! d0 sync fault=kill@7
//! |3 server tag 0 2
//! both d0 tag 0 3 and d1 delete 0
//! d0 restore
//! rest
//! ```
//!
//! A line that begins with `|N` happens at tick N of the run above it, with `|wN` at tick N after it began to write,
//! with `|rN` before the server answers its request N since then; one that begins with `#` is a remark.

use std::fmt;
use std::str::FromStr;

use super::{Command, Deed, Fault, FaultKind, Filter, History, Moment, Run, Shape, Spot, Step, Strategy};
use crate::place::Version;

/// The commands that take no number, by their words.
const COMMANDS: [(&str, Command); 17] = [
    ("sync", Command::Sync),
    ("pull", Command::Pull),
    ("push", Command::Push),
    ("apply", Command::Apply),
    ("fetch", Command::Fetch),
    ("stash", Command::Stash),
    ("status", Command::Status),
    ("dry-run", Command::DryRun),
    ("ours", Command::Ours),
    ("theirs", Command::Theirs),
    ("base", Command::Base),
    ("deleted", Command::Deleted),
    ("field", Command::Field),
    ("undo", Command::Undo),
    ("undo-remote", Command::UndoRemote),
    ("restore-all", Command::Restore),
    ("gc", Command::Gc),
];

pub(super) const FAULTS: [(&str, FaultKind); 13] = [
    ("kill", FaultKind::Kill),
    ("lost", FaultKind::Lost),
    ("unanswered", FaultKind::Unanswered),
    ("doubled", FaultKind::Doubled),
    ("unauthorized", FaultKind::Unauthorized),
    ("garbled", FaultKind::Garbled),
    ("failed", FaultKind::Failed),
    ("failed-after", FaultKind::FailedAfter),
    ("refused", FaultKind::Refused),
    ("ignored", FaultKind::Ignored),
    ("busy", FaultKind::Busy),
    ("full", FaultKind::Full),
    ("missed", FaultKind::Missed),
];

const STRATEGIES: [(&str, Strategy); 3] =
    [("ours", Strategy::Ours), ("theirs", Strategy::Theirs), ("newest", Strategy::Newest)];

fn word<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, known)| known == value).map_or("?", |(word, _)| word)
}

fn value<T: Copy>(table: &[(&'static str, T)], word: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(number) => write!(f, "d{number}"),
            Self::Server => f.write_str("server"),
        }
    }
}

impl FromStr for Spot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.strip_prefix('d') {
            Some(number) => number.parse().map(Self::Device).map_err(drop),
            None if text == "server" => Ok(Self::Server),
            None => Err(()),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tick(tick) => write!(f, "{tick}"),
            Self::Writing(tick) => write!(f, "w{tick}"),
            Self::Request(number) => write!(f, "r{number}"),
        }
    }
}

impl FromStr for Moment {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let moment = if let Some(number) = text.strip_prefix('w') {
            number.parse().map(Self::Writing)
        } else if let Some(number) = text.strip_prefix('r') {
            number.parse().map(Self::Request)
        } else {
            text.parse().map(Self::Tick)
        };
        moment.map_err(drop)
    }
}

/// What somebody does to a memory.
struct Work<'a>(&'a Spot, &'a usize, &'a Deed);

impl fmt::Display for Work<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(spot, memory, deed) = self;
        match deed {
            Deed::Create(n) => write!(f, "{spot} create {memory} {n}"),
            Deed::Respell(n) => write!(f, "{spot} respell {memory} {n}"),
            Deed::Tag(n) => write!(f, "{spot} tag {memory} {n}"),
            Deed::CommonTag(tag) => write!(f, "{spot} common-tag {memory} {tag}"),
            Deed::Untag(which) => write!(f, "{spot} untag {memory} {which}"),
            Deed::Type(n) => write!(f, "{spot} type {memory} {n}"),
            Deed::Set(path, n) => write!(f, "{spot} set {memory} {path} {n}"),
            Deed::Null(path) => write!(f, "{spot} null {memory} {path}"),
            Deed::Unset(path) => write!(f, "{spot} unset {memory} {path}"),
            Deed::Delete => write!(f, "{spot} delete {memory}"),
            Deed::Search => write!(f, "{spot} search {memory}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Work(spot, memory, deed) => Work(spot, memory, deed).fmt(f),
            Self::Both([one, other]) => {
                let [one, other] = [one, other].map(|(spot, memory, deed)| Work(spot, memory, deed));
                write!(f, "both {one} and {other}")
            }
            Self::Purge(spot) => write!(f, "{spot} purge"),
            Self::BackUp(spot) => write!(f, "{spot} back-up"),
            Self::Restore(spot) => write!(f, "{spot} restore"),
            Self::LoseStaging(device) => write!(f, "d{device} lose-staging"),
            Self::Swap => f.write_str("server swap"),
            Self::Move(spot) => write!(f, "{spot} move"),
            Self::Version(Version::Old) => f.write_str("server old"),
            Self::Version(Version::New) => f.write_str("server new"),
            Self::Restart => f.write_str("server restart"),
            Self::Clock(spot, seconds) => write!(f, "{spot} clock {seconds}"),
            Self::Run(run) => run.fmt(f),
            Self::Rest => f.write_str("rest"),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.command {
            Command::Merged(n) => write!(f, "d{} merged {n}", self.device)?,
            command => write!(f, "d{} {}", self.device, word(&COMMANDS, &command))?,
        }
        match self.scope {
            None => {}
            Some(Filter::Tag(tag)) => write!(f, " tag={tag}")?,
            Some(Filter::Type(which)) => write!(f, " type={which}")?,
            Some(Filter::Store(which)) => write!(f, " store={which}")?,
            Some(Filter::Since(step)) => write!(f, " since={step}")?,
            Some(Filter::TagAndType(tag, which)) => write!(f, " tag={tag} type={which}")?,
        }
        if let Some(strategy) = self.strategy {
            write!(f, " strategy={}", word(&STRATEGIES, &strategy))?;
        }
        if self.insists {
            f.write_str(" insists")?;
        }
        if let Some(Fault { kind, from }) = self.fault {
            write!(f, " fault={}@{from}", word(&FAULTS, &kind))?;
        }
        self.during.iter().try_for_each(|(moment, step)| write!(f, "\n|{moment} {step}"))
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape { devices, memories, limit, never_merge, version, troubles } = &self.shape;
        write!(f, "world devices={devices} memories={memories}")?;
        if let Some(limit) = limit {
            write!(f, " limit={limit}")?;
        }
        if *never_merge {
            f.write_str(" never-merge")?;
        }
        if *version == Version::Old {
            f.write_str(" old")?;
        }
        if let Some(troubles) = troubles {
            write!(f, " troubles={troubles}")?;
        }
        writeln!(f)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl FromStr for History {
    type Err = String;

    /// Reads a history; the error is the line that is not understood.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let head = lines.next().unwrap_or_default();
        let shape = shape(head).ok_or_else(|| head.to_owned())?;
        let mut steps = Vec::new();
        for line in lines {
            let wrong = || line.to_owned();
            match line.strip_prefix('|') {
                None => steps.push(step(line).ok_or_else(wrong)?),
                Some(rest) => {
                    let (moment, nested) = rest.split_once(' ').ok_or_else(wrong)?;
                    let nested = (moment.parse().map_err(|()| wrong())?, step(nested).ok_or_else(wrong)?);
                    let Some(Step::Run(run)) = steps.last_mut() else { return Err(wrong()) };
                    run.during.push(nested);
                }
            }
        }
        Ok(Self { shape, steps })
    }
}

fn shape(line: &str) -> Option<Shape> {
    let mut words = line.split_whitespace();
    let mut shape = Shape {
        devices: 2,
        memories: 3,
        limit: None,
        never_merge: false,
        version: Version::New,
        troubles: None,
    };
    if words.next()? != "world" {
        return None;
    }
    for word in words {
        match word.split_once('=') {
            Some(("devices", number)) => shape.devices = number.parse().ok()?,
            Some(("memories", number)) => shape.memories = number.parse().ok()?,
            Some(("limit", number)) => shape.limit = Some(number.parse().ok()?),
            Some(("troubles", number)) => shape.troubles = Some(number.parse().ok()?),
            None if word == "never-merge" => shape.never_merge = true,
            None if word == "old" => shape.version = Version::Old,
            _ => return None,
        }
    }
    Some(shape)
}

fn step(line: &str) -> Option<Step> {
    let words: Vec<&str> = line.split_whitespace().collect();
    if words == ["rest"] {
        return Some(Step::Rest);
    }
    if let Some((one, other)) = line.strip_prefix("both ").and_then(|works| works.split_once(" and ")) {
        return Some(Step::Both([work(one)?, work(other)?]));
    }
    if let Some((spot, memory, deed)) = work(line) {
        return Some(Step::Work(spot, memory, deed));
    }
    let (spot, rest) = words.split_first()?;
    let spot: Spot = spot.parse().ok()?;
    let (verb, rest) = rest.split_first()?;
    if let Some(step) = event(spot, verb, rest) {
        return Some(step);
    }
    let Spot::Device(device) = spot else { return None };
    run(device, verb, rest).map(Step::Run)
}

/// What somebody does to a memory.
fn work(line: &str) -> Option<(Spot, usize, Deed)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [spot, verb, rest @ ..] = &words[..] else { return None };
    Some((spot.parse().ok()?, rest.first()?.parse().ok()?, deed(verb, rest)?))
}

/// What happens to a place.
fn event(spot: Spot, verb: &str, rest: &[&str]) -> Option<Step> {
    Some(match (verb, spot, rest) {
        ("purge", _, []) => Step::Purge(spot),
        ("back-up", _, []) => Step::BackUp(spot),
        ("restore", _, []) => Step::Restore(spot),
        ("lose-staging", Spot::Device(device), []) => Step::LoseStaging(device),
        ("swap", Spot::Server, []) => Step::Swap,
        ("move", _, []) => Step::Move(spot),
        ("old", Spot::Server, []) => Step::Version(Version::Old),
        ("new", Spot::Server, []) => Step::Version(Version::New),
        ("restart", Spot::Server, []) => Step::Restart,
        ("clock", _, [seconds]) => Step::Clock(spot, seconds.parse().ok()?),
        _ => return None,
    })
}

/// What is done to a memory; its own number comes first and is left aside.
fn deed(verb: &str, rest: &[&str]) -> Option<Deed> {
    let number = || rest.get(1)?.parse().ok();
    let place = || rest.get(1)?.parse().ok();
    Some(match verb {
        "create" => Deed::Create(number()?),
        "respell" => Deed::Respell(number()?),
        "tag" => Deed::Tag(number()?),
        "common-tag" => Deed::CommonTag(place()?),
        "untag" => Deed::Untag(place()?),
        "type" => Deed::Type(number()?),
        "set" => Deed::Set(place()?, rest.get(2)?.parse().ok()?),
        "null" => Deed::Null(place()?),
        "unset" => Deed::Unset(place()?),
        "delete" => Deed::Delete,
        "search" => Deed::Search,
        _ => return None,
    })
}

fn run(device: usize, verb: &str, mut rest: &[&str]) -> Option<Run> {
    let command = if verb == "merged" {
        let (number, others) = rest.split_first()?;
        rest = others;
        Command::Merged(number.parse().ok()?)
    } else {
        value(&COMMANDS, verb)?
    };
    let mut run = Run::new(device, command);
    for word in rest {
        match word.split_once('=') {
            Some(("tag", tag)) => run.scope = Some(Filter::Tag(tag.parse().ok()?)),
            Some(("type", which)) => {
                let which = which.parse().ok()?;
                run.scope = Some(match run.scope {
                    Some(Filter::Tag(tag)) => Filter::TagAndType(tag, which),
                    _ => Filter::Type(which),
                });
            }
            Some(("store", which)) => run.scope = Some(Filter::Store(which.parse().ok()?)),
            Some(("since", step)) => run.scope = Some(Filter::Since(step.parse().ok()?)),
            Some(("strategy", name)) => run.strategy = Some(value(&STRATEGIES, name)?),
            Some(("fault", fault)) => {
                let (kind, from) = fault.split_once('@')?;
                run.fault = Some(Fault { kind: value(&FAULTS, kind)?, from: from.parse().ok()? });
            }
            None if *word == "insists" => run.insists = true,
            _ => return None,
        }
    }
    Some(run)
}
