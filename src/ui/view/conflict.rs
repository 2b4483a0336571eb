//! A memory in conflict: what both sides made of it, field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::combined::combined;
use super::conflict_list::Kind;
use super::diff::{MemoryJson, fields, value};
use super::words::Look;
use crate::object::{ContentHash, Memory, SideName};
use crate::reconcile::{Choices, ConflictId, ConflictStyle, Field, Labels, Unmerged, differing};
use crate::ui::{Label, Palette, escape_line};

/// A memory in conflict, with all of its versions.
#[derive(Clone, Debug)]
pub struct Conflicted {
    /// The memory.
    pub key: ContentHash,
    /// The conflict's name for programs.
    pub id: ConflictId,
    /// The fields that collide.
    pub fields: BTreeSet<Field>,
    /// What was chosen for some of them.
    pub choices: Choices,
    /// The memory as it was and as both sides have it.
    pub versions: Unmerged,
}

/// Who the sides are.
#[derive(Clone, Debug)]
pub struct Names {
    /// This device's name.
    pub device: String,
    /// The remote's name.
    pub remote: String,
}

impl Conflicted {
    /// The conflict as people read it.
    #[must_use]
    pub fn text(&self, names: &Names, look: Look, style: ConflictStyle) -> String {
        let mut out = self.head(names, look.palette);
        match (&self.versions.ours, &self.versions.theirs) {
            (Some(ours), Some(theirs)) => self.both(&mut out, look, (ours, theirs), names, style),
            (Some(kept), None) => self.kept(&mut out, look, kept, |base| &base.0),
            (None, Some(kept)) => self.kept(&mut out, look, kept, |base| &base.1),
            (None, None) => {}
        }
        out
    }

    /// The conflict as JSON.
    #[must_use]
    pub fn json(&self) -> ConflictJson {
        let Unmerged { base, ours, theirs } = &self.versions;
        ConflictJson {
            id: self.id.to_string(),
            content_hash: self.key.to_string(),
            state: self.kind().words(),
            fields: self.fields.iter().map(ToString::to_string).collect(),
            choices: self.choices.iter().map(|(name, side)| (name.clone(), side.version())).collect(),
            base: base.as_ref().map(|base| MemoryJson::from(&base.0)),
            base_theirs: base.as_ref().map(|base| MemoryJson::from(&base.1)),
            ours: ours.as_ref().map(MemoryJson::from),
            theirs: theirs.as_ref().map(MemoryJson::from),
        }
    }

    fn kind(&self) -> Kind {
        let Unmerged { base, ours, theirs } = &self.versions;
        Kind::of(base.is_some(), ours.is_some(), theirs.is_some())
    }

    fn head(&self, names: &Names, palette: Palette) -> String {
        let title = format!("{}: memory {}", self.kind().words(), escape_line(self.key.as_str()));
        let deed = |version: &Option<Memory>| if version.is_none() { ", deleted it" } else { "" };
        format!(
            "{}\n  ours: {} (this device){}\n  theirs: {} (the server){}\n",
            palette.paint(Label::Heading, title),
            escape_line(&names.device),
            deed(&self.versions.ours),
            escape_line(&names.remote),
            deed(&self.versions.theirs),
        )
    }

    /// What the side that kept the memory made of it.
    fn kept(&self, out: &mut String, look: Look, kept: &Memory, form: fn(&(Memory, Memory)) -> &Memory) {
        if let Some(base) = &self.versions.base {
            fields(out, look, form(base), kept, false);
        }
    }

    fn both(
        &self,
        out: &mut String,
        look: Look,
        (ours, theirs): (&Memory, &Memory),
        names: &Names,
        style: ConflictStyle,
    ) {
        let versions =
            Versions { base: self.versions.base.as_ref().map(|base| (&base.0, &base.1)), ours, theirs };
        let mut content = String::new();
        for field in versions.changed() {
            match &field {
                Field::Content => content = self.content(look, versions, names, style),
                Field::Tags => out.extend([format!("  tags: {}\n", versions.tags(look.palette))]),
                _ => {
                    let label = self.label(&field);
                    let name = look.palette.paint(label, escape_line(&field.to_string()).into_owned());
                    out.extend([format!("  {name}: {}{}\n", versions.values(&field), self.chosen(&field))]);
                }
            }
        }
        out.push_str(&content);
    }

