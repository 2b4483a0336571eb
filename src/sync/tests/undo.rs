//! Taking runs back, and bringing memories back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::object::CommitId;

/// [`busy`], on a device that has rows.
fn busy_with_rows() -> (Device, World) {
    let (mut device, server) = busy();
    let rows = device.world.memories.keys().map(|key| (key.clone(), 7)).collect();
    device.world.rows = Some(rows);
    (device, server)
}

/// Everything of a world, to the last bit.
fn whole(world: &World) -> (BTreeMap<ContentHash, Memory>, Option<BTreeMap<ContentHash, u8>>) {
    (world.memories.clone(), world.rows.clone())
}

impl Device {
    /// `memsync undo`; what was left alone, and what was done.
    fn undo(&mut self, server: &mut World, with_remote: bool) -> (Recall, Report) {
        let run = session(&self.store()).last_change(with_remote).unwrap().expect("something was changed");
        self.undo_run(run, server, with_remote)
    }

    fn undo_run(&mut self, run: CommitId, server: &mut World, with_remote: bool) -> (Recall, Report) {
        let store = self.store();
        let session = session(&store);
        let recall = self.recall(&session, server, |session, ours, theirs| {
            session.recall_run(run, ours, theirs, with_remote).unwrap()
        });
        let remote = with_remote.then_some(server as &mut dyn Side);
        let (report, _) =
            session.execute_recall(&recall, "undo", &mut self.world, remote, &mut |_| {}).unwrap();
        (recall, report)
    }

    /// The first step of `memsync undo`.
    fn settle(&mut self, server: &mut World) {
        let store = self.store();
        let session = session(&store);
        self.recall(&session, server, |session, ours, theirs| {
            session.settle(ours, theirs).unwrap();
            Recall::default()
        });
    }

    /// The runs since `first` that did anything, newest first.
    fn runs_since(&self, first: Option<CommitId>) -> Vec<CommitId> {
        let store = self.store();
        let session = session(&store);
        let mut runs = Vec::new();
        let mut at = session.base().unwrap().id;
        while let Some(run) = at.filter(|_| at != first) {
            runs.push(run);
            at = session.sync_before(run).unwrap();
        }
        runs
    }

