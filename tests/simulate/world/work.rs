//! What people do without memsync.

use std::collections::BTreeMap;

use memsync::object::{ContentHash, Memory, Metadata, Timestamp};
use serde_json::{Map, Value, json};

use super::World;
use crate::history::{COMMON_TAGS, Deed, PATHS, Spot, TYPES, text};
use crate::invariants;
use crate::ledger::born;
use crate::place::Work;

impl World {
    /// Somebody works with a memory; nothing happens where it is not there, or there already.
    pub(super) fn work(&self, spot: Spot, memory: usize, deed: Deed, is_meanwhile: bool) {
        let (Some(place), Some(key)) = (self.place(spot), self.keys.get(memory)) else { return };
        let now = self.now(spot);
        let before = place.memory(key);
        let work = match (&before, deed) {
            (None, Deed::Create(number)) => Work::Create(key.clone(), created(memory, number, now)),
            (None, _) | (Some(_), Deed::Create(_)) => return,
            (Some(_), Deed::Delete) => Work::Delete(key.clone()),
            (Some(_), Deed::Search) => Work::Search(key.clone()),
            (Some(held), deed) => Work::Change(key.clone(), changed(held, memory, deed)),
        };
        let carry_out = || place.work(&work, now);
        if deed == Deed::Search && !is_meanwhile {
            return invariants::searching_changes_no_plan(self, spot, &carry_out);
        }
        carry_out();
        let after = place.memory(key);
        self.written(spot, key, before.as_ref(), after.as_ref());
    }

    /// Notes what somebody made of a memory.
    pub(super) fn written(
        &self,
        spot: Spot,
        key: &ContentHash,
        before: Option<&Memory>,
        after: Option<&Memory>,
    ) {
        self.hold(spot, key, after);
        if before != after {
            self.touch(key, before, after);
            self.ledger.borrow_mut().write(key, before, after);
        }
    }
}

fn created(memory: usize, number: u32, now: i64) -> Memory {
    let spelling = if number.is_multiple_of(5) { number } else { 0 };
    #[expect(clippy::cast_precision_loss, reason = "a moment of this century")]
    let moment = now as f64 + f64::from(number) / 1024.0;
    // A server makes small letters of these.
    let common = number.is_multiple_of(4).then(|| COMMON_TAGS[1].to_owned());
    Memory {
        content: text(memory, spelling),
        tags: common.into_iter().chain([born(number)]).collect(),
        created_at: Timestamp::new(moment),
        ..Memory::default()
    }
}

/// What a deed makes of a memory.
fn changed(held: &Memory, memory: usize, deed: Deed) -> Memory {
    let mut next = held.clone();
    match deed {
        Deed::Respell(number) => next.content = text(memory, number),
        Deed::Tag(number) => drop(next.tags.insert(format!("tag-{number}"))),
        Deed::CommonTag(which) => drop(next.tags.insert(COMMON_TAGS[which % COMMON_TAGS.len()].to_owned())),
        Deed::Untag(which) => {
            let own: Vec<_> =
                held.tags.iter().filter(|tag| !tag.to_lowercase().starts_with("born-")).collect();
            if !own.is_empty() {
                next.tags.remove(own[which % own.len()]);
            }
        }
        Deed::Type(number) => {
            let number = usize::try_from(number).expect("a usize has 32 bits");
            let is_known = !number.is_multiple_of(4);
            next.memory_type = Some(if is_known {
                TYPES[number % TYPES.len()].to_owned()
            } else {
                format!("Recipe {number}")
            });
        }
        Deed::Set(path, number) => {
            let values = [json!(number), json!(format!("value {number}")), json!([number, null])];
            let which = usize::try_from(number).expect("a usize has 32 bits") % values.len();
            put(&mut next.metadata, path, Some(values[which].clone()));
        }
        Deed::Null(path) => put(&mut next.metadata, there(held, path), Some(Value::Null)),
        Deed::Unset(path) => put(&mut next.metadata, there(held, path), None),
        Deed::Create(_) | Deed::Delete | Deed::Search => {}
    }
    next
}

/// The next path, from this one on, at which there is something.
fn there(held: &Memory, path: usize) -> usize {
    let members = held.metadata.members();
    let is_there = |path: &usize| {
        let (first, deeper) = PATHS[path % PATHS.len()].split_first().expect("a path has a first name");
        let mut at = members.and_then(|members| members.get(*first));
        for name in deeper {
            at = at.and_then(|value| value.get(name));
        }
        at.is_some()
    };
    (path..path + PATHS.len()).find(is_there).unwrap_or(path)
}

/// Sets the member at a path, or removes it. A null at the top is a removal, as it is for the service.
fn put(metadata: &mut Metadata, path: usize, value: Option<Value>) {
    let Metadata::Members(members) = metadata else { return };
    let path = PATHS[path % PATHS.len()];
    let mut whole: Map<String, Value> = std::mem::take(members).into_iter().collect();
    put_at(&mut whole, path, value);
    let members: BTreeMap<String, Value> = whole.into_iter().filter(|(_, value)| !value.is_null()).collect();
    *metadata = Metadata::Members(members);
}

fn put_at(members: &mut Map<String, Value>, path: &[&str], value: Option<Value>) {
    let Some((name, deeper)) = path.split_first() else { return };
    if deeper.is_empty() {
        match value {
            Some(value) => drop(members.insert((*name).to_owned(), value)),
            None => drop(members.remove(*name)),
        }
        return;
    }
    let is_object = members.get(*name).is_some_and(Value::is_object);
    if value.is_none() && !is_object {
        return;
    }
    if !is_object {
        members.insert((*name).to_owned(), Value::Object(Map::new()));
    }
    if let Some(Value::Object(inner)) = members.get_mut(*name) {
        put_at(inner, deeper, value);
    }
}
