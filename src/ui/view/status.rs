//! The page that `memsync status` shows, its frozen form for scripts, and its JSON.

use std::collections::BTreeSet;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::conflict_list::{self, Kind, hints};
use super::edited::{DivergentJson, divergent};
use super::text::{self, fit, memories, moment, pad};
use crate::object::{ContentHash, SideName};
use crate::reconcile::{DivergentEdit, Edited, State};
use crate::ui::{Label, Palette, escape_line, without_nul};

/// Everything that the page is about.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// This device's name.
    pub device: String,
    /// The remote's name.
    pub remote: String,
    /// The remote's address; `None` where none is configured.
    pub url: Option<String>,
    /// When the server was last read, seconds since 1970.
    pub last_fetch: Option<i64>,
    /// When something was last sent, seconds since 1970.
    pub last_push: Option<i64>,
    /// How many memories this device holds.
    pub held: usize,
    /// The memories that are not in agreement, sorted by key.
    pub entries: Vec<Entry>,
    /// The memories that both sides rewrote, and not alike.
    pub divergent_edits: Vec<DivergentEdit>,
    /// What cannot be carried, in one sentence each.
    pub unreadable: Vec<String>,
    /// How many edits of a run that did not end may or may not have reached the server.
    pub interrupted_edits: usize,
    /// How many memories of this device have no vector.
    pub missing_vectors: u64,
    /// Why the next sync would stop, with what lets it through.
    pub brakes: Vec<String>,
}

/// A memory that is not in agreement. There can be a million: a boxed text has no room to grow into.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub key: ContentHash,
    /// What happened to it.
    pub state: State,
    /// The first line of its text.
    pub first_line: Box<str>,
    /// The fields that collide, where it waits for the user.
    pub conflict: Option<Box<[String]>>,
    /// How the conflict was ended; the next push or sync carries it out.
    pub resolved: Option<&'static str>,
    /// Why its last push failed.
    pub failure: Option<Box<str>>,
    /// The edit that made it out of another memory, which has an entry of its own.
    pub edit: Option<Box<Edited>>,
}

impl Entry {
    /// The three letters of `--porcelain`.
    #[must_use]
    pub fn letters(&self) -> String {
        let third = match (&self.conflict, &self.failure) {
            (Some(_), _) => 'U',
            (None, Some(_)) => 'F',
            (None, None) => '.',
        };
        [self.state.letter(SideName::Local), self.state.letter(SideName::Remote), third].into_iter().collect()
    }

    /// Git's words for what happened.
    fn words(&self) -> &'static str {
        match self.state {
            _ if self.conflict.is_some() => self.kind().words(),
            _ if self.edit.is_some() => "edited",
            State::AddedByUs | State::AddedByThem | State::BothAdded | State::BothAddedAlike => "new",
            State::DeletedByUs | State::DeletedByThem | State::BothDeleted => "deleted",
            _ => "modified",
        }
    }

    /// Which kind of conflict it is in.
    fn kind(&self) -> Kind {
        match self.state {
            State::BothAdded => Kind::BothAdded,
            State::DeletedByUsModifiedByThem | State::AddedByThem => Kind::DeletedByUs,
            State::ModifiedByUsDeletedByThem | State::DeletedByThem => Kind::DeletedByThem,
            _ => Kind::BothModified,
        }
    }
}

/// A part of the page.
struct Section {
    title: &'static str,
    hint: &'static str,
    label: Label,
    belongs: fn(&Entry) -> bool,
}

const SECTIONS: [Section; 4] = [
    Section {
        title: "Conflicts",
        // Each kind has its own.
        hint: "",
        label: Label::Conflict,
        belongs: |entry| entry.conflict.is_some(),
    },
    Section {
        title: "Changes on this device",
        hint: "\"memsync push\" sends them, \"memsync sync\" does all",
        label: Label::Added,
        belongs: |entry| {
            // A decision has yet to reach the server, even where it is what this device held all along.
            entry.conflict.is_none()
                && (entry.resolved.is_some()
                    || entry.state.letter(SideName::Local) != '.'
                        && entry.state.letter(SideName::Remote) == '.')
        },
    },
    Section {
        title: "Changes on the server, as last fetched",
        hint: "\"memsync pull\" brings them here",
        label: Label::Modified,
        belongs: |entry| {
            entry.conflict.is_none()
                && entry.resolved.is_none()
                && entry.state.letter(SideName::Local) == '.'
                && entry.state.letter(SideName::Remote) != '.'
        },
    },
    Section {
        title: "Changed on both sides without a conflict",
        hint: "\"memsync sync\" merges them",
        label: Label::Modified,
        belongs: |entry| {
            entry.conflict.is_none()
                && entry.resolved.is_none()
                && entry.state.letter(SideName::Local) != '.'
                && entry.state.letter(SideName::Remote) != '.'
        },
    },
];

