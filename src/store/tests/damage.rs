//! Files whose bytes were changed by something else.

use super::*;
use crate::object::{Mark, Marks, SideName};

pub(super) const MEMORIES: usize = 80;

/// What is noted of as many rows.
fn marks() -> Marks {
    let mark = |number: usize| Mark {
        row: i64::try_from(number).unwrap(),
        name: number as u64,
        hash: number as u128,
    };
    Marks { rows: (0..MEMORIES).map(mark).collect(), ..Marks::default() }
}

/// Puts something into every table.
pub(super) fn fill(store: &Store) -> Result<(Snapshot, TreeId, CommitId), Error> {
    store.vectors().keep("model", &[("tea", vectors::vector(1))])?;
    store.transaction(|store| {
        let mut snapshot = Snapshot::new();
        for number in 0..MEMORIES {
            snapshot.insert(key(number), store.put_memory(&memory(number))?);
        }
        let tree = store.put_snapshot(&snapshot)?;
        store.put_snapshot(&Snapshot::new())?;
        let commit = put_commit(store, 1)?;
        let head = RefName::new("refs/heads/main").unwrap();
        store.move_reference(&head, store.reference(&head)?, commit, "sync", 1)?;
        let blob = snapshot[&key(1)];
        let entry = IndexEntry { blob, updated_at: Timestamp::new(1.5) };
        store.set_index("local", snapshot.keys().map(|key| (key, entry)))?;
        let remote = "origin".to_owned();
        store.set_conflicts(
            &remote,
            &[Conflict {
                key: key(1),
                remote: remote.clone(),
                base: Some((blob, blob)),
                ours: Some(blob),
                theirs: None,
                fields: vec!["content".to_owned()],
                since: 1,
                resolution: None,
                held: Some(blob),
                choices: BTreeMap::new(),
                is_reopened: false,
            }],
        )?;
        let (side, reason) = (SideName::Remote, "too long".to_owned());
        store.record_failure(&Failure {
            key: key(2),
            remote: remote.clone(),
            side,
            reason,
            refused: Some(blob),
            similar_to: None,
            attempts: 1,
            at: 1,
        })?;
        store.begin_intents(&[Intent { remote, side, key: key(3), expected: None, target: Some(blob) }])?;
        store.set_fact("last_remote_sync", "1", 1)?;
        store.set_marks(commit, &marks())?;
        let source_machine = "laptop".to_owned();
        let operation = Operation::Insert;
        store.set_staged(&[Staged { key: key(1), operation, blob, staged_at: 1, source_machine }])?;
        Ok((snapshot, tree, commit))
    })
}

/// Calls everything that reads. What objects and vectors answer must be what was put.
fn read_everything(store: &Store, written: &(Snapshot, TreeId, CommitId)) -> Vec<Error> {
    let (snapshot, tree, commit) = written;
    let mut errors = Vec::new();
    let mut note = |result: Result<(), Error>| errors.extend(result.err());
    for number in 0..MEMORIES {
        let read = store.memory(snapshot[&key(number)]);
        note(read.map(|read| assert_eq!(read, memory(number))));
    }
    note(store.snapshot(*tree).map(|read| assert_eq!(&read, snapshot)));
    note(store.find(*tree, &key(1)).map(|found| assert_eq!(found, Some(snapshot[&key(1)]))));
    note(store.diff(*tree, TreeId::of(b"")).map(|found| assert_eq!(found.len(), snapshot.len())));
    note(store.commit(*commit).map(drop));
    note(store.objects_with_prefix("a", 10).map(drop));
    note(store.references().map(drop));
    note(store.reflog(&RefName::new("refs/heads/main").unwrap()).map(drop));
    note(store.index("local").map(drop));
    note(store.conflicts("origin").map(drop));
    note(store.failures("origin").map(drop));
    note(store.journal().map(drop));
    note(store.fact("last_remote_sync").map(drop));
    note(store.staged().map(drop));
    note(store.last_reading().map(drop));
    note(store.marks().map(|read| assert!(read.is_none_or(|(_, read)| read.rows == marks().rows))));
    let found = store.vectors().find("model", &["tea"]);
    note(found.map(|found| assert!(found[0].as_ref().is_none_or(|found| *found == vectors::vector(1)))));
    errors
}

