//! What a run would do or has done, as text and as JSON.

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::conflict_list::Kind;
use super::edited::{DivergentJson, divergent};
use super::text::{counted, fit, memories, pad, remark};
use crate::object::{ContentHash, SideName};
use crate::reconcile::{DivergentEdit, State};
use crate::ui::{Label, Palette, escape_line};

/// How many memories were, or would be, created, changed and deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// New memories.
    pub created: usize,
    /// Changed memories.
    pub changed: usize,
    /// Deleted memories.
    pub deleted: usize,
}

impl Counts {
    fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What happens to one memory on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// It is created.
    Create,
    /// It is changed.
    Change,
    /// It is deleted.
    Delete,
}

/// One memory of a plan.
#[derive(Clone, Debug)]
pub struct Line {
    /// The memory.
    pub key: ContentHash,
    /// What happened to it since both sides agreed.
    pub state: State,
    /// What this device does.
    pub local: Option<Verb>,
    /// What the server is asked to do.
    pub remote: Option<Verb>,
    /// The first line of its text; empty where it was not looked up.
    pub first_line: String,
}

/// A memory that waits for the user.
#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    /// The memory.
    pub content_hash: String,
    /// What happened to it.
    #[serde(skip)]
    pub kind: Kind,
    /// The fields that collide.
    pub fields: Vec<String>,
    /// The first line of its text.
    pub first_line: String,
}

/// A memory that a side did not take.
#[derive(Clone, Debug, Serialize)]
pub struct NotTaken {
    /// The memory.
    pub content_hash: String,
    /// The side, `local` or `remote`.
    pub side: String,
    /// Why, in one sentence.
    pub reason: String,
    /// It will not be taken as it is.
    pub refused: bool,
    /// The similar memory that the server already holds, where that is the reason.
    pub similar_to: Option<String>,
}

/// A run of `pull`, `apply`, `push` or `sync`.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The remote's name.
    pub remote: String,
    /// The remote's address.
    pub url: Option<String>,
    /// Nothing was done: this is what would be.
    pub is_dry: bool,
    /// The plan's name; empty where nobody asked for it.
    pub plan_id: String,
    /// What happened, or would happen, on this device.
    pub pulled: Counts,
    /// What happened, or would happen, on the server.
    pub pushed: Counts,
    /// The plan, memory by memory; empty where nobody asked for that.
    pub lines: Vec<Line>,
    /// The memories that wait for the user.
    pub conflicts: Vec<Waiting>,
    /// The memories that both sides had rewritten, and not alike.
    pub divergent_edits: Vec<DivergentEdit>,
    /// The memories that a side did not take.
    pub problems: Vec<NotTaken>,
    /// The memories that changed while the run was under way.
    pub stale: Vec<String>,
    /// Why the run stopped before any effect.
    pub brakes: Vec<String>,
}

impl Run {
    /// Whether nothing was done, and nothing waits for anybody.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.pulled.is_nothing()
            && self.pushed.is_nothing()
            && self.conflicts.is_empty()
            && self.problems.is_empty()
            && self.stale.is_empty()
    }

    /// The run as people read it; `detailed` lists every memory.
    #[must_use]
    pub fn text(&self, palette: Palette, width: usize, detailed: bool) -> String {
        let mut out = String::new();
        if detailed {
            out.extend(self.lines.iter().map(|line| line.text(palette, width)));
        }
        let (pulled, pushed) = if self.is_dry { ("would pull", "would push") } else { ("pulled", "pushed") };
        for (word, counts) in [(pulled, self.pulled), (pushed, self.pushed)] {
            if !counts.is_nothing() {
                out.extend([format!("{word}: {}\n", describe(counts))]);
            }
        }
        if !self.conflicts.is_empty() {
            let title = counted(self.conflicts.len(), "conflict waits for you:", "conflicts wait for you:");
            out.extend([format!("{}\n", palette.paint(Label::Conflict, title))]);
            out.extend(self.conflicts.iter().map(|one| waiting(palette, one, width)));
        }
        let divergent = |edit| format!("divergent edit: {}\n", divergent(edit, &self.remote));
        out.extend(self.divergent_edits.iter().map(divergent));
        if !self.problems.is_empty() {
            let title = format!("{} not taken:", memories(self.problems.len()));
            out.extend([format!("{}\n", palette.paint(Label::Conflict, title))]);
            out.extend(self.problems.iter().map(|problem| not_taken(palette, problem)));
        }
        if !self.stale.is_empty() {
            let count = memories(self.stale.len());
            out.extend([format!("{count} changed meanwhile and will be looked at by the next run\n")]);
        }
        if out.is_empty() {
            out.push_str("Already up to date.\n");
        }
        out
    }

    /// The JSON document.
    #[must_use]
    pub fn json(&self) -> RunJson<'_> {
        RunJson {
            schema_version: 1,
            remote: &self.remote,
            url: self.url.as_deref(),
            dry_run: self.is_dry,
            plan: &self.plan_id,
            pulled: self.pulled,
            pushed: self.pushed,
            entries: self.lines.iter().map(Line::json).collect(),
            conflicts: &self.conflicts,
            divergent_edits: self.divergent_edits.iter().map(DivergentJson::from).collect(),
            not_taken: &self.problems,
            stale: &self.stale,
            brakes: &self.brakes,
        }
    }
}

