//! One memory's whole story.

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::conflict_list::Kind;
use super::diff::MemoryJson;
use super::text::{counted, fit, moment, pad};
use crate::object::{BlobId, CommitId, ContentHash, Memory, SideName, Timestamp};
use crate::ui::{Label, Palette, escape_line};

/// Everything that the page shows.
#[derive(Clone, Debug)]
pub struct Story {
    /// The memory.
    pub key: ContentHash,
    /// This device's name.
    pub device: String,
    /// The remote's name.
    pub remote: String,
    /// What both sides agreed on at the last sync, in this device's form.
    pub base: Option<Version>,
    /// What this device holds.
    pub ours: Option<Version>,
    /// What the server held when it was last read.
    pub theirs: Option<Version>,
    /// What it was last, where it is gone everywhere.
    pub last: Option<Version>,
    /// What the next sync would do.
    pub next: Next,
    /// Why the next sync would stop.
    pub brakes: Vec<String>,
    /// The conflict that waits.
    pub conflict: Option<Waiting>,
    /// What a side did not take.
    pub failures: Vec<Refused>,
    /// Edits that were begun and not confirmed.
    pub begun: Vec<Begun>,
    /// The memories that it took the place of.
    pub previous: Vec<ContentHash>,
    /// The memories that took its place.
    pub following: Vec<ContentHash>,
    /// The commits that changed it, newest first.
    pub commits: Vec<Event>,
}

/// One version of the memory.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its id.
    pub id: BlobId,
    /// The memory.
    pub memory: Memory,
    /// When the side says that it was last written.
    pub updated_at: Option<Timestamp>,
}

/// What the next sync would do, and why, in one sentence.
#[derive(Clone, Debug)]
pub struct Next {
    /// What it would do.
    pub action: Action,
    /// Why.
    pub why: String,
}

/// What a sync does with a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing is left to do.
    Nothing,
    /// This device's version goes to the server.
    Send,
    /// The server's version comes to this device.
    Bring,
    /// Both sides' changes are put together.
    Merge,
    /// One side deletes it.
    Delete(SideName),
    /// The decision on its conflict is carried out.
    Settle,
    /// It waits for a decision.
    Wait,
    /// It is not sent until it changes or a day has passed.
    Hold,
    /// It is left alone on both sides.
    Leave,
}

impl Action {
    fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing to do",
            Self::Send => "sends it to the server",
            Self::Bring => "brings it here",
            Self::Merge => "merges both versions",
            Self::Delete(SideName::Local) => "deletes it here",
            Self::Delete(SideName::Remote) => "deletes it on the server",
            Self::Settle => "carries out your decision",
            Self::Wait => "leaves it, it waits for you",
            Self::Hold => "does not send it again yet",
            Self::Leave => "leaves it alone",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Send => "push",
            Self::Bring => "pull",
            Self::Merge => "merge",
            Self::Delete(SideName::Local) => "delete local",
            Self::Delete(SideName::Remote) => "delete remote",
            Self::Settle => "settle",
            Self::Wait => "wait",
            Self::Hold => "hold",
            Self::Leave => "leave",
        }
    }
}

/// A conflict that waits.
#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    /// Its name for programs.
    pub id: String,
    /// When it was first seen, seconds since 1970; `None` where no command has noted it yet.
    pub since: Option<i64>,
    /// The fields that collide.
    pub fields: Vec<String>,
}

/// What a side did not take.
#[derive(Clone, Debug, Serialize)]
pub struct Refused {
    /// `local` or `remote`.
    pub side: SideName,
    /// Why, in one sentence.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was last tried, seconds since 1970.
    pub seconds: i64,
}

/// An edit that was begun and not confirmed.
#[derive(Clone, Debug, Serialize)]
pub struct Begun {
    /// Which side is edited.
    pub side: SideName,
    /// Whether it deletes.
    pub deletes: bool,
}

/// A commit that changed the memory.
#[derive(Clone, Debug)]
pub struct Event {
    /// The commit.
    pub id: CommitId,
    /// When, seconds since 1970.
    pub seconds: i64,
    /// The version that it left; `None` where it deleted the memory.
    pub version: Option<BlobId>,
    /// `new`, `deleted`, or the fields that it changed.
    pub what: String,
}

/// So many commits are on the page.
const COMMITS: usize = 8;
/// The columns before the three versions.
const MARGIN: usize = 12;