    fn recall(
        &mut self,
        session: &Session<'_>,
        server: &mut World,
        recall: impl FnOnce(&Session<'_>, &Reading, &Reading) -> Recall,
    ) -> Recall {
        let base = session.base().unwrap().base;
        let theirs = session.read(SideName::Remote, server, &base, &mut |_| {}).unwrap();
        session.record_fetched(&theirs).unwrap();
        let ours = session.read(SideName::Local, &mut self.world, &base, &mut |_| {}).unwrap();
        session.record_local(&ours).unwrap();
        recall(session, &ours, &theirs)
    }
}

#[test]
fn an_undo_gives_back_every_row_and_the_next_takes_it_back() {
    let (mut device, mut server) = busy_with_rows();
    let before = whole(&device.world);
    device.sync(&mut server);
    let after = whole(&device.world);
    let on_server = shown(&server);
    for _ in 0..2 {
        let (recall, report) = device.undo(&mut server, false);
        assert_eq!(recall.moved, []);
        assert_eq!(whole(&device.world), before);
        // Two memories were new, and two changed; one was deleted.
        assert_eq!((report.local.deleted, report.local.changed, report.local.created), (1, 2, 1));
        device.undo(&mut server, false);
        assert_eq!(whole(&device.world), after);
    }
    assert_eq!(shown(&server), on_server);
    let (proposal, _) = device.sync(&mut server);
    assert!(proposal.plan.has_no_steps(), "all is as it was after the sync");
}

#[test]
fn an_undo_lasts() {
    let (mut device, mut server) = busy_with_rows();
    let before = shown(&device.world);
    device.sync(&mut server);
    device.undo(&mut server, false);
    let (proposal, report) = device.sync(&mut server);
    assert!(proposal.rewind.is_none(), "no backup was restored");
    assert!(report.is_some(), "nothing stops it");
    assert_eq!(shown(&device.world), before);
    assert!(!server.memories.contains_key("new-there"));
    assert!(server.memories.contains_key("deleted-there"));
    assert!(server.memories.contains_key("new-here"), "what this device sent stays");
    let (proposal, _) = device.sync(&mut server);
    assert!(proposal.plan.has_no_steps());
}

#[test]
fn with_the_server_everything_is_as_it_was() {
    let (mut device, mut server) = busy_with_rows();
    let (before, on_server) = (whole(&device.world), shown(&server));
    device.sync(&mut server);
    let (after, on_server_after) = (whole(&device.world), shown(&server));
    let (recall, _) = device.undo(&mut server, true);
    assert_eq!(recall.moved, []);
    assert_eq!((whole(&device.world), shown(&server)), (before, on_server));
    device.undo(&mut server, true);
    assert_eq!((whole(&device.world), shown(&server)), (after, on_server_after));
    let (proposal, _) = device.sync(&mut server);
    assert!(proposal.plan.has_no_steps());
}

#[test]
fn after_an_undo_with_the_server_the_next_sync_sends_the_same_again() {
    let (mut device, mut server) = busy_with_rows();
    device.sync(&mut server);
    device.undo(&mut server, true);
    device.sync(&mut server);
    assert!(device.world.memories.contains_key("new-here"), "nothing of this device is lost");
    assert!(server.memories["changed-here"].tags.contains("ours"));
    assert!(server.memories.contains_key("new-here"));
}

#[test]
fn after_an_undo_with_the_server_this_device_is_no_restored_backup() {
    let (mut device, mut server) = (Device::new(), World::default());
    let names = ["1", "2", "3", "4", "5"];
    for name in names {
        device.world.set(name, name, &[]);
    }
    device.world.rows = Some(BTreeMap::new());
    device.sync(&mut server);
    for name in names {
        device.world.set(name, name, &["ours"]);
    }
    device.world.set("new", "new", &[]);
    device.sync(&mut server);
    let sent = shown(&device.world);
    for _ in 0..2 {
        device.undo(&mut server, true);
        assert_ne!(shown(&server), sent);
        let (proposal, _) = device.sync(&mut server);
        assert!(proposal.rewind.is_none());
        assert_eq!((shown(&device.world), shown(&server)), (sent.clone(), sent.clone()));
    }
    let earlier = device.world.memories.clone();
    for name in names {
        device.world.set(name, name, &["newer"]);
    }
    device.sync(&mut server);
    device.world.memories = earlier;
    let (proposal, _) = device.sync(&mut server);
    assert!(proposal.rewind.is_some(), "this is one");
}

#[test]
fn what_changed_since_is_left_alone_on_both_sides() {
    let (mut device, mut server) = busy_with_rows();
    device.sync(&mut server);
    device.world.set("new-there", "new-there", &["mine"]);
    server.set("changed-here", "changed-here", &["somebody"]);
    let (recall, report) = device.undo(&mut server, true);
    let moved = [(SideName::Local, key("new-there")), (SideName::Remote, key("changed-here"))];
    assert_eq!(recall.moved, moved);
    assert!(report.stale.is_empty());
    assert!(device.world.memories["new-there"].tags.contains("mine"));
    assert!(server.memories["changed-here"].tags.contains("somebody"));
    device.sync(&mut server);
    assert!(device.world.memories["changed-here"].tags.contains("somebody"));
}

#[test]
fn what_changes_in_the_moment_of_the_undo_is_not_touched() {
    let (mut device, mut server) = busy_with_rows();
    device.sync(&mut server);
    let mine = Memory { content: "mine".to_owned(), ..Memory::default() };
    device.world.intruder = Some((key("new-there"), mine.clone()));
    let (_, report) = device.undo(&mut server, false);
    assert_eq!(report.stale, [(SideName::Local, key("new-there"))]);
    assert_eq!(device.world.memories["new-there"], mine);
}

/// [`busy_with_rows`] where the next run ends before its time: this device dies after a write, or between keeping a row and
/// writing, or the server does. `None` where there are fewer such moments.
fn dying(at: usize) -> Option<(Device, World)> {
    let (mut device, mut server) = busy_with_rows();
    let (mut probe, mut there) = busy_with_rows();
    probe.sync(&mut there);
    let (kept, here) = (probe.world.kept, probe.world.writes);
    match at {
        at if at < here => device.world.dies_after = Some(at),
        at if at < here + kept => device.world.dies_keeping = Some(at - here + 1),
        at if at < here + kept + there.writes => server.dies_after = Some(at - here - kept),
        _ => return None,
    }
    Some((device, server))
}

#[test]
fn what_a_run_did_before_it_died_anywhere_can_be_taken_back() {
    for killed in [false, true] {
        let mut at = 0;
        while let Some((mut device, mut server)) = dying(at) {
            let first = device.runs_since(None).first().copied();
            let (before, on_server) = (whole(&device.world), shown(&server));
            (device.world.is_killed, server.is_killed) = (killed, killed);
            let run = catch_unwind(AssertUnwindSafe(|| drop(device.sync(&mut server))));
            assert_eq!(run.is_err(), killed);
            (device.world.dies_after, device.world.dies_keeping, server.dies_after) = (None, None, None);
            device.sync(&mut server);
            assert_eq!(device.store().open_changes().unwrap(), [], "died at {at}");
            // What was done before it died may be a run of its own.
            for run in device.runs_since(first) {
                let (recall, _) = device.undo_run(run, &mut server, true);
                assert_eq!(recall.moved, [], "died at {at}");
            }
            assert_eq!((whole(&device.world), shown(&server)), (before, on_server), "died at {at}");
            at += 1;
        }
        assert!(at > 10, "{at}");
    }
}

#[test]
fn an_undo_right_after_a_run_that_died_takes_back_what_that_had_done() {
    let mut at = 0;
    while let Some((mut device, mut server)) = dying(at) {
        let first = device.runs_since(None).first().copied();
        let before = whole(&device.world);
        (device.world.is_killed, server.is_killed) = (true, true);
        let run = catch_unwind(AssertUnwindSafe(|| drop(device.sync(&mut server))));
        assert!(run.is_err());
        (device.world.dies_after, device.world.dies_keeping, server.dies_after) = (None, None, None);
        let had_done = whole(&device.world);
        device.settle(&mut server);
        assert_eq!(device.store().open_changes().unwrap(), [], "died at {at}");
        if had_done == before {
            assert_eq!(device.runs_since(first), [], "died at {at}");
        } else {
            assert_eq!(device.runs_since(first).len(), 1, "died at {at}");
            let (recall, _) = device.undo(&mut server, false);
            assert_eq!(recall.moved, [], "died at {at}");
            assert_eq!(whole(&device.world), before, "died at {at}");
            device.undo(&mut server, false);
            assert_eq!(whole(&device.world), had_done, "died at {at}");
            device.undo(&mut server, false);
            device.sync(&mut server);
            let lasts =
                !had_done.0.contains_key("new-there") || !device.world.memories.contains_key("new-there");
            assert!(lasts, "died at {at}");
        }
        at += 1;
    }
    assert!(at > 10, "{at}");
}

#[test]
fn what_somebody_wrote_between_a_run_that_died_and_the_next_comes_back() {
    let (mut device, mut server) = (Device::new(), World::default());
    device.world.rows = Some(BTreeMap::new());
    device.world.set("one", "one", &["start"]);
    device.sync(&mut server);
    server.set("one", "one", &["start", "theirs"]);
    (device.world.dies_keeping, device.world.is_killed) = (Some(device.world.kept + 1), true);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(device.sync(&mut server)))).is_err());
    device.world.dies_keeping = None;
    device.world.set("one", "one", &["start", "ours"]);
    let before = whole(&device.world);
    device.sync(&mut server);
    assert_eq!(device.world.memories["one"].tags.len(), 3, "merged");
    let (recall, _) = device.undo(&mut server, false);
    assert_eq!(recall.moved, []);
    assert_eq!(whole(&device.world), before);
}

