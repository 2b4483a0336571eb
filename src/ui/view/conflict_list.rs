//! Conflicts as `memsync conflicts` lists them, the words that `memsync status` has for them, and the commands that end
//! each kind.

use std::collections::BTreeMap;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::diff::MemoryJson;
use super::text::{fit, pad, remark};
use crate::object::{ContentHash, Resolution, SideName};
use crate::reconcile::{ConflictId, Unmerged};
use crate::ui::{Label, Palette, escape_line};

/// The kinds of conflicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Changed on both sides.
    BothModified,
    /// Made on both sides, each by itself.
    BothAdded,
    /// Deleted here, changed there.
    DeletedByUs,
    /// Changed here, deleted there.
    DeletedByThem,
}

impl Kind {
    /// The kind of a conflict, by which versions there are.
    #[must_use]
    pub fn of(has_base: bool, has_ours: bool, has_theirs: bool) -> Self {
        match (has_base, has_ours, has_theirs) {
            (_, false, _) => Self::DeletedByUs,
            (_, _, false) => Self::DeletedByThem,
            (true, ..) => Self::BothModified,
            (false, ..) => Self::BothAdded,
        }
    }

    /// Git's words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::BothModified => "both modified",
            Self::BothAdded => "both added",
            Self::DeletedByUs => "deleted by us",
            Self::DeletedByThem => "deleted by them",
        }
    }

    /// What such a conflict is about: who deleted the memory, else the fields that collide.
    #[must_use]
    pub fn about(self, fields: &[String]) -> String {
        match self {
            Self::DeletedByUs | Self::DeletedByThem => self.words().to_owned(),
            Self::BothModified | Self::BothAdded => fields.join(", "),
        }
    }

    /// What `memsync checkout --ours` and `--theirs` do to such a conflict.
    #[must_use]
    pub fn ends(self, device: &str, remote: &str) -> [String; 2] {
        match self {
            Self::DeletedByUs => [format!("deletes it on {remote} too"), "brings it back here".to_owned()],
            Self::DeletedByThem => [format!("brings it back on {remote}"), "deletes it here".to_owned()],
            Self::BothModified | Self::BothAdded => [
                format!("takes this device's version ({device})"),
                format!("takes the server's version ({remote})"),
            ],
        }
    }
}

/// What ends conflicts of these kinds, a command and what it does to each.
#[must_use]
pub fn hints(kinds: &[Kind], device: &str, remote: &str) -> Vec<String> {
    let [ours, theirs] = Kind::BothModified.ends(device, remote);
    let mut hints = vec![
        format!("\"memsync checkout --ours HASH\" {ours}"),
        format!("\"memsync checkout --theirs HASH\" {theirs}"),
    ];
    for kind in [Kind::DeletedByUs, Kind::DeletedByThem].into_iter().filter(|kind| kinds.contains(kind)) {
        let [ours, theirs] = kind.ends(device, remote);
        hints.push(format!("{}: --ours {ours}, --theirs {theirs}", kind.words()));
    }
    if kinds.iter().any(|kind| matches!(kind, Kind::BothModified | Kind::BothAdded)) {
        hints.push("\"memsync mergetool\" goes through them field by field".to_owned());
    }
    hints
}

/// One conflict.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name for programs.
    pub id: ConflictId,
    /// The memory.
    pub key: ContentHash,
    /// What happened to it.
    pub kind: Kind,
    /// The fields that collide.
    pub fields: Vec<String>,
    /// When it was first seen, seconds since 1970.
    pub since: i64,
    /// What was chosen for some fields.
    pub choices: BTreeMap<String, SideName>,
    /// The decision, where it only waits to be carried out on both sides.
    pub resolution: Option<Resolution>,
    /// The memories.
    pub versions: Unmerged,
}

/// The list.
#[derive(Clone, Debug)]
pub struct ConflictList {
    /// This device's name.
    pub device: String,
    /// The remote's name.
    pub remote: String,
    /// The conflicts, sorted by key.
    pub conflicts: Vec<Listed>,
}

