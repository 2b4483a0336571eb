//! Two devices and a server, with real services that keep running: what their users must find at the end.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::Service;
use crate::support::Version::{self, V10_20_6, V12_2_0};
use crate::support::world::{World, contents, seen};

/// The server, the laptop, the desktop.
type Versions = (Version, Version, Version);

/// A new server with devices of both ages, and an old one likewise.
const NEW_SERVER: Versions = (V12_2_0, V12_2_0, V10_20_6);
const OLD_SERVER: Versions = (V10_20_6, V10_20_6, V12_2_0);

/// A value that `serde_json` would take for a number.
const NUMBER: &str = r#"{"$serde_json::private::Number": "5"}"#;

/// A test for each age of the server.
macro_rules! journeys {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            #[test]
            fn with_a_new_server() {
                super::run(super::NEW_SERVER, super::$name);
            }

            #[test]
            fn with_an_old_server() {
                super::run(super::OLD_SERVER, super::$name);
            }
        }
    )+ };
}

journeys!(
    changes_on_any_of_the_three_reach_the_others,
    forms_that_a_server_rewrites_end_in_agreement,
    a_memory_that_the_server_does_not_take_back_stays_staged,
    services_keep_writing_during_a_sync,
    searching_is_no_change,
    a_memory_edited_differently_is_one_conflict_and_nothing_else_waits,
    ours_ends_a_conflict_everywhere,
    a_deletion_against_an_edit_is_a_conflict,
);

fn run((server, laptop, desktop): Versions, journey: impl FnOnce(&World)) {
    if let Some(world) = World::start(server, laptop, desktop) {
        journey(&world);
    }
}

fn changes_on_any_of_the_three_reach_the_others(world: &World) {
    // Everyone has a memory of their own, and one that all have, before memsync comes.
    let names = ["laptop", "desktop", "server"];
    let everyone = world.everyone();
    let mut keys = Vec::new();
    for (service, name) in everyone.into_iter().zip(names) {
        service.post("Water boils at 100 degrees", &["physics"]);
        keys.push(service.post_json(&json!({
            "content": format!("Written on the {name}"), "tags": ["first", name], "memory_type": "note",
            "metadata": { "from": name, "nested": { "list": [1, 2.5, null] } },
        })));
    }
    world.init();
    world.sync();
    assert_eq!(world.agreement().len(), 4);

    // Everyone edits what another one wrote.
    for (at, service) in everyone.into_iter().enumerate() {
        let key = &keys[(at + 1) % 3];
        service.put(key, &json!({ "tags": ["edited"] }));
        service
            .put(key, &json!({ "memory_type": "reference", "metadata": { "edited": true, "from": null } }));
    }
    world.sync();
    let held = world.agreement();
    for key in &keys {
        assert_eq!(held[key].tags, BTreeSet::from(["edited".to_owned()]));
        assert_eq!(held[key].memory_type, "reference");
        assert_eq!(
            Value::from(held[key].metadata.clone()),
            json!({ "edited": true, "nested": { "list": [1, 2.5, null] } })
        );
    }

    // Everyone edits another field of the same memory.
    everyone[0].put(&keys[0], &json!({ "tags": ["merged"] }));
    everyone[1].put(&keys[0], &json!({ "memory_type": "note" }));
    everyone[2].put(&keys[0], &json!({ "metadata": { "merged": [true] } }));
    world.sync();
    let merged = world.agreement().remove(&keys[0]).unwrap();
    assert_eq!(merged.tags, BTreeSet::from(["merged".to_owned()]));
    assert_eq!((merged.memory_type, &merged.metadata["merged"]), (json!("note"), &json!([true])));

    // Everyone deletes what yet another one wrote.
    for (at, service) in everyone.into_iter().enumerate() {
        service.delete(&keys[(at + 2) % 3]);
    }
    world.sync();
    assert_eq!(world.agreement().len(), 1);

    // Everyone who can writes again what they wrote at first: 10.20.6 never takes back a name that it deleted.
    if world.server.version() != V12_2_0 {
        return;
    }
    let mut again = BTreeSet::new();
    for ((service, name), key) in everyone.into_iter().zip(names).zip(&keys) {
        if service.version() == V12_2_0 {
            service.post(&format!("Written on the {name}"), &["again"]);
            again.insert(key.clone());
        }
    }
    world.sync();
    let held = world.agreement();
    assert_eq!(held.len(), 1 + again.len());
    for key in &again {
        assert_eq!(held[key].tags, BTreeSet::from(["again".to_owned()]));
    }
}