#[test]
fn an_undo_that_died_goes_on() {
    for limit in 1..=4 {
        let (mut device, mut server) = busy_with_rows();
        let before = whole(&device.world);
        device.sync(&mut server);
        let after = whole(&device.world);
        (device.world.dies_after, device.world.is_killed) = (Some(device.world.writes + limit), true);
        assert!(catch_unwind(AssertUnwindSafe(|| drop(device.undo(&mut server, false)))).is_err());
        device.world.dies_after = None;
        device.settle(&mut server);
        device.undo(&mut server, false);
        assert_eq!(whole(&device.world), before, "died after {limit}");
        device.undo(&mut server, false);
        assert_eq!(whole(&device.world), after, "died after {limit}");
    }
}

#[test]
fn an_undo_that_died_is_no_restored_backup() {
    let (mut device, mut server) = (Device::new(), World::default());
    let names = ["1", "2", "3", "4", "5"];
    for name in names {
        device.world.set(name, name, &[]);
    }
    device.world.rows = Some(BTreeMap::new());
    device.sync(&mut server);
    for name in names {
        server.set(name, name, &["theirs"]);
    }
    device.sync(&mut server);
    (device.world.dies_after, device.world.is_killed) = (Some(device.world.writes + names.len()), true);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(device.undo(&mut server, false)))).is_err());
    device.world.dies_after = None;
    let (proposal, _) = device.sync(&mut server);
    assert!(proposal.rewind.is_none());
    assert!(server.memories.values().all(|memory| memory.tags.is_empty()), "the undo reached the server");
    device.world.is_killed = true;
    server.set("1", "1", &["more"]);
    device.world.dies_after = Some(device.world.writes + 1);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(device.sync(&mut server)))).is_err());
    device.world.dies_after = None;
    device.settle(&mut server);
    assert_eq!(device.store().open_changes().unwrap(), [], "this was no undo");
}

