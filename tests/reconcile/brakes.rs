//! What stops a plan before any effect.

use std::collections::BTreeSet;

use memsync::object::{ContentHash, SideName};
use memsync::reconcile::{
    Brake, Conflict, DeletionLimit, Direction, Holdings, Plan, Planned, State, Versions, brakes,
};

use crate::world::{Asked, Server, World, key, memory, snapshot};

fn in_step(count: usize) -> World {
    let mut world = World::new(Server::Faithful);
    for n in 0..count {
        world.local.insert(key(&format!("{n:03}")), memory(&format!("content {n}")));
    }
    world.sync(&Asked::default());
    world
}

fn found(world: &mut World, limit: DeletionLimit) -> Vec<Brake> {
    let plan = world.plan(&Asked::default());
    let (local, remote) = (snapshot(&world.local), snapshot(&world.remote));
    brakes(&plan, &Holdings { base: &world.base, local: &local, remote: &remote, agreed: 0 }, limit)
}

/// Deletes `deletions` of `count` memories on the server; the brakes by default.
fn deleting(deletions: usize, count: usize) -> Vec<Brake> {
    let mut world = in_step(count);
    let gone: Vec<ContentHash> = world.remote.keys().take(deletions).cloned().collect();
    world.remote.retain(|key, _| !gone.contains(key));
    found(&mut world, DeletionLimit::default())
}

fn too_many(deletions: usize, held: usize) -> Vec<Brake> {
    vec![Brake::TooManyDeletions { side: SideName::Local, deletions, held }]
}

#[test]
fn more_than_a_quarter_and_more_than_ten_is_too_many() {
    assert_eq!(deleting(10, 12), vec![], "ten are always allowed");
    assert_eq!(deleting(11, 12), too_many(11, 12));
    assert_eq!(deleting(11, 44), vec![], "a quarter is allowed");
    assert_eq!(deleting(11, 43), too_many(11, 43));
    assert_eq!(deleting(25, 100), vec![]);
    assert_eq!(deleting(26, 100), too_many(26, 100));
}

#[test]
fn a_limit_is_a_share_or_a_number() {
    let mut world = in_step(100);
    world.remote.retain(|key, _| key.as_str() >= "004");
    for (text, stops) in [("3", true), ("4", false), ("0", true), ("0%", false), (" 1 % ", false)] {
        assert_eq!(!found(&mut world, text.parse().unwrap()).is_empty(), stops, "{text}");
    }
    for text in ["", "%", "101%", "-1", "a quarter"] {
        assert!(text.parse::<DeletionLimit>().is_err(), "{text}");
    }
    assert_eq!(DeletionLimit::default().to_string().parse(), Ok(DeletionLimit::default()));
    assert_eq!("7".parse::<DeletionLimit>().map(|limit| limit.to_string()), Ok("7".to_owned()));
}

#[test]
fn deletions_are_counted_on_each_side() {
    let mut world = in_step(40);
    let (first, last) = (key("011"), key("028"));
    world.local.retain(|key, _| *key > first);
    world.remote.retain(|key, _| *key < last);
    assert_eq!(
        found(&mut world, DeletionLimit::default()),
        [SideName::Local, SideName::Remote].map(|side| Brake::TooManyDeletions {
            side,
            deletions: 12,
            held: 28
        })
    );
}

#[test]
fn an_empty_side_deletes_nothing_unasked() {
    let mut world = in_step(2);
    world.remote.clear();
    assert_eq!(
        found(&mut world, DeletionLimit::default()),
        [Brake::Empty { side: SideName::Remote, base: 2 }]
    );
    let plan = world.plan(&Asked { direction: Direction::Push, ..Asked::default() });
    let (local, remote) = (snapshot(&world.local), snapshot(&world.remote));
    let held = Holdings { base: &world.base, local: &local, remote: &remote, agreed: 0 };
    assert_eq!(brakes(&plan, &held, DeletionLimit::default()), [], "nothing is deleted");
    world.base.clear();
    assert_eq!(found(&mut world, DeletionLimit::default()), [], "a first push fills an empty server");
}

#[test]
fn a_side_without_any_known_memory_is_a_stranger() {
    let mut world = in_step(3);
    world.local = [(key("other"), memory("content other"))].into();
    assert_eq!(
        found(&mut world, DeletionLimit::default()),
        [Brake::Stranger { side: SideName::Local, base: 3 }]
    );
    world.local.insert(key("002"), memory("content edited"));
    assert_eq!(
        found(&mut world, DeletionLimit::default()),
        [],
        "one known memory, whatever its form, is enough"
    );
    let mut small = in_step(2);
    small.local = [(key("other"), memory("content other"))].into();
    assert_eq!(found(&mut small, DeletionLimit::default()), [], "two memories may well be gone");
}

#[test]
fn a_plan_is_named_by_what_it_does() {
    let plan = |change: &dyn Fn(&mut World)| -> Plan {
        let mut world = in_step(3);
        change(&mut world);
        world.plan(&Asked::default())
    };
    let deletion = |world: &mut World| drop(world.remote.remove("001"));
    let id = plan(&deletion).id().to_string();
    insta::assert_snapshot!(id, @"0d570d43acb0");
    assert_eq!(plan(&deletion).id().to_string(), id, "equal plans have equal ids");
    let base_only = plan(&|world| {
        deletion(world);
        world.local.insert(key("same"), memory("content same"));
        world.remote.insert(key("same"), memory("content same"));
    });
    assert_eq!(base_only.id().to_string(), id, "what only moves the base does nothing");
    let reversed = plan(&|world| drop(world.local.remove("001"))).id();
    let other_key = plan(&|world| drop(world.remote.remove("002"))).id();
    let more = plan(&|world| {
        deletion(world);
        world.local.insert(key("new"), memory("content new"));
    })
    .id();
    for other in [reversed, other_key, more] {
        assert_ne!(other.to_string(), id);
    }
}

/// A memory that is new on the server.
fn arrival(name: &str) -> Planned {
    let remote = Some(memory("content it arrives").id());
    let versions = Versions { remote, ..Versions::default() };
    let (state, complete, merged) = (State::AddedByThem, true, None);
    Planned { key: key(name), state, versions, local: remote, remote, complete, merged }
}

#[test]
fn all_that_is_not_unchanged_is_told_in_one_order() {
    let conflict = |name: &str| {
        let Planned { key, state, versions, .. } = arrival(name);
        Conflict { key, state, versions, fields: BTreeSet::new() }
    };
    let plan = Plan {
        entries: ["b", "e", "h"].map(arrival).into(),
        conflicts: ["a", "d", "i"].map(conflict).into(),
        left_out: ["c", "f", "g"].map(|name| arrival(name).compared()).into(),
        ..Plan::default()
    };
    let compared: Vec<_> =
        ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(|name| arrival(name).compared()).into();
    assert_eq!(plan.compared().collect::<Vec<_>>(), compared);
    for one in compared {
        assert_eq!(plan.versions(&one.key), Some(one.versions));
    }
    assert_eq!(plan.versions(&key("bb")), None);
}

#[test]
fn a_long_plan_is_named_by_each_of_its_steps() {
    let arrival = |number: usize| arrival(&format!("{number:05}"));
    let without = |left_out: usize| {
        let entries = (0..15_000).filter(|number| *number != left_out).map(arrival).collect();
        Plan { entries, ..Plan::default() }.id().to_string()
    };
    let names: BTreeSet<String> = [0, 7_500, 14_999, 15_000].into_iter().map(without).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    insta::assert_snapshot!(without(15_000), @"ca0eae952c89");
    assert_eq!(without(15_000), without(15_000));
}
