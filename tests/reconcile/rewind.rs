//! A side that was restored from a backup, and its difference from a user who changes their mind.

use memsync::object::tree::{Difference, Snapshot};
use memsync::object::{BlobId, Memory, SideName};
use memsync::reconcile::{Base, Pair, find_rewind, rewound_base};

use crate::world::{Asked, Memories, Server, World, headers, key, memory, snapshot};

fn differences(older: &Memories, newer: &Memories) -> Vec<Difference> {
    let (older, newer) = (snapshot(older), snapshot(newer));
    let keys: std::collections::BTreeSet<_> = older.keys().chain(newer.keys()).collect();
    let both = keys.into_iter().map(|key| (key.clone(), older.get(key).copied(), newer.get(key).copied()));
    both.filter(|(_, older, newer)| older != newer).collect()
}

fn memories(all: &[(&str, &str)]) -> Memories {
    all.iter().map(|(name, headers)| (key(name), memory(headers))).collect()
}

/// Five memories at the first sync; one added, one deleted and three changed at the second.
fn two_syncs(server: Server) -> (World, Memories, Base) {
    let mut world = World::new(server);
    world.local = memories(&[
        ("1", "content 1; tag Old"),
        ("2", "content 2; tag Old"),
        ("3", "content 3; tag Old"),
        ("4", "content 4; tag Old"),
        ("5", "content 5; tag Old"),
    ]);
    world.sync(&Asked::default());
    let earlier = (world.local.clone(), world.base.clone());
    for name in ["1", "2", "3"] {
        world.local.insert(key(name), memory(&format!("content {name}; tag New")));
    }
    world.local.remove("4");
    world.local.insert(key("6"), memory("content 6; tag New"));
    world.sync(&Asked::default());
    (world, earlier.0, earlier.1)
}

#[test]
fn a_restored_database_gets_the_newer_versions_back() {
    let (mut world, backup, earlier) = two_syncs(Server::Faithful);
    let newer = world.clone();
    let since = vec![differences(&backup, &world.local)];
    world.local = backup;
    assert_eq!(find_rewind(&since, &snapshot(&world.local)), Some(0));

    world.base = rewound_base(&world.base, &earlier, SideName::Local, &snapshot(&world.local));
    let plan = world.sync(&Asked::default());
    assert_eq!(plan.conflicts, vec![]);
    assert_eq!(plan.steps(SideName::Remote).count(), 0, "a rewind is no edit");
    assert_eq!(world.ends(), newer.ends());
}

#[test]
fn a_restored_server_gets_the_newer_versions_back() {
    let (mut world, _, earlier) = two_syncs(Server::Service);
    let newer = world.clone();
    let at_that_time: Memories =
        earlier.iter().map(|(key, pair)| (key.clone(), world.objects[&pair.remote].clone())).collect();
    let since = vec![differences(&at_that_time, &world.remote)];
    world.remote = at_that_time;
    assert_eq!(find_rewind(&since, &snapshot(&world.remote)), Some(0));

    world.base = rewound_base(&world.base, &earlier, SideName::Remote, &snapshot(&world.remote));
    let plan = world.sync(&Asked::default());
    assert_eq!(plan.conflicts, vec![]);
    assert_eq!(plan.steps(SideName::Local).count(), 0, "a rewind is no edit");
    assert_eq!(world.ends(), newer.ends());
}

#[test]
fn an_edit_on_the_other_side_survives_a_rewind() {
    let (mut world, backup, earlier) = two_syncs(Server::Service);
    world.local = backup;
    world.remote.insert(key("1"), memory("content 1; tag new; tag server"));
    world.base = rewound_base(&world.base, &earlier, SideName::Local, &snapshot(&world.local));
    world.sync(&Asked::default());
    assert_eq!(headers(&world.local["1"]), "content 1; tag new; tag server");
}

fn difference(name: &str, older: Option<&str>, newer: Option<&str>) -> Difference {
    let blob = |text: &str| memory(text).id();
    (key(name), older.map(blob), newer.map(blob))
}

fn holding(all: &[(&str, &str)]) -> Snapshot {
    snapshot(&memories(all))
}

#[test]
fn one_or_two_memories_may_be_somebody_changing_their_mind() {
    let changed = |name| difference(name, Some("tag old"), Some("tag new"));
    let since = [vec![changed("1"), changed("2")]];
    assert_eq!(find_rewind(&since, &holding(&[("1", "tag old"), ("2", "tag old")])), None);
    let since = [vec![changed("1"), changed("2"), changed("3")]];
    let old = holding(&[("1", "tag old"), ("2", "tag old"), ("3", "tag old")]);
    assert_eq!(find_rewind(&since, &old), Some(0));
    let one_kept = holding(&[("1", "tag old"), ("2", "tag old"), ("3", "tag new")]);
    assert_eq!(find_rewind(&since, &one_kept), None, "a backup has everything as it was");
}

#[test]
fn deleting_what_was_just_added_is_a_deletion() {
    let added = |name| difference(name, None, Some("tag new"));
    let since = [vec![added("1"), added("2"), added("3"), added("4")]];
    assert_eq!(find_rewind(&since, &holding(&[("5", "tag old")])), None);
}

#[test]
fn the_sync_that_explains_most_is_meant() {
    let changed = |name| difference(name, Some("tag old"), Some("tag new"));
    let three: Vec<_> = ["1", "2", "3"].map(changed).into();
    let four: Vec<_> = ["1", "2", "3", "4"].map(changed).into();
    let held = holding(&[("1", "tag old"), ("2", "tag old"), ("3", "tag old"), ("4", "tag old")]);
    assert_eq!(find_rewind(&[three.clone(), four.clone(), four.clone(), three], &held), Some(1));
    assert_eq!(find_rewind(&[], &held), None);
}

#[test]
fn only_what_was_rewound_gets_its_older_base() {
    let blob = |text: &str| memory(text).id();
    let base = |all: &[(&str, &str, &str)]| -> Base {
        let pair = |local, remote| Pair { local: blob(local), remote: blob(remote) };
        all.iter().map(|(name, local, remote)| (key(name), pair(local, remote))).collect()
    };
    let earlier = base(&[
        ("kept", "tag 1", "type note"),
        ("changed", "tag 1", "type note"),
        ("deleted", "tag 1", "type note"),
        ("edited", "tag 1", "type note"),
    ]);
    let now = base(&[
        ("kept", "tag 1", "type error"),
        ("changed", "tag 2", "type error"),
        ("added", "tag 2", "type error"),
        ("edited", "tag 2", "type error"),
    ]);
    let held = [
        ("kept", "tag 1"),
        ("changed", "tag 1"),
        ("deleted", "tag 1"),
        ("edited", "tag 3"),
        ("own", "tag 3"),
    ];
    let expected = base(&[
        ("kept", "tag 1", "type error"),
        ("changed", "tag 1", "type note"),
        ("deleted", "tag 1", "type note"),
        ("edited", "tag 2", "type error"),
    ]);
    assert_eq!(rewound_base(&now, &earlier, SideName::Local, &holding(&held)), expected);
}

/// Keeps the helper honest: ids are ids of canonical text.
#[test]
fn equal_memories_have_equal_ids() {
    let id = |memory: Memory| -> BlobId { memory.id() };
    assert_eq!(id(memory("tag b; tag a")), id(memory("tag a; tag b")));
}
