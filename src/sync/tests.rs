//! Whole syncs between sides that live in memory: what the conductor guarantees, whatever the sides are.

mod adopt;
mod undo;
mod world;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use super::*;
use crate::object::{
    BlobId, ContentHash, Edit, Mark, Marks, Memory, ObjectId, Outcome, Refusal, Resolution, Row, SideName,
    Timestamp, tree,
};
use crate::reconcile::{Direction, Strategy};
use crate::side::{self, Change, Found, Held, Replaced, Side, Witness};
use crate::store::{Holder, Store};
use world::World;

fn key(name: &str) -> ContentHash {
    ContentHash::new(name).unwrap()
}

/// A device: its memories and its staging database.
struct Device {
    world: World,
    folder: tempfile::TempDir,
}

impl Device {
    fn new() -> Self {
        Self { world: World::default(), folder: tempfile::tempdir().unwrap() }
    }

    fn store(&self) -> Store {
        open(&self.folder.path().join("staging.db"))
    }

    /// One ordinary run.
    fn sync(&mut self, server: &mut World) -> (Proposal, Option<Report>) {
        self.run(server, Wishes::default(), None)
    }

    fn run(
        &mut self,
        server: &mut World,
        wishes: Wishes,
        allowed: Option<&str>,
    ) -> (Proposal, Option<Report>) {
        let store = self.store();
        let session = session(&store);
        let base = session.base().unwrap();
        let theirs = session.read(SideName::Remote, server, &base.base, &mut |_| {}).unwrap();
        session.record_fetched(&theirs).unwrap();
        let ours = session.read(SideName::Local, &mut self.world, &base.base, &mut |_| {}).unwrap();
        let by_marks = session.read_local(&mut self.world, &base.base, &mut |_| {}).unwrap();
        assert_eq!(by_marks.snapshot, ours.snapshot);
        session.record_local(if wishes.only.is_some() { &ours } else { &by_marks }).unwrap();
        let proposal = session.propose(base, ours, theirs, wishes).unwrap();
        self.expect_outlook(&session, &proposal);
        let report = proposal.choose(allowed).map(|chosen| {
            session.execute(&proposal, chosen, Some(&mut self.world), Some(server), &mut |_| {}).unwrap()
        });
        (proposal, report)
    }
}

impl Device {
    /// What the trees alone tell is what the whole snapshots tell.
    #[track_caller]
    fn expect_outlook(&mut self, session: &Session<'_>, whole: &Proposal) {
        let wishes = whole.wishes.clone();
        // No tree says when a row was written.
        let needs_rows = wishes.strategy == Strategy::Newest;
        let told = session.outlook(&mut self.world, wishes, &mut |_| {}).unwrap();
        let Some((outlook, device)) = told else {
            return assert!(needs_rows || self.world.unlisted.is_some() || self.world.unreadable.is_some());
        };
        assert!(!needs_rows);
        assert_eq!(outlook.plan, whole.plan);
        assert_eq!(outlook.brakes, whole.brakes);
        assert_eq!(outlook.moved, whole.moved);
        assert_eq!(outlook.ids(), whole.ids());
        let told = |rewind: &Rewind| (rewind.side, rewind.commit, rewind.seconds, rewind.memories);
        assert_eq!(outlook.rewind.as_ref().map(told), whole.rewind.as_ref().map(told));
        assert_eq!(session.conflicts(&outlook).unwrap(), session.conflicts(whole).unwrap());
        assert_eq!(device.held, whole.local.snapshot.len());
        assert_eq!(outlook.local.snapshot.len() + outlook.base.agreed.unwrap(), device.held);
        assert!(outlook.choose(None).is_none(), "it cannot be carried out");
    }
}

fn open(path: &Path) -> Store {
    let holder = Holder { pid: 1, command: "test".to_owned(), since: 0 };
    Store::create(path, &holder).unwrap().0
}

fn session(store: &Store) -> Session<'_> {
    Session {
        store,
        remote: "origin".to_owned(),
        device: "laptop".to_owned(),
        places: Vec::new(),
        now: 1_700_000_000,
    }
}

/// Every kind of action: new, changed and deleted on either side, and a merge.
fn busy() -> (Device, World) {
    let (mut device, mut server) = (Device::new(), World::default());
    for name in
        ["changed-here", "changed-there", "deleted-here", "deleted-there", "merged", "kept-1", "kept-2"]
    {
        device.world.set(name, name, &["Start"]);
    }
    server.rewrites = true;
    device.sync(&mut server);
    device.world.set("changed-here", "changed-here", &["Start", "ours"]);
    server.set("changed-there", "changed-there", &["start", "theirs"]);
    device.world.memories.remove("deleted-here");
    server.memories.remove("deleted-there");
    device.world.set("merged", "merged", &["Start", "ours"]);
    server.set("merged", "merged", &["theirs"]);
    device.world.set("new-here", "new-here", &[]);
    server.set("new-there", "new-there", &[]);
    device.world.writes = 0;
    server.writes = 0;
    (device, server)
}

