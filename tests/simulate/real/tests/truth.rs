//! One side alone under faults: what it shows is there, and what it says of an edit is so.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use memsync::object::{ContentHash, Edit, Memory, Outcome, Timestamp};
use memsync::side::{self, Found};

use super::{key, note};
use crate::place::{Caller, Memories, Place, Version, Work};
use crate::real::{Device, Server};

/// Texts that share names, and some that do not.
const TEXTS: [&str; 6] = ["Tea is at four", "TEA IS AT FOUR", "one", "two", "Three", "three"];

/// A source of numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    fn memory(&mut self) -> (ContentHash, Memory) {
        let text = TEXTS[self.below(TEXTS.len())];
        let tag = ["home", "Work", "a,b", ""][self.below(4)];
        let mut memory = note(text, tag);
        memory.tags.retain(|tag| !tag.is_empty() && !tag.contains(','));
        memory.memory_type = [None, Some("note"), Some("recipe")][self.below(3)].map(str::to_owned);
        if self.below(3) == 0 {
            memory.created_at = Timestamp::new(1_600_000_000.5);
        }
        if self.below(6) == 0 {
            memory.store = Some("archive".to_owned());
        }
        if self.below(3) == 0 {
            memory.metadata = memsync::object::Metadata::default();
        }
        (key(text), memory)
    }

    fn work(&mut self) -> Work {
        let (key, memory) = self.memory();
        match self.below(5) {
            0 | 1 => Work::Create(key, memory),
            2 => Work::Change(key, memory),
            3 => Work::Search(key),
            _ => Work::Delete(key),
        }
    }

    /// Edits of different memories, most of which expect what is there.
    fn edits(&mut self, held: &Memories) -> Vec<Edit> {
        let mut edits = BTreeMap::new();
        for _ in 0..=self.below(5) {
            let (key, memory) = self.memory();
            let expected =
                if self.below(8) == 0 { Some(memory.id()) } else { held.get(&key).map(Memory::id) };
            let target = (self.below(4) > 0).then_some(memory);
            edits.insert(key.clone(), Edit { key, expected, target, row: None });
        }
        edits.into_values().collect()
    }
}

/// Whether a place may hold `now` after an edit that was attempted, where it held `before`.
fn is_explained(edit: &Edit, before: Option<&Memory>, now: Option<&Memory>) -> bool {
    let may_happen = before.map(Memory::id) == edit.expected;
    let is_done = match (&edit.target, now) {
        (Some(target), Some(now)) => now.content == target.content,
        (None, None) => true,
        _ => false,
    };
    now == before || may_happen && is_done
}

fn check_edits(place: &dyn Place, caller: &Caller, edits: &[Edit]) {
    let before = place.memories();
    let mut outcomes = BTreeMap::new();
    let mut note = |key: ContentHash, outcome: Outcome| drop(outcomes.insert(key, outcome));
    let result = place.side(caller).and_then(|mut side| side.apply(edits.to_vec(), &mut note));
    let after = place.memories();
    for edit in edits {
        let (before, now) = (before.get(&edit.key), after.get(&edit.key));
        let outcome = outcomes.get(&edit.key);
        assert!(outcome.is_some() || result.is_err(), "no outcome of {edit:?}");
        if let Some(Outcome::Done { now: said }) = outcome {
            assert_eq!(said.as_ref(), now, "not what is there after {edit:?}");
        }
        assert!(
            is_explained(edit, before, now),
            "{edit:?}\nbefore {before:?}\nnow {now:?}\n{outcome:?} {result:?}"
        );
    }
    let untouched = |key: &&ContentHash| edits.iter().all(|edit| edit.key != **key);
    let others = |memories: &Memories| memories.keys().filter(untouched).count();
    assert_eq!(others(&before), others(&after), "something else changed");
}

fn check_reading(place: &dyn Place, caller: &Caller) -> Result<(), side::Error> {
    let held = place.memories();
    let mut side = place.side(caller)?;
    let check = |found: &Found| match found {
        Found::Memory(found) => assert_eq!(held.get(&found.key), Some(&found.memory)),
        Found::Unreadable { key, .. } => {
            assert!(key.as_ref().is_some_and(|key| held.contains_key(key)), "{found:?}");
        }
    };
    side.snapshot(&mut |found| {
        check(&found);
        ControlFlow::Continue(())
    })?;
    let keys: Vec<ContentHash> = TEXTS.iter().map(|text| key(text)).collect();
    for (key, found) in keys.iter().zip(side.get(&keys)?) {
        match found {
            Some(found) => check(&found),
            None => assert!(!held.contains_key(key), "{key} is said to be gone"),
        }
    }
    Ok(())
}

fn play(place: &dyn Place, seed: u64) {
    let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    if numbers.below(2) == 0 {
        place.set_version(Version::Old);
    }
    for step in 0..12 {
        let now = 1_700_000_000 + step * 10;
        let caller = Caller { device: "laptop".to_owned(), now, deduplicate: true };
        place.misbehave(None);
        (0..numbers.below(3)).for_each(|_| place.work(&numbers.work(), now));
        place.misbehave((numbers.below(4) > 0).then_some(seed));
        if numbers.below(3) == 0 {
            // An error is no answer.
            let _ = check_reading(place, &caller);
        } else {
            let edits = numbers.edits(&place.memories());
            check_edits(place, &caller, &edits);
        }
        assert_eq!(place.complaints(), [] as [String; 0]);
    }
}

/// Plays as many seeds as `MEMSYNC_TRUTH` says.
fn play_all(place: fn() -> Box<dyn Place>) {
    let count = std::env::var("MEMSYNC_TRUTH").map_or(40, |count| count.parse().unwrap());
    for seed in 1..=count {
        let result = std::panic::catch_unwind(|| play(&*place(), seed));
        assert!(result.is_ok(), "seed {seed}");
    }
}

#[test]
fn what_is_said_of_a_server_is_true_whatever_befell_the_requests() {
    play_all(|| Box::new(Server::new()));
}

#[test]
fn what_is_said_of_a_database_is_true() {
    play_all(|| Box::new(Device::new()));
}
