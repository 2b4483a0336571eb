//! What a command is about, and answers that are about one conflict.

use memsync::object::{Resolution, SideName};
use std::collections::BTreeMap;

use memsync::reconcile::{Resolved, Scope};

use crate::world::{Asked, Server, World, headers, key, memory};

fn world(base: &str, local: Option<&str>, remote: Option<&str>) -> World {
    let mut world = World::new(Server::Faithful);
    world.local.insert(key("k"), memory(base));
    world.sync(&Asked::default());
    for (side, version) in [(SideName::Local, local), (SideName::Remote, remote)] {
        world.held_mut(side).remove("k");
        world.held_mut(side).extend(version.map(|version| (key("k"), memory(version))));
    }
    world
}

/// What a sync of the tag `work` makes of one memory: both sides afterwards, and whether the base holds it.
fn synced(base: &str, local: Option<&str>, remote: Option<&str>) -> (Option<String>, Option<String>, bool) {
    let scope = Scope { tags: vec!["work".to_owned()], ..Scope::default() };
    let mut world = world(base, local, remote);
    world.sync(&Asked { scope, ..Asked::default() });
    let held = |side| world.held(side).get("k").map(headers);
    (held(SideName::Local), held(SideName::Remote), world.base.contains_key("k"))
}

#[test]
fn leaving_the_scope_is_a_change_and_no_deletion() {
    let left = Some("tag home".to_owned());
    assert_eq!(synced("tag work", Some("tag home"), Some("tag work")), (left.clone(), left.clone(), true));
    assert_eq!(synced("tag work", Some("tag work"), Some("tag home")), (left.clone(), left, true));
}

#[test]
fn a_memory_is_in_scope_while_one_side_matches() {
    let both = Some("tag home; tag work".to_owned());
    assert_eq!(synced("tag home", Some("tag home; tag work"), Some("tag home")), (both.clone(), both, true));
    assert_eq!(
        synced("tag work", None, Some("tag work")),
        (None, None, false),
        "a deletion in scope travels"
    );
}

#[test]
fn what_neither_side_matches_stays_although_the_base_did() {
    let (ours, theirs) = (Some("tag ours"), Some("tag theirs"));
    let untouched = (ours.map(str::to_owned), theirs.map(str::to_owned), true);
    assert_eq!(synced("tag work", ours, theirs), untouched);
    assert_eq!(synced("tag work", None, theirs), (None, theirs.map(str::to_owned), true));
    assert_eq!(synced("tag work", None, None), (None, None, false), "only the base knows what both deleted");
    assert_eq!(synced("tag home", None, None), (None, None, true));
}

#[test]
fn several_values_are_alternatives_and_several_kinds_must_all_match() {
    let one = |text: &str| vec![text.to_owned()];
    let scope = Scope {
        tags: vec!["a".to_owned(), "b".to_owned()],
        types: one("note"),
        stores: one("default"),
        since: memory("created 5").created_at,
    };
    let contains = |headers| scope.contains(&memory(headers));
    assert!(contains("created 5; tag b; type note"));
    assert!(!contains("created 4; tag b; type note"));
    assert!(!contains("tag b; type note"), "made at an unknown moment");
    assert!(!contains("created 5; tag c; type note"));
    assert!(!contains("created 5; tag a"));
    assert!(!contains("created 5; store work; tag a; type note"));
    assert!(Scope::default().is_everything() && !scope.is_everything());
}

#[test]
fn an_answer_ends_only_the_conflict_that_was_seen() {
    let mut world = world("type note", Some("type decision"), Some("type error"));
    let conflict = world.plan(&Asked::default()).conflicts.remove(0);
    let answer = Resolved {
        versions: conflict.versions,
        held: conflict.versions.local,
        resolution: Resolution::Side(SideName::Local),
    };
    let asked = Asked { resolutions: BTreeMap::from([(key("k"), answer)]), ..Asked::default() };
    world.remote.insert(key("k"), memory("type document"));
    assert_eq!(world.plan(&asked).conflicts.len(), 1, "the server changed again");
    world.remote.insert(key("k"), memory("type error"));
    assert_eq!(world.sync(&asked).conflicts, []);
    assert_eq!(headers(&world.remote["k"]), "type decision");
}
