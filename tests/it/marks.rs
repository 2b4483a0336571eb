//! Reading a database by what was noted of it: whatever anybody does to the file between two readings, the second one
//! finds what a reading of every row finds.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
use std::time::Duration;

use memsync::embed::Makers;
use memsync::local;
use memsync::object::tree::Snapshot;
use memsync::object::{BlobId, Bookkeeping, ContentHash, Edit, Marks, ObjectId, SideName, Timestamp};
use memsync::reconcile::Base;
use memsync::side::{self, Change, Found, Side, Witness};
use memsync::store::{Holder, Store};
use memsync::sync::Session;
use rusqlite::{Connection, params};

use crate::support::Database;

/// A device whose database others write to.
struct Place {
    folder: tempfile::TempDir,
    database: Database,
}

impl Place {
    fn new(memories: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::in_folder(folder.path());
        local::prepare(database.path()).unwrap();
        let place = Self { folder, database };
        let connection = place.connect();
        connection.execute_batch("BEGIN").unwrap();
        for number in 0..memories {
            insert(&connection, None, &hash(number), "made at the start");
        }
        connection.execute_batch("COMMIT").unwrap();
        drop(connection);
        Store::create(&place.staging(), &holder()).unwrap();
        place
    }

    fn staging(&self) -> std::path::PathBuf {
        self.folder.path().join("staging.db")
    }

    fn connect(&self) -> Connection {
        let connection = Connection::open(self.database.path()).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection
    }

    fn open(&self) -> local::Database {
        local::Database::open(local::Options {
            path: self.database.path().to_owned(),
            bookkeeping: Bookkeeping::default(),
            busy_timeout: Duration::from_secs(5),
            now: Timestamp::new(1.7e9).unwrap(),
            makers: Makers::default(),
        })
        .unwrap()
    }

    /// What a reading by marks finds, and how many rows it had to read. `keeps` notes it.
    fn read(&self, keeps: bool) -> (Snapshot, usize) {
        let store = if keeps {
            Store::open(&self.staging(), &holder()).unwrap()
        } else {
            Store::open_read_only(&self.staging(), &holder()).unwrap()
        };
        let (mut database, mut rows) = (self.open(), 0);
        let session = session(&store);
        let reading = session.read_local(&mut database, &Base::new(), &mut |_| rows += 1).unwrap();
        if keeps {
            session.record_local(&reading).unwrap();
        }
        (reading.snapshot, rows)
    }

    /// What a reading of every row finds.
    fn read_whole(&self) -> Snapshot {
        let store = Store::open_read_only(&self.staging(), &holder()).unwrap();
        let session = session(&store);
        session.read(SideName::Local, &mut self.open(), &Base::new(), &mut |_| {}).unwrap().snapshot
    }

    /// Waits until the files' times tell the next write from the last.
    fn settle(&self) {
        let mut database = self.open();
        for _ in 0..1_000 {
            if database.state().is_some() {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("the files of an idle database do not come to rest");
    }
}

/// A database to which something happens while it is read.
struct Disturbed<'a> {
    database: local::Database,
    /// Done once its state was told.
    after_state: Option<Box<dyn FnOnce() + 'a>>,
    /// Done when the first row is shown.
    at_first_row: Option<Box<dyn FnOnce() + 'a>>,
}

impl<'a> Disturbed<'a> {
    fn after_state(place: &Place, what: impl FnOnce() + 'a) -> Self {
        Self { database: place.open(), after_state: Some(Box::new(what)), at_first_row: None }
    }

    fn at_first_row(place: &Place, what: impl FnOnce() + 'a) -> Self {
        Self { database: place.open(), after_state: None, at_first_row: Some(Box::new(what)) }
    }
}

impl Side for Disturbed<'_> {
    fn snapshot(&mut self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), side::Error> {
        self.database.snapshot(visit)
    }

    fn state(&mut self) -> Option<String> {
        let state = self.database.state();
        if let Some(what) = self.after_state.take() {
            what();
        }
        state
    }

    fn changes(
        &mut self,
        marks: Option<Marks>,
        visit: &mut dyn FnMut(Change) -> ControlFlow<()>,
    ) -> Result<Option<Marks>, side::Error> {
        let Self { database, at_first_row, .. } = self;
        database.changes(marks, &mut |change| {
            if let Some(what) = at_first_row.take() {
                what();
            }
            visit(change)
        })
    }

    fn get(&mut self, keys: &[ContentHash]) -> Result<Vec<Option<Found>>, side::Error> {
        self.database.get(keys)
    }