    fn content(&self, look: Look, versions: Versions<'_>, names: &Names, style: ConflictStyle) -> String {
        let (ours, theirs) = (format!("ours ({})", names.device), format!("theirs ({})", names.remote));
        let labels = Labels { ours: &ours, base: "base", theirs: &theirs };
        let base = self.versions.base.as_ref().map(|base| base.0.content.as_str());
        let name = look.palette.paint(self.label(&Field::Content), "content");
        let texts = (versions.ours.content.as_str(), versions.theirs.content.as_str());
        let chosen = self.chosen(&Field::Content);
        format!("  {name}:{chosen}\n{}", combined(look, base, texts, style, labels))
    }

    /// What was chosen for a field, or for parts of it, as a remark behind its values.
    fn chosen(&self, field: &Field) -> String {
        let (whole, below) = (field.to_string(), format!("{field}."));
        let remark = |(name, side): (&String, &SideName)| match name.strip_prefix(&below) {
            _ if *name == whole => Some(format!(" ({} chosen)", side.version())),
            Some(part) => Some(format!(" ({} chosen for {})", side.version(), escape_line(part))),
            None => None,
        };
        self.choices.iter().filter_map(remark).collect()
    }

    /// How a field's name looks: a collision of a part is one of the whole member.
    fn label(&self, field: &Field) -> Label {
        let is_part = |collision: &Field| match (collision, field) {
            (Field::Metadata(path), Field::Metadata(member)) => path.first() == member.first(),
            (collision, field) => collision == field,
        };
        if self.fields.iter().any(is_part) { Label::Conflict } else { Label::Modified }
    }
}

/// The versions of a memory that both sides hold.
#[derive(Clone, Copy)]
struct Versions<'a> {
    base: Option<(&'a Memory, &'a Memory)>,
    ours: &'a Memory,
    theirs: &'a Memory,
}

impl Versions<'_> {
    /// The fields that a side changed or, without a base, in which the sides differ.
    fn changed(self) -> BTreeSet<Field> {
        match self.base {
            Some((by_us, by_them)) => &differing(by_us, self.ours) | &differing(by_them, self.theirs),
            None => differing(self.ours, self.theirs),
        }
    }

    /// A field's value: `base -> ours | theirs`, or `ours | theirs`.
    fn values(self, field: &Field) -> String {
        let (ours, theirs) = (value(self.ours, field), value(self.theirs, field));
        let Some((base_ours, base_theirs)) = self.base else { return format!("{ours} | {theirs}") };
        let side = |base: &Memory, now: String| {
            if value(base, field) == now { "(unchanged)".to_owned() } else { now }
        };
        let base = value(base_ours, field);
        format!("{base} -> {} | {}", side(base_ours, ours), side(base_theirs, theirs))
    }

    /// What each side did to the tags: `+a -b | +c`.
    fn tags(self, palette: Palette) -> String {
        let (before_us, before_them) = match self.base {
            Some((by_us, by_them)) => (&by_us.tags, &by_them.tags),
            None => (&self.theirs.tags, &self.ours.tags),
        };
        let side = |before: &BTreeSet<String>, now: &BTreeSet<String>| {
            let paint = |label, mark, tag: &String| {
                palette.paint(label, format!("{mark}{}", escape_line(tag))).to_string()
            };
            let come = now.difference(before).map(|tag| paint(Label::Added, '+', tag));
            // Without a base, what only the other side has was added there.
            let gone = before.difference(now).filter(|_| self.base.is_some());
            let all: Vec<String> = come.chain(gone.map(|tag| paint(Label::Deleted, '-', tag))).collect();
            if all.is_empty() { "(unchanged)".to_owned() } else { all.join(" ") }
        };
        format!("{} | {}", side(before_us, &self.ours.tags), side(before_them, &self.theirs.tags))
    }
}

/// A conflict in JSON. `base` is this device's form of what both sides held, `base_theirs` the server's, which may
/// be a rewriting of it; both are null where they never agreed. `ours` or `theirs` is null where that side deleted
/// the memory. `state` is one of `both modified`, `both added`, `deleted by us`, `deleted by them`; `choices` holds
/// `ours` or `theirs` for each of `fields` that is decided.
#[derive(Clone, Debug, Serialize)]
pub struct ConflictJson {
    id: String,
    content_hash: String,
    state: &'static str,
    fields: Vec<String>,
    choices: BTreeMap<String, &'static str>,
    base: Option<MemoryJson>,
    base_theirs: Option<MemoryJson>,
    ours: Option<MemoryJson>,
    theirs: Option<MemoryJson>,
}