fn shown(world: &World) -> String {
    let line = |(key, memory): (&ContentHash, &Memory)| {
        let tags: Vec<&str> = memory.tags.iter().map(String::as_str).collect();
        format!("{key}: {} [{}]\n", memory.content, tags.join(" "))
    };
    world.memories.iter().map(line).collect()
}

#[test]
fn a_damaged_tree_of_the_server_does_not_fail_a_run_that_has_pushed() {
    let (mut device, mut server) = (Device::new(), World::default());
    for name in ["changed", "open"] {
        device.world.set(name, name, &[]);
    }
    device.sync(&mut server);
    device.world.set("changed", "changed", &["ours"]);
    // It waits, so that the server holds what both sides have not agreed on.
    device.world.memories.remove("open");
    server.set("open", "open", &["theirs"]);
    let store = device.store();
    let session = session(&store);
    let base = session.base().unwrap();
    let theirs = session.read(SideName::Remote, &mut server, &base.base, &mut |_| {}).unwrap();
    session.record_fetched(&theirs).unwrap();
    let ours = session.read(SideName::Local, &mut device.world, &base.base, &mut |_| {}).unwrap();
    let proposal = session.propose(base, ours, theirs, Wishes::default()).unwrap();

    let fetched = store.reference(&remote_reference("origin").unwrap()).unwrap().unwrap();
    let tree = store.commit(fetched).unwrap().tree;
    let staging = rusqlite::Connection::open(store.path()).unwrap();
    let damaged = staging.execute("UPDATE objects SET data = x'00' WHERE id = ?1", [tree.as_bytes()]);
    assert_eq!(damaged.unwrap(), 1);
    assert!(store.snapshot(tree).is_err());
    let (local, remote): (&mut dyn Side, &mut dyn Side) = (&mut device.world, &mut server);
    let run = session.execute(&proposal, proposal.plain(), Some(local), Some(remote), &mut |_| {});
    assert_eq!(run.unwrap().remote.changed, 1);

    let pushed = store.reference(&remote_reference("origin").unwrap()).unwrap().unwrap();
    let held = store.snapshot(store.commit(pushed).unwrap().tree).unwrap();
    assert_eq!(held.len(), 2);
    assert_eq!(held["changed"], server.memories["changed"].id());
}