    fn apply(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), side::Error> {
        self.database.apply(edits, witness)
    }
}

fn holder() -> Holder {
    Holder { pid: std::process::id(), command: "test".to_owned(), since: 1_700_000_000 }
}

fn session(store: &Store) -> Session<'_> {
    let (remote, device) = ("origin".to_owned(), "laptop".to_owned());
    Session { store, remote, device, places: Vec::new(), now: 1_700_000_000 }
}

/// The name of a memory; some are no hashes.
fn hash(number: usize) -> String {
    let hash = BlobId::of(&number.to_le_bytes()).to_string();
    if number.is_multiple_of(11) { format!("odd/{number}") } else { hash }
}

fn insert(connection: &Connection, id: Option<i64>, hash: &str, content: &str) {
    let sql = "INSERT INTO memories (id, content_hash, content, tags, memory_type, metadata, created_at, created_at_iso,
                   updated_at, updated_at_iso)
               VALUES (?1, ?2, ?3, 'tea,home', 'note', '{\"a\": 1}', 1.5, NULL, 1.5, NULL) ON CONFLICT DO NOTHING";
    connection.execute(sql, params![id, hash, content]).unwrap();
}

/// Numbers that look like chance and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// Puts the file back as it was, as a backup program may: into the file that is there, or as another one.
fn put_back(from: &Path, to: &Path, renames: bool) {
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", to.display()));
    }
    if renames {
        let aside = to.with_extension("new");
        fs::copy(from, &aside).unwrap();
        fs::rename(&aside, to).unwrap();
    } else {
        fs::write(to, fs::read(from).unwrap()).unwrap();
    }
    let times = FileTimes::new().set_modified(from.metadata().unwrap().modified().unwrap());
    File::options().write(true).open(to).unwrap().set_times(times).unwrap();
}

/// Does something to a row of the database, or to all of it.
fn disturb(place: &Place, random: &mut Random, round: usize) -> &'static str {
    let path = place.database.path();
    let times = FileTimes::new().set_modified(path.metadata().unwrap().modified().unwrap());
    let connection = place.connect();
    let rows = "SELECT id FROM memories ORDER BY id";
    let ids: Vec<i64> = connection
        .prepare(rows)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let (one, other) = (ids[random.below(ids.len())], ids[random.below(ids.len())]);
    let update =
        |sql: &str| assert!(connection.execute(&format!("UPDATE memories SET {sql}"), [one]).is_ok());
    match random.below(20) {
        0 => insert(&connection, None, &hash(10_000 + round), "new"),
        1 => update("content = replace(content, 'a', 'b') WHERE id = ?"),
        2 => update("tags = tags || ',more' WHERE id = ?"),
        3 => update("metadata = '{\"b\": ' || id || '}' WHERE id = ?"),
        4 => update("created_at = created_at + 1, memory_type = NULL WHERE id = ?"),
        5 => update("created_at = NULL, created_at_iso = '2024-01-01T00:00:00Z' WHERE id = ?"),
        6 => update("deleted_at = iif(deleted_at IS NULL, 1.5, NULL) WHERE id = ?"),
        7 => update("superseded_by = content_hash WHERE id = ?"),
        8 => update("updated_at = updated_at + 1, updated_at_iso = 'x' WHERE id = ?"),
        9 => update("metadata = '{\"a\": 1, \"access_count\": 7}' WHERE id = ?"),
        10 => {
            connection.execute("DELETE FROM memories WHERE id = ?1", [one]).unwrap();
            insert(&connection, Some(one), &hash(20_000 + round), "in the place of another");
            return "a row's id is used again";
        }
        11 => {
            connection.execute("DELETE FROM memories WHERE id IN (?1, ?2)", [one, other]).unwrap();
        }
        12 if one != other => {
            let name = |id: i64| -> String {
                connection
                    .query_row("SELECT content_hash FROM memories WHERE id = ?1", [id], |row| row.get(0))
                    .unwrap()
            };
            let (first, second) = (name(one), name(other));
            let sql = "UPDATE memories SET content_hash = ?1 WHERE id = ?2";
            for (name, id) in [("between", one), (&first, other), (&second, one)] {
                connection.execute(sql, params![name, id]).unwrap();
            }
            return "two names change places";
        }
        13 => connection.execute_batch("VACUUM").unwrap(),
        14 => connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap(),
        15 => connection.execute_batch("PRAGMA journal_mode = DELETE").unwrap(),
        16 => connection.execute_batch("PRAGMA journal_mode = WAL").unwrap(),
        17 => {
            connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
            fs::copy(path, path.with_extension("backup")).unwrap();
            return "a backup is made";
        }
        18 if path.with_extension("backup").exists() => {
            drop(connection);
            put_back(&path.with_extension("backup"), path, random.below(2) == 0);
            return "a backup is put back";
        }
        _ => {
            update("content = replace(content, 'e', 'i') WHERE id = ?");
            drop(connection);
            File::options().write(true).open(path).unwrap().set_times(times).unwrap();
            return "the file's time is put back after an edit";
        }
    }
    "a row changes"
}

