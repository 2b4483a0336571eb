//! One field of a memory as a value: to show it, and to put another version's in its place.
//!
//! Guarantees: taking a field over touches no other one, metadata members beside it included.

use std::collections::BTreeSet;

use serde_json::Value;

use super::merge::Field;
use crate::object::{Memory, Metadata};

/// A field's value in words; `None` where the memory has none. Tags stand one a line, [`Field::Existence`] is the whole
/// canonical text.
#[must_use]
pub fn field_text(memory: &Memory, field: &Field) -> Option<String> {
    match field {
        Field::Content => Some(memory.content.clone()),
        Field::Type => memory.memory_type.clone(),
        Field::Store => memory.store.clone(),
        Field::SupersededBy => memory.superseded_by.clone(),
        Field::Tags => (!memory.tags.is_empty()).then(|| lines(&memory.tags)),
        Field::Created => memory.created_at.map(|created| created.to_string()),
        Field::Metadata(path) if path.is_empty() => Some(match &memory.metadata {
            Metadata::Members(members) => Value::Object(members.clone().into_iter().collect()).to_string(),
            Metadata::Opaque(text) => text.clone(),
        }),
        Field::Metadata(path) => member(memory, path).map(ToString::to_string),
        Field::Existence => Some(String::from_utf8_lossy(&memory.to_blob()).into_owned()),
    }
}

fn lines(tags: &BTreeSet<String>) -> String {
    tags.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// Puts the value that `from` has in a field into `memory`. That a memory exists is nothing that it could take over.
pub fn take_field(memory: &mut Memory, field: &Field, from: &Memory) {
    match field {
        Field::Content => memory.content.clone_from(&from.content),
        Field::Type => memory.memory_type.clone_from(&from.memory_type),
        Field::Store => memory.store.clone_from(&from.store),
        Field::SupersededBy => memory.superseded_by.clone_from(&from.superseded_by),
        Field::Tags => memory.tags.clone_from(&from.tags),
        Field::Created => memory.created_at = from.created_at,
        Field::Metadata(path) if path.is_empty() => memory.metadata.clone_from(&from.metadata),
        Field::Metadata(path) => put_member(memory, path, member(from, path).cloned()),
        Field::Existence => {}
    }
}

/// Puts what either of two versions has in a field into `memory`, where it is a set: the tags, or a metadata list. Says
/// whether it is one.
pub fn take_both(memory: &mut Memory, field: &Field, ours: &Memory, theirs: &Memory) -> bool {
    match field {
        Field::Tags => memory.tags = &ours.tags | &theirs.tags,
        Field::Metadata(path) => match (member(ours, path), member(theirs, path)) {
            (Some(Value::Array(ours)), Some(Value::Array(theirs))) => {
                let added = theirs.iter().filter(|value| !ours.contains(value));
                let both = ours.iter().chain(added).cloned().collect();
                put_member(memory, path, Some(Value::Array(both)));
            }
            _ => return false,
        },
        _ => return false,
    }
    true
}

/// The metadata member at a path.
fn member<'a>(memory: &'a Memory, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let top = memory.metadata.members()?.get(first)?;
    rest.iter().try_fold(top, |value, key| value.as_object()?.get(key))
}

