//! Packing, and dropping what nothing needs.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio, id};

use rusqlite::params;

use super::*;
use crate::object::{Resolution, SideName};
use crate::store::conflicts::Conflict;

mod property;

const DAY: i64 = 24 * 60 * 60;
/// The moment at which the tests' process began.
const NOW: i64 = 1_700_000_000;
pub(super) const USUAL: Retention = Retention { objects: Some(NOW - 90 * DAY), reflog: NOW - 90 * DAY };

fn collect(store: &Store, retention: Retention) -> Collected {
    store.collect(retention, &mut |_, _| {}).unwrap()
}

/// Every object of a store.
fn objects(store: &Store) -> BTreeMap<Vec<u8>, (Kind, Vec<u8>)> {
    let ids: Vec<Vec<u8>> = store.rows("ids", "SELECT id FROM objects", [], |row| row.get(0)).unwrap();
    ids.into_iter().map(|id| (id.clone(), store.object(&id).unwrap().unwrap())).collect()
}

/// A memory with words of its own, as people write.
fn note(number: usize) -> Memory {
    let words =
        ["tea", "the garden gate", "sticks in winter", "Ada", "calls", "on Monday", "because", "water boils"];
    let mut content = String::new();
    let mut seed = number;
    for _ in 0..40 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        content.push_str(words[seed >> 33 & 7]);
        content.extend([format!(" {} ", seed >> 50)]);
    }
    Memory { content, ..memory(number) }
}

fn snapshot(store: &Store, numbers: impl Iterator<Item = usize>) -> Snapshot {
    store
        .transaction(|store| -> Result<Snapshot, Error> {
            numbers.map(|number| Ok((key(number), store.put_memory(&note(number))?))).collect()
        })
        .unwrap()
}

/// A commit of a snapshot on a ref, after the one that is there.
fn record(store: &Store, name: &str, snapshot: &Snapshot, at: i64) -> CommitId {
    let name = RefName::new(name).unwrap();
    let last = store.reference(&name).unwrap();
    let tree = store.put_snapshot(snapshot).unwrap();
    let author = Signature { name: "laptop".to_owned(), seconds: at, offset: 0 };
    let commit = Commit { tree, parents: last.into_iter().collect(), author, message: "stash\n".to_owned() };
    let commit = store.put_commit(&commit).unwrap();
    store.move_reference(&name, last, commit, "stash", at).unwrap();
    commit
}

fn age(store: &Store, days: i64) {
    store.execute("objects", "UPDATE objects SET at = ?1", [NOW - days * DAY]).unwrap();
}

#[test]
fn a_packed_database_is_smaller_and_holds_the_same() {
    let Fixture { store, folder: _folder } = fixture();
    record(&store, "refs/heads/local", &snapshot(&store, 0..1_000), NOW);
    let before = objects(&store);
    let planned = store.collectable(USUAL).unwrap();
    let done = collect(&store, USUAL);
    assert_eq!((done.packed, done.dropped), (before.len() as u64, 0));
    assert_eq!((planned.packed, planned.before), (done.packed, done.before));
    assert!(done.after * 5 < done.before * 4, "{done:?}");
    assert_eq!(objects(&store), before);
    assert_eq!(store.fsck(false).unwrap().findings, []);

    let again = collect(&store, USUAL);
    assert_eq!((again.packed, again.dropped, again.before), (0, 0, again.after));
    // What comes later takes the dictionary that is there; once it is most of all, there is a new one.
    record(&store, "refs/heads/local", &snapshot(&store, 500..1_200), NOW);
    let later = collect(&store, USUAL);
    assert!(later.packed > 200 && later.packed < 300, "{later:?}");
    record(&store, "refs/heads/local", &snapshot(&store, 2_000..6_000), NOW);
    let all = collect(&store, USUAL);
    assert_eq!(all.packed, objects(&store).len() as u64);
    let dictionaries = store.row("d", "SELECT count(*), max(id) FROM dictionaries", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    });
    assert_eq!(dictionaries.unwrap(), Some((1, 2)), "the one that nothing needs is gone");
}