impl Status {
    /// The page for people.
    #[must_use]
    pub fn page(&self, palette: Palette, width: usize) -> String {
        let mut page = self.head();
        let edited: BTreeSet<&ContentHash> =
            self.entries.iter().filter_map(|entry| Some(&entry.edit.as_ref()?.old)).collect();
        // What became another memory is shown with that one, unless it waits for the user.
        let is_shown = |entry: &Entry| entry.conflict.is_some() || !edited.contains(&entry.key);
        for section in &SECTIONS {
            let entries = self.entries.iter().filter(|entry| (section.belongs)(entry) && is_shown(entry));
            let entries: Vec<&Entry> = entries.collect();
            if !entries.is_empty() {
                page += &self.heading(palette, section, &entries);
                page.extend(entries.iter().map(|entry| line(palette, section.label, entry, width)));
            }
        }
        page += &self.divergent(palette);
        page += &self.failures(palette, width);
        page += &self.notes(palette);
        if self.entries.is_empty() {
            page += match self.url {
                Some(_) if self.last_fetch.is_some() => "\nnothing to sync: both sides agree\n",
                Some(_) => "\nnothing fetched yet (\"memsync sync\" does all)\n",
                None => "\n",
            };
        }
        page
    }

    /// A section's title and, below it, what to do about its entries.
    fn heading(&self, palette: Palette, section: &Section, entries: &[&Entry]) -> String {
        if section.label != Label::Conflict {
            return heading(palette, section.title, section.hint);
        }
        let kinds: Vec<Kind> = entries.iter().map(|entry| entry.kind()).collect();
        let hints = hints(&kinds, &escape_line(&self.device), &escape_line(&self.remote));
        format!("\n{}", conflict_list::heading(palette, section.title, &hints))
    }

    fn head(&self) -> String {
        let at = |moment_of: Option<i64>| moment_of.map_or_else(|| "never".to_owned(), moment);
        let address = match &self.url {
            Some(url) => escape_line(url).into_owned(),
            None => format!("not set (\"memsync remote add {} URL\")", self.remote),
        };
        format!(
            "On device {}, {}\nRemote {}: {address}\nLast remote sync: {}\nLast push attempt: {}\n",
            escape_line(&self.device),
            memories(self.held),
            escape_line(&self.remote),
            at(self.last_fetch),
            at(self.last_push),
        )
    }

    fn divergent(&self, palette: Palette) -> String {
        if self.divergent_edits.is_empty() {
            return String::new();
        }
        let mut part =
            heading(palette, "Divergent edits", "rewritten on both sides: \"memsync sync\" keeps both texts");
        part.extend(self.divergent_edits.iter().map(|edit| format!("\t{}\n", divergent(edit, &self.remote))));
        part
    }

    fn failures(&self, palette: Palette, width: usize) -> String {
        let failed: Vec<(&Entry, &str)> =
            self.entries.iter().filter_map(|entry| Some((entry, entry.failure.as_deref()?))).collect();
        if failed.is_empty() {
            return String::new();
        }
        let mut part = heading(palette, "Failed pushes", "the next \"memsync push\" tries again");
        for (entry, reason) in failed {
            let id = palette.paint(Label::Id, escape_line(entry.key.short()));
            let reason = fit(&escape_line(reason), width.saturating_sub(12).max(20));
            part.extend([format!("\t{id}  {reason}\n")]);
        }
        part
    }

    fn notes(&self, palette: Palette) -> String {
        let mut part = String::new();
        if !self.unreadable.is_empty() {
            part += &heading(palette, "Cannot be carried", "left alone on both sides");
            part.extend(self.unreadable.iter().map(|why| format!("\t{}\n", escape_line(why))));
        }
        if !self.brakes.is_empty() {
            part += &heading(palette, "The next sync stops", "nothing is changed before you decide");
            part.extend(self.brakes.iter().map(|why| format!("\t{}\n", escape_line(why))));
        }
        if self.interrupted_edits > 0 {
            part.push_str("\nThe last run did not end; the next one finishes its work.\n");
        }
        if self.missing_vectors > 0 {
            let lacking = text::without_vector(self.missing_vectors);
            part.extend([format!("\n{lacking}\n  (\"memsync embed\" says why, and what to do)\n")]);
        }
        part
    }

    /// One line a memory, `XYZ SP content_hash TAB first-line`. With `nul_ended` lines end with NUL and text is
    /// left as it is, but for a NUL of its own; otherwise it is escaped.
    #[must_use]
    pub fn porcelain(&self, nul_ended: bool) -> String {
        let line = |entry: &Entry| {
            if nul_ended {
                let (key, line) = (without_nul(entry.key.as_str()), without_nul(&entry.first_line));
                format!("{} {key}\t{line}\0", entry.letters())
            } else {
                let key = escape_line(entry.key.as_str()).into_owned();
                format!("{} {key}\t{}\n", entry.letters(), escape_line(&entry.first_line))
            }
        };
        self.entries.iter().map(line).collect()
    }

