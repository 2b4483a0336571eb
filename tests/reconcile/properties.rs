//! What holds for every world.

use std::collections::BTreeSet;

use memsync::object::{ContentHash, Memory, Metadata, Resolution, SideName};
use memsync::reconcile::{self, After, Merged, Resolved, Scope, State, compare, merge, same_tag, same_type};
use proptest::prelude::*;
use serde_json::Value;

use crate::arbitrary::{self, Change, KEYS};
use crate::world::{Asked, Memories, Server, World, agree, key, snapshot};

/// The paths and values of everything in a JSON object, to its leaves.
fn leaves(metadata: &Metadata) -> BTreeSet<String> {
    fn walk(path: &str, value: &Value, found: &mut BTreeSet<String>) {
        match value.as_object() {
            Some(members) if !members.is_empty() => {
                members.iter().for_each(|(key, value)| walk(&format!("{path}.{key}"), value, found));
            }
            _ => drop(found.insert(format!("{path}={value}"))),
        }
    }
    let mut found = BTreeSet::new();
    match metadata {
        Metadata::Members(members) => {
            for (key, value) in members {
                walk(key, value, &mut found);
            }
        }
        Metadata::Opaque(text) => drop(found.insert(text.clone())),
    }
    found
}

/// What a user wrote into `now`, seen from `base`, that is not found in `held`.
fn lost(base: Option<&Memory>, now: &Memory, held: &Memory) -> Vec<String> {
    let nothing = Memory::default();
    let base = base.unwrap_or(&nothing);
    let mut lost = Vec::new();
    let mut scalar = |name: &str, base: Option<&str>, now: Option<&str>, found: bool| {
        if now.is_some() && now != base && !found {
            lost.push(format!("{name} {now:?}"));
        }
    };
    scalar("content", Some(&base.content), Some(&now.content), held.content == now.content);
    let (base_type, now_type) = (base.memory_type.as_deref(), now.memory_type.as_deref());
    let held_type = held.memory_type.as_deref();
    scalar("type", base_type, now_type, same_type(now_type, held_type) || same_type(held_type, now_type));
    scalar("store", base.store.as_deref(), now.store.as_deref(), held.store == now.store);
    for tag in now.tags.difference(&base.tags) {
        let is_held = held.tags.iter().any(|other| same_tag(tag, other));
        if !is_held && tag != "untagged" {
            lost.push(format!("tag {tag}"));
        }
    }
    let (before, after) = (leaves(&base.metadata), leaves(&held.metadata));
    lost.extend(
        leaves(&now.metadata)
            .difference(&before)
            .filter(|leaf| {
                // An object that was written empty and filled by the other side is still there.
                let prefix = leaf.strip_suffix("={}");
                !after.contains(*leaf)
                    && !prefix.is_some_and(|path| after.iter().any(|leaf| leaf.starts_with(path)))
            })
            .cloned(),
    );
    lost
}

/// Both sides' memories, with tags of one stored form as one: which letter case stays may depend on a crash.
fn folded(world: &World) -> [Memories; 2] {
    [&world.local, &world.remote].map(|held| {
        let mut held = held.clone();
        for memory in held.values_mut() {
            memory.tags = memory.tags.iter().map(|tag| tag.to_lowercase()).collect();
        }
        held
    })
}

fn version(world: &World, side: SideName, key: &ContentHash) -> Option<Memory> {
    let pair = world.base.get(key)?;
    let blob = if side == SideName::Local { pair.local } else { pair.remote };
    Some(world.objects[&blob].clone())
}

fn held_by(held: &Memories, key: &ContentHash) -> Option<Memory> {
    held.get(key).cloned()
}