#[test]
fn a_changed_byte_is_an_error_that_says_so_and_never_a_wrong_object() {
    let fixture = fixture();
    let written = fill(&fixture.store).unwrap();
    let (folder, path) = fixture.reopen(|path, _| path.to_owned());
    let whole = fs::read(&path).unwrap();

    let mut found = 0;
    // Every byte of the header, then a sample that hits all parts of all pages.
    for at in (0..100).chain((100..whole.len()).step_by(397)) {
        let mut bytes = whole.clone();
        bytes[at] ^= if at % 2 == 0 { 0xff } else { 1 };
        fs::write(&path, &bytes).unwrap();
        let mut errors = Vec::new();
        for open in [Store::open_read_only, Store::open] {
            match open(&path, &holder()) {
                Err(error) => errors.push(error),
                Ok(store) => {
                    errors.extend(read_everything(&store, &written));
                    if !store.is_read_only() {
                        // Whether this reaches the disk is of no interest here.
                        store.batch("PRAGMA synchronous = OFF").unwrap();
                        errors.extend(fill(&store).err());
                    }
                }
            }
        }
        found += usize::from(!errors.is_empty());
        for error in errors {
            let is_told =
                matches!(error, Error::Damaged { .. } | Error::Foreign { .. } | Error::Newer { .. });
            assert!(is_told, "byte {at}: {}", told(&error, folder.path()));
        }
    }
    assert!(found > 80, "only {found} were noticed; the others hit counters, free space and plain columns");
}

#[test]
fn a_file_that_was_cut_off_is_damaged() {
    let fixture = fixture();
    fill(&fixture.store).unwrap();
    let (folder, path) = fixture.reopen(|path, _| path.to_owned());
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();

    let opened = [Store::open_read_only(&path, &holder()), Store::open(&path, &holder())];
    assert_snapshot!(all_told(opened, folder.path()), @"[FOLDER]/staging.db is damaged: the schema cannot be read: database disk image is malformed: Error code 11: database disk image is malformed");
}

#[test]
fn a_damaged_or_missing_object_is_named() {
    let Fixture { folder, store } = fixture();
    let blob = store.put_memory(&memory(1)).unwrap();
    let told = |result: Result<Memory, Error>| told(&result.unwrap_err(), folder.path());

    store.batch("UPDATE objects SET kind = 'tree'").unwrap();
    assert_snapshot!(told(store.memory(blob)), @"[FOLDER]/staging.db is damaged: tree c586ab15def9041ebf1a91885e2aac9b8e28414c3270ba758d039c9be3adeb79 cannot be read: its bytes do not hash to its id");
    store.batch("UPDATE objects SET kind = 'blob', size = size - 1").unwrap();
    assert_snapshot!(told(store.memory(blob)), @"[FOLDER]/staging.db is damaged: blob c586ab15def9041ebf1a91885e2aac9b8e28414c3270ba758d039c9be3adeb79 cannot be read: its bytes do not hash to its id");
    store.batch("UPDATE objects SET size = 9223372036854775807").unwrap();
    assert_eq!(store.memory(blob).unwrap(), memory(1), "only the bytes have to be right");
    store.batch("UPDATE objects SET data = 'text'").unwrap();
    assert_snapshot!(told(store.memory(blob)), @"[FOLDER]/staging.db is damaged: the objects cannot be read: Invalid column type Text at index: 2, name: data");
    store.batch("DELETE FROM objects").unwrap();
    assert_snapshot!(told(store.memory(blob)), @"[FOLDER]/staging.db is damaged: blob c586ab15def9041ebf1a91885e2aac9b8e28414c3270ba758d039c9be3adeb79 is missing");

    store
        .batch("INSERT INTO conflicts VALUES ('k', 'origin', x'00', NULL, NULL, NULL, '[', 0, 'maybe', NULL, '{}', NULL, 0)")
        .unwrap();
    assert!(matches!(store.conflicts("origin"), Err(Error::Damaged { .. })));
}
