//! What differs between two versions of a memory: by field, and by line in the content.

use std::fmt::Write;

use imara_diff::{Algorithm, BasicLineDiffPrinter, Diff, InternedInput, UnifiedDiffConfig};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::object::{Bookkeeping, ContentHash, Memory, Metadata, Timestamp, split_tags};
use crate::reconcile::{Field, differing};
use crate::ui::{Label, Palette, escape, escape_line};

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
        let shown = |text: &str| if is_terminal { escape(text).into_owned() } else { text.to_owned() };
        let kind = match (&self.old, &self.new) {
            (None, _) => "new memory",
            (Some(_), None) => "deleted memory",
            (Some(_), Some(_)) => "memory",
        };
        let title = format!("{kind} {}", escape_line(self.key.as_str()));
        let mut out = format!("{}\n", palette.paint(Label::Heading, title));
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => fields(&mut out, palette, old, new, &shown),
            (Some(old), None) => whole(&mut out, palette, Label::Deleted, '-', old, &shown),
            (None, Some(new)) => whole(&mut out, palette, Label::Added, '+', new, &shown),
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

/// `memsync diff --json`.
#[derive(Clone, Debug, Serialize)]
pub struct DiffJson {
    schema_version: u32,
    changes: Vec<ChangeJson>,
}

impl DiffJson {
    /// The document for these changes.
    #[must_use]
    pub fn new(changes: &[Change]) -> Self {
        Self { schema_version: 1, changes: changes.iter().map(Change::json).collect() }
    }
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
fn whole(
    out: &mut String,
    palette: Palette,
    label: Label,
    mark: char,
    memory: &Memory,
    shown: &dyn Fn(&str) -> String,
) {
    let text = memory.to_blob();
    for line in shown(&String::from_utf8_lossy(&text)).lines() {
        out.extend([format!("{}\n", palette.paint(label, format!("{mark}{line}")))]);
    }
}

fn fields(out: &mut String, palette: Palette, old: &Memory, new: &Memory, shown: &dyn Fn(&str) -> String) {
    for field in differing(old, new) {
        match &field {
            Field::Content => out.push_str(&lines(palette, &shown(&old.content), &shown(&new.content))),
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
}

/// What stands for a field that a version lacks.
const NONE: &str = "(none)";

/// A field's value on one line.
fn value(memory: &Memory, field: &Field) -> String {
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