#[test]
fn everything_travels_both_ways_and_the_second_run_writes_nothing() {
    let (mut device, mut server) = busy();
    device.sync(&mut server);
    insta::assert_snapshot!(shown(&device.world), @r"
    changed-here: changed-here [Start ours]
    changed-there: changed-there [Start theirs]
    kept-1: kept-1 [Start]
    kept-2: kept-2 [Start]
    merged: merged [ours theirs]
    new-here: new-here []
    new-there: new-there []
    ");
    insta::assert_snapshot!(shown(&server), @r"
    changed-here: changed-here [ours start]
    changed-there: changed-there [start theirs]
    kept-1: kept-1 [start]
    kept-2: kept-2 [start]
    merged: merged [ours theirs]
    new-here: new-here []
    new-there: new-there []
    ");
    let writes = (device.world.writes, server.writes);
    let (proposal, _) = device.sync(&mut server);
    assert!(proposal.plan.has_no_steps());
    assert_eq!((device.world.writes, server.writes), writes);
}

#[test]
fn a_run_that_dies_anywhere_is_finished_by_the_next() {
    let (mut device, mut server) = busy();
    device.sync(&mut server);
    let end = (shown(&device.world), shown(&server));
    let (on_device, total) = (device.world.writes, device.world.writes + server.writes);
    for limit in 0..total {
        let (mut device, mut server) = busy();
        if limit < on_device {
            device.world.dies_after = Some(limit);
        } else {
            server.dies_after = Some(limit - on_device);
        }
        let (_, report) = device.sync(&mut server);
        assert!(report.unwrap().error.is_some(), "it died after {limit}");
        assert!(!device.store().journal().unwrap().is_empty(), "what may have reached the server is noted");
        device.world.dies_after = None;
        server.dies_after = None;
        device.sync(&mut server);
        assert!(device.store().journal().unwrap().is_empty());
        assert_eq!((shown(&device.world), shown(&server)), end, "died after {limit}");
    }
}

#[test]
fn a_run_that_loses_its_staging_database_deletes_nothing_and_loses_nothing() {
    let (mut device, mut server) = busy();
    device.sync(&mut server);
    let end = (shown(&device.world), shown(&server));
    device.folder = tempfile::tempdir().unwrap();
    let (proposal, _) = device.sync(&mut server);
    assert!(proposal.plan.has_no_steps() && proposal.plan.conflicts.is_empty());
    assert_eq!((shown(&device.world), shown(&server)), end);
}

#[test]
fn a_memory_that_a_listing_missed_is_not_taken_for_deleted() {
    let (mut device, mut server) = busy();
    device.sync(&mut server);
    server.unlisted = Some(key("kept-1"));
    let (proposal, _) = device.sync(&mut server);
    assert!(proposal.plan.has_no_steps());
    assert!(device.world.memories.contains_key("kept-1"));
}

#[test]
fn what_cannot_be_read_is_left_alone_on_both_sides() {
    let (mut device, mut server) = busy();
    server.unreadable = Some(key("changed-here"));
    device.world.unreadable = Some(key("deleted-there"));
    let (proposal, _) = device.sync(&mut server);
    assert_eq!((proposal.local.unreadable.len(), proposal.remote.unreadable.len()), (1, 1));
    assert!(device.world.memories.contains_key("deleted-there"));
    assert!(!server.memories["changed-here"].tags.contains("ours"));
    // Once it can be read again, the change travels.
    server.unreadable = None;
    device.sync(&mut server);
    assert!(server.memories["changed-here"].tags.contains("ours"));
}

#[test]
fn what_the_server_could_not_show_is_not_deleted_by_a_later_apply() {
    let (mut device, mut server) = busy();
    device.sync(&mut server);
    server.unreadable = Some(key("kept-1"));
    device.sync(&mut server);
    let store = device.store();
    let session = session(&store);
    let base = session.base().unwrap();
    let ours = session.read(SideName::Local, &mut device.world, &base.base, &mut |_| {}).unwrap();
    let theirs = session.last_fetched().unwrap();
    let wishes = Wishes { direction: Some(Direction::Pull), ..Wishes::default() };
    assert!(session.propose(base, ours, theirs, wishes).unwrap().plan.has_no_steps());
}

#[test]
fn one_refused_memory_stays_staged_and_stops_no_other() {
    let (mut device, mut server) = busy();
    server.refuses = Some(key("new-here"));
    let (_, report) = device.sync(&mut server);
    let problems = report.unwrap().problems;
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].similar_to, Some(key("similar")));
    assert!(server.memories["changed-here"].tags.contains("ours"));
    let store = device.store();
    assert_eq!(store.failures("origin").unwrap().len(), 1);
    assert_eq!(store.staged().unwrap().len(), 1);
    drop(store);

    let (_, report) = device.sync(&mut server);
    assert!(report.unwrap().problems[0].is_known, "it is still reported, and not sent again");
    assert_eq!(server.refusals, 1);
    device.world.set("new-here", "new-here", &["changed"]);
    device.sync(&mut server);
    assert_eq!(server.refusals, 2, "it has changed");
    device.run(&mut server, Wishes { retry_refused: true, ..Wishes::default() }, None);
    assert_eq!(server.refusals, 3, "the user insists");

    server.refuses = None;
    device.run(&mut server, Wishes { retry_refused: true, ..Wishes::default() }, None);
    assert!(device.store().failures("origin").unwrap().is_empty());
    assert!(server.memories.contains_key("new-here"));
}

#[test]
fn somebody_elses_write_in_between_is_never_overwritten() {
    let (mut device, mut server) = busy();
    let intruder = Memory {
        content: "changed-here".to_owned(),
        tags: ["intruder".to_owned()].into(),
        ..Memory::default()
    };
    server.intruder = Some((key("changed-here"), intruder));
    let (_, report) = device.sync(&mut server);
    assert_eq!(report.unwrap().stale, [(SideName::Remote, key("changed-here"))]);
    device.sync(&mut server);
    for world in [&device.world, &server] {
        let tags = &world.memories["changed-here"].tags;
        assert!(tags.contains("ours") && tags.contains("intruder"), "{tags:?}");
    }
}