#[test]
fn no_change_is_ever_hidden() {
    // Many rows are looked at by two threads.
    for (seed, memories) in (0..).zip([150, 150, 150, 150, 4_500, 4_500]) {
        let mut random = Random(seed);
        let place = Place::new(memories);
        // As long as a program has the database open, its write-ahead log stays.
        let service = (seed % 2 == 0).then(|| place.connect());
        for round in 0..60 {
            let what: Vec<&str> = (0..random.below(4)).map(|_| disturb(&place, &mut random, round)).collect();
            if random.below(6) == 0 {
                place.settle();
            }
            let (found, _) = place.read(random.below(3) > 0);
            assert_eq!(found, place.read_whole(), "seed {seed}, round {round}: {what:?}");
        }
        drop(service);
    }
}

#[test]
fn a_database_that_nobody_wrote_to_is_not_read() {
    let place = Place::new(150);
    assert_eq!(place.read(true).1, 150, "at first every row is read");
    place.settle();
    place.read(true);
    let store = Store::open_read_only(&place.staging(), &holder()).unwrap();
    let device = session(&store).read_device(&mut place.open(), &Base::new(), &mut |_| {}).unwrap().unwrap();
    assert!(device.is_noted());

    // One row that differs is one row that is read, whatever the files look like.
    place.connect().execute("UPDATE memories SET tags = 'one' WHERE id = 7", []).unwrap();
    let device = session(&store).read_device(&mut place.open(), &Base::new(), &mut |_| {}).unwrap().unwrap();
    assert!(!device.is_noted());
    assert_eq!(place.read(true), (place.read_whole(), 1));
}

#[test]
fn while_somebody_writes_the_files_tell_nothing() {
    let place = Place::new(20);
    let service = place.connect();
    service.execute_batch("BEGIN IMMEDIATE; UPDATE memories SET tags = 'not yet'").unwrap();
    place.settle();
    let before = place.read(true).0;
    service.execute_batch("COMMIT").unwrap();
    assert_ne!(place.read_whole(), before);
    let staging = Connection::open(place.staging()).unwrap();
    let state: Option<String> =
        staging.query_row("SELECT state FROM readings", [], |row| row.get(0)).unwrap();
    assert_eq!(state, None);
    assert_eq!(place.read(true).0, place.read_whole());
}

#[test]
fn a_file_that_takes_the_place_of_the_one_being_read_is_not_taken_for_it() {
    let place = Place::new(20);
    let other = Place::new(10);
    other.connect().execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    other.settle();
    place.settle();
    let store = Store::open(&place.staging(), &holder()).unwrap();
    let replace = || {
        fs::rename(other.database.path(), place.database.path()).unwrap();
        place.settle();
    };
    let mut replaced = Disturbed::at_first_row(&place, replace);
    let reading = session(&store).read_local(&mut replaced, &Base::new(), &mut |_| {}).unwrap();
    assert_eq!(reading.snapshot.len(), 20, "what was opened is read to its end");
    session(&store).record_local(&reading).unwrap();
    let state = replaced.state();
    drop((store, replaced));
    assert_eq!(place.read(true).0, place.read_whole());
    assert_eq!(place.read_whole().len(), 10);
    assert_eq!(state, None, "what lies at the path says nothing of what was opened");
}

#[test]
fn a_sync_while_somebody_only_looks_is_seen_whole_or_not_at_all() {
    let place = Place::new(20);
    place.settle();
    place.read(true);
    place.connect().execute("UPDATE memories SET tags = 'looked at' WHERE id = 7", []).unwrap();
    let looking = Store::open_read_only(&place.staging(), &holder()).unwrap();
    let mut database = Disturbed::after_state(&place, || drop(place.read(true)));
    let seen = session(&looking).read_local(&mut database, &Base::new(), &mut |_| {}).unwrap();
    assert_eq!(seen.snapshot, place.read_whole());
}

