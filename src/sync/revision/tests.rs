//! The names as a table: what each leads to in one small history.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::tz::TimeZone;
use tempfile::TempDir;

use super::super::history::pairs;
use super::*;
use crate::object::Memory;
use crate::object::tree::Snapshot;
use crate::reconcile::{Base, Pair};
use crate::store::{Holder, Store};

const DAY: i64 = 86_400;
/// Noon of 2026-11-20.
const FIRST: i64 = 1_795_176_000;

/// Three syncs on three days, at noon; the second memory comes with the second one.
struct History {
    _folder: TempDir,
    store: Store,
    /// What the parts of the history are called in the table.
    names: BTreeMap<String, String>,
}

fn key(name: &str) -> ContentHash {
    ContentHash::new(name).unwrap()
}

fn utc() -> Zone {
    Zone::new(|| TimeZone::UTC)
}

fn session(store: &Store, now: i64) -> Session<'_> {
    Session { store, remote: "origin".to_owned(), device: "laptop".to_owned(), places: Vec::new(), now }
}

fn history() -> History {
    let folder = tempfile::tempdir().unwrap();
    let holder = Holder { pid: 1, command: "memsync sync".to_owned(), since: 0 };
    let (store, _) = Store::create(&folder.path().join("staging.db"), &holder).unwrap();
    let mut names = BTreeMap::new();
    let mut base = Base::new();
    let mut last = None;
    for (number, day) in (1..=3).zip(0..) {
        let session = session(&store, FIRST + day * DAY);
        for (name, form) in [("aaaa1111", "mine"), ("aaaa2222", "the same")].into_iter().take(number) {
            let put = |content: String| store.put_memory(&Memory { content, ..Memory::default() }).unwrap();
            let pair = Pair {
                local: put(format!("{form} {number}")),
                remote: put(format!("theirs, {form} {number}")),
            };
            base.insert(key(name), pair);
        }
        let side = |form: fn(&Pair) -> BlobId| -> Snapshot {
            base.iter().map(|(key, pair)| (key.clone(), form(pair))).collect()
        };
        let ours = session.record_snapshot(&local_reference(), &side(|pair| pair.local), "stash").unwrap();
        let remote = remote_reference("origin").unwrap();
        let theirs = session.record_snapshot(&remote, &side(|pair| pair.remote), "fetch").unwrap();
        let sync = session.record_base(last, pairs(&base), &format!("sync {number}")).unwrap();
        last = Some(sync);
        let (local, remote) = session.sides_at(sync).unwrap();
        names.extend([
            (sync.to_string(), format!("sync {number}")),
            (ours.to_string(), format!("stash {number}")),
            (theirs.to_string(), format!("fetch {number}")),
            (store.commit(sync).unwrap().tree.to_string(), format!("both sides of sync {number}")),
            (local.to_string(), format!("this device at sync {number}")),
            (remote.to_string(), format!("the server at sync {number}")),
        ]);
        for (key, pair) in &base {
            names.insert(pair.local.to_string(), format!("{key} here at sync {number}"));
            names.insert(pair.remote.to_string(), format!("{key} there at sync {number}"));
        }
    }
    History { _folder: folder, store, names }
}

/// The table: a name on each line, and what it leads to at midnight after the last sync's day.
fn table(history: &History, names: &[&str]) -> String {
    let session = session(&history.store, FIRST + 2 * DAY + DAY / 2);
    let mut table = String::new();
    for name in names {
        let found = match session.named(name, &utc()) {
            Ok(found) => {
                let commit = session.revision(name, &utc()).map(Named::Commit);
                let is_commit = matches!(found, Named::Commit(_));
                assert_eq!(commit.ok(), Some(found.clone()).filter(|_| is_commit), "{name}");
                history.names.get(&found.id()).cloned().unwrap_or_else(|| found.id())
            }
            Err(error) => error.to_string(),
        };
        let mut line = format!("{name:<26} {found}");
        for (id, name) in &history.names {
            line = line.replace(id, &format!("[{name}]"));
        }
        writeln!(table, "{line}").unwrap();
    }
    table
}

