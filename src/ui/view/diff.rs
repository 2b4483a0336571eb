//! What differs between two versions of a memory: by field, and by line in the content.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use imara_diff::{Algorithm, BasicLineDiffPrinter, Diff, InternedInput, UnifiedDiffConfig};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::combined::word_diff;
use super::conflict::{ConflictJson, Conflicted, Names};
use super::edited::{DivergentJson, EditedJson, EditedPair, divergent};
use super::words::Look;
use crate::object::{Bookkeeping, ContentHash, Memory, Metadata, Timestamp, split_tags};
use crate::reconcile::{ConflictStyle, DivergentEdit, Field, differing};
use crate::ui::{Label, Palette, escape_line};

/// A memory in two versions; `None` where one side has none.
#[derive(Clone, Debug)]
pub struct Change {
    /// The memory.
    pub key: ContentHash,
    /// The earlier version.
    pub old: Option<Memory>,
    /// The later version.
    pub new: Option<Memory>,
}

impl Change {
    /// The change as people read it. Text is escaped where `is_terminal`.
    #[must_use]
    pub fn text(&self, palette: Palette, is_terminal: bool) -> String {
        self.page(Look { palette, is_terminal }, false)
    }

    /// The same; `by_words` marks the words of the content that changed, instead of its lines.
    fn page(&self, look: Look, by_words: bool) -> String {
        let kind = match (&self.old, &self.new) {
            (None, _) => "new memory",
            (Some(_), None) => "deleted memory",
            (Some(_), Some(_)) => "memory",
        };
        let title = format!("{kind} {}", escape_line(self.key.as_str()));
        let mut out = format!("{}\n", look.palette.paint(Label::Heading, title));
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => fields(&mut out, look, old, new, by_words),
            (Some(old), None) => whole(&mut out, look, Label::Deleted, '-', old),
            (None, Some(new)) => whole(&mut out, look, Label::Added, '+', new),
            (None, None) => {}
        }
        out
    }

    /// The change as JSON.
    #[must_use]
    pub fn json(&self) -> ChangeJson {
        ChangeJson {
            content_hash: self.key.to_string(),
            fields: match (&self.old, &self.new) {
                (Some(old), Some(new)) => differing(old, new).iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            },
            old: self.old.as_ref().map(MemoryJson::from),
            new: self.new.as_ref().map(MemoryJson::from),
        }
    }
}

/// Everything that `memsync diff` shows.
#[derive(Clone, Debug, Default)]
pub struct Differences {
    /// What one side changed, memory by memory.
    pub changes: Vec<Change>,
    /// The memories in conflict; each is among the changes too.
    pub conflicts: Vec<Conflicted>,
    /// The edits that are stored as another memory; both memories are among the changes too.
    pub edits: Vec<EditedPair>,
    /// The memories that both sides rewrote, and not alike.
    pub divergent_edits: Vec<DivergentEdit>,
    /// There were too many memories to find every edit.
    pub is_cut_short: bool,
}

impl Differences {
    /// Every difference as people read it: each memory once, an edit in the place of its new memory.
    #[must_use]
    pub fn text(
        &self,
        names: &Names,
        palette: Palette,
        is_terminal: bool,
        style: ConflictStyle,
        by_words: bool,
    ) -> String {
        let conflicts: BTreeMap<_, _> = self.conflicts.iter().map(|one| (&one.key, one)).collect();
        let edits: BTreeMap<_, _> = self.edits.iter().map(|pair| (&pair.edit.new, pair)).collect();
        let edited: BTreeSet<_> = self.edits.iter().map(|pair| &pair.edit.old).collect();
        let look = Look { palette, is_terminal };
        let mut out = String::new();
        for change in &self.changes {
            if let Some(conflict) = conflicts.get(&change.key) {
                out += &conflict.text(names, look, style);
            } else if let Some(pair) = edits.get(&change.key) {
                out += &pair.text(look, by_words);
            } else if !edited.contains(&change.key) {
                out += &change.page(look, by_words);
            }
        }
        let divergent = |edit| format!("divergent edit: {}\n", divergent(edit, &names.remote));
        out.extend(self.divergent_edits.iter().map(divergent));
        out
    }

    /// The JSON document.
    #[must_use]
    pub fn json(&self) -> DiffJson {
        DiffJson {
            schema_version: 1,
            changes: self.changes.iter().map(Change::json).collect(),
            conflicts: self.conflicts.iter().map(Conflicted::json).collect(),
            edits: self.edits.iter().map(|pair| EditedJson::from(&pair.edit)).collect(),
            divergent_edits: self.divergent_edits.iter().map(DivergentJson::from).collect(),
        }
    }
}

/// `memsync diff --json`. `edits` and `divergent_edits` are empty unless edits are asked for.
#[derive(Clone, Debug, Serialize)]
pub struct DiffJson {
    schema_version: u32,
    changes: Vec<ChangeJson>,
    conflicts: Vec<ConflictJson>,
    edits: Vec<EditedJson>,
    divergent_edits: Vec<DivergentJson>,
}

/// One change in JSON: `old` is null for a new memory, `new` for a deleted one.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeJson {
    content_hash: String,
    fields: Vec<String>,
    old: Option<MemoryJson>,
    new: Option<MemoryJson>,
}

