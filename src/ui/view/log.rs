//! The history of syncs.

use serde::Serialize;

use super::text::{exact_moment, moment};
use crate::object::{Commit, CommitId};
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

/// `memsync log --json`.
#[derive(Clone, Debug, Serialize)]
pub struct LogJson {
    schema_version: u32,
    commits: Vec<CommitJson>,
}

#[derive(Clone, Debug, Serialize)]
struct CommitJson {
    id: String,
    parents: Vec<String>,
    tree: String,
    device: String,
    seconds: i64,
    message: String,
}

impl LogJson {
    /// The document for these syncs, newest first.
    #[must_use]
    pub fn new(commits: &[(CommitId, Commit)]) -> Self {
        let commits = commits.iter().map(|(id, commit)| CommitJson {
            id: id.to_string(),
            parents: commit.parents.iter().map(ToString::to_string).collect(),
            tree: commit.tree.to_string(),
            device: commit.author.name.clone(),
            seconds: commit.author.seconds,
            message: commit.message.clone(),
        });
        Self { schema_version: 1, commits: commits.collect() }
    }
}