impl ConflictList {
    /// The list as people read it.
    #[must_use]
    pub fn text(&self, palette: Palette, width: usize) -> String {
        let (open, decided): (Vec<&Listed>, Vec<&Listed>) =
            self.conflicts.iter().partition(|conflict| conflict.resolution.is_none());
        let mut text = String::new();
        if !open.is_empty() {
            let kinds: Vec<Kind> = open.iter().map(|conflict| conflict.kind).collect();
            let hints = hints(&kinds, &escape_line(&self.device), &escape_line(&self.remote));
            text += &heading(palette, "Conflicts", &hints);
            text.extend(open.iter().map(|conflict| conflict.line(palette, width)));
        }
        if !decided.is_empty() {
            let gap = if text.is_empty() { "" } else { "\n" };
            let hint = format!("\"memsync sync\" brings the decision to {}", escape_line(&self.remote));
            text += gap;
            text += &heading(palette, "Decided", &[hint]);
            text.extend(decided.iter().map(|conflict| conflict.line(palette, width)));
        }
        text
    }

    /// The JSON document.
    #[must_use]
    pub fn json(&self) -> ConflictsJson<'_> {
        ConflictsJson {
            schema_version: 1,
            device: &self.device,
            remote: &self.remote,
            conflicts: self.conflicts.iter().map(Listed::json).collect(),
        }
    }
}

/// A title, and in parentheses what to do about what follows.
#[must_use]
pub fn heading(palette: Palette, title: &str, hints: &[String]) -> String {
    let mut text = format!("{}\n", palette.paint(Label::Heading, format!("{title}:")));
    text.extend(hints.iter().map(|hint| format!("  ({hint})\n")));
    text
}

impl Listed {
    fn line(&self, palette: Palette, width: usize) -> String {
        /// The longest words and the space after them.
        const WORDS: usize = 17;
        let words = palette.paint(Label::Conflict, pad(&format!("{}:", self.kind.words()), WORDS));
        let id = palette.paint(Label::Id, pad(&escape_line(self.key.short()), 8));
        let remark = self.remark();
        let held = [&self.versions.ours, &self.versions.theirs].into_iter().flatten().next();
        let first_line = held.map_or("", |memory| memory.first_line());
        // A tab shows as eight columns.
        let room = width.saturating_sub(8 + WORDS + 24 + remark.width()).max(16);
        format!("\t{words}{id}  {}  {remark}{}\n", self.id, fit(&escape_line(first_line), room))
    }

    /// The colliding fields with what was chosen for them, or the decision.
    fn remark(&self) -> String {
        if let Some(resolution) = self.resolution {
            return format!("({resolution}) ");
        }
        if matches!(self.kind, Kind::DeletedByUs | Kind::DeletedByThem) {
            return String::new();
        }
        let field = |name: &String| match self.choices.get(name) {
            Some(side) => format!("{name}: {}", side.version()),
            None => name.clone(),
        };
        let fields: Vec<String> = self.fields.iter().map(field).collect();
        remark(&fields.join(", "))
    }

    fn json(&self) -> ConflictJson<'_> {
        let Unmerged { base, ours, theirs } = &self.versions;
        ConflictJson {
            id: self.id.to_string(),
            content_hash: self.key.to_string(),
            state: self.kind.words(),
            fields: &self.fields,
            since: self.since,
            choices: self.choices.iter().map(|(name, side)| (name, side.version())).collect(),
            resolution: self.resolution.map(|resolution| resolution.to_string()),
            base: base.as_ref().map(|(local, _)| local.into()),
            ours: ours.as_ref().map(MemoryJson::from),
            theirs: theirs.as_ref().map(MemoryJson::from),
        }
    }
}

/// `memsync conflicts --json`.
#[derive(Clone, Debug, Serialize)]
pub struct ConflictsJson<'a> {
    schema_version: u32,
    device: &'a str,
    remote: &'a str,
    conflicts: Vec<ConflictJson<'a>>,
}

#[derive(Clone, Debug, Serialize)]
struct ConflictJson<'a> {
    id: String,
    content_hash: String,
    state: &'static str,
    fields: &'a [String],
    since: i64,
    choices: BTreeMap<&'a String, &'static str>,
    resolution: Option<String>,
    base: Option<MemoryJson>,
    ours: Option<MemoryJson>,
    theirs: Option<MemoryJson>,
}
