//! Three-way merge of one memory, field by field.
//!
//! A side's change is its difference from its own base form, and it is applied to the other side's form as an
//! edit of fields, so what only the other side knows stays. The result is therefore two memories, the next
//! local and the next remote one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

use super::rewrite::{NO_TAGS, same_type, stored_tag};
use crate::object::{Memory, Metadata, SideName, Timestamp};
use crate::planted::{self, Mistake};

/// A field in which both sides changed to different values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The text (letter case or surrounding space: other changes have another key).
    Content,
    /// The type.
    Type,
    /// The store.
    Store,
    /// The successor.
    SupersededBy,
    /// The tags, which never collide: they are a set.
    Tags,
    /// The moment of creation, which never collides: the earlier one stays.
    Created,
    /// A metadata member, by its path from the top; empty where the metadata as a whole is meant.
    Metadata(Vec<String>),
    /// The memory's existence: deleted on one side, changed on the other.
    Existence,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content => f.write_str("content"),
            Self::Type => f.write_str("type"),
            Self::Store => f.write_str("store"),
            Self::SupersededBy => f.write_str("superseded-by"),
            Self::Tags => f.write_str("tags"),
            Self::Created => f.write_str("created"),
            Self::Metadata(path) if path.is_empty() => f.write_str("metadata"),
            Self::Metadata(path) => {
                f.write_str("meta")?;
                path.iter().try_for_each(|member| write!(f, ".{}", member_name(member)))
            }
            Self::Existence => f.write_str("existence"),
        }
    }
}

/// A metadata member's name, quoted where it could be taken for a path, for several, or for more than one line.
fn member_name(member: &str) -> Cow<'_, str> {
    let is_odd = |c: char| matches!(c, '.' | ',' | '"' | '\\') || c.is_whitespace() || c.is_control();
    if member.is_empty() || member.contains(is_odd) {
        Cow::Owned(Value::from(member).to_string())
    } else {
        Cow::Borrowed(member)
    }
}

/// What both sides would hold after a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The next local form.
    pub local: Memory,
    /// The next remote form.
    pub remote: Memory,
    /// The fields that collided; where there was no preference they are as each side has them.
    pub collisions: BTreeSet<Field>,
}

/// Merges `ours` and `theirs`, whose last common forms were `base` (local form, remote form); without one,
/// everything counts as added on both sides.
#[must_use]
pub fn merge(
    base: Option<(&Memory, &Memory)>,
    ours: &Memory,
    theirs: &Memory,
    preference: Option<SideName>,
) -> Merged {
    merge_by(base, ours, theirs, &|_| preference)
}

/// [`merge()`], with a side for each field whose value is taken where both changed it; `None` where the field waits.
/// All such fields are among the collisions, whatever `preference` says.
#[must_use]
pub fn merge_by(
    base: Option<(&Memory, &Memory)>,
    ours: &Memory,
    theirs: &Memory,
    preference: &dyn Fn(&Field) -> Option<SideName>,
) -> Merged {
    let nothing = Memory::default();
    let (base_ours, base_theirs) = base.unwrap_or((&nothing, &nothing));
    let sides = Sides { base_ours, base_theirs, ours, theirs };
    let mut merger = Merger { preference, collisions: BTreeSet::new() };
    let mut scalar =
        |field: Field, get: fn(&Memory) -> Option<&str>, same: fn(Option<&str>, Option<&str>) -> bool| {
            let (ours, theirs) = merger.value(sides.map(get), same, || field);
            (ours.map(str::to_owned), theirs.map(str::to_owned))
        };
    let content = scalar(Field::Content, |memory| Some(&memory.content), |ours, theirs| ours == theirs);
    let memory_type = scalar(Field::Type, |memory| memory.memory_type.as_deref(), same_type);
    let store = scalar(Field::Store, |memory| memory.store.as_deref(), |ours, theirs| ours == theirs);
    let superseded_by =
        scalar(Field::SupersededBy, |memory| memory.superseded_by.as_deref(), |ours, theirs| ours == theirs);
    let metadata = merger.metadata(sides.map(|memory| &memory.metadata));
    let tags = tags(sides.map(|memory| &memory.tags));
    let created_at = created_at(base_ours, base_theirs, ours, theirs);
    Merged {
        local: Memory {
            content: content.0.unwrap_or_default(),
            tags: tags.0,
            memory_type: memory_type.0,
            metadata: metadata.0,
            created_at: created_at.0,
            store: store.0,
            superseded_by: superseded_by.0,
        },
        remote: Memory {
            content: content.1.unwrap_or_default(),
            tags: tags.1,
            memory_type: memory_type.1,
            metadata: metadata.1,
            created_at: created_at.1,
            store: store.1,
            superseded_by: superseded_by.1,
        },
        collisions: merger.collisions,
    }
}