#[test]
fn a_conflict_waits_alone_until_one_side_is_chosen() {
    for choice in [SideName::Local, SideName::Remote] {
        let (mut device, mut server) = busy();
        device.world.set("kept-1", "KEPT-1", &["Start"]);
        server.set("kept-1", "Kept-1", &["start"]);
        let (proposal, _) = device.sync(&mut server);
        assert_eq!(proposal.plan.conflicts.len(), 1);
        assert!(server.memories.contains_key("new-here"), "the others go on");
        let store = device.store();
        assert!(store.resolve("origin", &key("kept-1"), Resolution::Side(choice)).unwrap());
        drop(store);
        device.sync(&mut server);
        let text = if choice == SideName::Local { "KEPT-1" } else { "Kept-1" };
        assert_eq!(device.world.memories["kept-1"].content, text);
        assert_eq!(server.memories["kept-1"].content, text);
        assert!(device.store().conflicts("origin").unwrap().is_empty());
    }
}

#[test]
fn the_newest_wins_where_the_user_asks_for_it_and_the_server_where_nobody_knows() {
    for (ours, theirs, winner) in [
        (Some(2.0), Some(1.0), "KEPT-1"),
        (Some(1.0), Some(2.0), "Kept-1"),
        (Some(1.0), None, "KEPT-1"),
        (None, None, "Kept-1"),
    ] {
        let (mut device, mut server) = busy();
        device.world.set("kept-1", "KEPT-1", &["Start"]);
        server.set("kept-1", "Kept-1", &["start"]);
        device.world.written.extend(ours.and_then(Timestamp::new).map(|at| (key("kept-1"), at)));
        server.written.extend(theirs.and_then(Timestamp::new).map(|at| (key("kept-1"), at)));
        let wishes = Wishes { strategy: Strategy::Newest, ..Wishes::default() };
        device.run(&mut server, wishes, None);
        for world in [&device.world, &server] {
            assert_eq!(world.memories["kept-1"].content, winner, "{ours:?} {theirs:?}");
        }
    }
}

#[test]
fn an_answer_to_a_conflict_that_has_changed_since_does_not_count() {
    let (mut device, mut server) = busy();
    device.world.set("kept-1", "KEPT-1", &[]);
    server.set("kept-1", "Kept-1", &[]);
    device.sync(&mut server);
    device.store().resolve("origin", &key("kept-1"), Resolution::Side(SideName::Local)).unwrap();
    server.set("kept-1", "KEPT-1 ", &[]);
    let (proposal, _) = device.sync(&mut server);
    assert_eq!(proposal.plan.conflicts.len(), 1);
    assert_eq!(server.memories["kept-1"].content, "KEPT-1 ");
}

#[test]
fn a_server_restored_from_a_backup_stops_the_run_and_is_put_right() {
    let (mut device, mut server) = busy();
    let backup = server.clone();
    device.sync(&mut server);
    let after = shown(&server);
    // Back to the state right after the first sync.
    server = backup;
    server.set("changed-there", "changed-there", &["start"]);
    server.set("merged", "merged", &["start"]);
    server.set("deleted-there", "deleted-there", &["start"]);
    server.memories.remove("new-there");
    let (proposal, report) = device.sync(&mut server);
    assert!(report.is_none(), "stopped before any effect");
    let rewind = proposal.rewind.as_ref().expect("it is noticed");
    assert_eq!((rewind.side, rewind.memories), (SideName::Remote, 7));
    let id = proposal.ids().1.unwrap().to_string();
    device.run(&mut server, Wishes::default(), Some(&id));
    assert_eq!(shown(&server), after);
}

#[test]
fn what_was_deleted_does_not_come_back_from_a_backup_unasked() {
    let (mut device, mut server) = busy();
    device.sync(&mut server);
    let names = ["first", "second", "third"];
    for name in names {
        server.set(name, name, &[]);
    }
    device.sync(&mut server);
    let backup = server.clone();
    device.world.memories.retain(|name, _| !names.contains(&name.as_str()));
    device.sync(&mut server);
    let after = shown(&server);
    server = backup;
    let (proposal, report) = device.sync(&mut server);
    assert!(report.is_none(), "stopped before any effect");
    let rewind = proposal.rewind.as_ref().expect("it is noticed");
    assert_eq!((rewind.side, rewind.memories), (SideName::Remote, 3));
    let id = proposal.ids().1.unwrap().to_string();
    device.run(&mut server, Wishes::default(), Some(&id));
    assert_eq!(shown(&server), after);
}

#[test]
fn an_emptied_server_stops_the_run_before_any_effect() {
    let (mut device, mut server) = busy();
    device.sync(&mut server);
    let before = shown(&device.world);
    server.memories.clear();
    let (proposal, report) = device.sync(&mut server);
    assert!(report.is_none());
    assert!(!proposal.brakes.is_empty());
    assert_eq!(shown(&device.world), before);
    let id = proposal.plan.id().to_string();
    device.run(&mut server, Wishes::default(), Some(&id));
    assert!(device.world.memories.is_empty(), "that very plan was let through");
}