impl Line {
    fn text(&self, palette: Palette, width: usize) -> String {
        let arrow = |side: SideName, verb: Verb| {
            let (label, word) = match verb {
                Verb::Create => (Label::Added, "new"),
                Verb::Change => (Label::Modified, "changed"),
                Verb::Delete => (Label::Deleted, "deleted"),
            };
            let mark = if side == SideName::Local { "<-" } else { "->" };
            palette.paint(label, pad(&format!("{mark} {word}"), 11)).to_string()
        };
        let verbs = [(SideName::Local, self.local), (SideName::Remote, self.remote)];
        let room = width.saturating_sub(2 + 11 + 10).max(16);
        let mut out = String::new();
        for arrow in verbs.into_iter().filter_map(|(side, verb)| Some(arrow(side, verb?))) {
            let id = palette.paint(Label::Id, pad(&escape_line(self.key.short()), 8));
            out.extend([format!("  {arrow}{id}  {}\n", fit(&escape_line(&self.first_line), room))]);
        }
        out
    }

    fn json(&self) -> LineJson {
        LineJson {
            content_hash: self.key.to_string(),
            local_state: letter_word(self.state.letter(SideName::Local)),
            remote_state: letter_word(self.state.letter(SideName::Remote)),
            local: self.local,
            remote: self.remote,
        }
    }
}

/// The word for a letter of `status --porcelain`.
#[must_use]
pub fn letter_word(letter: char) -> &'static str {
    match letter {
        'A' => "added",
        'M' => "modified",
        'D' => "deleted",
        _ => "same",
    }
}

/// The counts that are not 0, in words.
#[must_use]
pub fn describe(counts: Counts) -> String {
    let parts = [(counts.created, "new"), (counts.changed, "changed"), (counts.deleted, "deleted")];
    parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn waiting(palette: Palette, one: &Waiting, width: usize) -> String {
    let short: String = one.content_hash.chars().take(8).collect();
    let id = palette.paint(Label::Id, pad(&escape_line(&short), 8));
    let about = remark(&one.kind.about(&one.fields));
    let room = width.saturating_sub(12 + about.width()).max(16);
    format!("  {id}  {about}{}\n", fit(&escape_line(&one.first_line), room))
}

fn not_taken(palette: Palette, problem: &NotTaken) -> String {
    let short: String = problem.content_hash.chars().take(8).collect();
    let id = palette.paint(Label::Id, pad(&escape_line(&short), 8));
    format!("  {id}  {}\n", escape_line(&problem.reason))
}

/// `--json` of `pull`, `apply`, `push` and `sync`.
#[derive(Clone, Debug, Serialize)]
pub struct RunJson<'a> {
    schema_version: u32,
    remote: &'a str,
    url: Option<&'a str>,
    dry_run: bool,
    plan: &'a str,
    pulled: Counts,
    pushed: Counts,
    entries: Vec<LineJson>,
    conflicts: &'a [Waiting],
    divergent_edits: Vec<DivergentJson>,
    not_taken: &'a [NotTaken],
    stale: &'a [String],
    brakes: &'a [String],
}

#[derive(Clone, Debug, Serialize)]
struct LineJson {
    content_hash: String,
    local_state: &'static str,
    remote_state: &'static str,
    local: Option<Verb>,
    remote: Option<Verb>,
}