/// The fields in which two memories differ; metadata by its top-level members.
#[must_use]
pub fn differing(one: &Memory, other: &Memory) -> BTreeSet<Field> {
    let mut fields = BTreeSet::new();
    let mut differs = |field: Field, equal: bool| {
        if !equal {
            fields.insert(field);
        }
    };
    differs(Field::Content, one.content == other.content);
    differs(Field::Type, one.memory_type == other.memory_type);
    differs(Field::Store, one.store == other.store);
    differs(Field::SupersededBy, one.superseded_by == other.superseded_by);
    differs(Field::Tags, one.tags == other.tags);
    differs(Field::Created, one.created_at == other.created_at);
    if let (Some(members), Some(others)) = (one.metadata.members(), other.metadata.members()) {
        for key in members.keys().chain(others.keys()) {
            differs(Field::Metadata(vec![key.clone()]), members.get(key) == others.get(key));
        }
    } else {
        differs(Field::Metadata(Vec::new()), one.metadata == other.metadata);
    }
    fields
}

/// One value in the four forms that a merge looks at.
#[derive(Clone, Copy)]
struct Sides<T> {
    base_ours: T,
    base_theirs: T,
    ours: T,
    theirs: T,
}

impl<T> Sides<T> {
    fn map<U>(self, f: impl Fn(T) -> U) -> Sides<U> {
        Sides {
            base_ours: f(self.base_ours),
            base_theirs: f(self.base_theirs),
            ours: f(self.ours),
            theirs: f(self.theirs),
        }
    }
}

struct Merger<'a> {
    preference: &'a dyn Fn(&Field) -> Option<SideName>,
    collisions: BTreeSet<Field>,
}

impl Merger<'_> {
    /// Merges one value that has no parts: the next local and the next remote value.
    fn value<T: Copy + PartialEq>(
        &mut self,
        sides: Sides<T>,
        same: impl Fn(T, T) -> bool,
        field: impl FnOnce() -> Field,
    ) -> (T, T) {
        travelling(sides, same).unwrap_or_else(|| {
            let field = field();
            let preferred = (self.preference)(&field);
            self.collisions.insert(field);
            let Sides { ours, theirs, .. } = sides;
            match preferred {
                None => (ours, theirs),
                Some(SideName::Local) => (ours, ours),
                Some(SideName::Remote) => (theirs, theirs),
            }
        })
    }

    fn metadata(&mut self, sides: Sides<&Metadata>) -> (Metadata, Metadata) {
        if sides.ours.members().is_none() || sides.theirs.members().is_none() {
            let whole = || Field::Metadata(Vec::new());
            let (ours, theirs) = self.value(sides, |ours, theirs| ours == theirs, whole);
            return (ours.clone(), theirs.clone());
        }
        let empty = BTreeMap::new();
        let members = sides.map(|metadata| metadata.members().unwrap_or(&empty));
        let (ours, theirs) = self.members(&members.map(|members| members.iter().collect()), &mut Vec::new());
        (Metadata::Members(ours.into_iter().collect()), Metadata::Members(theirs.into_iter().collect()))
    }

    /// Merges the members of an object, and of the objects inside it.
    fn members(
        &mut self,
        sides: &Sides<BTreeMap<&String, &Value>>,
        path: &mut Vec<String>,
    ) -> (Map<String, Value>, Map<String, Value>) {
        let (mut next_ours, mut next_theirs) = (Map::new(), Map::new());
        let Sides { base_ours, base_theirs, ours, theirs } = sides;
        let keys: BTreeSet<&String> = [base_ours, base_theirs, ours, theirs]
            .into_iter()
            .flat_map(|members| members.keys().copied())
            .collect();
        for key in keys {
            path.push(key.clone());
            let member =
                Sides { base_ours, base_theirs, ours, theirs }.map(|members| members.get(key).copied());
            let (our_value, their_value) = self.member(member, path);
            path.pop();
            next_ours.extend(our_value.map(|value| (key.clone(), value)));
            next_theirs.extend(their_value.map(|value| (key.clone(), value)));
        }
        (next_ours, next_theirs)
    }

    fn member(
        &mut self,
        sides: Sides<Option<&Value>>,
        path: &mut Vec<String>,
    ) -> (Option<Value>, Option<Value>) {
        if sides.ours.is_some_and(Value::is_object) && sides.theirs.is_some_and(Value::is_object) {
            if planted::makes(Mistake::MergeMetadataAsAWhole) {
                return (sides.ours.cloned(), sides.ours.cloned());
            }
            let objects = sides.map(|value| {
                value.and_then(Value::as_object).map(|object| object.iter().collect()).unwrap_or_default()
            });
            let (ours, theirs) = self.members(&objects, path);
            return (Some(Value::Object(ours)), Some(Value::Object(theirs)));
        }
        let field = || Field::Metadata(path.clone());
        let (ours, theirs) = self.value(sides, |ours, theirs| ours == theirs, field);
        (ours.cloned(), theirs.cloned())
    }
}

