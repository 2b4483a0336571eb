//! What users wrote, and which of it has to be there once everybody has synced.
//!
//! Every value that a history writes is unlike all others, so it tells who wrote it. A write takes the place of the values
//! that its author saw; a value that no author has replaced has to be there at rest. Where people decided between
//! values (a conflict, `-X`, an undo, a restored backup) the memory is *contested* until the next rest: memsync did as it
//! was told, and only weaker things can be said.

use std::collections::{BTreeMap, BTreeSet};

use memsync::object::{ContentHash, Memory};
use memsync::reconcile::same_type;
use serde_json::Value;

/// One field of a memory, as users write it. Tags are fields of their own, because they are a set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Content,
    Type,
    Tag(String),
    Meta(String),
}

/// The tag that tells which creation a memory comes from.
const BORN: &str = "born-";

/// The fields of a memory with their values. What the server is known to rewrite is left out.
fn fields(memory: &Memory) -> BTreeMap<Field, String> {
    let mut fields = BTreeMap::from([(Field::Content, memory.content.clone())]);
    fields.extend(memory.memory_type.clone().map(|name| (Field::Type, name)));
    let tags = memory.tags.iter().map(|tag| tag.to_lowercase()).filter(|tag| tag != "untagged");
    fields.extend(tags.map(|tag| (Field::Tag(tag), "on".to_owned())));
    if let Some(members) = memory.metadata.members() {
        for (name, value) in members {
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

/// Writes of one field: each value (`None` where it was removed), and whether its author's successors replaced it.
#[derive(Clone, Debug, Default)]
struct Writes(Vec<(Option<String>, bool)>);

impl Writes {
    fn write(&mut self, seen: Option<&String>, value: Option<&String>) {
        for (known, is_replaced) in &mut self.0 {
            // Nulls are all alike, so who wrote one cannot be told.
            *is_replaced |= seen.is_some_and(|seen| seen != "null") && known.as_ref() == seen;
        }
        self.0.push((value.cloned(), false));
    }

    /// Whether `held` may stand at rest.
    fn allows(&self, field: &Field, held: Option<&String>) -> bool {
        let mut heads =
            self.0.iter().filter(|(_, is_replaced)| !is_replaced).map(|(value, _)| value.as_ref());
        heads.any(|head| {
            head == held
                || (*field == Field::Type
                    && (same_type(head.map(String::as_str), held.map(String::as_str))
                        || same_type(held.map(String::as_str), head.map(String::as_str))))
        })
    }
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
    fn write(&mut self, field: &Field, seen: Option<&String>, value: Option<&String>) {
        self.writes.entry(field.clone()).or_default().write(seen, value);
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
            let is_rewriting = *field == Field::Type
                && seen.is_some()
                && same_type(seen.map(String::as_str), value.map(String::as_str));
            // A deletion is told by the births: others may have made a memory of the same text, unseen.
            let is_deletion = *field == Field::Content && value.is_none();
            if seen != value && !is_rewriting && !is_deletion {
                entry.write(field, seen, value);
            }
            // What the service makes of a value is a value as well.
            entry.ever.extend(value.map(|value| (field.clone(), value.clone())));
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
        for version in versions.iter().filter(|version| version.as_ref() != chosen) {
            self.write(key, version.as_ref(), chosen);
        }
        let Some(chosen) = chosen else { return };
        let entry = self.entries.entry(key.clone()).or_default();
        for (field, value) in fields(chosen) {
            entry.write(&field, None, Some(&value));
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
            entry.write(&field, None, Some(&value));
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
            None => return None,
            Some(_) if !is_alive => return Some("everybody deleted it, and it is back".to_owned()),
            Some(held) => fields(held),
        };
        let is_common = |field: &Field| matches!(field, Field::Tag(tag) if !tag.contains('-'));
        for (field, writes) in entry.writes.iter().filter(|(field, _)| !is_common(field)) {
            let value = held.get(field);
            if !writes.allows(field, value) {
                return Some(format!("{field:?} is {value:?}, written were {:?}", writes.0));
            }
        }
        let unwritten = held.keys().find(|field| !is_common(field) && !entry.writes.contains_key(field));
        unwritten.map(|field| format!("{field:?} is there, and was not written"))
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
