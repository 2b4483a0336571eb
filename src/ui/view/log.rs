//! The history of syncs.

use serde::Serialize;

use super::diff::Change;
use super::text::{exact_moment, fit, memories, moment};
use crate::object::{Commit, CommitId};
use crate::reconcile::differing;
use crate::ui::{Label, Palette, escape, escape_line};

/// One sync as `memsync log` shows it.
#[must_use]
pub fn entry(id: CommitId, commit: &Commit, palette: Palette) -> String {
    let head = palette.paint(Label::Id, format!("commit {id}"));
    let lines: Vec<String> = commit.message.lines().map(|line| format!("    {}", escape(line))).collect();
    let message: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    format!(
        "{head}\nDevice: {}\nDate:   {}\n\n{}\n",
        escape_line(&commit.author.name),
        exact_moment(commit.author.seconds),
        message.join("\n").trim_end()
    ) + "\n"
}

/// One sync on one line, for `--oneline`.
#[must_use]
pub fn oneline(id: CommitId, commit: &Commit, palette: Palette) -> String {
    let short = palette.paint(Label::Id, id.to_string()[..10].to_owned());
    let summary = escape_line(commit.message.lines().next().unwrap_or_default()).into_owned();
    format!("{short} {} {summary}\n", palette.paint(Label::Faint, moment(commit.author.seconds)))
}

/// What a commit changed, a line for each memory and one for all, for `--stat`; empty where nothing changed.
#[must_use]
pub fn statistics(changes: &[Change], palette: Palette, width: usize) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let lines: String = changes.iter().map(|change| line(change, palette, width)).collect();
    let count = |kind| changes.iter().filter(|change| Kind::of(change) == kind).count();
    let parts = [
        (count(Kind::Changed), memories(count(Kind::Changed)) + " changed"),
        (count(Kind::New), format!("{} new", count(Kind::New))),
        (count(Kind::Deleted), format!("{} deleted", count(Kind::Deleted))),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    format!("{lines} {}\n", parts.join(", "))
}

fn line(change: &Change, palette: Palette, width: usize) -> String {
    let kind = Kind::of(change);
    let what = match (&change.old, &change.new) {
        (Some(old), Some(new)) => {
            let fields: Vec<String> = differing(old, new).iter().map(ToString::to_string).collect();
            fields.join(", ")
        }
        _ => kind.word().to_owned(),
    };
    let what = fit(&escape_line(&what), width.saturating_sub(12).max(8));
    let id = palette.paint(Label::Id, format!("{:<8}", escape_line(change.key.short())));
    format!(" {id} | {}\n", palette.paint(kind.label(), what))
}

/// What became of a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    New,
    Changed,
    Deleted,
}

impl Kind {
    fn of(change: &Change) -> Self {
        match (&change.old, &change.new) {
            (None, _) => Self::New,
            (Some(_), Some(_)) => Self::Changed,
            (Some(_), None) => Self::Deleted,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
        }
    }

    const fn label(self) -> Label {
        match self {
            Self::New => Label::Added,
            Self::Changed => Label::Modified,
            Self::Deleted => Label::Deleted,
        }
    }
}

/// One commit as `memsync log --json` shows it.
#[derive(Clone, Debug, Serialize)]
pub struct CommitJson {
    id: String,
    parents: Vec<String>,
    tree: String,
    device: String,
    seconds: i64,
    message: String,
    changes: Option<Vec<ChangedJson>>,
}

/// One memory that a commit changed.
#[derive(Clone, Debug, Serialize)]
struct ChangedJson {
    content_hash: String,
    change: &'static str,
    fields: Vec<String>,
}

impl CommitJson {
    /// A commit, and what it changed where that was asked for.
    #[must_use]
    pub fn new(id: CommitId, commit: &Commit, changes: Option<&[Change]>) -> Self {
        Self {
            id: id.to_string(),
            parents: commit.parents.iter().map(ToString::to_string).collect(),
            tree: commit.tree.to_string(),
            device: commit.author.name.clone(),
            seconds: commit.author.seconds,
            message: commit.message.clone(),
            changes: changes.map(|changes| changes.iter().map(ChangedJson::from).collect()),
        }
    }
}

impl From<&Change> for ChangedJson {
    fn from(change: &Change) -> Self {
        let fields = match (&change.old, &change.new) {
            (Some(old), Some(new)) => differing(old, new).iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        Self { content_hash: change.key.to_string(), change: Kind::of(change).word(), fields }
    }
}

/// `memsync log --json`.
#[derive(Clone, Debug, Serialize)]
pub struct LogJson {
    schema_version: u32,
    commits: Vec<CommitJson>,
}

impl LogJson {
    /// The document for these commits, newest first.
    #[must_use]
    pub fn new(commits: Vec<CommitJson>) -> Self {
        Self { schema_version: 1, commits }
    }
}
