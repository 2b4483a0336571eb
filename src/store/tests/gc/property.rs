//! Whatever happened before, `gc` keeps what is needed and what is young, and nothing else for good.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use rusqlite::params;

use super::*;

/// One thing that happens to a staging database.
#[derive(Clone, Debug)]
enum Step {
    /// A snapshot of these memories on one of three refs.
    Record(u8, Vec<u8>),
    /// A ref goes away.
    Delete(u8),
    /// A conflict about a memory, with a memory in each of the columns that name one.
    Conflict(u8),
    /// What a run did to a memory: the newest commit of a ref, or one that has no commit yet.
    Change(u8, u8),
    /// A memory that nothing leads to.
    Loose(u8),
    /// So many days pass.
    Wait(u8),
    /// What it is all about.
    Collect,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u8, vec(0..90_u8, 0..80)).prop_map(|(name, held)| Step::Record(name, held)),
        1 => (0..3_u8).prop_map(Step::Delete),
        1 => (0..90_u8).prop_map(Step::Conflict),
        1 => (0..4_u8, 0..90_u8).prop_map(|(name, number)| Step::Change(name, number)),
        2 => (90..120_u8).prop_map(Step::Loose),
        2 => (1..80_u8).prop_map(Step::Wait),
        2 => Just(Step::Collect),
    ]
}

/// What is needed, found out in another way than `gc` does: each thing is read as whoever needs it reads it.
fn needed(store: &Store, reflog_since: i64) -> BTreeSet<Vec<u8>> {
    let mut needed = BTreeSet::new();
    let mut open: Vec<CommitId> = store.references().unwrap().into_iter().map(|(_, id)| id).collect();
    for number in 0..3 {
        let log = store.reflog(&RefName::new(format!("refs/heads/{number}")).unwrap()).unwrap();
        let kept = log.into_iter().enumerate().filter(|(back, entry)| *back == 0 || entry.at >= reflog_since);
        open.extend(kept.flat_map(|(_, entry)| [entry.old, entry.new]).flatten());
    }
    let mut open_changes = store.open_changes().unwrap();
    while let Some(id) = open.pop() {
        if needed.insert(id.as_bytes().to_vec()) {
            let commit = store.commit(id).unwrap();
            needed.insert(commit.tree.as_bytes().to_vec());
            needed.extend(store.snapshot(commit.tree).unwrap().values().map(|blob| blob.as_bytes().to_vec()));
            open.extend(commit.parents);
            open_changes.extend(store.changes(id).unwrap());
        }
    }
    let of_changes = open_changes.into_iter().flat_map(|change| [change.before, change.after]);
    let of_conflicts = store.conflicts("origin").unwrap().into_iter().flat_map(|conflict| {
        let Some(Resolution::Merged(merged)) = conflict.resolution else { panic!("it was resolved") };
        let (local, remote) = conflict.base.unzip();
        [local, remote, conflict.ours, conflict.theirs, conflict.held, merged]
    });
    needed.extend(of_changes.chain(of_conflicts).flatten().map(|blob| blob.as_bytes().to_vec()));
    needed
}

/// A conflict whose answer was carried out on this device and not yet on the server.
fn conflict(store: &Store, number: u8, since: i64) {
    let blob = |n: usize| store.put_memory(&note(1_000 + 10 * usize::from(number) + n)).unwrap();
    let conflict = Conflict {
        key: key(number.into()),
        remote: "origin".to_owned(),
        base: Some((blob(0), blob(1))),
        ours: Some(blob(2)),
        theirs: Some(blob(3)),
        fields: Vec::new(),
        since,
        resolution: None,
        held: None,
        choices: BTreeMap::new(),
        is_reopened: false,
    };
    store.set_conflicts("origin", std::slice::from_ref(&conflict)).unwrap();
    store.resolve("origin", &conflict.key, Resolution::Merged(Some(blob(4)))).unwrap();
    let held = "UPDATE conflicts SET held = ?1";
    store.execute("conflicts", held, params![blob(5)]).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_needed_is_ever_lost(steps in vec(step(), 1..24)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("staging.db");
        drop(Store::create(&path, &holder()).unwrap());
        let mut now = NOW;
        // When each loose memory was put for the last time.
        let mut used: BTreeMap<BlobId, i64> = BTreeMap::new();
        for step in steps.into_iter().chain([Step::Collect]) {
            let store = Store::open(&path, &Holder { since: now, ..holder() }).unwrap();
            store.batch("PRAGMA synchronous = OFF").unwrap();
            let reference = |number: u8| RefName::new(format!("refs/heads/{number}")).unwrap();
            match step {
                Step::Record(name, held) => {
                    let held = snapshot(&store, held.into_iter().map(usize::from));
                    record(&store, reference(name).as_str(), &held, now);
                }
                Step::Delete(name) => {
                    if let Some(target) = store.reference(&reference(name)).unwrap() {
                        store.delete_reference(&reference(name), target, "delete", now).unwrap();
                    }
                }
                Step::Conflict(number) => conflict(&store, number, now),
                Step::Change(name, number) => {
                    let put = |n: usize| store.put_memory(&note(n + usize::from(number))).unwrap();
                    let (before, after) = (Some(put(3_000)), Some(put(4_000)));
                    let (side, key) = (SideName::Local, key(number.into()));
                    let change = Change { side, key: key.clone(), before, after, row: None };
                    store.keep_changes("origin", &[change]).unwrap();
                    if let Some(run) = store.reference(&reference(name)).unwrap() {
                        store.close_changes(run, "origin", side, &key).unwrap();
                    }
                }
                Step::Loose(number) => {
                    used.insert(store.put_memory(&note(number.into())).unwrap(), now);
                }
                Step::Wait(days) => now += i64::from(days) * DAY,
                Step::Collect => {
                    let before = objects(&store);
                    let cutoff = now - 90 * DAY;
                    let needed = needed(&store, cutoff);
                    prop_assert_eq!(store.fsck(false).unwrap().findings, []);
                    let planned = store.collectable(Retention { objects: Some(cutoff), reflog: cutoff }).unwrap();
                    let done = collect(&store, Retention { objects: Some(cutoff), reflog: cutoff });
                    prop_assert_eq!((planned.dropped, planned.moves), (done.dropped, done.moves));
                    let after = objects(&store);
                    prop_assert_eq!(done.dropped, (before.len() - after.len()) as u64);
                    prop_assert!(after.iter().all(|(id, object)| before.get(id) == Some(object)));
                    prop_assert!(needed.iter().all(|id| after.contains_key(id)), "something needed is gone");
                    // An object's date may be a day behind its last use.
                    let young = used.iter().filter(|(_, at)| **at >= cutoff + DAY);
                    for (blob, at) in young {
                        prop_assert!(after.contains_key(blob.as_bytes()), "put on {at}, dropped on {now}");
                    }
                    prop_assert_eq!(store.fsck(false).unwrap().findings, []);
                    // And nothing else is kept for good.
                    let later = store.collectable(Retention { objects: Some(now + 1), reflog: cutoff }).unwrap();
                    prop_assert_eq!(later.dropped, (after.len() - needed.len()) as u64);
                }
            }
        }
    }
}
