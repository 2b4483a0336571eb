//! What users wrote, and which of it has to be there once everybody has synced.
//!
//! Every value that a history writes is unlike all others, so it tells who wrote it. A write takes the place of the values
//! that its author saw; a value that no author has replaced has to be there at rest. Where people decided between
//! values (a conflict, `-X`, an undo, a restored backup) the memory is *contested* until the next rest: memsync did as it
//! was told, and only weaker things can be said.

use std::collections::{BTreeMap, BTreeSet};

use memsync::object::{ContentHash, Memory};
use serde_json::Value;

use crate::history::TYPES;

/// One field of a memory, as users write it. Tags are fields of their own, because they are a set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Content,
    Type,
    Tag(String),
    Meta(String),
}

impl Field {
    /// Whether it is a tag that everybody uses: who set it cannot be told.
    fn is_common(&self) -> bool {
        matches!(self, Self::Tag(tag) if !tag.contains('-'))
    }
}

/// A value that many write, as it is printed.
const NULL: &str = "null";

/// The tag that tells which creation a memory comes from.
const BORN: &str = "born-";

/// The fields of a memory with their values. What the server is known to rewrite is left out.
fn fields(memory: &Memory) -> BTreeMap<Field, String> {
    let mut fields = BTreeMap::from([(Field::Content, memory.content.clone())]);
    fields.extend(memory.memory_type.clone().map(|name| (Field::Type, name)));
    let tags = memory.tags.iter().map(|tag| tag.to_lowercase()).filter(|tag| tag != "untagged");
    fields.extend(tags.map(|tag| (Field::Tag(tag), "on".to_owned())));
    if let Some(members) = memory.metadata.members() {
        // `--no-dedup` gives a memory a conversation of its own, lest an old server takes it for another one.
        for (name, value) in members.iter().filter(|(name, _)| *name != "conversation_id") {
            leaves(name, value, &mut fields);
        }
    }
    fields
}

fn leaves(path: &str, value: &Value, fields: &mut BTreeMap<Field, String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(&format!("{path}.{name}"), value, fields));
        }
        leaf => drop(fields.insert(Field::Meta(path.to_owned()), leaf.to_string())),
    }
}

/// Whether `after` lacks a value of `before` without having another one, that tells who wrote it, in its place.
pub(crate) fn takes_away(before: Option<&Memory>, after: Option<&Memory>) -> bool {
    let (old, new) = (before.map(fields).unwrap_or_default(), after.map(fields).unwrap_or_default());
    old.iter().any(|(field, old)| new.get(field).is_none_or(|new| new == NULL && old != NULL))
}

/// The fields that somebody who made `after` of `before` touched.
pub(crate) fn differing(before: Option<&Memory>, after: Option<&Memory>) -> BTreeSet<Field> {
    let (old, new) = (before.map(fields).unwrap_or_default(), after.map(fields).unwrap_or_default());
    let names = old.keys().chain(new.keys());
    names.filter(|field| old.get(*field) != new.get(*field)).cloned().collect()
}

/// One write of a field.
#[derive(Clone, Debug)]
struct Write {
    /// `None` where it was removed.
    value: Option<String>,
    /// Somebody who saw it wrote another value.
    is_replaced: bool,
    /// Somebody who saw it deleted the memory. Another one's memory of the same text may have it as well.
    is_deleted: bool,
}

/// The writes of one field.
#[derive(Clone, Debug, Default)]
struct Writes(Vec<Write>);

impl Writes {
    /// Whoever saw `seen` wrote `value`.
    fn write(&mut self, field: &Field, seen: Option<&String>, value: Option<&String>) {
        self.those(field, seen).for_each(|write| write.is_replaced = true);
        self.add(value);
    }

    /// Somebody who saw none wrote `value`.
    fn add(&mut self, value: Option<&String>) {
        self.0.push(Write { value: value.cloned(), is_replaced: false, is_deleted: false });
    }

    /// Whoever saw `seen` deleted the memory.
    fn delete(&mut self, field: &Field, seen: Option<&String>) {
        self.those(field, seen).for_each(|write| write.is_deleted = true);
    }

    /// Somebody decided for `value` and against a deletion; whether it stands, or another value that was written since.
    fn keep(&mut self, field: &Field, value: &String) -> bool {
        self.those(field, Some(value)).for_each(|write| write.is_deleted = false);
        self.heads().any(|write| !write.is_deleted)
    }

    fn those(&mut self, field: &Field, seen: Option<&String>) -> impl Iterator<Item = &mut Write> {
        self.0.iter_mut().filter(move |write| is_same(field, write.value.as_ref(), seen))
    }