#[test]
fn pulling_and_pushing_by_themselves_end_where_a_sync_ends() {
    let (mut device, mut server) = busy();
    device.sync(&mut server);
    let end = (shown(&device.world), shown(&server));
    for first in [Direction::Pull, Direction::Push] {
        let (mut device, mut server) = busy();
        let second = if first == Direction::Pull { Direction::Push } else { Direction::Pull };
        for direction in [first, second] {
            let wishes = Wishes { direction: Some(direction), ..Wishes::default() };
            device.run(&mut server, wishes, None);
        }
        assert_eq!((shown(&device.world), shown(&server)), end);
        assert!(device.sync(&mut server).0.plan.has_no_steps());
    }
}

#[test]
fn what_a_run_replaced_can_be_read_from_the_history() {
    let (mut device, mut server) = busy();
    let replaced: Vec<BlobId> = ["changed-there", "deleted-there", "merged"]
        .iter()
        .map(|name| device.world.memories[*name].id())
        .collect();
    device.sync(&mut server);
    let store = device.store();
    for blob in replaced {
        assert!(store.memory(blob).is_ok());
    }
    let session = session(&store);
    let last = session.base().unwrap().id.unwrap();
    let first = session.sync_before(last).unwrap().expect("two syncs");
    assert!(session.base_at(first).unwrap().contains_key("deleted-there"));
}

#[test]
fn a_base_is_not_read_against_another_server() {
    let (mut device, mut server) = busy();
    let run = |device: &mut Device, server: &mut World, address: &str, allowed: Option<&str>| {
        let store = device.store();
        let session = Session { places: vec![(SideName::Remote, address.to_owned())], ..session(&store) };
        let base = session.base().unwrap();
        let theirs = session.read(SideName::Remote, server, &base.base, &mut |_| {}).unwrap();
        let ours = session.read(SideName::Local, &mut device.world, &base.base, &mut |_| {}).unwrap();
        session.record_fetched(&theirs).unwrap();
        session.record_local(&ours).unwrap();
        let proposal = session.propose(base, ours, theirs, Wishes::default()).unwrap();
        let report = proposal.choose(allowed).map(|chosen| {
            session.execute(&proposal, chosen, Some(&mut device.world), Some(server), &mut |_| {}).unwrap()
        });
        (proposal, report.is_some())
    };
    assert!(run(&mut device, &mut server, "http://home", None).1);
    let mut sibling = server.clone();
    sibling.memories.remove("kept-1");
    let (proposal, done) = run(&mut device, &mut sibling, "http://sibling", None);
    assert!(!done && device.world.memories.contains_key("kept-1"), "what it lacks is not deleted here");
    assert_eq!(proposal.moved.as_ref().map(|moved| moved.was.as_str()), Some("http://home"));
    let (_, done) = run(&mut device, &mut server, "http://new-address", None);
    assert!(done, "the same memories at another address are no reason to stop");
    let id = proposal.plan.id().to_string();
    assert!(run(&mut device, &mut sibling, "http://sibling", Some(&id)).1, "unless the user says so");
}

#[test]
fn a_write_that_the_server_ignores_is_told_and_not_undone_here() {
    let (mut device, mut server) = busy();
    server.ignores = Some(key("changed-here"));
    for _ in 0..2 {
        let (_, report) = device.sync(&mut server);
        assert_eq!(report.unwrap().problems.len(), 1);
        assert!(device.world.memories["changed-here"].tags.contains("ours"));
    }
    server.ignores = None;
    device.sync(&mut server);
    assert!(server.memories["changed-here"].tags.contains("ours"));
}

#[test]
fn what_the_server_has_no_field_for_is_sent_once_and_stays_here() {
    let (mut device, mut server) = busy();
    server.lacks_stores = true;
    device.sync(&mut server);
    let unchanged = server.memories.clone();
    device.world.memories.get_mut("changed-here").unwrap().store = Some("work".to_owned());
    let (_, report) = device.sync(&mut server);
    assert_eq!(report.unwrap().problems, []);
    let (proposal, _) = device.sync(&mut server);
    assert!(proposal.plan.has_no_steps());
    assert_eq!(device.world.memories["changed-here"].store.as_deref(), Some("work"));
    assert_eq!(server.memories, unchanged);
    server.set("changed-here", "changed there since", &["theirs"]);
    device.sync(&mut server);
    let memory = &device.world.memories["changed-here"];
    assert_eq!((memory.content.as_str(), memory.store.as_deref()), ("changed there since", Some("work")));
}
