//! Every base pair, local and remote version over {absent, v1, v2, v3}, through every option.

use memsync::object::{Memory, SideName};
use memsync::reconcile::{Direction, Pair, Strategy};

use crate::world::{Asked, Server, World, key, memory};

/// Versions that collide in every field that can, and versions that can always be merged.
const VERSIONS: [[&str; 3]; 2] = [
    [
        "content Milk; meta.a 1; tag a; type note",
        "content milk; meta.a 2; tag b; type decision",
        "content MILK; meta.a {\"b\":1}; type error; superseded-by x; store work",
    ],
    ["meta.a 1; tag a", "created 5; meta.a 1; meta.b 2; tag a; tag b", "tag c; meta.a 1; type note"],
];

fn every_world(versions: [&str; 3], mut check: impl FnMut(&World)) {
    let versions = versions.map(memory);
    let maybe = || [None].into_iter().chain(versions.iter().map(Some));
    let pairs = versions.iter().flat_map(|one| versions.iter().map(move |other| Some((one, other))));
    for base in [None].into_iter().chain(pairs) {
        for local in maybe() {
            for remote in maybe() {
                let mut world = World::new(Server::Faithful);
                world.objects.extend(versions.iter().map(|memory| (memory.id(), memory.clone())));
                world.base.extend(
                    base.map(|(local, remote)| (key("k"), Pair { local: local.id(), remote: remote.id() })),
                );
                world.local.extend(local.map(|memory| (key("k"), memory.clone())));
                world.remote.extend(remote.map(|memory| (key("k"), memory.clone())));
                check(&world);
            }
        }
    }
}

fn every_question() -> Vec<Asked> {
    let (ours, theirs) = (SideName::Local, SideName::Remote);
    let strategies = [
        (Strategy::Wait, theirs),
        (Strategy::Ours, theirs),
        (Strategy::Theirs, theirs),
        (Strategy::Newest, ours),
        (Strategy::Newest, theirs),
    ];
    let mut all = Vec::new();
    for direction in [Direction::Pull, Direction::Push, Direction::Both] {
        for (strategy, newer) in strategies {
            for auto_merge in [true, false] {
                all.push(Asked { direction, strategy, auto_merge, newer, ..Asked::default() });
            }
        }
    }
    all
}

#[test]
fn nothing_is_deleted_without_a_base() {
    for versions in VERSIONS {
        every_world(versions, |world| {
            for asked in every_question() {
                let plan = world.clone().plan(&asked);
                let deletes = World::steps(&plan).iter().any(|(_, _, step)| step.is_deletion());
                assert!(!deletes || world.base.contains_key(&key("k")), "{asked:?}\n{world:?}\n{plan:?}");
            }
        });
    }
}

#[test]
fn a_direction_never_touches_the_other_side() {
    for versions in VERSIONS {
        every_world(versions, |world| {
            for asked in every_question() {
                let plan = world.clone().plan(&asked);
                let spared = match asked.direction {
                    Direction::Pull => SideName::Remote,
                    Direction::Push => SideName::Local,
                    Direction::Both => continue,
                };
                assert_eq!(plan.steps(spared).count(), 0, "{asked:?}\n{plan:?}");
            }
        });
    }
}

#[test]
fn a_complete_entry_ends_in_agreement() {
    for versions in VERSIONS {
        every_world(versions, |world| {
            for asked in every_question() {
                let mut synced = world.clone();
                let plan = synced.sync(&asked);
                if !plan.entries.iter().any(|entry| entry.complete) {
                    assert_eq!(synced.base, world.base, "the base moves with agreement only");
                    continue;
                }
                let again = synced.plan(&asked);
                assert!(
                    again.entries.is_empty() && again.conflicts.is_empty(),
                    "{asked:?}\n{world:?}\n{again:?}"
                );
                let (local, remote) = (synced.local.get(&key("k")), synced.remote.get(&key("k")));
                assert_eq!(local.is_some(), remote.is_some(), "{asked:?}\n{world:?}");
                let one_form = world.base.values().all(|pair| pair.local == pair.remote);
                if one_form {
                    assert_eq!(local.map(Memory::id), remote.map(Memory::id), "{asked:?}\n{world:?}");
                }
            }
        });
    }
}

#[test]
fn pull_then_push_comes_to_the_same_as_both() {
    for versions in VERSIONS {
        every_world(versions, |world| {
            for asked in every_question().into_iter().filter(|asked| asked.direction == Direction::Both) {
                let mut at_once = world.clone();
                at_once.sync(&asked);
                for directions in [[Direction::Pull, Direction::Push], [Direction::Push, Direction::Pull]] {
                    let mut one_by_one = world.clone();
                    for direction in directions {
                        one_by_one.sync(&Asked { direction, ..asked.clone() });
                    }
                    assert_eq!(one_by_one.ends(), at_once.ends(), "{directions:?} {asked:?}\n{world:?}");
                }
            }
        });
    }
}
