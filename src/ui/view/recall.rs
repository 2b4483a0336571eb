//! What brought memories back, or would, as text and as JSON.

use serde::Serialize;

use super::run::{Counts, NotTaken, Verb};
use super::text::{fit, memories, pad};
use crate::object::{ContentHash, SideName};
use crate::ui::{Label, Palette, escape_line};

/// One memory that comes back, or goes away again, on one side.
#[derive(Clone, Debug)]
pub struct Line {
    /// The side.
    pub side: SideName,
    /// The memory.
    pub key: ContentHash,
    /// What happens to it.
    pub verb: Verb,
    /// The first line of its text.
    pub first_line: String,
}

/// A run of `undo` or `restore`.
#[derive(Clone, Debug, Default)]
pub struct Recalled {
    /// This device's name.
    pub device: String,
    /// The remote's name.
    pub remote: String,
    /// The commit that says how it was: the run that is taken back, or where memories come from.
    pub source: String,
    /// The commit of this run, where one was made.
    pub commit: Option<String>,
    /// Nothing was done: this is what would be.
    pub is_dry: bool,
    /// What happened, or would happen, on this device.
    pub local: Counts,
    /// What happened, or would happen, on the server.
    pub server: Counts,
    /// The plan, memory by memory.
    pub lines: Vec<Line>,
    /// Memories that were changed since, and were left alone.
    pub moved: Vec<(SideName, ContentHash)>,
    /// Memories that a side did not take.
    pub problems: Vec<NotTaken>,
}

impl Recalled {
    /// The run as people read it; `detailed` lists every memory.
    #[must_use]
    pub fn text(&self, palette: Palette, width: usize, detailed: bool) -> String {
        let mut out = String::new();
        if detailed {
            out.extend(self.lines.iter().map(|line| line.text(palette, width)));
        }
        let places = [("this device", &self.device, self.local), ("the server", &self.remote, self.server)];
        for (place, name, counts) in places {
            let done = describe(counts);
            if !done.is_empty() {
                let would = if self.is_dry { "would be " } else { "" };
                out.extend([format!("on {place} ({}): {would}{done}\n", escape_line(name))]);
            }
        }
        if !self.moved.is_empty() {
            let title = format!("{} left alone, changed since:", memories(self.moved.len()));
            out.extend([format!("{}\n", palette.paint(Label::Conflict, title))]);
            for (side, key) in &self.moved {
                let id = palette.paint(Label::Id, pad(&escape_line(key.short()), 8));
                let place = if *side == SideName::Local { "on this device" } else { "on the server" };
                out.extend([format!("  {id}  {place}\n")]);
            }
        }
        if !self.problems.is_empty() {
            let title = format!("{} not taken:", memories(self.problems.len()));
            out.extend([format!("{}\n", palette.paint(Label::Conflict, title))]);
            for problem in &self.problems {
                let short: String = problem.content_hash.chars().take(8).collect();
                let id = palette.paint(Label::Id, pad(&escape_line(&short), 8));
                out.extend([format!("  {id}  {}\n", escape_line(&problem.reason))]);
            }
        }
        if out.is_empty() {
            out.push_str("Nothing to bring back.\n");
        }
        out
    }

    /// The JSON document.
    #[must_use]
    pub fn json(&self) -> RecalledJson<'_> {
        let lines = self.lines.iter().map(|line| LineJson {
            content_hash: line.key.as_str(),
            side: line.side.to_string(),
            action: line.verb,
        });
        let moved = self
            .moved
            .iter()
            .map(|(side, key)| MovedJson { content_hash: key.as_str(), side: side.to_string() });
        RecalledJson {
            schema_version: 1,
            source: &self.source,
            commit: self.commit.as_deref(),
            dry_run: self.is_dry,
            device: &self.device,
            remote: &self.remote,
            on_device: self.local,
            on_server: self.server,
            memories: lines.collect(),
            left_alone: moved.collect(),
            not_taken: &self.problems,
        }
    }
}

impl Line {
    fn text(&self, palette: Palette, width: usize) -> String {
        let (label, word) = match self.verb {
            Verb::Create => (Label::Added, "brought back"),
            Verb::Change => (Label::Modified, "changed back"),
            Verb::Delete => (Label::Deleted, "taken away"),
        };
        let mark = if self.side == SideName::Local { "<-" } else { "->" };
        let word = palette.paint(label, pad(&format!("{mark} {word}"), 17));
        let id = palette.paint(Label::Id, pad(&escape_line(self.key.short()), 8));
        let room = width.saturating_sub(2 + 17 + 10).max(16);
        format!("  {word}{id}  {}\n", fit(&escape_line(&self.first_line), room))
    }
}

fn describe(counts: Counts) -> String {
    let parts =
        [(counts.created, "brought back"), (counts.changed, "changed back"), (counts.deleted, "taken away")];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

/// `--json` of `undo` and `restore`.
#[derive(Clone, Debug, Serialize)]
pub struct RecalledJson<'a> {
    schema_version: u32,
    source: &'a str,
    commit: Option<&'a str>,
    dry_run: bool,
    device: &'a str,
    remote: &'a str,
    on_device: Counts,
    on_server: Counts,
    memories: Vec<LineJson<'a>>,
    left_alone: Vec<MovedJson<'a>>,
    not_taken: &'a [NotTaken],
}

#[derive(Clone, Debug, Serialize)]
struct LineJson<'a> {
    content_hash: &'a str,
    side: String,
    action: Verb,
}

#[derive(Clone, Debug, Serialize)]
struct MovedJson<'a> {
    content_hash: &'a str,
    side: String,
}
