//! What the staging database promises about its file.
#![expect(clippy::disallowed_methods, reason = "these tests look at the file from outside")]

mod crash;
mod damage;
mod fsck;
mod gc;
mod scripts;
mod vectors;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use insta::assert_snapshot;
use rusqlite::Connection;
use tempfile::TempDir;

use super::schema::MIGRATIONS;
use super::*;
use crate::object::tree::Snapshot;
use crate::object::{
    BlobId, Commit, CommitId, ContentHash, Kind, Memory, ObjectId, Signature, Timestamp, TreeId,
};

/// A new staging database in its own folder.
pub(super) struct Fixture {
    pub(super) folder: TempDir,
    pub(super) store: Store,
}

pub(super) fn holder() -> Holder {
    Holder { pid: 4711, command: "memsync sync".to_owned(), since: 1_700_000_000 }
}

pub(super) fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let (store, is_new) = Store::create(&folder.path().join("staging.db"), &holder()).unwrap();
    assert!(is_new);
    Fixture { folder, store }
}

impl Fixture {
    /// Closes the store and opens it again with `open`.
    pub(super) fn reopen<T>(self, open: impl FnOnce(&Path, &Holder) -> T) -> (TempDir, T) {
        let path = self.store.path().to_owned();
        drop(self.store);
        (self.folder, open(&path, &holder()))
    }
}

pub(super) fn key(number: usize) -> ContentHash {
    ContentHash::new(BlobId::of(format!("key {number}").as_bytes()).to_string()).unwrap()
}

pub(super) fn memory(number: usize) -> Memory {
    Memory {
        content: format!("Memory {number} says that \"SQLite\" is a library; it's small | and fast."),
        tags: ["rust".to_owned(), format!("number {number}")].into(),
        created_at: Timestamp::new(1_712_345_678.25),
        ..Memory::default()
    }
}

/// A commit of one memory.
pub(super) fn commit(store: &Store, number: usize) -> CommitId {
    put_commit(store, number).unwrap()
}

/// The same in a store that may be damaged.
pub(super) fn put_commit(store: &Store, number: usize) -> Result<CommitId, Error> {
    let blob = store.put_memory(&memory(number))?;
    let tree = store.put_snapshot([(&key(number), &blob)])?;
    let author = Signature { name: "laptop".to_owned(), seconds: 1_700_000_000, offset: 0 };
    store.put_commit(&Commit { tree, parents: Vec::new(), author, message: "sync\n".to_owned() })
}

/// Everything in a folder, down to the times of the last change.
fn state_of(folder: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.map(|path| (path.clone(), (modified(&path), fs::read(&path).unwrap())));
    files.chain([(folder.to_owned(), (modified(folder), Vec::new()))]).collect()
}

/// An error with its causes.
fn told(error: &Error, folder: &Path) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.replace(folder.to_str().unwrap(), "[FOLDER]")
}

/// The one message of all these errors.
fn all_told<T: fmt::Debug, const N: usize>(results: [Result<T, Error>; N], folder: &Path) -> String {
    let mut messages: Vec<_> = results.into_iter().map(|result| told(&result.unwrap_err(), folder)).collect();
    messages.dedup();
    messages.join("\n")
}

#[test]
fn a_new_one_is_durable_and_says_what_it_is() {
    let Fixture { store, folder: _folder } = fixture();
    let pragma = |name: &str| -> String {
        let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
        store.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(pragma("synchronous"), "2", "FULL");
    assert_eq!(pragma("journal_mode"), "truncate");
    assert_eq!(pragma("user_version"), "4");
    assert_eq!(pragma("application_id").parse(), Ok(i32::from_be_bytes(*b"msyn")));
}

#[cfg(unix)]
#[test]
fn everything_it_makes_is_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/for/it/staging.db");
    let (store, _) = Store::create(&path, &holder()).unwrap();
    store
        .transaction(|store| -> Result<(), Error> {
            store.put_memory(&memory(1))?;
            assert_eq!(mode(&path.with_extension("db-journal")), 0o600);
            Ok(())
        })
        .unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_extension("db.lock")), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&folder.path().join("made")), 0o700);

    // An empty file that was there, open to everyone.
    let path = folder.path().join("empty.db");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Store::create(&path, &holder()).unwrap().1);
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn creating_it_again_keeps_what_is_there() {
    let fixture = fixture();
    fixture.store.set_fact("remote", "origin", 1).unwrap();
    let (_folder, again) = fixture.reopen(Store::create);
    let (store, is_new) = again.unwrap();
    assert!(!is_new);
    assert_eq!(store.fact("remote").unwrap().as_deref(), Some("origin"));
}