proptest! {
    #![proptest_config(arbitrary::cases())]

    #[test]
    fn a_merge_does_not_care_who_is_who(
        base in proptest::option::of((arbitrary::memory(), arbitrary::memory())),
        ours in arbitrary::memory(),
        theirs in arbitrary::memory(),
        preference in proptest::option::of(any::<bool>()),
    ) {
        // The one documented exception: only a server makes `observation` of a type, or of none.
        let types = [&ours, &theirs].map(|memory| memory.memory_type.as_deref());
        prop_assume!(!types.contains(&Some("observation")));
        let take = |swap| preference.map(|ours| if ours == swap { SideName::Remote } else { SideName::Local });
        let forward = merge(base.as_ref().map(|(ours, theirs)| (ours, theirs)), &ours, &theirs, take(false));
        let back = merge(base.as_ref().map(|(ours, theirs)| (theirs, ours)), &theirs, &ours, take(true));
        prop_assert_eq!(forward, Merged { local: back.remote, remote: back.local, collisions: back.collisions });
    }

    #[test]
    fn a_merge_of_a_merge_changes_nothing(
        base in proptest::option::of((arbitrary::memory(), arbitrary::memory())),
        ours in arbitrary::memory(),
        theirs in arbitrary::memory(),
        is_ours in any::<bool>(),
    ) {
        // Among other tags `untagged` is a tag like any other, alone it is none: what turns one into the other
        // may take a second merge.
        let plain = |mut memory: Memory| {
            memory.tags.remove("untagged");
            memory
        };
        let base = base.map(|(ours, theirs)| (plain(ours), plain(theirs)));
        let (ours, theirs) = (plain(ours), plain(theirs));
        let base = base.as_ref().map(|(ours, theirs)| (ours, theirs));
        let preference = Some(if is_ours { SideName::Local } else { SideName::Remote });
        let once = merge(base, &ours, &theirs, preference);
        let twice = merge(base, &once.local, &once.remote, None);
        prop_assert_eq!(twice, Merged { collisions: BTreeSet::new(), ..once });
    }

    #[test]
    fn a_conflict_is_a_field_that_both_changed_to_different_values(
        world in arbitrary::world(),
    ) {
        let mut world = world;
        let plan = world.plan(&Asked::default());
        for conflict in &plan.conflicts {
            let [local, remote] = [SideName::Local, SideName::Remote]
                .map(|side| (version(&world, side, &conflict.key), held_by(world.held(side), &conflict.key)));
            for field in &conflict.fields {
                let name = field.to_string();
                if name == "existence" {
                    prop_assert!(local.1.is_none() != remote.1.is_none());
                    continue;
                }
                let value = |memory: &Option<Memory>| memory.as_ref().map(|memory| field_of(memory, &name));
                let nothing = || Some(Memory::default());
                prop_assert_ne!(value(&local.0.clone().or_else(nothing)), value(&local.1), "ours changed {}", name);
                prop_assert_ne!(value(&remote.0.clone().or_else(nothing)), value(&remote.1), "theirs changed {}", name);
                prop_assert_ne!(value(&local.1), value(&remote.1), "differently: {}", name);
            }
        }
    }

    #[test]
    fn nothing_is_lost(world in arbitrary::world(), asked in arbitrary::asked()) {
        let mut synced = world.clone();
        let plan = synced.sync(&asked);
        for name in KEYS {
            let name = key(name);
            let waits = plan.conflicts.iter().any(|conflict| conflict.key == name);
            let ours = held_by(&world.local, &name);
            let theirs = held_by(&world.remote, &name);
            if waits {
                prop_assert_eq!(&ours, &held_by(&synced.local, &name), "what waits is not touched");
                prop_assert_eq!(&theirs, &held_by(&synced.remote, &name), "what waits is not touched");
                continue;
            }
            let bases = [SideName::Local, SideName::Remote].map(|side| version(&world, side, &name));
            let (Some(ours), Some(theirs)) = (&ours, &theirs) else { continue };
            let pair = bases[0].as_ref().zip(bases[1].as_ref());
            let decided: BTreeSet<String> =
                merge(pair, ours, theirs, None).collisions.iter().map(ToString::to_string).collect();
            let by_strategy = |lost: &String| {
                decided.contains("metadata")
                    || decided.iter().any(|field| {
                        let field = field.strip_prefix("meta.").unwrap_or(field);
                        lost.starts_with(field)
                    })
            };
            for (base, now) in bases.iter().zip([ours, theirs]) {
                let ends = [&synced.local, &synced.remote].map(|held| held_by(held, &name));
                let ends = ends.map(|end| end.expect("what both hold is not deleted"));
                let missing: Vec<_> = lost(base.as_ref(), now, &ends[0]).into_iter()
                    .filter(|one| lost(base.as_ref(), now, &ends[1]).contains(one) && !by_strategy(one))
                    .collect();
                prop_assert!(missing.is_empty(), "{missing:?} of {now:?} in neither of {ends:?}");
                // A tag or a member that one side added is on the other side too.
                if synced.server == Server::Faithful {
                    for end in &ends {
                        let missing: Vec<_> = lost(base.as_ref(), now, end).into_iter()
                            .filter(|one| !by_strategy(one))
                            .collect();
                        prop_assert!(missing.is_empty(), "{missing:?} of {now:?} not in {end:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_second_run_writes_nothing(world in arbitrary::world(), asked in arbitrary::asked()) {
        let mut world = world;
        let first = world.sync(&asked);
        let second = world.plan(&asked);
        prop_assert!(second.entries.is_empty(), "{:?} after {:?}", second, first);
        prop_assert_eq!(second.conflicts, first.conflicts);
    }

    #[test]
    fn a_plan_is_a_function_of_what_it_is_given(world in arbitrary::world(), asked in arbitrary::asked()) {
        let mut world = world;
        let (one, other) = (world.plan(&asked), world.plan(&asked));
        prop_assert_eq!(one.id(), other.id());
        prop_assert_eq!(one, other);
    }

    #[test]
    fn without_a_base_nothing_is_deleted(world in arbitrary::world(), asked in arbitrary::asked()) {
        let mut world = world;
        world.base.clear();
        let plan = world.plan(&asked);
        prop_assert!(!World::steps(&plan).iter().any(|(_, _, step)| step.is_deletion()));
    }

    #[test]
    fn a_lost_staging_database_makes_no_conflicts(world in arbitrary::in_step()) {
        let mut world = world;
        let before = world.clone();
        world.base.clear();
        let plan = world.sync(&Asked::default());
        prop_assert_eq!(&plan.conflicts, &vec![]);
        for (name, memory) in &world.local {
            prop_assert!(agree(memory, &world.remote[name]), "{:?} {:?}", before, world);
        }
        prop_assert!(world.plan(&Asked::default()).entries.is_empty());
    }

    #[test]
    fn interrupted_anywhere_the_next_run_ends_alike(
        world in arbitrary::world(),
        asked in arbitrary::asked(),
        done in 0..8_usize,
        then in 0..8_usize,
    ) {
        // Without merging, what the server rewrote before the crash may have to be looked at by the user.
        let auto_merge = asked.auto_merge || world.server == Server::Service;
        let asked = Asked { auto_merge, ..asked };
        let mut whole = world.clone();
        let plan = whole.sync(&asked);
        let mut interrupted = world.clone();
        for taken in [done, then] {
            let plan = interrupted.plan(&asked);
            interrupted.take_steps(&plan, taken);
        }
        let healed = interrupted.sync(&asked);
        prop_assert_eq!(&healed.conflicts, &plan.conflicts, "no conflict comes from a crash");
        prop_assert!(interrupted.plan(&asked).entries.is_empty());
        if world.server == Server::Faithful {
            prop_assert_eq!(folded(&interrupted), folded(&whole));
        }
        for (name, memory) in &whole.remote {
            prop_assert!(interrupted.remote.contains_key(name));
            let waits = plan.conflicts.iter().any(|conflict| conflict.key == *name);
            let (ours, theirs) = (held_by(&whole.local, name), held_by(&interrupted.local, name));
            prop_assert_eq!(ours.is_some(), theirs.is_some());
            if let (Some(ours), Some(theirs), false) = (ours, theirs, waits) {
                prop_assert!(agree(&ours, memory), "{:?} {:?}", whole.ends(), world);
                prop_assert!(agree(&theirs, memory), "{:?} not as {:?}", interrupted.ends(), whole.ends());
            }
        }
    }

    #[test]
    fn the_order_of_independent_edits_does_not_matter(
        world in arbitrary::in_step(),
        name in proptest::sample::select(KEYS.to_vec()),
        ours in arbitrary::field_change(),
        theirs in arbitrary::field_change(),
    ) {
        prop_assume!(ours.field() != theirs.field());
        let run = |order: &[Option<(SideName, &Change)>]| {
            let mut world = world.clone();
            for edit in order {
                match edit {
                    Some((side, change)) => change.apply(&mut world, *side, name),
                    None => drop(world.sync(&Asked::default())),
                }
            }
            world
        };
        let (ours, theirs) = (Some((SideName::Local, &ours)), Some((SideName::Remote, &theirs)));
        let together = run(&[ours, theirs, None]);
        let ours_first = run(&[ours, None, theirs, None]);
        let theirs_first = run(&[theirs, None, ours, None]);
        if world.server == Server::Faithful {
            prop_assert_eq!(together.ends(), ours_first.ends());
            prop_assert_eq!(together.ends(), theirs_first.ends());
        }
        for world in [&together, &ours_first, &theirs_first] {
            for (name, memory) in &world.local {
                prop_assert!(agree(memory, &together.local[name]), "{:?}", world.ends());
                prop_assert!(agree(memory, &world.remote[name]), "{:?}", world.ends());
            }
        }
    }

    #[test]
    fn what_is_out_of_scope_is_never_touched(
        world in arbitrary::world(),
        asked in arbitrary::asked(),
        scope in proptest::sample::select(vec!["tag a", "type note", "store work", "since"]),
    ) {
        let mut world = world;
        let one = |text: &str| vec![text.to_owned()];
        let scope = match scope {
            "tag a" => Scope { tags: one("a"), ..Scope::default() },
            "type note" => Scope { types: one("note"), ..Scope::default() },
            "store work" => Scope { stores: one("work"), ..Scope::default() },
            _ => Scope { since: memsync::object::Timestamp::new(2.0), ..Scope::default() },
        };
        let before = world.clone();
        world.sync(&Asked { scope: scope.clone(), ..asked });
        for name in KEYS {
            let name = key(name);
            let held = [SideName::Local, SideName::Remote].map(|side| held_by(before.held(side), &name));
            let is_in = held.iter().flatten().any(|memory| scope.contains(memory));
            let is_nowhere = held == [None, None];
            if !is_in && !is_nowhere {
                prop_assert_eq!(&held, &[SideName::Local, SideName::Remote].map(|side| held_by(world.held(side), &name)));
                prop_assert_eq!(before.base.get(&name), world.base.get(&name));
            }
        }
    }

    #[test]
    fn the_base_moves_over_confirmed_steps_only(
        world in arbitrary::world(),
        asked in arbitrary::asked(),
        refused in proptest::collection::vec(any::<bool>(), 8),
    ) {
        let mut world = world;
        let plan = world.plan(&asked);
        let mut after = After::default();
        let mut unconfirmed = BTreeSet::new();
        for ((side, name, step), refused) in World::steps(&plan).into_iter().zip(refused) {
            if refused {
                unconfirmed.insert(name);
            } else {
                let now = world.take(side, &name, step);
                after.confirm(side, name, step, now);
            }
        }
        let before = world.base.clone();
        world.advance(&plan, &after);
        let next = &world.base;
        for entry in &plan.entries {
            if unconfirmed.contains(&entry.key) || !entry.complete {
                let is_confirmed = |side| after.has(side, &entry.key);
                if entry.merged.is_none() {
                    prop_assert_eq!(next.get(&entry.key), before.get(&entry.key));
                } else if is_confirmed(SideName::Local) {
                    prop_assert_eq!(next.get(&entry.key).map(|pair| pair.remote), entry.versions.remote);
                } else if is_confirmed(SideName::Remote) {
                    prop_assert_eq!(next.get(&entry.key).map(|pair| pair.local), entry.versions.local);
                }
            } else {
                let held = [SideName::Local, SideName::Remote]
                    .map(|side| held_by(world.held(side), &entry.key).map(|memory| memory.id()));
                prop_assert_eq!(next.get(&entry.key).map(|pair| pair.local), held[0]);
                prop_assert_eq!(next.get(&entry.key).map(|pair| pair.remote), held[1]);
            }
        }
        for conflict in &plan.conflicts {
            prop_assert_eq!(next.get(&conflict.key), before.get(&conflict.key));
        }
        // Whatever was refused, the next run finishes.
        world.sync(&asked);
        prop_assert!(world.plan(&asked).entries.is_empty());
    }

    #[test]
    fn a_users_answer_ends_a_conflict(world in arbitrary::world(), ours in any::<bool>()) {
        let mut world = world;
        let resolution = Resolution::Side(if ours { SideName::Local } else { SideName::Remote });
        let side = if ours { SideName::Local } else { SideName::Remote };
        let conflicts = world.plan(&Asked::default()).conflicts;
        let before = world.clone();
        let resolutions = conflicts.iter()
            .map(|conflict| (conflict.key.clone(), Resolved { versions: conflict.versions, held: conflict.versions.local, resolution }))
            .collect();
        let asked = Asked { resolutions, ..Asked::default() };
        prop_assert_eq!(&world.sync(&asked).conflicts, &vec![]);
        for conflict in &conflicts {
            let taken = held_by(before.held(side), &conflict.key);
            prop_assert_eq!(&taken, &held_by(world.held(side), &conflict.key), "the side that wins stays as it is");
            prop_assert_eq!(world.local.contains_key(&conflict.key), world.remote.contains_key(&conflict.key));
        }
        prop_assert!(world.plan(&Asked::default()).entries.is_empty());
    }

    #[test]
    fn two_devices_and_a_server_come_to_rest(
        first in arbitrary::in_step(),
        changes in arbitrary::changes(),
        more in arbitrary::changes(),
    ) {
        let asked = Asked::with(reconcile::Strategy::Theirs);
        let mut devices = [first.clone(), World::new(first.server)];
        let mut remote = first.remote;
        let mut turn = |devices: &mut [World; 2], at: usize| {
            devices[at].remote.clone_from(&remote);
            let plan = devices[at].sync(&asked);
            remote.clone_from(&devices[at].remote);
            plan
        };
        turn(&mut devices, 1);
        for (at, changes) in [changes, more].into_iter().enumerate() {
            for (_, name, change) in changes {
                change.apply(&mut devices[at], SideName::Local, name);
            }
        }
        for at in [0, 1, 0] {
            turn(&mut devices, at);
        }
        for at in [1, 0, 1, 0] {
            let plan = turn(&mut devices, at);
            prop_assert!(plan.has_no_steps() && plan.conflicts.is_empty(), "{:?} on device {}: {:?}", plan, at, devices);
        }
        let [one, other] = devices;
        prop_assert_eq!(one.local.len(), other.local.len());
        for (name, memory) in &one.local {
            prop_assert!(agree(memory, &one.remote[name]), "{:?}", one.ends());
            prop_assert!(agree(&other.local[name], &one.remote[name]), "{:?}", other.ends());
        }
    }

    #[test]
    fn a_plan_names_only_what_it_needs(world in arbitrary::world(), asked in arbitrary::asked()) {
        let mut world = world;
        let plan = world.plan(&asked);
        let targets = plan.entries.iter().flat_map(|entry| {
            let held = [entry.versions.local, entry.versions.remote];
            [entry.local, entry.remote].into_iter().filter(move |target| !held.contains(target)).flatten()
        });
        let made: BTreeSet<_> = plan.objects.keys().copied().collect();
        prop_assert_eq!(made, targets.collect::<BTreeSet<_>>());
        prop_assert!(plan.entries.is_sorted_by(|one, next| one.key < next.key));
        prop_assert!(plan.entries.iter().all(|entry| entry.state != State::Unchanged));
        let (local, remote) = (snapshot(&world.local), snapshot(&world.remote));
        let compared: Vec<_> = compare(&world.base, &local, &remote).collect();
        prop_assert_eq!(plan.compared().collect::<Vec<_>>(), compared.clone(), "each memory once");
        for one in compared {
            prop_assert_eq!(plan.versions(&one.key), Some(one.versions));
        }
    }
}

/// A field's value as text, by the name that a conflict shows.
fn field_of(memory: &Memory, name: &str) -> String {
    match name {
        "content" => memory.content.clone(),
        "type" => format!("{:?}", memory.memory_type),
        "store" => format!("{:?}", memory.store),
        "superseded-by" => format!("{:?}", memory.superseded_by),
        "metadata" => format!("{:?}", memory.metadata),
        path => {
            let mut path = path.strip_prefix("meta.").expect("no other field collides").split('.');
            let top = path.next().and_then(|key| memory.metadata.members()?.get(key));
            format!("{:?}", path.try_fold(top, |value, key| Some(value?.get(key))))
        }
    }
}
