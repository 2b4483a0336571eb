//! Decisions: field by field, by a strategy, and that they last.

use std::collections::{BTreeMap, BTreeSet};

use memsync::object::{Bookkeeping, Memory, Metadata, Resolution, SideName};
use memsync::reconcile::{
    Choices, Decision, Direction, Field, Resolved, Strategy as Rule, UndecidableError, Unmerged, merge_by,
};
use proptest::prelude::*;

use crate::arbitrary;
use crate::world::{Asked, Server, World, agree, key, memory};

fn choices(choices: &[(&str, SideName)]) -> Choices {
    choices.iter().map(|(name, side)| ((*name).to_owned(), *side)).collect()
}

const OURS: SideName = SideName::Local;
const THEIRS: SideName = SideName::Remote;

/// Both changed the type, two metadata members and the tags.
fn quarrel() -> Unmerged {
    let base = memory(r#"meta.a {"x":1,"y":1}; meta.b 1; tag old; type note"#);
    Unmerged {
        base: Some((base.clone(), base)),
        ours: Some(memory(r#"meta.a {"x":2,"y":2}; meta.b 2; tag old; tag ours; type decision"#)),
        theirs: Some(memory(r#"meta.a {"x":3,"y":3}; meta.b 1; tag theirs; type error"#)),
    }
}

fn decided(unmerged: &Unmerged, given: &[(&str, SideName)]) -> String {
    match unmerged.decide(&choices(given)) {
        Ok(Decision::Ended(Some(memory))) => crate::world::headers(&memory),
        Ok(Decision::Ended(None)) => "gone".to_owned(),
        Ok(Decision::Open(fields)) => {
            let names: Vec<String> = fields.iter().map(Field::to_string).collect();
            format!("open: {}", names.join(", "))
        }
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn fields_are_decided_one_by_one_and_the_rest_is_merged() {
    let unmerged = quarrel();
    insta::assert_snapshot!(decided(&unmerged, &[]), @"open: type, meta.a.x, meta.a.y");
    insta::assert_snapshot!(decided(&unmerged, &[("type", OURS), ("meta.a.x", THEIRS)]), @"open: meta.a.y");
    insta::assert_snapshot!(decided(&unmerged, &[("type", OURS), ("meta.a", THEIRS)]), @r#"meta.a {"x":3,"y":3}; meta.b 2; tag ours; tag theirs; type decision"#);
    insta::assert_snapshot!(decided(&unmerged, &[("type", THEIRS), ("metadata", THEIRS), ("meta.a.x", OURS)]), @r#"meta.a {"x":2,"y":3}; meta.b 2; tag ours; tag theirs; type error"#);
}

#[test]
fn a_name_that_means_no_colliding_field_decides_nothing() {
    let unmerged = quarrel();
    for name in ["tags", "meta.b", "meta.a.x.z", "meta", "meta.", "", "content", "existence", "TYPE"] {
        let error = unmerged.decide(&choices(&[("type", OURS), (name, OURS)])).unwrap_err();
        let colliding = ["type", "meta.a.x", "meta.a.y"].map(str::to_owned).into();
        assert_eq!(error, UndecidableError::Field { name: name.to_owned(), colliding });
    }
}

#[test]
fn members_with_odd_names_are_fields_of_their_own() {
    let made = |number: u8| {
        let odd = format!(r#"{{"a":{{"b":{number}}},"a.b":{number},"x,\ny":{number},"":{number}}}"#);
        let metadata = Metadata::from_text(&odd, &Bookkeeping::default());
        Some(Memory { metadata, ..Memory::default() })
    };
    let unmerged = Unmerged { base: None, ours: made(1), theirs: made(2) };
    insta::assert_snapshot!(decided(&unmerged, &[]), @r#"open: meta."", meta.a.b, meta."a.b", meta."x,\ny""#);
    insta::assert_snapshot!(decided(&unmerged, &[("metadata", THEIRS), ("meta.a", OURS)]), @r#"meta."" 2; meta.a {"b":1}; meta.a.b 2; meta."x,\ny" 2"#);
}

#[test]
fn the_existence_is_a_field_like_any_other() {
    let deleted = Unmerged { theirs: None, ..quarrel() };
    insta::assert_snapshot!(decided(&deleted, &[]), @"open: existence");
    insta::assert_snapshot!(decided(&deleted, &[("existence", THEIRS)]), @"gone");
    assert_eq!(deleted.decide(&choices(&[("existence", OURS)])), Ok(Decision::Ended(deleted.ours)));
}

#[test]
fn where_merging_is_not_wanted_every_difference_is_decided() {
    let base = memory("tag a; type note");
    let unmerged = Unmerged {
        base: Some((base.clone(), base)),
        ours: Some(memory("meta.m 1; tag a; tag b; type note")),
        theirs: Some(memory("tag a; tag c; type error")),
    };
    insta::assert_snapshot!(decided(&unmerged, &[]), @"open: type, tags, meta.m");
    insta::assert_snapshot!(
        decided(&unmerged, &[("tags", THEIRS), ("metadata", THEIRS), ("type", OURS)]), @"tag a; tag c; type note");
}

proptest! {
    #![proptest_config(arbitrary::cases())]

    #[test]
    fn a_decision_is_the_same_seen_from_either_side(
        base in proptest::option::of((arbitrary::memory(), arbitrary::memory())),
        ours in arbitrary::memory(),
        theirs in arbitrary::memory(),
        sides in proptest::collection::vec(proptest::option::of(any::<bool>()), 12),
    ) {
        // The one documented exception: only a server makes `observation` of a type, or of none.
        let types = [&ours, &theirs].map(|memory| memory.memory_type.as_deref());
        prop_assume!(!types.contains(&Some("observation")));
        let forward = Unmerged { base, ours: Some(ours), theirs: Some(theirs) };
        let swap = |(local, remote): &(Memory, Memory)| (remote.clone(), local.clone());
        let back = Unmerged {
            base: forward.base.as_ref().map(swap),
            ours: forward.theirs.clone(),
            theirs: forward.ours.clone(),
        };
        let fields = forward.fields();
        prop_assert_eq!(&fields, &back.fields());
        let given = |ours: SideName, theirs: SideName| -> Choices {
            let side = |side: &Option<bool>| side.map(|is_ours| if is_ours { ours } else { theirs });
            let pairs = fields.iter().zip(&sides);
            pairs.filter_map(|(field, of)| Some((field.to_string(), side(of)?))).collect()
        };
        let (one, other) = (given(OURS, THEIRS), given(THEIRS, OURS));
        let (one_way, other_way) = (forward.decide(&one), back.decide(&other));
        match (&one_way, &other_way) {
            (Ok(Decision::Open(open)), Ok(Decision::Open(same))) => prop_assert_eq!(open, same),
            (Ok(Decision::Ended(Some(here))), Ok(Decision::Ended(Some(there)))) => {
                let pair = forward.base.as_ref().map(|(local, remote)| (local, remote));
                let (Some(ours), Some(theirs)) = (&forward.ours, &forward.theirs) else { unreachable!() };
                let merged = merge_by(pair, ours, theirs, &|field| one.get(&field.to_string()).copied());
                if !merged.collisions.is_empty() {
                    prop_assert_eq!((here, there), (&merged.local, &merged.remote), "each in its own form");
                }
            }
            _ => prop_assert!(false, "{one_way:?} {other_way:?}"),
        }
    }

    #[test]
    fn what_a_strategy_decides_lasts(
        world in arbitrary::world(),
        rule in proptest::sample::select(vec![Rule::Ours, Rule::Theirs, Rule::Newest]),
        is_push in any::<bool>(),
        auto_merge in any::<bool>(),
        newer in arbitrary::side(),
    ) {
        let before = world.clone();
        let direction = if is_push { Direction::Push } else { Direction::Pull };
        let plain = Asked { auto_merge, ..Asked::default() };
        let mut at_once = world.clone();
        at_once.sync(&Asked { strategy: rule, newer, ..plain.clone() });
        let mut world = world;
        let waiting = world.plan(&plain).conflicts.len();
        let plan = world.sync(&Asked { strategy: rule, newer, direction, ..plain.clone() });
        prop_assert!(plan.conflicts.is_empty());
        prop_assert_eq!(plan.ended.len(), waiting, "whatever would wait, and nothing else");
        for (conflict, _) in &plan.ended {
            // Both sides' versions can be printed, whatever was taken.
            for (side, blob) in [(OURS, conflict.versions.local), (THEIRS, conflict.versions.remote)] {
                let held = before.held(side).get(&conflict.key);
                prop_assert_eq!(blob.map(|blob| &world.objects[&blob]), held);
            }
        }
        let resolutions = resolutions(&world, &plan.ended);
        let rest = world.sync(&Asked { resolutions, ..plain.clone() });
        prop_assert!(rest.conflicts.is_empty(), "it asks again: {:?}", rest.conflicts);
        prop_assert!(world.plan(&plain).entries.is_empty());
        prop_assert!(world.plan(&plain).conflicts.is_empty());
        if world.server == crate::world::Server::Faithful {
            // Which of several forms stays that the service takes for one may depend on the steps.
            for side in [OURS, THEIRS] {
                let (one, other) = (world.held(side), at_once.held(side));
                prop_assert!(one.keys().eq(other.keys()), "the same as in one step");
                for (one, other) in one.values().zip(other.values()) {
                    prop_assert!(agree(one, other) || agree(other, one), "{one:?}, in one step {other:?}");
                }
            }
        }
    }

    #[test]
    fn an_answer_can_be_changed_until_the_server_has_it(
        world in arbitrary::world(),
        first in proptest::sample::select(vec![0, 1, 2, 3]),
        second in proptest::sample::select(vec![0, 1, 2, 3]),
    ) {
        let mut changed = world.clone();
        let conflicts = changed.plan(&Asked::default()).conflicts;
        let mut straight = world.clone();
        straight.plan(&Asked::default());
        let other = memory("content Milk; type decision");
        for world in [&mut changed, &mut straight] {
            world.objects.insert(other.id(), other.clone());
        }
        let answers = [
            Resolution::Side(OURS),
            Resolution::Side(THEIRS),
            Resolution::Merged(Some(other.id())),
            Resolution::Merged(None),
        ];
        let answer = |world: &World, resolution| -> BTreeMap<_, _> {
            let resolved = |held| move |versions| Resolved { versions, held, resolution };
            conflicts
                .iter()
                .map(|conflict| {
                    let held = world.local.get(&conflict.key).map(Memory::id);
                    (conflict.key.clone(), resolved(held)(conflict.versions))
                })
                .collect()
        };
        let pull = Asked { direction: Direction::Pull, ..Asked::default() };
        let resolutions = answer(&changed, answers[first]);
        let plan = changed.sync(&Asked { resolutions, ..pull.clone() });
        // Where the first answer left nothing to tell the server, both agree from then on.
        let open: BTreeSet<_> =
            plan.entries.iter().filter(|entry| !entry.complete).map(|entry| entry.key.clone()).collect();
        let mut resolutions = answer(&changed, answers[second]);
        resolutions.retain(|key, _| open.contains(key));
        let plan = changed.sync(&Asked { resolutions, ..Asked::default() });
        prop_assert!(plan.conflicts.is_empty());
        let resolutions = answer(&straight, answers[second]);
        straight.sync(&Asked { resolutions, ..Asked::default() });
        for key in conflicts.iter().map(|conflict| &conflict.key).filter(|key| open.contains(*key)) {
            prop_assert_eq!(changed.local.get(key), straight.local.get(key));
            prop_assert_eq!(changed.remote.get(key), straight.remote.get(key));
        }
        prop_assert!(changed.plan(&Asked::default()).entries.is_empty());
    }
}

fn resolutions(
    world: &World,
    ended: &[(memsync::reconcile::Conflict, Resolution)],
) -> BTreeMap<memsync::object::ContentHash, Resolved> {
    let resolved = |(conflict, resolution): &(memsync::reconcile::Conflict, Resolution)| {
        let [held, remote] = [OURS, THEIRS].map(|side| world.held(side).get(&conflict.key).map(Memory::id));
        let versions = memsync::reconcile::Versions { remote, ..conflict.versions };
        (conflict.key.clone(), Resolved { versions, held, resolution: *resolution })
    };
    ended.iter().map(resolved).collect()
}

#[test]
fn what_was_chosen_for_a_field_stands_against_a_strategy() {
    let Unmerged { base, ours, theirs } = quarrel();
    let mut world = World::new(crate::world::Server::Faithful);
    let (base, name) = (base.unwrap().0, key("k"));
    for side in [OURS, THEIRS] {
        world.held_mut(side).insert(name.clone(), base.clone());
    }
    world.sync(&Asked::default());
    world.held_mut(OURS).insert(name.clone(), ours.unwrap());
    world.held_mut(THEIRS).insert(name.clone(), theirs.unwrap());
    let versions = world.plan(&Asked::default()).conflicts[0].versions;
    let chosen = (versions, choices(&[("type", OURS)]));
    let asked = Asked { choices: BTreeMap::from([(name.clone(), chosen)]), ..Asked::with(Rule::Theirs) };
    world.sync(&asked);
    insta::assert_snapshot!(crate::world::headers(&world.local[&name]), @r#"meta.a {"x":3,"y":3}; meta.b 2; tag ours; tag theirs; type decision"#);
    assert_eq!(world.local, world.remote);
}

/// The server knows a type by another word, and gives it another one for a while.
#[test]
fn what_a_push_leaves_to_a_pull_is_noted_in_the_words_of_the_side_that_has_it() {
    let mut world = World::new(Server::Service);
    world.local.insert(key("k"), memory("tag a; type Recipe"));
    world.sync(&Asked::default());
    let in_the_servers_words = world.remote[&key("k")].memory_type.clone();
    world.local.insert(key("k"), memory("tag a; tag b; type Recipe"));
    world.remote.get_mut(&key("k")).unwrap().memory_type = Some("note".to_owned());
    world.sync(&Asked { direction: Direction::Push, ..Asked::default() });
    world.remote.get_mut(&key("k")).unwrap().memory_type = in_the_servers_words;
    world.sync(&Asked::default());
    assert_eq!(world.local[&key("k")].memory_type.as_deref(), Some("Recipe"));
    assert!(world.plan(&Asked::default()).entries.is_empty());
}