impl Story {
    /// The page for people.
    #[must_use]
    pub fn page(&self, palette: Palette, width: usize) -> String {
        let key = escape_line(self.key.as_str());
        let mut page = format!(
            "{}\n",
            palette.paint(Label::Heading, format!("memory {}", fit(&key, width.saturating_sub(7))))
        );
        page += &self.next(palette);
        page += &self.versions(palette, width);
        page += &self.troubles(palette);
        page += &self.neighbours();
        page + &self.history(palette, width)
    }

    fn next(&self, palette: Palette) -> String {
        let label = if self.next.action == Action::Wait { Label::Conflict } else { Label::Modified };
        let words = palette.paint(label, self.next.action.words());
        let mut part = format!("  next sync: {words}\n  because:   {}\n", escape_line(&self.next.why));
        part.extend(self.brakes.iter().map(|why| format!("  but stops: {}\n", escape_line(why))));
        part
    }

    /// Base, ours and theirs side by side.
    fn versions(&self, palette: Palette, width: usize) -> String {
        let column = (width.clamp(50, 140) - MARGIN) / 3;
        let row = |name: &str, cells: [(String, Option<Label>); 3]| {
            let mut line = format!("  {name:<10}");
            for (text, label) in cells {
                let text = pad(&fit(&text, column - 2), column);
                line += &match label {
                    Some(label) => palette.paint(label, text).to_string(),
                    None => text,
                };
            }
            line.trim_end().to_owned() + "\n"
        };
        let heading = |text: String| (text, Some(Label::Heading));
        let heads = [
            if self.last.is_some() { "last held".to_owned() } else { "last sync".to_owned() },
            format!("ours: {}", escape_line(&self.device)),
            format!("theirs: {}", escape_line(&self.remote)),
        ];
        let mut part = format!("\n{}", row("", heads.map(heading)));
        let base = self.base.as_ref().or(self.last.as_ref());
        for (name, show) in FIELDS {
            let was = base.map(show);
            let versions = [base, self.ours.as_ref(), self.theirs.as_ref()];
            if versions.iter().flatten().all(|version| show(version).is_empty()) {
                continue;
            }
            let cells = versions.map(|version| match version {
                None => ("-".to_owned(), None),
                Some(version) => {
                    let text = show(version);
                    let differs = was.as_ref().is_some_and(|was| *was != text) && name != "updated";
                    (text, differs.then_some(Label::Modified))
                }
            });
            part += &row(name, cells);
        }
        part
    }

    fn troubles(&self, palette: Palette) -> String {
        let mut part = String::new();
        let short = escape_line(self.key.short());
        if let Some(conflict) = &self.conflict {
            let since = conflict.since.map(|since| format!(" since {}", moment(since))).unwrap_or_default();
            let kind = Kind::of(self.base.is_some(), self.ours.is_some(), self.theirs.is_some());
            let about = kind.about(&conflict.fields);
            let head = palette.paint(Label::Conflict, format!("Conflict{since}: {}", escape_line(&about)));
            let [ours, theirs] = kind.ends(&escape_line(&self.device), &escape_line(&self.remote));
            let command = |command: &str, what: &str| {
                format!("  {} {what}\n", pad(&format!("memsync {command} {short}"), 37))
            };
            part.extend([format!("\n{head}\n")]);
            part += &command("checkout --ours", &ours);
            part += &command("checkout --theirs", &theirs);
            part += &command("diff", "shows both; mergetool asks");
        }
        for failure in &self.failures {
            let place = if failure.side == SideName::Local { "this device" } else { "the server" };
            let tries =
                counted(usize::try_from(failure.attempts).unwrap_or(usize::MAX), "attempt", "attempts");
            let head = format!("Not taken by {place}, {} ({tries}):", moment(failure.seconds));
            let head = palette.paint(Label::Deleted, head);
            part.extend([format!("\n{head}\n  {}\n", escape_line(&failure.reason))]);
        }
        for begun in &self.begun {
            let place = if begun.side == SideName::Local { "this device" } else { "the server" };
            let what = if begun.deletes { "deletion" } else { "change" };
            part.extend([format!("\nBegun, not confirmed: a {what} on {place}; the next run finds out\n")]);
        }
        part
    }