#[test]
fn only_what_nothing_needs_and_nobody_used_lately_is_dropped() {
    let Fixture { store, folder: _folder } = fixture();
    let old = store.put_memory(&memory(1)).unwrap();
    let refound = store.put_memory(&memory(2)).unwrap();
    age(&store, 100);
    let unknown = store.put_memory(&memory(3)).unwrap();
    store.batch("UPDATE objects SET at = 0 WHERE at > 1699000000").unwrap();
    // Putting it again is using it.
    store.put_memory(&memory(2)).unwrap();
    let young = commit(&store, 4);
    // What something young leads to is as young, however old.
    let led_to = memory(4).id();
    store.execute("o", "UPDATE objects SET at = 1 WHERE id = ?1", params![led_to]).unwrap();

    let there = |id: &dyn Fn() -> Vec<u8>| store.object(&id()).unwrap().is_some();
    let is_there = |id: BlobId| there(&|| id.as_bytes().to_vec());
    assert_eq!(store.collectable(USUAL).unwrap().dropped, 1);
    assert_eq!(collect(&store, USUAL).dropped, 1);
    assert!(!is_there(old));
    assert!(is_there(refound) && is_there(unknown) && is_there(led_to));
    assert!(store.commit(young).is_ok());

    assert_eq!(collect(&store, Retention { objects: None, ..USUAL }).dropped, 0);
    assert_eq!(collect(&store, Retention { objects: Some(NOW + 1), ..USUAL }).dropped, 5);
    assert_eq!(objects(&store), BTreeMap::new());
}