#[test]
fn opening_what_is_not_there_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("staging.db");
    let opened = [Store::open(&path, &holder()), Store::open_read_only(&path, &holder())];
    assert_snapshot!(all_told(opened, folder.path()), @"there is no staging database at [FOLDER]/staging.db");
    assert_eq!(state_of(folder.path()).len(), 1, "only the folder");
}

#[test]
fn an_older_schema_is_migrated_and_a_newer_one_refused_untouched() {
    let newer = &[MIGRATIONS, &["ALTER TABLE facts ADD COLUMN note TEXT"]].concat();
    let broken = &[MIGRATIONS, &["ALTER TABLE facts ADD COLUMN note TEXT; SELECT nonsense"]].concat();
    let fixture = fixture();
    fixture.store.set_fact("remote", "origin", 1).unwrap();
    let path = fixture.store.path().to_owned();

    // A step that fails leaves the file at its version.
    let (folder, failed) = fixture.reopen(|path, holder| Store::open_with(path, holder, broken));
    assert!(failed.is_err());
    drop(Store::open(&path, &holder()).unwrap());

    let migrated = Store::open_read_only_with(&path, &holder(), newer).unwrap();
    assert_eq!(migrated.fact("remote").unwrap().as_deref(), Some("origin"));
    assert_eq!(schema::version(&migrated.connection).unwrap(), 5);
    migrated.connection.query_row("SELECT note FROM facts", [], |_| Ok(())).unwrap();
    drop(migrated);

    let before = state_of(folder.path());
    let refused = [
        Store::create(&path, &holder()).map(|(store, _)| store),
        Store::open(&path, &holder()),
        Store::open_read_only(&path, &holder()),
    ];
    assert_snapshot!(all_told(refused, folder.path()), @"[FOLDER]/staging.db has schema version 5; this memsync knows versions up to 4");
    assert_eq!(state_of(folder.path()), before);
}

#[test]
fn a_file_that_is_something_else_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, sql: &str| {
        let path = folder.path().join(name);
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(sql).unwrap();
        // With its WAL, as a program leaves it that is still running.
        std::mem::forget(connection);
        path
    };
    let text = folder.path().join("notes.txt");
    fs::write(&text, "SQLite format 3, but no database").unwrap();
    let paths = [
        text,
        make("other.db", "PRAGMA journal_mode = WAL; CREATE TABLE t (x);"),
        make("scripts.db", "CREATE TABLE IF NOT EXISTS staged_memories (id TEXT PRIMARY KEY)"),
    ];
    let before = state_of(folder.path());
    let mut messages = Vec::new();
    for path in paths {
        messages.push(told(&Store::open(&path, &holder()).unwrap_err(), folder.path()));
        let created = Store::create(&path, &holder()).unwrap_err();
        assert!(matches!(created, Error::Foreign { .. } | Error::Legacy { .. }));
        let read = Store::open_read_only(&path, &holder()).unwrap_err();
        assert!(matches!(read, Error::Foreign { .. } | Error::Legacy { .. }));
    }
    assert_eq!(state_of(folder.path()), before);
    assert_snapshot!(messages.join("\n"), @"
        [FOLDER]/notes.txt is not a staging database of memsync: it is no SQLite database
        [FOLDER]/other.db is not a staging database of memsync: it is another program's SQLite database
        [FOLDER]/scripts.db was made by the sync scripts of mcp-memory-service
        ");
}

#[test]
fn a_second_one_is_told_who_has_it() {
    let Fixture { folder, store } = fixture();
    let path = store.path().to_owned();
    assert_snapshot!(told(&Store::open(&path, &holder()).unwrap_err(), folder.path()), @"[FOLDER]/staging.db is in use by `memsync sync` (process 4711, since 2023-11-14T22:13:20Z)");

    fs::write(folder.path().join("staging.db.lock"), "odd").unwrap();
    assert_snapshot!(told(&Store::create(&path, &holder()).unwrap_err(), folder.path()), @"[FOLDER]/staging.db is in use by another process");
    // Reading needs no lock.
    drop(Store::open_read_only(&path, &holder()).unwrap());

    drop(store);
    drop(Store::open(&path, &holder()).unwrap());
    assert_eq!(fs::read(folder.path().join("staging.db.lock")).unwrap(), b"", "nobody is named any more");
}