    fn neighbours(&self) -> String {
        let line = |words: &str, keys: &[ContentHash]| match keys {
            [] => String::new(),
            keys => {
                let keys: Vec<_> = keys.iter().map(|key| escape_line(key.short()).into_owned()).collect();
                format!("  {words}: {}\n", keys.join(", "))
            }
        };
        let part = line("edited from", &self.previous) + &line("edited into", &self.following);
        if part.is_empty() { part } else { format!("\n{part}") }
    }

    fn history(&self, palette: Palette, width: usize) -> String {
        if self.commits.is_empty() {
            return String::new();
        }
        let mut part = format!("\n{}\n", palette.paint(Label::Heading, "Commits, newest first:"));
        for event in self.commits.iter().take(COMMITS) {
            let head = format!("  {} ", &event.id.to_string()[..10]);
            let what = fit(&escape_line(&event.what), width.saturating_sub(head.width() + 18).max(12));
            part.extend([format!("{}{}  {what}\n", palette.paint(Label::Id, head), moment(event.seconds))]);
        }
        if let Some(more @ 1..) = self.commits.len().checked_sub(COMMITS) {
            part.extend([format!("  and {more} more: memsync log -- {}\n", escape_line(self.key.short()))]);
        }
        part
    }

    /// The JSON document.
    #[must_use]
    pub fn json(&self) -> StoryJson {
        let version = |version: &Option<Version>| version.as_ref().map(VersionJson::from);
        let names = |keys: &[ContentHash]| keys.iter().map(ToString::to_string).collect();
        StoryJson {
            schema_version: 1,
            content_hash: self.key.to_string(),
            device: self.device.clone(),
            remote: self.remote.clone(),
            base: version(&self.base),
            ours: version(&self.ours),
            theirs: version(&self.theirs),
            last: version(&self.last),
            next: self.next.action.name(),
            why: self.next.why.clone(),
            brakes: self.brakes.clone(),
            conflict: self.conflict.clone(),
            failures: self.failures.clone(),
            begun: self.begun.clone(),
            edited_from: names(&self.previous),
            edited_into: names(&self.following),
            commits: self.commits.iter().map(EventJson::from).collect(),
        }
    }
}

/// What a row of the table shows of a version.
type Cell = fn(&Version) -> String;

/// The rows of the table.
const FIELDS: [(&str, Cell); 6] = [
    ("text", |version| escape_line(version.memory.first_line()).into_owned()),
    ("tags", |version| {
        let tags: Vec<_> = version.memory.tags.iter().map(|tag| escape_line(tag)).collect();
        tags.join(", ")
    }),
    ("type", |version| escape_line(version.memory.memory_type.as_deref().unwrap_or("-")).into_owned()),
    ("metadata", |version| match version.memory.metadata.members() {
        Some(members) => {
            let keys: Vec<_> = members.keys().map(|key| escape_line(key)).collect();
            keys.join(", ")
        }
        None => "no JSON object".to_owned(),
    }),
    ("updated", |version| match version.updated_at {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a moment that is no calendar time is shown as a number"
        )]
        Some(at) => moment(at.seconds() as i64),
        None => String::new(),
    }),
    ("version", |version| version.id.to_string()[..12].to_owned()),
];

/// `memsync explain --json`.
#[derive(Clone, Debug, Serialize)]
pub struct StoryJson {
    schema_version: u32,
    content_hash: String,
    device: String,
    remote: String,
    base: Option<VersionJson>,
    ours: Option<VersionJson>,
    theirs: Option<VersionJson>,
    last: Option<VersionJson>,
    next: &'static str,
    why: String,
    brakes: Vec<String>,
    conflict: Option<Waiting>,
    failures: Vec<Refused>,
    begun: Vec<Begun>,
    edited_from: Vec<String>,
    edited_into: Vec<String>,
    commits: Vec<EventJson>,
}

#[derive(Clone, Debug, Serialize)]
struct VersionJson {
    version: String,
    updated_at: Option<f64>,
    memory: MemoryJson,
}

impl From<&Version> for VersionJson {
    fn from(version: &Version) -> Self {
        Self {
            version: version.id.to_string(),
            updated_at: version.updated_at.map(Timestamp::seconds),
            memory: (&version.memory).into(),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct EventJson {
    commit: String,
    seconds: i64,
    version: Option<String>,
    what: String,
}

impl From<&Event> for EventJson {
    fn from(event: &Event) -> Self {
        Self {
            commit: event.id.to_string(),
            seconds: event.seconds,
            version: event.version.map(|id| id.to_string()),
            what: event.what.clone(),
        }
    }
}