#[test]
fn an_object_is_dated_anew_at_most_once_a_day() {
    let Fixture { store, folder: _folder } = fixture();
    let blob = store.put_memory(&memory(1)).unwrap();
    let at = || store.row("o", "SELECT at FROM objects", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(at(), Some(NOW));
    for (seconds, renewed) in [(DAY, false), (DAY + 1, true)] {
        store.execute("objects", "UPDATE objects SET at = ?1", [NOW - seconds]).unwrap();
        let changes = store.connection.total_changes();
        assert_eq!(store.put_memory(&memory(1)).unwrap(), blob);
        assert_eq!(store.connection.total_changes() > changes, renewed, "{seconds} seconds");
    }
    assert_eq!(at(), Some(NOW));
}

#[test]
fn the_reflog_is_kept_for_a_while_and_its_newest_entries_for_good() {
    let Fixture { store, folder: _folder } = fixture();
    let commits: Vec<CommitId> = (1..=4).map(|number| commit(&store, number)).collect();
    let (main, gone) = (RefName::new("refs/heads/main").unwrap(), RefName::new("refs/heads/gone").unwrap());
    store.move_reference(&main, None, commits[0], "first", NOW - 300 * DAY).unwrap();
    store.move_reference(&main, Some(commits[0]), commits[1], "second", NOW - 200 * DAY).unwrap();
    store.move_reference(&main, Some(commits[1]), commits[2], "third", NOW - 80 * DAY).unwrap();
    store.move_reference(&gone, None, commits[3], "made", NOW - 300 * DAY).unwrap();
    store.delete_reference(&gone, commits[3], "deleted", NOW - 290 * DAY).unwrap();
    age(&store, 100);

    let done = collect(&store, USUAL);
    assert_eq!((done.moves, done.dropped), (3, 3), "a commit, its tree and its memory");
    assert_eq!(store.reflog(&main).unwrap().len(), 1);
    assert_eq!(store.reflog(&gone).unwrap().len(), 1);
    assert!(store.commit(commits[0]).is_err());
    assert!(commits[1..].iter().all(|commit| store.commit(*commit).is_ok()));
    assert_eq!(store.fsck(false).unwrap().findings, []);
}

#[test]
fn what_a_run_did_is_kept_as_long_as_the_run() {
    let Fixture { store, folder: _folder } = fixture();
    let main = RefName::new("refs/heads/main").unwrap();
    let kept = commit(&store, 1);
    store.move_reference(&main, None, kept, "sync", NOW).unwrap();
    let lost = commit(&store, 2);
    let blobs: Vec<BlobId> = (10..13).map(|number| store.put_memory(&memory(number)).unwrap()).collect();
    let sql = "INSERT INTO changes (run, remote, side, key, before, row)
               VALUES (?1, 'origin', 'local', 'k', ?2, x'00')";
    for (run, blob) in [Some(kept), None, Some(lost)].iter().zip(&blobs) {
        store.execute("changes", sql, params![run, blob]).unwrap();
    }
    age(&store, 100);
    collect(&store, USUAL);
    let left: Vec<BlobId> =
        store.rows("c", "SELECT before FROM changes ORDER BY sequence", [], |row| row.get(0)).unwrap();
    assert_eq!(left, blobs[..2]);
    assert!(store.memory(blobs[0]).is_ok() && store.memory(blobs[1]).is_ok());
    assert!(store.memory(blobs[2]).is_err());
}

#[test]
fn a_damaged_file_is_left_alone() {
    for damage in [
        "UPDATE objects SET data = x'00' WHERE id = (SELECT min(id) FROM objects)",
        "DELETE FROM objects WHERE kind = 'tree'",
        "UPDATE refs SET target = x'00'",
    ] {
        let fixture = fixture();
        record(&fixture.store, "refs/heads/local", &snapshot(&fixture.store, 0..100), NOW);
        fixture.store.put_memory(&memory(999)).unwrap();
        age(&fixture.store, 100);
        fixture.store.batch(damage).unwrap();
        let path = fixture.store.path().to_owned();
        let before = fs::read(&path).unwrap();
        let failed = fixture.store.collect(USUAL, &mut |_, _| {});
        assert!(matches!(failed, Err(Error::Damaged { .. })), "{damage}");
        assert_eq!(fs::read(&path).unwrap(), before, "{damage}");
    }
}

#[test]
fn a_full_disk_and_a_reader_lose_nothing() {
    let Fixture { store, folder } = fixture();
    record(&store, "refs/heads/local", &snapshot(&store, 0..400), NOW);
    let before = objects(&store);
    let pages: u32 = store.row("p", "PRAGMA page_count", [], |row| row.get(0)).unwrap().unwrap();
    let limit = |pages: u32| {
        store.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    };
    limit(pages);
    let failed = store.collect(USUAL, &mut |_, _| {}).unwrap_err();
    assert!(matches!(failed, Error::Full { .. }), "{failed:?}");
    assert_eq!(objects(&store), before);
    limit(1_000_000);

    // A reader looks on while objects are packed, and one that does not end is told of, with nothing lost.
    let reader = Store::open_read_only(store.path(), &holder()).unwrap();
    let mut looked = 0;
    store.connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let done = store.collect(USUAL, &mut |_, _| {
        looked += 1;
        assert_eq!(objects(&Store::open_read_only(store.path(), &holder()).unwrap()), before);
    });
    assert!(done.is_ok() && looked > 0);
    record(&store, "refs/heads/local", &snapshot(&store, 400..900), NOW);
    reader.batch("BEGIN; SELECT count(*) FROM objects").unwrap();
    assert_snapshot!(told(&store.collect(USUAL, &mut |_, _| {}).unwrap_err(), folder.path()), @"[FOLDER]/staging.db is kept busy by another program: database is locked: Error code 5: database is locked");
    reader.batch("COMMIT").unwrap();
    assert!(collect(&store, USUAL).packed > 0);
    assert_eq!(store.fsck(false).unwrap().findings, []);
}

/// Words as this program's own comments have them, some of them often.
fn words() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).unwrap());
    texts.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// A store and a git repository of the same memories, as big as `MEMSYNC_TEST_MEMORIES` says; with