    /// Whether `held` may stand at rest: somebody wrote it last, and nobody's value was passed over. A removal that somebody
    /// else's value outlives may have been of a value of the same author's, which is no change.
    fn allows(&self, field: &Field, held: Option<&String>) -> bool {
        let is_held =
            |write: &Write| is_same(field, write.value.as_ref(), held) || write.is_deleted && held.is_none();
        // An old server has one word for many types: going back to it is no change to whoever saw nothing in between.
        let is_back = |write: &Write| {
            let mut replaced = self.0.iter().filter(|write| write.is_replaced);
            *field == Field::Type
                && replaced.any(|other| is_same(field, other.value.as_ref(), write.value.as_ref()))
        };
        let is_passed_over =
            |write: &Write| !write.is_deleted && !is_held(write) && !is_removal(write) && !is_back(write);
        // For the same reason whoever replaced one of those types seems to have seen all of them. What they made of it may
        // have gone with their memory, and another one's type stand.
        let is_another = |write: &Write| {
            let is_unknown = *field == Field::Type && is_same(field, write.value.as_ref(), None);
            is_unknown && write.is_replaced && is_held(write)
        };
        let has_nothing_else = self.heads().all(|write| write.is_deleted) && self.0.iter().any(is_another);
        let is_written = *field == Field::Content || self.heads().any(is_held) || has_nothing_else;
        is_written && !self.heads().any(is_passed_over)
    }

    /// Whether a value that whoever deleted the memory had not seen is gone with it.
    fn is_passed_over(&self) -> bool {
        self.heads().any(|write| !write.is_deleted && !is_removal(write))
    }

    /// The values that nobody has replaced.
    fn heads(&self) -> impl Iterator<Item = &Write> {
        self.0.iter().filter(|write| !write.is_replaced)
    }
}

fn is_removal(write: &Write) -> bool {
    write.value.as_ref().is_none_or(|value| value == NULL)
}
/// Whether two values of a field are one. Types that a server may not know are: it makes one of them of all the others.
fn is_same(field: &Field, one: Option<&String>, other: Option<&String>) -> bool {
    let is_unknown = |name: Option<&String>| {
        name.is_none_or(|name| name == "observation" || !TYPES.contains(&name.as_str()))
    };
    one == other || *field == Field::Type && is_unknown(one) && is_unknown(other)
}

/// What is known of one memory.
#[derive(Clone, Debug, Default)]
struct Entry {
    /// Writes since the last rest.
    writes: BTreeMap<Field, Writes>,
    /// Creations, and whether somebody who saw it deleted the memory.
    births: BTreeMap<String, bool>,
    is_contested: bool,
    /// Every value that was ever written.
    ever: BTreeSet<(Field, String)>,
    created: Vec<Option<f64>>,
}

impl Entry {
    /// A value that whoever deleted the memory had not seen.
    fn find_passed_over(&self) -> Option<String> {
        let mut writes = self.writes.iter().filter(|(field, _)| !field.is_common());
        let (field, writes) = writes.find(|(_, writes)| writes.is_passed_over())?;
        Some(format!("it is gone with {field:?}, written were {:?}", writes.0))
    }

    fn write(&mut self, field: &Field, seen: Option<&String>, value: Option<&String>) {
        self.writes.entry(field.clone()).or_default().write(field, seen, value);
        self.ever.extend(value.map(|value| (field.clone(), value.clone())));
    }

    fn add(&mut self, field: &Field, value: Option<&String>) {
        self.writes.entry(field.clone()).or_default().add(value);
        self.ever.extend(value.map(|value| (field.clone(), value.clone())));
    }
}

/// What users wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    entries: BTreeMap<ContentHash, Entry>,
}

impl Ledger {
    /// A user made `after` of `before` somewhere.
    pub(crate) fn write(&mut self, key: &ContentHash, before: Option<&Memory>, after: Option<&Memory>) {
        let entry = self.entries.entry(key.clone()).or_default();
        let (old, new) = (before.map(fields).unwrap_or_default(), after.map(fields).unwrap_or_default());
        let names: BTreeSet<&Field> = old.keys().chain(new.keys()).collect();
        for field in names {
            let (seen, value) = (old.get(field), new.get(field));
            let is_rewriting =
                *field == Field::Type && seen.is_some() && after.is_some() && is_same(field, seen, value);
            // Others may have made a memory of the same text, unseen: that is told by the births.
            let is_birth = *field == Field::Content && seen.is_none();
            if after.is_none() {
                entry.writes.entry(field.clone()).or_default();
            } else if is_birth {
                entry.writes.entry(Field::Content).or_default();
            } else if before.is_none() {
                // Others may have removed it from theirs.
                entry.add(field, value);
            } else if seen != value && !is_rewriting {
                entry.write(field, seen, value);
            }
            // What the service makes of a value is a value as well.
            entry.ever.extend(value.map(|value| (field.clone(), value.clone())));
        }
        if after.is_none() {
            // What its author removed before goes with it.
            entry.writes.iter_mut().for_each(|(field, writes)| writes.delete(field, old.get(field)));
        }
        entry.created.extend(after.map(|after| after.created_at.map(memsync::object::Timestamp::seconds)));
        for birth in births(before) {
            let is_gone = after.is_none();
            entry.births.entry(birth).and_modify(|is_dead| *is_dead |= is_gone);
        }
        if before.is_none() {
            entry.births.extend(births(after).map(|birth| (birth, false)));
        }
    }