#[test]
fn read_only_changes_not_a_byte() {
    let fixture = fixture();
    let known = fixture.store.put_memory(&memory(1)).unwrap();
    let head = RefName::new("refs/heads/main").unwrap();
    let old = commit(&fixture.store, 1);
    fixture.store.move_reference(&head, None, old, "first", 1).unwrap();
    let (folder, store) = fixture.reopen(Store::open_read_only);
    let store = store.unwrap();
    let before = state_of(folder.path());

    // Objects can be put, and are there as long as the store is open.
    let new = store
        .transaction(|store| {
            assert_eq!(store.put_memory(&memory(1))?, known);
            store.put_memory(&memory(2))
        })
        .unwrap();
    assert_eq!(store.memory(new).unwrap(), memory(2));
    let snapshot: Snapshot = (0..200).map(|n| (key(n), new)).collect();
    let tree = store.put_snapshot(&snapshot).unwrap();
    assert_eq!(store.snapshot(tree).unwrap(), snapshot);
    assert_eq!(store.objects_with_prefix(&new.to_string()[..8], 9).unwrap(), [(Kind::Blob, new.to_string())]);
    let next = commit(&store, 3);

    // Nothing else can.
    let written = [
        store.move_reference(&head, Some(old), next, "second", 2),
        store.set_fact("remote", "origin", 2),
        store.set_index("local", [(&key(1), IndexEntry { blob: known, updated_at: None })]),
    ];
    assert_snapshot!(all_told(written, folder.path()), @"[FOLDER]/staging.db cannot be written: attempt to write a readonly database: Error code 8: attempt to write a readonly database");
    assert_eq!(store.reference(&head).unwrap(), Some(old));
    drop(store);
    assert_eq!(state_of(folder.path()), before);

    let store = Store::open(&folder.path().join("staging.db"), &holder()).unwrap();
    assert_eq!(store.object(new.as_bytes()).unwrap(), None);
}

#[cfg(unix)]
#[test]
fn a_file_without_write_permission_is_refused_at_once() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = fixture();
    let path = fixture.store.path().to_owned();
    let (folder, ()) = fixture.reopen(|path, _| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o400)).unwrap();
    });
    if fs::OpenOptions::new().write(true).open(&path).is_ok() {
        eprintln!("skipped: this user may write any file");
        return;
    }
    assert_snapshot!(told(&Store::open(&path, &holder()).unwrap_err(), folder.path()), @"[FOLDER]/staging.db cannot be written");
    drop(Store::open_read_only(&path, &holder()).unwrap());
}

#[test]
fn a_full_disk_loses_nothing_that_was_there() {
    let Fixture { folder, store } = fixture();
    let first = store.put_memory(&memory(1)).unwrap();
    let limit =
        |pages: u32| store.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()));
    limit(1).unwrap();

    let filled = store.transaction(|store| -> Result<(), Error> {
        store.transaction(|store| -> Result<(), Error> {
            (2..10_000).try_for_each(|number| store.put_memory(&memory(number)).map(drop))
        })
    });
    assert_snapshot!(told(&filled.unwrap_err(), folder.path()), @"no room is left to write [FOLDER]/staging.db: database or disk is full: Error code 13: database or disk is full");
    assert_eq!(store.memory(first).unwrap(), memory(1));
    assert_eq!(store.object(memory(2).id().as_bytes()).unwrap(), None, "all of it was undone");

    limit(1_000_000).unwrap();
    store.put_memory(&memory(2)).unwrap();
}

#[test]
fn another_program_that_holds_the_file_is_busy() {
    let Fixture { folder, store } = fixture();
    store.connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let other = Connection::open(store.path()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert_snapshot!(told(&store.fact("remote").unwrap_err(), folder.path()), @"[FOLDER]/staging.db is kept busy by another program: database is locked: Error code 5: database is locked");
    drop(other);
    assert_eq!(store.fact("remote").unwrap(), None);
}

#[test]
fn a_transaction_is_kept_whole_or_not_at_all() {
    let Fixture { store, folder: _folder } = fixture();
    let fails = || Err::<(), _>(Error::NotInitialised { path: PathBuf::new() });

    let undone = store.transaction(|store| {
        store.set_fact("outer", "1", 1)?;
        fails()
    });
    assert!(undone.is_err());
    assert_eq!(store.fact("outer").unwrap(), None);

    store
        .transaction(|store| {
            store.set_fact("outer", "2", 2)?;
            let inner = store.transaction(|store| {
                store.set_fact("inner", "2", 2)?;
                fails()
            });
            assert!(inner.is_err());
            store.transaction(|store| store.set_fact("second", "2", 2))
        })
        .unwrap();
    assert_eq!(store.fact("outer").unwrap().as_deref(), Some("2"));
    assert_eq!(store.fact("inner").unwrap(), None);
    assert_eq!(store.fact("second").unwrap().as_deref(), Some("2"));
}