/// A server that never takes back a name says so, and nothing else waits for it.
fn a_memory_that_the_server_does_not_take_back_stays_staged(world: &World) {
    let is_new = |service: &Service| service.version() == V12_2_0;
    let member = world.devices().into_iter().find(|member| is_new(&member.service)).unwrap();
    member.service.post("Something to keep", &["a"]);
    let key = member.service.post("Gone and back again", &["a"]);
    world.init();
    world.sync();
    member.service.delete(&key);
    world.sync();
    member.service.post("Gone and back again", &["b"]);
    let output = member.device.memsync(["sync"]);
    if is_new(&world.server) {
        output.success();
        assert!(seen(&world.server).contains_key(&key));
        return;
    }
    output.expect_status(6);
    let status = member.device.memsync(["status", "--porcelain"]);
    assert_eq!(status.stdout, format!("A.F {key}\tGone and back again\n"), "{status}");
    assert!(seen(&member.service).contains_key(&key), "it stays where it was written");
    let asked = world.server.requests().len();
    member.device.memsync(["sync"]).expect_status(6);
    assert_eq!(world.server.writes_since(asked), [""; 0], "what was refused is not sent again and again");
}

/// What other programs wrote into a device's database, and no server keeps as it is.
fn forms_that_a_server_rewrites_end_in_agreement(world: &World) {
    let laptop = &world.laptop.service;
    let [capitals, untagged, untyped, unknown, member, letters, again, number] =
        ["capitals", "untagged", "untyped", "unknown", "member", "letters", "again", "number"].map(|name| {
            laptop.post_json(&json!({
                "content": format!("A memory of {name}"), "tags": ["a"], "memory_type": "note",
                "metadata": { "kept": 1, "removed": 2 },
            }))
        });
    world.init();
    world.sync();
    assert_eq!(world.agreement().len(), 8);

    let set = |key: &str, column: &str, value: Option<&str>| {
        let sql = format!("UPDATE memories SET {column} = ?2 WHERE content_hash = ?1");
        assert_eq!(laptop.database().execute(&sql, (key, value)), 1);
    };
    set(&capitals, "tags", Some("Home,home,WORK"));
    set(&untagged, "tags", Some(""));
    set(&untyped, "memory_type", None);
    set(&unknown, "memory_type", Some("no type of the service's"));
    set(&member, "metadata", Some(r#"{"kept": 1}"#));
    // What a library of ours calls its own things is an ordinary key to everybody else.
    set(&number, "metadata", Some(&format!(r#"{{"kept": {NUMBER}, "removed": 2}}"#)));
    world.server.post_json(&json!({ "content": "A memory of the server", "metadata": { "new": "NUMBER" } }));
    let sql = "UPDATE memories SET metadata = replace(metadata, '\"NUMBER\"', ?1)";
    assert!(world.server.database().execute(sql, [NUMBER]) > 0);
    laptop.database().respell(&letters, "A MEMORY OF LETTERS");
    // 10.20.6 itself never takes back a name that it deleted.
    if laptop.version() == V12_2_0 {
        laptop.delete(&again);
        laptop.post("A memory of again", &["new"]);
    }
    world.sync();
    world.assert_quiet();

    let desktop = seen(&world.desktop.service);
    assert_eq!(desktop.keys().collect::<Vec<_>>(), seen(&world.server).keys().collect::<Vec<_>>());
    assert_eq!(desktop.len(), 9);
    let lower = |key: &str| desktop[key].tags.iter().map(|tag| tag.to_lowercase()).collect::<BTreeSet<_>>();
    assert_eq!(lower(&capitals), BTreeSet::from(["home".to_owned(), "work".to_owned()]));
    assert!(lower(&untagged).iter().all(|tag| tag == "untagged"), "{:?}", lower(&untagged));
    assert_eq!(Value::from(desktop[&member].metadata.clone()), json!({ "kept": 1 }));
    assert_eq!(desktop[&letters].content, "A MEMORY OF LETTERS");
    for service in world.everyone() {
        let rows = service.database().live();
        let metadata = rows.iter().filter_map(|row| row.metadata.as_deref());
        assert_eq!(metadata.filter(|text| text.contains(NUMBER)).count(), 2, "{}", service.url());
    }
    let kept = if laptop.version() == V12_2_0 { "new" } else { "a" };
    assert_eq!(lower(&again), BTreeSet::from([kept.to_owned()]));
    // The server's own triggers leave stale terms in its index when it replaces a text; ours are clean.
    world.desktop.service.database().check();
}

fn services_keep_writing_during_a_sync(world: &World) {
    const MEMORIES: usize = 30;
    world.init();
    world.sync();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|who| {
                let service = world.everyone()[who];
                scope.spawn(move || {
                    let mut last = None;
                    for n in 0..MEMORIES {
                        let key = service.post(&format!("Number {n} of writer {who}"), &["busy"]);
                        service.put(&key, &json!({ "tags": ["written"] }));
                        last.replace(key);
                    }
                    service.delete(&last.unwrap());
                })
            })
            .collect();
        while writers.iter().any(|writer| !writer.is_finished()) {
            for member in world.devices() {
                let output = member.device.memsync(["sync"]);
                // A memory that moved between the look and the write waits for the next sync; that is all.
                assert!(matches!(output.status, Some(0 | 6)), "{output}");
                assert!(!output.to_string().contains("locked"), "{output}");
            }
        }
        for writer in writers {
            writer.join().unwrap();
        }
    });
    world.sync();
    let held = world.agreement();
    assert_eq!(held.len(), 3 * (MEMORIES - 1));
    assert!(held.values().all(|memory| memory.tags == BTreeSet::from(["written".to_owned()])));
    for service in world.everyone() {
        assert!(!service.log().contains("database is locked"), "{}", service.log());
        service.database().check();
    }
}

fn searching_is_no_change(world: &World) {
    // A database says by its first vectors how it makes them.
    for (at, service) in world.everyone().into_iter().enumerate() {
        service.post(&format!("The first of {at}"), &["first"]);
    }
    let key = world.laptop.service.post("Something to look for", &["found"]);
    world.init();
    world.sync();
    for service in world.everyone() {
        assert!(service.search("Something to look for").contains(&key), "it arrived with its vector");
    }
    world.assert_quiet();
    for member in world.devices() {
        assert_eq!(member.device.memsync(["status", "--porcelain"]).success().stdout, "");
    }
    assert_eq!(world.agreement().len(), 4);
}

/// Both devices give one memory another mood, and write something else besides; the key of the conflict.
fn quarrel(world: &World) -> String {
    let key = world.laptop.service.post("Two minds about this", &["shared"]);
    world.init();
    world.sync();
    for (member, mood) in [(&world.laptop, "glad"), (&world.desktop, "sad")] {
        member.service.put(&key, &json!({ "metadata": { "mood": mood } }));
        member.service.post(&format!("A {mood} thought"), &["own"]);
    }
    world.laptop.device.memsync(["sync"]).success();
    world.desktop.device.memsync(["sync"]).expect_status(1);
    key
}

fn mood(world: &World, key: &str) -> [Value; 3] {
    world.everyone().map(|service| seen(service)[key].metadata["mood"].clone())
}

fn a_memory_edited_differently_is_one_conflict_and_nothing_else_waits(world: &World) {
    let key = quarrel(world);
    world.laptop.device.memsync(["sync"]).success();
    let all = ["Two minds about this", "A glad thought", "A sad thought"].map(str::to_owned).into();
    assert_eq!(world.everyone().map(contents), [&all; 3].map(Clone::clone));
    assert_eq!(mood(world, &key), ["glad", "sad", "glad"], "nothing was overwritten");

    let status = world.desktop.device.memsync(["status", "--porcelain"]);
    assert_eq!(status.stdout, format!("MMU {key}\tTwo minds about this\n"), "{status}");

    world.desktop.device.memsync(["checkout", "--theirs", &key[..8]]).success();
    world.sync();
    world.agreement();
    assert_eq!(mood(world, &key), ["glad"; 3]);
}

fn ours_ends_a_conflict_everywhere(world: &World) {
    let key = quarrel(world);
    world.desktop.device.memsync(["checkout", "--ours", "--all"]).success();
    world.sync();
    world.agreement();
    assert_eq!(mood(world, &key), ["sad"; 3]);
}

fn a_deletion_against_an_edit_is_a_conflict(world: &World) {
    world.laptop.service.post("Not in question", &["shared"]);
    let key = world.laptop.service.post("Kept or not", &["shared"]);
    world.init();
    world.sync();
    world.laptop.service.delete(&key);
    world.desktop.service.put(&key, &json!({ "tags": ["dear"] }));
    world.laptop.device.memsync(["sync"]).success();
    world.desktop.device.memsync(["sync"]).expect_status(1);
    assert!(seen(&world.desktop.service).contains_key(&key), "an edit is not lost to a deletion");

    if world.server.version() == V12_2_0 {
        world.desktop.device.memsync(["checkout", "--ours", &key]).success();
        world.sync();
        assert_eq!(world.agreement()[&key].tags, BTreeSet::from(["dear".to_owned()]));
    } else {
        // 10.20.6 never takes back what it deleted, so here only the deletion can win everywhere.
        world.desktop.device.memsync(["checkout", "--theirs", &key]).success();
        world.sync();
        assert!(!world.agreement().contains_key(&key));
    }
}

/// A server of version 10 refuses what means nearly the same as something recent. With the hash vectors of these
/// services only equal texts are near, so the other memory gets another name, as old versions gave them.
#[test]
fn a_similar_memory_stays_staged_until_it_is_sent_anyway() {
    let versions = (V10_20_6, V12_2_0, V12_2_0);
    run(versions, |world| {
        let other = "f".repeat(64);
        world.server.post("Nearly the same", &["there"]);
        world.server.database().execute("UPDATE memories SET content_hash = ?1", [&other]);
        let key = world.laptop.service.post("Nearly the same", &["here"]);
        let laptop = &world.laptop.device;
        laptop.memsync(["init"]).success();
        for _ in 0..2 {
            let output = laptop.memsync(["sync"]).expect_status(6);
            assert!(
                output.stdout.contains("the server already holds a similar memory, ffffffff"),
                "{output}"
            );
            assert!(output.stderr.contains("--no-dedup"), "{output}");
        }
        let json: Value = serde_json::from_str(&laptop.memsync(["sync", "--json"]).stdout).unwrap();
        assert_eq!(json["not_taken"][0]["similar_to"], other);
        let status = laptop.memsync(["status", "--porcelain"]);
        assert_eq!(status.stdout, format!("A.F {key}\tNearly the same\n"), "{status}");

        laptop.memsync(["push", "--no-dedup"]).success();
        assert_eq!(
            seen(&world.server).keys().collect::<Vec<_>>(),
            BTreeSet::from([&key, &other]).into_iter().collect::<Vec<_>>()
        );
        world.desktop.device.memsync(["init"]).success();
        world.sync();
        world.assert_quiet();
    });
}

#[test]
fn a_text_that_was_deleted_under_a_clock_ahead_can_be_written_again() {
    let Some(mut world) = World::start(V12_2_0, V12_2_0, V12_2_0) else { return };
    world.server.post("Something that stays", &["here"]);
    world.init();
    let now = std::mem::replace(&mut world.laptop.device.now, "2099-01-01T00:00:00Z".to_owned());
    let memory = json!({ "content": "Tea is at four", "tags": ["Home"], "metadata": { "cups": 2 } });
    let key = world.laptop.service.post_json(&memory);
    world.sync();
    world.laptop.service.delete(&key);
    world.sync();
    // The trace of the deletion goes, as it does after a month; what the server noted of the creation stays.
    for service in world.everyone() {
        service.database().execute("DELETE FROM memories WHERE deleted_at IS NOT NULL", []);
    }
    world.laptop.device.now = now;

    assert_eq!(world.desktop.service.post_json(&memory), key);
    let sql = "UPDATE memories SET tags = 'Home,Tea' WHERE content_hash = ?1";
    assert_eq!(world.desktop.device.database.execute(sql, [&key]), 1);
    world.sync();
    assert_eq!(world.agreement()[&key].tags, BTreeSet::from(["Home".to_owned(), "Tea".to_owned()]));
    world.desktop.service.database().respell(&key, "TEA IS AT FOUR");
    world.sync();
    assert_eq!(world.agreement()[&key].content, "TEA IS AT FOUR");
    world.desktop.service.delete(&key);
    world.sync();
    assert_eq!(world.agreement().len(), 1);
}

#[test]
fn a_change_that_an_older_server_cannot_hold_is_sent_once() {
    let Some(world) = World::start(V10_20_6, V12_2_0, V12_2_0) else { return };
    let keys = ["store", "successor", "type"].map(|name| world.laptop.service.post(name, &["a"]));
    world.init();
    world.sync();
    let changes = ["store = 'work'", "superseded_by = 'f'", "memory_type = 'recipe'"];
    for (key, change) in keys.iter().zip(changes) {
        let sql = format!("UPDATE memories SET {change} WHERE content_hash = ?1");
        assert_eq!(world.laptop.device.database.execute(&sql, [key]), 1);
    }
    world.laptop.device.memsync(["push"]).success();
    assert_eq!(world.laptop.device.memsync(["push"]).success().stdout, "Already up to date.\n");
    world.sync();
    world.assert_quiet();
}