    /// Somebody who saw `versions` decided for `chosen`.
    pub(crate) fn decide(&mut self, key: &ContentHash, versions: &[Option<Memory>], chosen: Option<&Memory>) {
        // A deleted memory lacks every field, and says nothing of who removed one.
        let seen = || versions.iter().flatten();
        for version in seen().filter(|version| Some(*version) != chosen) {
            self.write(key, Some(version), chosen);
        }
        let Some(chosen) = chosen else { return };
        let entry = self.entries.entry(key.clone()).or_default();
        // Which of the others' values go with a deletion that somebody decided against cannot be told by fields.
        entry.is_contested |= versions.contains(&None);
        let seen: Vec<_> = seen().map(fields).collect();
        let wanted = fields(chosen);
        for (field, writes) in &mut entry.writes {
            let values = seen.iter().map(|seen| seen.get(field));
            for value in values.filter(|value| *value != wanted.get(field)) {
                writes.write(field, value, wanted.get(field));
            }
        }
        for (field, value) in wanted {
            if !entry.writes.get_mut(&field).is_some_and(|writes| writes.keep(&field, &value)) {
                entry.add(&field, Some(&value));
            }
        }
        entry.births.extend(births(Some(chosen)).map(|birth| (birth, false)));
    }

    /// People decided about this memory.
    pub(crate) fn contest(&mut self, key: &ContentHash) {
        self.entries.entry(key.clone()).or_default().is_contested = true;
    }

    /// What everybody holds at rest is where all begins anew.
    pub(crate) fn rest(&mut self, key: &ContentHash, held: Option<&Memory>) {
        let entry = self.entries.entry(key.clone()).or_default();
        entry.is_contested = false;
        entry.writes.clear();
        let alive: BTreeSet<String> = births(held).collect();
        entry.births.iter_mut().for_each(|(birth, is_dead)| *is_dead = !alive.contains(birth));
        for (field, value) in held.map(fields).unwrap_or_default() {
            entry.add(&field, Some(&value));
        }
    }

    /// What of `held` no user wrote.
    pub(crate) fn find_invented(&self, key: &ContentHash, held: &Memory) -> Option<String> {
        let Some(entry) = self.entries.get(key) else { return Some("the memory itself".to_owned()) };
        let created = held.created_at.map(memsync::object::Timestamp::seconds);
        if !entry.created.contains(&created) {
            return Some(format!("created {created:?}"));
        }
        let is_written = |field: &Field, value: &String| {
            entry.ever.contains(&(field.clone(), value.clone()))
                // The service's word for a type that it does not know.
                || (*field == Field::Type && value == "observation")
        };
        let unknown = fields(held).into_iter().find(|(field, value)| !is_written(field, value));
        unknown.map(|(field, value)| format!("{field:?} {value}"))
    }

    /// What of `held`, which everybody holds at rest, is not what users made of it.
    pub(crate) fn find_lost(&self, key: &ContentHash, held: Option<&Memory>) -> Option<String> {
        let entry = self.entries.get(key).filter(|entry| !entry.is_contested)?;
        let is_alive = entry.births.values().any(|is_dead| !is_dead);
        let held = match held {
            None if is_alive => return Some("nobody deleted it, and it is gone".to_owned()),
            None => return entry.find_passed_over(),
            Some(_) if !is_alive => return Some("everybody deleted it, and it is back".to_owned()),
            Some(held) => fields(held),
        };
        for (field, writes) in entry.writes.iter().filter(|(field, _)| !field.is_common()) {
            let value = held.get(field);
            if !writes.allows(field, value) {
                return Some(format!("{field:?} is {value:?}, written were {:?}", writes.0));
            }
        }
        // The service's word for a type that is missing.
        let is_shown = |field: &Field, value: &String| *field == Field::Type && value == "observation";
        let is_written = |field: &Field| field.is_common() || entry.writes.contains_key(field);
        let unwritten = held.iter().find(|(field, value)| !is_written(field) && !is_shown(field, value));
        unwritten.map(|(field, _)| format!("{field:?} is there, and was not written"))
    }
}

fn births(memory: Option<&Memory>) -> impl Iterator<Item = String> {
    let tags = memory.map(|memory| memory.tags.clone()).unwrap_or_default();
    tags.into_iter().map(|tag| tag.to_lowercase()).filter(|tag| tag.starts_with(BORN))
}

/// The tag of a creation.
pub(crate) fn born(number: u32) -> String {
    format!("{BORN}{number}")
}