/// A memory in JSON. Where it is read, every member must be there: one that is left out by mistake would be taken from
/// the memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryJson {
    content: String,
    tags: Vec<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    memory_type: Option<String>,
    metadata: Value,
    #[serde(deserialize_with = "Option::deserialize")]
    created_at: Option<f64>,
    #[serde(deserialize_with = "Option::deserialize")]
    store: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    superseded_by: Option<String>,
}

impl MemoryJson {
    /// The memory; `None` where the metadata is neither an object nor a text that stands for odd metadata. What
    /// `bookkeeping` owns is left out.
    #[must_use]
    pub fn memory(self, bookkeeping: &Bookkeeping) -> Option<Memory> {
        Some(Memory {
            content: self.content,
            tags: self.tags.iter().flat_map(|tag| split_tags(tag)).collect(),
            memory_type: self.memory_type.filter(|name| !name.is_empty()),
            metadata: match self.metadata {
                Value::Object(members) => Metadata::from_members(members, bookkeeping),
                Value::String(text) => Metadata::from_text(&text, bookkeeping),
                _ => return None,
            },
            created_at: self.created_at.and_then(Timestamp::new),
            store: self.store.filter(|store| store != Memory::DEFAULT_STORE),
            superseded_by: self.superseded_by,
        })
    }
}

impl From<&Memory> for MemoryJson {
    fn from(memory: &Memory) -> Self {
        Self {
            content: memory.content.clone(),
            tags: memory.tags.iter().cloned().collect(),
            memory_type: memory.memory_type.clone(),
            metadata: match &memory.metadata {
                Metadata::Members(members) => Value::Object(members.clone().into_iter().collect()),
                Metadata::Opaque(text) => Value::from(text.as_str()),
            },
            created_at: memory.created_at.map(Timestamp::seconds),
            store: memory.store.clone(),
            superseded_by: memory.superseded_by.clone(),
        }
    }
}

/// A whole memory as its canonical text, each line with `mark` before it.
fn whole(out: &mut String, look: Look, label: Label, mark: char, memory: &Memory) {
    let text = memory.to_blob();
    for line in look.shown(&String::from_utf8_lossy(&text)).lines() {
        out.extend([format!("{}\n", look.palette.paint(label, format!("{mark}{line}")))]);
    }
}

/// The fields in which two memories differ, the content by lines or by words.
pub(super) fn fields(out: &mut String, look: Look, old: &Memory, new: &Memory, by_words: bool) {
    let palette = look.palette;
    let mut content = String::new();
    for field in differing(old, new) {
        match &field {
            Field::Content if by_words => content = word_diff(look, &old.content, &new.content),
            Field::Content => content = lines(palette, &look.shown(&old.content), &look.shown(&new.content)),
            Field::Tags => {
                let gone = old.tags.difference(&new.tags).map(|tag| (Label::Deleted, '-', tag));
                let come = new.tags.difference(&old.tags).map(|tag| (Label::Added, '+', tag));
                let tags: Vec<String> = gone
                    .chain(come)
                    .map(|(label, mark, tag)| {
                        palette.paint(label, format!("{mark}{}", escape_line(tag))).to_string()
                    })
                    .collect();
                out.extend([format!("  tags: {}\n", tags.join(" "))]);
            }
            _ => {
                let side = |label, memory| palette.paint(label, value(memory, &field)).to_string();
                let name = escape_line(&field.to_string()).into_owned();
                let (was, is) = (side(Label::Deleted, old), side(Label::Added, new));
                out.extend([format!("  {name}: {was} -> {is}\n")]);
            }
        }
    }
    out.push_str(&content);
}

/// What stands for a field that a version lacks.
const NONE: &str = "(none)";

/// A field's value on one line.
pub(super) fn value(memory: &Memory, field: &Field) -> String {
    let text = |value: &Option<String>| {
        value.as_deref().map_or_else(|| NONE.to_owned(), |value| escape_line(value).into_owned())
    };
    match field {
        Field::Type => text(&memory.memory_type),
        Field::Store => memory
            .store
            .as_deref()
            .map_or_else(|| Memory::DEFAULT_STORE.to_owned(), |store| escape_line(store).into_owned()),
        Field::SupersededBy => text(&memory.superseded_by),
        Field::Created => memory.created_at.map_or_else(|| NONE.to_owned(), |created| created.to_string()),
        Field::Metadata(path) => match &memory.metadata {
            Metadata::Opaque(raw) => escape_line(raw).into_owned(),
            Metadata::Members(members) => match path.first() {
                Some(key) => members
                    .get(key)
                    .map_or_else(|| NONE.to_owned(), |value| escape_line(&value.to_string()).into_owned()),
                None => escape_line(&Value::Object(members.clone().into_iter().collect()).to_string())
                    .into_owned(),
            },
        },
        Field::Content | Field::Tags | Field::Existence => String::new(),
    }
}

/// A unified diff of two texts.
fn lines(palette: Palette, old: &str, new: &str) -> String {
    let input = InternedInput::new(old, new);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let printer = BasicLineDiffPrinter(&input.interner);
    let unified = diff.unified_diff(&printer, UnifiedDiffConfig::default(), &input).to_string();
    let mut out = String::new();
    for line in unified.lines() {
        let label = match line.as_bytes().first() {
            Some(b'+') => Some(Label::Added),
            Some(b'-') => Some(Label::Deleted),
            Some(b'@') => Some(Label::Position),
            _ => None,
        };
        let result = match label {
            Some(label) => writeln!(out, "{}", palette.paint(label, line)),
            None => writeln!(out, "{line}"),
        };
        result.expect("a string takes any text");
    }
    out
}