/// The next local and remote value where at most one side's change has to travel; `None` where both sides
/// changed it, and not to the `same`.
fn travelling<T: Copy + PartialEq>(sides: Sides<T>, same: impl Fn(T, T) -> bool) -> Option<(T, T)> {
    let Sides { base_ours, base_theirs, ours, theirs } = sides;
    match (ours != base_ours, theirs != base_theirs) {
        (false, false) => Some((ours, theirs)),
        (true, false) => Some((ours, ours)),
        (false, true) => Some((theirs, theirs)),
        (true, true) => same(ours, theirs).then_some((ours, theirs)),
    }
}

/// Merges the tags, which are a set: what was added and what was removed on either side both travel.
///
/// Tags that the service stores alike (`Rust`, `rust`) are merged together, so that a tag is not taken for
/// another one than its stored form. No tags and the service's word for it are the same.
fn tags(sides: Sides<&BTreeSet<String>>) -> (BTreeSet<String>, BTreeSet<String>) {
    if planted::makes(Mistake::TagsAsOneString) {
        let (ours, theirs) = travelling(sides, |_, _| true).unwrap_or((sides.ours, sides.theirs));
        return (ours.clone(), theirs.clone());
    }
    let is_empty = |tags: &BTreeSet<String>| tags.iter().all(|tag| tag == NO_TAGS);
    let stored = sides.map(|tags| {
        let mut forms = BTreeMap::<String, BTreeSet<&String>>::new();
        for tag in tags.iter().filter(|_| !is_empty(tags)) {
            forms.entry(stored_tag(tag)).or_default().insert(tag);
        }
        forms
    });
    let Sides { base_ours, base_theirs, ours, theirs } = &stored;
    let names: BTreeSet<&String> =
        [base_ours, base_theirs, ours, theirs].into_iter().flat_map(BTreeMap::keys).collect();
    let (mut next_ours, mut next_theirs) = (BTreeSet::new(), BTreeSet::new());
    for name in names {
        let none = BTreeSet::new();
        let forms = Sides { base_ours, base_theirs, ours, theirs };
        let (ours, theirs) = forms_of_a_tag(name, forms.map(|forms| forms.get(name).unwrap_or(&none)));
        next_ours.extend(ours.into_iter().cloned());
        next_theirs.extend(theirs.into_iter().cloned());
    }
    let word = |next: BTreeSet<String>, held: &BTreeSet<String>| {
        if next.is_empty() && is_empty(held) { held.clone() } else { next }
    };
    (word(next_ours, sides.ours), word(next_theirs, sides.theirs))
}

/// Merges the tags that the service stores as `name`.
fn forms_of_a_tag<'a>(
    name: &String,
    sides: Sides<&BTreeSet<&'a String>>,
) -> (BTreeSet<&'a String>, BTreeSet<&'a String>) {
    let is_stored = |tags: &BTreeSet<&String>| tags.len() == 1 && tags.contains(name);
    let same = |ours: &BTreeSet<&String>, theirs: &BTreeSet<&String>| {
        ours == theirs || (!ours.is_empty() && !theirs.is_empty() && (is_stored(ours) || is_stored(theirs)))
    };
    if let Some((ours, theirs)) = travelling(sides, same) {
        return (ours.clone(), theirs.clone());
    }
    let Sides { base_ours, base_theirs, ours, theirs } = sides;
    let added: BTreeSet<_> =
        ours.difference(base_ours).chain(theirs.difference(base_theirs)).copied().collect();
    let removed: BTreeSet<_> =
        base_ours.difference(ours).chain(base_theirs.difference(theirs)).copied().collect();
    let next = &(&(ours | theirs) - &removed) | &added;
    (next.clone(), next)
}

/// One side's change travels; where both changed, or there is no base, the earlier moment stays.
fn created_at(
    base_ours: &Memory,
    base_theirs: &Memory,
    ours: &Memory,
    theirs: &Memory,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let (ours, theirs) =
        match (ours.created_at != base_ours.created_at, theirs.created_at != base_theirs.created_at) {
            (false, false) => return (ours.created_at, theirs.created_at),
            (true, false) => (ours.created_at, None),
            (false, true) => (None, theirs.created_at),
            (true, true) => (ours.created_at, theirs.created_at),
        };
    if planted::makes(Mistake::OursIsOlder) {
        return (ours.or(theirs), ours.or(theirs));
    }
    let earlier = [ours, theirs].into_iter().flatten().min();
    (earlier, earlier)
}