#[test]
fn an_undo_that_dies_anywhere_loses_nothing() {
    for killed in [false, true] {
        for limit in 0..6 {
            for dies_here in [true, false] {
                let (mut device, mut server) = busy_with_rows();
                device.sync(&mut server);
                let dying = if dies_here { &mut device.world } else { &mut server };
                (dying.dies_after, dying.is_killed) = (Some(dying.writes + limit), killed);
                let _ = catch_unwind(AssertUnwindSafe(|| drop(device.undo(&mut server, true))));
                (device.world.dies_after, server.dies_after) = (None, None);
                let ours: Vec<_> = device.world.memories.keys().cloned().collect();
                let (_, report) = device.sync(&mut server);
                assert!(report.is_some_and(|report| report.error.is_none()));
                let lost: Vec<_> =
                    ours.iter().filter(|key| !device.world.memories.contains_key(*key)).collect();
                assert_eq!(lost, Vec::<&ContentHash>::new(), "died after {limit}, here: {dies_here}");
                let (proposal, _) = device.sync(&mut server);
                assert!(proposal.plan.has_no_steps());
            }
        }
    }
}

#[test]
fn a_memory_comes_back_from_any_sync_with_its_row() {
    let (mut device, mut server) = busy_with_rows();
    let before = whole(&device.world);
    device.sync(&mut server);
    device.world.memories.remove("kept-1");
    let store = device.store();
    let session = session(&store);
    let sync = session.base().unwrap().id.unwrap();
    let here_before = session.origins(sync).unwrap().local.unwrap();
    let source = session.held_at(here_before).unwrap();
    let recall = device.recall(&session, &mut server, |session, ours, theirs| {
        session.recall_memories(&source, None, ours, theirs).unwrap()
    });
    session.execute_recall(&recall, "restore", &mut device.world, None, &mut |_| {}).unwrap();
    let (memories, rows) = whole(&device.world);
    for (key, memory) in &before.0 {
        assert_eq!(memories.get(key), Some(memory), "{key}");
    }
    let [there, gone] = ["changed-there", "deleted-there"].map(key);
    for key in [there, gone] {
        assert_eq!(rows.as_ref().unwrap().get(&key), Some(&7), "{key} has the row that it had");
    }
    assert!(memories.contains_key("new-there"), "what the source does not know is left alone");
}