#[test]
fn the_ways_back_are_gits() {
    let names = [
        "HEAD",
        "@",
        "HEAD~0",
        "HEAD^0",
        "HEAD~",
        "HEAD^",
        "@~2",
        "HEAD~1^",
        "@^^",
        "HEAD~3",
        "HEAD~2^",
        "HEAD^2",
        "HEAD^3",
        "HEAD^4",
        "HEAD~2^2",
        "HEAD~2^3",
        "HEAD^2~1",
        "HEAD^3~2",
        "HEAD^2^2",
        "HEAD~1^{commit}~1",
    ];
    insta::assert_snapshot!(table(&history(), &names), @"
    HEAD                       sync 3
    @                          sync 3
    HEAD~0                     sync 3
    HEAD^0                     sync 3
    HEAD~                      sync 2
    HEAD^                      sync 2
    @~2                        sync 1
    HEAD~1^                    sync 1
    @^^                        sync 1
    HEAD~3                     'HEAD~3' goes back too far: nothing comes before [sync 1]
    HEAD~2^                    'HEAD~2^' goes back too far: nothing comes before [sync 1]
    HEAD^2                     stash 3
    HEAD^3                     fetch 3
    HEAD^4                     there is no 'HEAD^4': [sync 3] has no parent 4
    HEAD~2^2                   stash 1
    HEAD~2^3                   fetch 1
    HEAD^2~1                   stash 2
    HEAD^3~2                   fetch 1
    HEAD^2^2                   there is no 'HEAD^2^2': [stash 3] has no parent 2
    HEAD~1^{commit}~1          sync 1
    ");
}

#[test]
fn refs_have_short_names_and_an_upstream() {
    let names = [
        "local",
        "local~1",
        "origin",
        "origin~2",
        "base/origin",
        "refs/base/origin~1",
        "heads/local",
        "refs/remotes/origin",
        "@{u}",
        "@{upstream}",
        "HEAD@{u}~1",
        "base/origin@{u}",
        "local@{u}",
        "origin@{u}",
        "main",
        "backup",
    ];
    insta::assert_snapshot!(table(&history(), &names), @"
    local                      stash 3
    local~1                    stash 2
    origin                     fetch 3
    origin~2                   fetch 1
    base/origin                sync 3
    refs/base/origin~1         sync 2
    heads/local                stash 3
    refs/remotes/origin        fetch 3
    @{u}                       fetch 3
    @{upstream}                fetch 3
    HEAD@{u}~1                 fetch 2
    base/origin@{u}            fetch 3
    local@{u}                  fetch 3
    origin@{u}                 'origin@{u}' has no upstream
    main                       nothing here is named 'main'
    backup                     nothing here is named 'backup'
    ");
}

#[test]
fn the_reflog_answers_by_number_and_by_time() {
    let names = [
        "@{0}",
        "@{2}",
        "@{3}",
        "origin@{1}",
        "@{u}@{1}",
        "@{1}@{u}",
        "HEAD@{1}~1",
        "@{now}",
        "@{yesterday}",
        "@{36 hours ago}",
        "@{2 weeks ago}",
        "@{2026-11-20}",
        "@{2026-11-21}",
        "@{2026-11-21 12:00}",
        "@{2026-11-21T11:59:59Z}",
        "origin@{yesterday}",
    ];
    insta::assert_snapshot!(table(&history(), &names), @"
    @{0}                       sync 3
    @{2}                       sync 1
    @{3}                       the reflog of refs/base/origin has only 3 entries
    origin@{1}                 fetch 2
    @{u}@{1}                   fetch 2
    @{1}@{u}                   '@{1}@{u}' is no name of a commit: only @{u} can stand before another @{…}
    HEAD@{1}~1                 sync 1
    @{now}                     sync 3
    @{yesterday}               sync 2
    @{36 hours ago}            sync 2
    @{2 weeks ago}             the reflog of refs/base/origin does not go back to '@{2 weeks ago}'
    @{2026-11-20}              the reflog of refs/base/origin does not go back to '@{2026-11-20}'
    @{2026-11-21}              sync 1
    @{2026-11-21 12:00}        sync 2
    @{2026-11-21T11:59:59Z}    sync 1
    origin@{yesterday}         fetch 2
    ");
}

#[test]
fn a_commit_has_trees_and_memories() {
    let names = [
        "HEAD^{tree}",
        "HEAD:",
        "HEAD:local",
        "HEAD:remote",
        "origin^{tree}",
        "HEAD:aaaa1111",
        "HEAD~1:aaaa2",
        "HEAD~2:aaaa2222",
        "HEAD:remote/aaaa1111",
        "HEAD:local/aaaa2",
        "@:aaaa",
        "origin:aaaa1",
        "@{yesterday}:aaaa1",
        "HEAD^2:aaaa1",
        "aaaa1111",
        "aaaa2",
        "aaaa",
    ];
    insta::assert_snapshot!(table(&history(), &names), @"
    HEAD^{tree}                both sides of sync 3
    HEAD:                      both sides of sync 3
    HEAD:local                 this device at sync 3
    HEAD:remote                the server at sync 3
    origin^{tree}              the server at sync 3
    HEAD:aaaa1111              aaaa1111 here at sync 3
    HEAD~1:aaaa2               aaaa2222 here at sync 2
    HEAD~2:aaaa2222            [sync 1] holds no memory 'aaaa2222'
    HEAD:remote/aaaa1111       aaaa1111 there at sync 3
    HEAD:local/aaaa2           aaaa2222 here at sync 3
    @:aaaa                     'aaaa' is short for several things
    origin:aaaa1               aaaa1111 there at sync 3
    @{yesterday}:aaaa1         aaaa1111 here at sync 2
    HEAD^2:aaaa1               aaaa1111 here at sync 3
    aaaa1111                   aaaa1111 here at sync 3
    aaaa2                      aaaa2222 here at sync 3
    aaaa                       'aaaa' is short for several things
    ");
}

#[test]
fn what_is_no_name_says_why() {
    let names = [
        "",
        "aaa",
        "@{-1}",
        "@{soon}",
        "HEAD~1@{1}",
        "HEAD^{blob}",
        "HEAD~x",
        "@{1",
        "HEAD^{tree}~1",
        "HEAD~99999999999999999999",
        "HEAD~1..HEAD",
    ];
    insta::assert_snapshot!(table(&history(), &names), @"
                               '' is no name of a commit: it is empty
    aaa                        'aaa' is too short: name a memory or a commit by at least four characters
    @{-1}                      '@{-1}' is no name of a commit: between the braces belongs a number, 'u', or a time such as 'yesterday'
    @{soon}                    '@{soon}' is no name of a commit: between the braces belongs a number, 'u', or a time such as 'yesterday'
    HEAD~1@{1}                 'HEAD~1@{1}' is no name of a commit: @{…} belongs right behind a ref
    HEAD^{blob}                'HEAD^{blob}' is no name of a commit: only ^{commit} and ^{tree} are known
    HEAD~x                     'HEAD~x' is no name of a commit: expected ~, ^, @{…} or :
    @{1                        '@{1' is no name of a commit: a brace is not closed
    HEAD^{tree}~1              'HEAD^{tree}~1' is no name of a commit: nothing can follow ^{tree}
    HEAD~99999999999999999999  'HEAD~99999999999999999999' is no name of a commit: a number is too large
    HEAD~1..HEAD               'HEAD~1..HEAD' is no name of a commit: a range names no single one
    ");
}

#[test]
fn ids_are_named_by_four_digits_or_more() {
    let history = history();
    for (id, name) in &history.names {
        for length in [12, 63, 64] {
            assert!(table(&history, &[&id[..length]]).contains(name.as_str()), "{name}");
        }
        assert!(table(&history, &[&id[..3]]).contains("is too short"));
    }
    let session = session(&history.store, FIRST);
    let tree = &history.names.iter().find(|(_, name)| name.starts_with("both")).unwrap().0[..12];
    let error = session.revision(tree, &utc()).unwrap_err();
    assert_eq!(error.to_string(), format!("'{tree}' is a tree, not a commit"));
}

#[test]
fn what_a_commit_holds_is_said_not_to_be_one() {
    let history = history();
    let session = session(&history.store, FIRST + 3 * DAY);
    let told = |name: &str| session.revision(name, &utc()).unwrap_err().to_string();
    assert_eq!(told("HEAD:local"), "'HEAD:local' is a tree, not a commit");
    assert_eq!(told("HEAD:aaaa1111"), "'HEAD:aaaa1111' is a blob, not a commit");
    assert_eq!(told("HEAD^{tree}"), "'HEAD^{tree}' is a tree, not a commit");
}

#[test]
fn a_memory_may_be_called_like_anything() {
    let history = history();
    let session = session(&history.store, FIRST + 3 * DAY);
    let blob = history.store.put_memory(&Memory::default()).unwrap();
    let names = ["a note~1", "note: tea", "HEAD~9", "caf\u{e9}"];
    let snapshot = names.iter().map(|name| (key(name), blob)).collect();
    session.record_snapshot(&local_reference(), &snapshot, "stash").unwrap();
    for name in ["a note~1", "note: tea", "note: t", "caf\u{e9}"] {
        assert!(matches!(session.named(name, &utc()), Ok(Named::Memory(..))), "{name}");
    }
    let error = session.named("HEAD~9", &utc()).unwrap_err();
    assert!(matches!(error, RevisionError::NoAncestor { .. }), "a ref goes first: {error}");
}

#[test]
fn before_the_first_sync_only_head_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let holder = Holder { pid: 1, command: "memsync sync".to_owned(), since: 0 };
    let (store, _) = Store::create(&folder.path().join("staging.db"), &holder).unwrap();
    let session = session(&store, FIRST);
    for name in ["HEAD", "@", "HEAD~1", "HEAD:aaaa1111"] {
        let error = session.named(name, &utc()).unwrap_err();
        assert!(matches!(error, RevisionError::NoSync { .. }), "{name}: {error}");
    }
    for name in ["@{0}", "@{yesterday}", "@{u}", "local"] {
        assert!(session.named(name, &utc()).is_err(), "{name}");
    }
    let fetched = remote_reference("origin").unwrap();
    let fetched = session.record_snapshot(&fetched, &Snapshot::new(), "fetch").unwrap();
    assert_eq!(session.revision("@{u}", &utc()).unwrap(), fetched);
    let error = session.revision("local", &utc()).unwrap_err();
    assert!(matches!(error, RevisionError::Unknown { .. }), "{error}");
}