/// `MEMSYNC_TEST_TEXTS`, of the canonical texts in the files of that folder.
#[test]
#[ignore = "measures: cargo test --lib beside_gits -- --ignored --nocapture"]
fn a_packed_database_beside_gits() {
    let texts: Vec<Memory> = if let Some(folder) = std::env::var_os("MEMSYNC_TEST_TEXTS") {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files
            .filter(|path| path.is_file())
            .map(|path| Memory::parse(&fs::read(path).unwrap()).unwrap())
            .collect()
    } else {
        let count = std::env::var("MEMSYNC_TEST_MEMORIES").map_or(10_000, |text| text.parse().unwrap());
        let words = words();
        let mut seed = 1_usize;
        let mut word = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            words[(seed >> 33) % words.len()].as_str()
        };
        let mut text = || (0..60).map(|_| word()).collect::<Vec<_>>().join(" ");
        (0..count).map(|number| Memory { content: text(), ..memory(number) }).collect()
    };
    let Fixture { store, folder } = fixture();
    let repository = folder.path().join("git");
    fs::create_dir(&repository).unwrap();
    let git = |arguments: &[&str]| {
        let identity =
            ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "gc.auto=0", "-c", "maintenance.auto=0"];
        let mut git = Command::new("git");
        assert!(git.current_dir(&repository).args(identity).args(arguments).status().unwrap().success());
    };
    git(&["init", "-q", "--object-format=sha256"]);
    let snapshot: Snapshot = store
        .transaction(|store| -> Result<_, Error> {
            texts.iter().enumerate().map(|(n, text)| Ok((key(n), store.put_memory(text)?))).collect()
        })
        .unwrap();
    for (key, blob) in &snapshot {
        fs::write(repository.join(key.as_str()), store.memory(*blob).unwrap().to_blob()).unwrap();
    }
    git(&["add", "-A"]);
    git(&["commit", "-qm", "all"]);
    git(&["gc", "-q", "--prune=now"]);
    let local = record(&store, "refs/heads/local", &snapshot, NOW);
    record(&store, "refs/remotes/origin", &snapshot, NOW);
    let tree = store.commit(local).unwrap().tree;
    store.put_pair(tree, tree).unwrap();
    let entry = |blob: &BlobId| IndexEntry { blob: *blob, updated_at: Timestamp::new(1_712_345_678.125) };
    let index = snapshot.iter().map(|(key, blob)| (key, entry(blob)));
    store.set_index("origin", index).unwrap();

    let done = collect(&store, USUAL);
    let packs = size_of(&repository.join(".git/objects"));
    let whole = packs + fs::metadata(repository.join(".git/index")).unwrap().len();
    let each = |bytes: u64| bytes / texts.len() as u64;
    println!(
        "{} memories: loose {}, packed {} bytes each; git's packs {}, with its index {}",
        texts.len(),
        each(done.before),
        each(done.after),
        each(packs),
        each(whole)
    );
    let sql = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 6";
    let parts = store.rows("sizes", sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)));
    println!("{parts:?}");
    assert!(done.after * 10 <= whole * 12, "{} of {whole}", done.after);
}

fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { size_of(&path) } else { fs::metadata(&path).unwrap().len() }).sum()
}

/// Where the child process of the test below finds the staging database.
const PATH: &str = "MEMSYNC_TEST_GC_KILLED_AT";

/// Not a test of its own: the process that gets killed between two batches.
#[test]
#[ignore = "run by `a_killed_gc_leaves_nothing_to_repair`"]
fn be_killed() {
    let Some(path) = std::env::var_os(PATH).map(PathBuf::from) else { return };
    let store = Store::open(&path, &Holder { pid: id(), ..holder() }).unwrap();
    let _ = store.collect(USUAL, &mut |_, _| {
        println!("\nready");
        loop {
            std::thread::park();
        }
    });
}

#[test]
fn a_killed_gc_leaves_nothing_to_repair() {
    let fixture = fixture();
    record(&fixture.store, "refs/heads/local", &snapshot(&fixture.store, 0..3_000), NOW);
    let before = objects(&fixture.store);
    let (_folder, path) = fixture.reopen(|path, _| path.to_owned());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::gc::be_killed", "--ignored", "--nocapture"])
        .env(PATH, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "ready"));
    child.kill().unwrap();
    child.wait().unwrap();

    let store = Store::open(&path, &holder()).unwrap();
    let packed = "SELECT count(*) FROM objects WHERE dictionary IS NOT NULL";
    let packed: u32 = store.row("o", packed, [], |row| row.get(0)).unwrap().unwrap();
    assert!(packed > 0 && (packed as usize) < before.len(), "{packed}");
    assert_eq!(objects(&store), before);
    assert_eq!(store.fsck(false).unwrap().findings, []);
    assert!(collect(&store, USUAL).after < 1_500_000);
    assert_eq!(objects(&store), before);
}