#[test]
fn other_settings_read_every_row() {
    let place = Place::new(20);
    place.settle();
    place.read(true);
    let store = Store::open_read_only(&place.staging(), &holder()).unwrap();
    let mut database = local::Database::open(local::Options {
        path: place.database.path().to_owned(),
        bookkeeping: Bookkeeping::with_ignored(vec!["a".to_owned()]),
        busy_timeout: Duration::from_secs(5),
        now: Timestamp::new(1.7e9).unwrap(),
        makers: Makers::default(),
    })
    .unwrap();
    let whole = session(&store).read(SideName::Local, &mut database, &Base::new(), &mut |_| {}).unwrap();
    let marked = session(&store).read_local(&mut database, &Base::new(), &mut |_| {}).unwrap();
    assert_eq!(marked.snapshot, whole.snapshot);
    assert_ne!(marked.snapshot, place.read(false).0);
}

#[test]
fn marks_that_are_damaged_are_not_used_and_told() {
    let damages: BTreeMap<&str, &str> = [
        ("a hash", "UPDATE marks SET data = substr(data, 1, 20) || X'00' || substr(data, 22)"),
        ("a part", "DELETE FROM marks"),
        ("its type", "UPDATE marks SET data = 'text'"),
        ("the key", "UPDATE readings SET key = X'00112233445566778899aabbccddeeff', state = NULL"),
        ("the count", "UPDATE readings SET rows = -1"),
        ("another count", "UPDATE readings SET lacking = 'x'"),
        ("the form", "UPDATE readings SET form = X'ff00'"),
    ]
    .into();
    for (what, damage) in damages {
        let place = Place::new(20);
        place.read(true);
        let staging = Connection::open(place.staging()).unwrap();
        staging.execute_batch("UPDATE readings SET state = NULL").unwrap();
        staging.execute_batch(damage).unwrap();
        drop(staging);
        place.connect().execute("UPDATE memories SET tags = 'one' WHERE id = 7", []).unwrap();
        let store = Store::open_read_only(&place.staging(), &holder()).unwrap();
        let found = store.fsck(false).unwrap().findings;
        assert_eq!(found.len(), 1, "{what}: {found:?}");
        assert_eq!(found[0].place, "the marks of the last reading", "{what}");
        drop(store);
        assert_eq!(place.read(true).0, place.read_whole(), "{what}");
        let store = Store::open_read_only(&place.staging(), &holder()).unwrap();
        assert_eq!(store.fsck(false).unwrap().findings, [], "{what}: the next reading mends it");
    }
}

#[test]
fn a_last_reading_that_is_damaged_is_none() {
    let damages =
        ["snapshot = zeroblob(32)", "snapshot = 'text'", "rows = -1", "lacking = 'x'", "state = X'ff00'"];
    for damage in damages {
        let place = Place::new(20);
        place.settle();
        place.read(true);
        let staging = Connection::open(place.staging()).unwrap();
        assert_eq!(staging.execute(&format!("UPDATE readings SET {damage}"), []), Ok(1));
        drop(staging);
        let store = Store::open_read_only(&place.staging(), &holder()).unwrap();
        assert_ne!(store.fsck(false).unwrap().findings, [], "{damage}");
        let device =
            session(&store).read_device(&mut place.open(), &Base::new(), &mut |_| {}).unwrap().unwrap();
        assert_eq!((device.held, device.is_noted()), (20, false), "{damage}");
        drop(store);
        assert_eq!(place.read(true).0, place.read_whole(), "{damage}");
        let store = Store::open_read_only(&place.staging(), &holder()).unwrap();
        assert_eq!(store.fsck(false).unwrap().findings, [], "{damage}: the next reading mends it");
    }
}

#[test]
fn what_cannot_be_carried_is_found_by_reading_every_row() {
    let place = Place::new(20);
    place.read(true);
    place.connect().execute("UPDATE memories SET content = X'ff' WHERE id = 7", []).unwrap();
    let store = Store::open_read_only(&place.staging(), &holder()).unwrap();
    let session = session(&store);
    assert!(session.read_device(&mut place.open(), &Base::new(), &mut |_| {}).unwrap().is_none());
    let reading = session.read_local(&mut place.open(), &Base::new(), &mut |_| {}).unwrap();
    assert_eq!((reading.snapshot.len(), reading.unreadable.len()), (19, 1));
}