    /// The JSON document.
    #[must_use]
    pub fn json(&self) -> StatusJson {
        StatusJson {
            schema_version: 1,
            device: self.device.clone(),
            remote: self.remote.clone(),
            url: self.url.clone(),
            last_remote_sync: self.last_fetch,
            last_push_attempt: self.last_push,
            local_memories: self.held,
            interrupted_edits: self.interrupted_edits,
            without_vector: self.missing_vectors,
            entries: self.entries.iter().map(EntryJson::from).collect(),
            divergent_edits: self.divergent_edits.iter().map(DivergentJson::from).collect(),
            unreadable: self.unreadable.clone(),
            brakes: self.brakes.clone(),
        }
    }
}

fn heading(palette: Palette, title: &str, hint: &str) -> String {
    format!("\n{}\n  ({hint})\n", palette.paint(Label::Heading, format!("{title}:")))
}

fn line(palette: Palette, label: Label, entry: &Entry, width: usize) -> String {
    /// The longest words and the space after them.
    const WORDS: usize = 17;
    let words = palette.paint(label, pad(&format!("{}:", entry.words()), WORDS));
    let id = |key: &ContentHash| pad(&escape_line(key.short()), 8);
    let (mut ids, mut remark) = (id(&entry.key), String::new());
    if let Some(edit) = entry.edit.as_ref().filter(|_| entry.conflict.is_none()) {
        ids = format!("{} -> {ids}", id(&edit.old));
        remark = format!("({} %) ", edit.similarity);
    }
    if let Some(fields) = entry.conflict.as_deref().filter(|fields| *fields != ["existence"]) {
        remark = text::remark(&fields.join(", "));
    }
    if let Some(side) = entry.resolved {
        remark = if side == "merged" { "(merged) ".to_owned() } else { format!("({side} chosen) ") };
    }
    // A tab shows as eight columns.
    let room = width.saturating_sub(8 + WORDS + ids.width() + 2 + remark.width()).max(16);
    let ids = palette.paint(Label::Id, ids);
    format!("\t{words}{ids}  {remark}{}\n", fit(&escape_line(&entry.first_line), room))
}

/// `memsync status --json`.
#[derive(Clone, Debug, Serialize)]
pub struct StatusJson {
    schema_version: u32,
    device: String,
    remote: String,
    url: Option<String>,
    last_remote_sync: Option<i64>,
    last_push_attempt: Option<i64>,
    local_memories: usize,
    interrupted_edits: usize,
    without_vector: u64,
    entries: Vec<EntryJson>,
    divergent_edits: Vec<DivergentJson>,
    unreadable: Vec<String>,
    brakes: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct EntryJson {
    content_hash: String,
    local: String,
    remote: String,
    conflict: Option<Vec<String>>,
    resolved: Option<&'static str>,
    push_failed: Option<String>,
    /// The memory that this one was, and how much of the longer text is in both, in percent.
    edited_from: Option<String>,
    similarity: Option<u8>,
    first_line: String,
}

impl From<&Entry> for EntryJson {
    fn from(entry: &Entry) -> Self {
        let word = |side| {
            match entry.state.letter(side) {
                'A' => "added",
                'M' => "modified",
                'D' => "deleted",
                _ => "same",
            }
            .to_owned()
        };
        Self {
            content_hash: entry.key.to_string(),
            local: word(SideName::Local),
            remote: word(SideName::Remote),
            conflict: entry.conflict.as_ref().map(|fields| fields.to_vec()),
            resolved: entry.resolved,
            push_failed: entry.failure.as_ref().map(ToString::to_string),
            edited_from: entry.edit.as_ref().map(|edit| edit.old.to_string()),
            similarity: entry.edit.as_ref().map(|edit| edit.similarity),
            first_line: entry.first_line.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_failed_push_drives_a_terminal() {
        let entry = Entry {
            key: ContentHash::new("\u{1b}[2J\u{202e}").unwrap(),
            state: State::AddedByUs,
            first_line: "".into(),
            conflict: None,
            resolved: None,
            failure: Some("too long".into()),
            edit: None,
        };
        let page = Status { entries: vec![entry], ..Status::default() }.page(Palette::plain(), 80);
        assert!(
            page.contains("\\u{1b}[2J\\u{202e}  too long") && !page.contains(['\u{1b}', '\u{202e}']),
            "{page}"
        );
    }

    #[test]
    fn no_memory_makes_up_a_line_for_scripts() {
        let entry = Entry {
            key: ContentHash::new("a\0b").unwrap(),
            state: State::AddedByThem,
            first_line: "tea\0D.. other\tcoffee".into(),
            conflict: None,
            resolved: None,
            failure: None,
            edit: None,
        };
        let status = Status { entries: vec![entry], ..Status::default() };
        assert_eq!(status.porcelain(true), ".A. a\u{fffd}b\ttea\u{fffd}D.. other\tcoffee\0");
        assert_eq!(status.porcelain(false), ".A. a\\u{0}b\ttea\\u{0}D.. other\\tcoffee\n");
    }
}