/// Sets or removes the metadata member at a path; without the objects above it there is no place for it.
fn put_member(memory: &mut Memory, path: &[String], value: Option<Value>) {
    let Metadata::Members(members) = &mut memory.metadata else { return };
    let Some((first, rest)) = path.split_first() else { return };
    let Some((last, parents)) = rest.split_last() else {
        match value {
            Some(value) => drop(members.insert(first.clone(), value)),
            None => drop(members.remove(first)),
        }
        return;
    };
    let parent = members
        .get_mut(first)
        .and_then(|top| parents.iter().try_fold(top, |value, key| value.as_object_mut()?.get_mut(key)));
    if let Some(Value::Object(parent)) = parent {
        match value {
            Some(value) => drop(parent.insert(last.clone(), value)),
            None => drop(parent.remove(last)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Bookkeeping;

    fn memory(metadata: &str, tags: &[&str]) -> Memory {
        Memory {
            tags: tags.iter().copied().map(str::to_owned).collect(),
            metadata: Metadata::from_text(metadata, &Bookkeeping::default()),
            ..Memory::default()
        }
    }

    fn path(path: &str) -> Field {
        Field::Metadata(path.split('.').map(str::to_owned).collect())
    }

    #[test]
    fn a_member_is_taken_over_and_its_neighbours_stay() {
        let from = memory(r#"{"a":{"b":{"c":1},"x":9},"top":[1]}"#, &[]);
        let mut into = memory(r#"{"a":{"b":{"c":2,"d":3}},"top":"old","gone":1}"#, &[]);
        for field in ["a.b.c", "a.b.d", "a.x", "top", "gone", "no.such.place"].map(path) {
            take_field(&mut into, &field, &from);
        }
        assert_eq!(into, memory(r#"{"a":{"b":{"c":1},"x":9},"top":[1]}"#, &[]));
        assert_eq!(field_text(&into, &path("a.b")).as_deref(), Some(r#"{"c":1}"#));
        assert_eq!(field_text(&into, &path("gone")), None);
    }

    #[test]
    fn both_is_for_sets_alone() {
        let ours = memory(r#"{"list":[1,2],"word":"a"}"#, &["home", "winter"]);
        let theirs = memory(r#"{"list":[2,3],"word":"b"}"#, &["garden", "home"]);
        let mut into = ours.clone();
        assert!(take_both(&mut into, &Field::Tags, &ours, &theirs));
        assert!(take_both(&mut into, &path("list"), &ours, &theirs));
        assert!(!take_both(&mut into, &path("word"), &ours, &theirs));
        assert!(!take_both(&mut into, &Field::Content, &ours, &theirs));
        assert_eq!(into, memory(r#"{"list":[1,2,3],"word":"a"}"#, &["garden", "home", "winter"]));
        assert_eq!(field_text(&into, &Field::Tags).as_deref(), Some("garden\nhome\nwinter"));
    }

    #[test]
    fn every_field_has_a_text_and_is_taken_over_alone() {
        let full = Memory {
            content: "Tea".to_owned(),
            memory_type: Some("note".to_owned()),
            store: Some("work".to_owned()),
            superseded_by: Some("next".to_owned()),
            created_at: crate::object::Timestamp::new(1.5),
            ..memory(r#"{"a":{"b":1}}"#, &["home"])
        };
        let table = [
            (Field::Content, "Tea", Some("")),
            (Field::Type, "note", None),
            (Field::Store, "work", None),
            (Field::SupersededBy, "next", None),
            (Field::Tags, "home", None),
            (Field::Created, "1.5", None),
            (Field::Metadata(Vec::new()), r#"{"a":{"b":1}}"#, Some("{}")),
            (path("a"), r#"{"b":1}"#, None),
            (path("a.b"), "1", None),
        ];
        for (field, text, nothing) in table {
            assert_eq!(field_text(&full, &field).as_deref(), Some(text), "{field}");
            assert_eq!(field_text(&Memory::default(), &field).as_deref(), nothing, "{field}");
            let mut emptied = full.clone();
            take_field(&mut emptied, &field, &Memory::default());
            assert_eq!(field_text(&emptied, &field).as_deref(), nothing, "{field}");
            let top = if field == path("a.b") { path("a") } else { field.clone() };
            let changed = super::super::differing(&full, &emptied);
            let expected = if matches!(field, Field::Metadata(_)) && top == Field::Metadata(Vec::new()) {
                path("a")
            } else {
                top
            };
            assert_eq!(changed, BTreeSet::from([expected]), "{field}");
            take_field(&mut emptied, &field, &full);
            assert_eq!(emptied, full, "{field}");
        }
        let whole = field_text(&full, &Field::Existence).unwrap();
        assert_eq!(Memory::parse(whole.as_bytes()), Ok(full.clone()));
        let mut kept = full.clone();
        take_field(&mut kept, &Field::Existence, &Memory::default());
        assert_eq!(kept, full, "existence is nothing to take over");
    }

    #[test]
    fn metadata_that_is_no_object_is_one_value() {
        let odd = memory("{NaN}", &[]);
        let mut into = memory(r#"{"a":1}"#, &[]);
        assert_eq!(field_text(&odd, &Field::Metadata(Vec::new())).as_deref(), Some("{NaN}"));
        take_field(&mut into, &path("a"), &odd);
        assert_eq!(into, memory("{}", &[]), "it has no members");
        take_field(&mut into, &Field::Metadata(Vec::new()), &odd);
        assert_eq!(into, odd);
        take_field(&mut into, &path("a"), &memory(r#"{"a":1}"#, &[]));
        assert_eq!(into, odd, "there is no place for a member");
    }
}
