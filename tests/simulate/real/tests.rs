//! That real places are what they say, and that what `remote` says of an edit is true whatever befell its requests.

mod truth;

use std::ops::ControlFlow;

use memsync::object::{ContentHash, Edit, Memory, Metadata, Outcome};
use memsync::side::{Found, Side};
use serde_json::json;

use super::{Device, Server};
use crate::model::content_hash;
use crate::place::{Caller, Memories, Place, Version, Work};

fn caller() -> Caller {
    Caller { device: "laptop".to_owned(), now: 1_700_000_500, deduplicate: true }
}

fn key(content: &str) -> ContentHash {
    ContentHash::new(content_hash(content)).unwrap()
}

fn note(content: &str, tag: &str) -> Memory {
    let members = [("a".to_owned(), json!({ "b": 1 }))];
    Memory {
        content: content.to_owned(),
        tags: [tag.to_owned()].into(),
        memory_type: Some("note".to_owned()),
        metadata: Metadata::Members(members.into()),
        ..Memory::default()
    }
}

fn snapshot(place: &dyn Place) -> Memories {
    let mut memories = Memories::new();
    let visit = &mut |found| {
        let Found::Memory(held) = found else { panic!("{found:?}") };
        memories.insert(held.key, held.memory);
        ControlFlow::Continue(())
    };
    place.side(&caller()).unwrap().snapshot(visit).unwrap();
    memories
}

fn apply(side: &mut dyn Side, edit: Edit) -> Outcome {
    let mut outcomes = Vec::new();
    side.apply(vec![edit], &mut |_: ContentHash, outcome| outcomes.push(outcome)).unwrap();
    outcomes.pop().unwrap()
}

/// Work of all kinds, after which a side must show what the place holds.
fn work_on(place: &dyn Place) {
    let (tea, gone) = (key("Tea is at four"), key("gone"));
    place.work(&Work::Create(tea.clone(), note("Tea is at four", "home")), 1_700_000_001);
    place.work(&Work::Create(gone.clone(), note("gone", "x")), 1_700_000_002);
    place.work(&Work::Search(tea.clone()), 1_700_000_003);
    place.work(
        &Work::Change(tea.clone(), Memory { metadata: Metadata::default(), ..note("Tea is at four", "new") }),
        1_700_000_004,
    );
    place.work(&Work::Delete(gone.clone()), 1_700_000_005);
    let memories = place.memories();
    assert_eq!(memories.keys().collect::<Vec<_>>(), [&tea]);
    assert_eq!(memories[&tea].tags, ["new".to_owned()].into());
    assert_eq!(memories[&tea].metadata, Metadata::default());
    assert_eq!(snapshot(place), memories);
    let edit = Edit { key: gone.clone(), expected: None, target: Some(note("gone", "again")), row: None };
    let outcome = apply(&mut *place.side(&caller()).unwrap(), edit);
    assert!(matches!(outcome, Outcome::Done { now: Some(_) }), "{outcome:?}");
    assert_eq!(snapshot(place), place.memories());
    assert_eq!(place.complaints(), [] as [String; 0]);
}

#[test]
fn a_side_shows_what_the_service_left() {
    work_on(&Device::new());
    work_on(&Server::new());
}

#[test]
fn an_old_server_shows_what_rest_shows() {
    let server = Server::new();
    server.set_version(Version::Old);
    server.work(&Work::Create(key("one"), Memory { tags: [].into(), ..note("one", "") }), 1_700_000_001);
    assert_eq!(server.memories()[&key("one")].tags, ["untagged".to_owned()].into());
    assert_eq!(snapshot(&server), server.memories());
}

#[test]
fn a_backup_brings_everything_back() {
    for place in [&Device::new() as &dyn Place, &Server::new()] {
        place.work(&Work::Create(key("one"), note("one", "a")), 1_700_000_001);
        let (backup, before) = (place.back_up(), place.bytes());
        place.work(&Work::Delete(key("one")), 1_700_000_002);
        assert_ne!(place.bytes(), before);
        place.restore(&backup);
        assert_eq!(place.memories().len(), 1);
        place.replace_by_empty();
        assert_eq!(place.memories().len(), 0);
    }
}

#[test]
fn a_restart_loses_requests_and_nothing_else() {
    let server = Server::new();
    server.work(&Work::Create(key("one"), note("one", "a")), 1_700_000_001);
    let asked_before = {
        snapshot(&server);
        server.requests()
    };
    server.restart();
    assert_eq!(snapshot(&server), server.memories());
    assert_eq!(server.requests(), 2 * asked_before + 2);
    assert!(server.misbehave(None), "the loss is known of");
}

#[test]
fn a_fingerprint_tells_writing_from_reading() {
    let device = Device::new();
    device.work(&Work::Create(key("one"), note("one", "a")), 1_700_000_001);
    let read = || {
        snapshot(&device);
        device.let_times_pass();
        device.bytes()
    };
    let before = read();
    assert!(read() == before, "reading is no change");
    let edit = Edit { key: key("two"), expected: None, target: Some(note("two", "b")), row: None };
    apply(&mut *device.side(&caller()).unwrap(), edit);
    assert!(read() != before, "writing is one");
}

#[test]
fn what_was_read_of_a_file_is_not_noted_of_one_that_took_its_place() {
    let device = Device::new();
    device.work(&Work::Create(key("one"), note("one", "a")), 1_700_000_001);
    let backup = device.back_up();
    device.work(&Work::Create(key("two"), note("two", "a")), 1_700_000_002);
    let mut has_begun = false;
    let marks = device.database(&caller()).unwrap().unwrap().changes(None, &mut |_| {
        if !std::mem::replace(&mut has_begun, true) {
            device.restore(&backup);
            device.let_times_pass();
        }
        ControlFlow::Continue(())
    });
    let marks = marks.unwrap().unwrap();
    assert_eq!(marks.rows.len(), 2, "one moment of the database");
    let now = device.side(&caller()).unwrap().state();
    assert!(now.is_some() && marks.state != now, "{:?}", marks.state);
}
