//! Damages planted one by one, each in a file that was whole.

use super::damage::fill;
use super::*;

const ORIGIN: &str = "refs/base/origin";

/// A staging database with something in every table, after a sync and a `gc`.
fn synced() -> Fixture {
    let fixture = fixture();
    let store = &fixture.store;
    let (_, tree, commit) = fill(store).unwrap();
    let pair = store.put_pair(tree, tree).unwrap();
    let author = Signature { name: "laptop".to_owned(), seconds: 1_700_000_000, offset: 0 };
    let base = Commit { tree: pair, parents: vec![commit], author, message: "sync\n".to_owned() };
    let base = store.put_commit(&base).unwrap();
    store.move_reference(&RefName::new(ORIGIN).unwrap(), None, base, "sync", 1).unwrap();
    let blob = memory(1).id();
    let sql = "INSERT INTO changes (run, remote, side, key, before, after) VALUES (?1, 'origin', 'local', 'k', ?2, ?3)";
    store.execute("the changes", sql, rusqlite::params![base, blob, blob]).unwrap();
    // Enough for a dictionary to be worth its room.
    store.put_memory(&Memory { content: "again and again ".repeat(2_000), ..memory(1) }).unwrap();
    store.collect(Retention { objects: None, reflog: 0 }, &mut |_, _| {}).unwrap();
    assert!(store.fsck(false).unwrap().findings.is_empty(), "{:?}", store.fsck(false));
    fixture
}

/// What is told about a store, one line for each finding; ids are cut short.
fn told_of(store: &Store, connectivity_only: bool) -> String {
    let line = |found: Finding| {
        let text = format!("{}: {}: {}", found.damage.as_str(), found.place, found.problem);
        let words: Vec<String> = text.split(' ').map(short).collect();
        words.join(" ") + "\n"
    };
    let mut lines: Vec<String> =
        store.fsck(connectivity_only).unwrap().findings.into_iter().map(line).collect();
    let more = lines.split_off(lines.len().min(4));
    if !more.is_empty() {
        lines.push(format!("and {} more\n", more.len()));
    }
    lines.concat()
}

/// A word in which an id is cut to eight digits.
fn short(word: &str) -> String {
    let digits = word.chars().take_while(char::is_ascii_hexdigit).count();
    if digits == 64 { format!("{}{}", &word[..8], &word[64..]) } else { word.to_owned() }
}

/// What `fsck` says of a file in which `sql` was run.
fn after(sql: &str) -> String {
    let fixture = synced();
    fixture.store.batch(sql).unwrap();
    let (_folder, store) = fixture.reopen(Store::open_read_only);
    told_of(&store.unwrap(), false)
}

#[test]
fn nothing_is_told_of_what_is_whole_and_not_a_byte_is_written() {
    let fixture = synced();
    let unreachable = fixture.store.put_memory(&memory(4_711)).unwrap();
    let (folder, store) = fixture.reopen(Store::open_read_only);
    let store = store.unwrap();
    let before = state_of(folder.path());
    let checked = store.fsck(false).unwrap();
    assert_eq!(checked.findings, []);
    assert_eq!(
        (checked.references, checked.unreachable),
        (2, 3),
        "{unreachable}, the long one, the empty snapshot"
    );
    assert_eq!(store.fsck(true).unwrap(), checked);
    assert_eq!(state_of(folder.path()), before);
}

/// Each damage in words, and the SQL that does it; `{blob}` is a memory.
const PLANTED: &[(&str, &str)] = &[
    ("an object that a tree names is missing", "DELETE FROM objects WHERE hex(id) = upper('{blob}')"),
    ("a blob is cut short", "UPDATE objects SET data = substr(data, 1, 9) WHERE hex(id) = upper('{blob}')"),
    ("a blob is called a tree", "UPDATE objects SET kind = 'tree' WHERE hex(id) = upper('{blob}')"),
    ("an object is of no kind", "UPDATE objects SET kind = 'tag' WHERE hex(id) = upper('{blob}')"),
    ("data is no blob", "UPDATE objects SET data = 'text' WHERE hex(id) = upper('{blob}')"),
    ("an id is too short", "UPDATE objects SET id = x'00' WHERE hex(id) = upper('{blob}')"),
    ("all trees are missing", "DELETE FROM objects WHERE kind = 'tree'"),
    ("the dictionary is missing", "DELETE FROM dictionaries"),
    ("the dictionary is another", "UPDATE dictionaries SET data = x'00112233445566778899'"),
    ("a ref leads nowhere", "UPDATE refs SET target = zeroblob(32) WHERE name = 'refs/heads/main'"),
    ("a ref names no id", "UPDATE refs SET target = x'00' WHERE name = 'refs/heads/main'"),
    ("a ref has no name", "UPDATE refs SET name = 'a..b' WHERE name = 'refs/heads/main'"),
    ("a ref names a memory", "UPDATE refs SET target = unhex('{blob}') WHERE name = 'refs/heads/main'"),
    (
        "a base is a snapshot",
        "UPDATE refs SET target = (SELECT target FROM refs WHERE name = 'refs/heads/main')
             WHERE name = 'refs/base/origin'",
    ),
    (
        "a ref was put back",
        "UPDATE refs SET target = (SELECT target FROM refs WHERE name = 'refs/base/origin')
             WHERE name = 'refs/heads/main'",
    ),
    ("a ref is gone", "DELETE FROM refs WHERE name = 'refs/base/origin'"),
    ("a view is gone", "DROP VIEW sync_status"),
    ("the reflog leads nowhere", "UPDATE reflog SET new = zeroblob(32) WHERE sequence = 1"),
    ("the reflog holds no text", "UPDATE reflog SET message = x'ff' WHERE sequence = 1"),
    ("a fact has no moment", "UPDATE facts SET at = 'soon'"),
    ("an object has no moment", "UPDATE objects SET at = 'soon' WHERE hex(id) = upper('{blob}')"),
    ("a conflict leads nowhere", "UPDATE conflicts SET ours = zeroblob(32)"),
    ("a conflict's merged memory is missing", "UPDATE conflicts SET merged = zeroblob(32)"),
    ("a conflict has half a base", "UPDATE conflicts SET base_remote = NULL"),
    ("a conflict's fields are no list", "UPDATE conflicts SET fields = '['"),
    ("a conflict has no such resolution", "UPDATE conflicts SET resolution = 'maybe'"),
    ("a conflict's remote is no text", "UPDATE conflicts SET remote = x'6f'"),
    ("a conflict's remote is no UTF-8", "UPDATE conflicts SET remote = CAST(x'ff' AS TEXT)"),
    ("the index's side is no text", "UPDATE OR IGNORE side_index SET side = x'6f'"),
    ("a failure's remote is no text", "UPDATE failures SET remote = x'6f'"),
    ("the index leads nowhere", "UPDATE side_index SET blob = zeroblob(32)"),
    ("the index holds no number", "UPDATE side_index SET updated_at = 'soon'"),
    ("a staged change leads nowhere", "UPDATE staged SET blob = zeroblob(32)"),
    ("a staged change does nothing", "UPDATE staged SET operation = 'NOTHING'"),
    ("the journal leads nowhere", "UPDATE journal SET target = zeroblob(32)"),
    ("the journal names no side", "UPDATE journal SET side = 'middle'"),
    ("a failure leads nowhere", "UPDATE failures SET refused = zeroblob(32)"),
    ("a failure names no side", "UPDATE failures SET side = 'middle'"),
    ("a change's run is missing", "UPDATE changes SET run = zeroblob(32)"),
    ("a change leads nowhere", "UPDATE changes SET before = zeroblob(32)"),
    ("a change's copy of a row is cut short", "UPDATE changes SET row = x'00', size = 9"),
    ("a change's remote is no text", "UPDATE changes SET remote = x'6f'"),
    ("a staged change shows scripts no text", "UPDATE staged SET tags = x'6f'"),
    ("a staged change shows scripts no moment", "UPDATE staged SET original_created_at = 'soon'"),
    ("a vector is another", "UPDATE vectors SET vector = zeroblob(1536)"),
    (
        "an index lacks rows",
        "PRAGMA writable_schema = ON;
          UPDATE sqlite_schema SET sql = 'CREATE INDEX reflog_by_name ON reflog (message)'
            WHERE name = 'reflog_by_name'; PRAGMA writable_schema = RESET",
    ),
];

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are one snapshot")]
fn every_planted_damage_is_found() {
    let blob = memory(7).id().to_string();
    let plant = |(what, sql): &(&str, &str)| format!("# {what}\n{}", after(&sql.replace("{blob}", &blob)));
    let told = PLANTED.iter().map(plant).collect::<Vec<_>>().concat();
    for part in told.split("# ").skip(1) {
        assert!(part.lines().count() > 1, "not found: {part}");
    }
    assert_snapshot!(told, @r#"
    # an object that a tree names is missing
    missing-object: tree 1ccb4298: it names blob 45cc2362, which is missing
    # a blob is cut short
    damaged-object: blob 45cc2362: Src size is incorrect
    # a blob is called a tree
    damaged-object: tree 45cc2362: its bytes do not hash to its id
    missing-object: tree 1ccb4298: it names blob 45cc2362, which is a tree
    # an object is of no kind
    damaged-object: 45cc2362: it is of no known kind
    missing-object: tree 1ccb4298: it names blob 45cc2362, which is missing
    # data is no blob
    damaged-object: blob 45cc2362: Invalid column type Text at index: 3, name: data
    # an id is too short
    row: the objects: a row has no object id
    missing-object: tree 1ccb4298: it names blob 45cc2362, which is missing
    # all trees are missing
    missing-object: commit 26a22195: it names tree c1c02727, which is missing
    missing-object: commit 6aa2b8e6: it names tree 6dd7168e, which is missing
    # the dictionary is missing
    missing-dictionary: dictionary 1: it is missing, and objects need it to be read
    # the dictionary is another
    damaged-object: blob 7c48b1b3: Dictionary is corrupted
    damaged-object: blob c586ab15: Dictionary is corrupted
    damaged-object: blob 78941d7d: Dictionary is corrupted
    damaged-object: blob ca144dcb: Dictionary is corrupted
    and 88 more
    # a ref leads nowhere
    missing-object: refs/heads/main: it names commit 00000000, which is missing
    row: refs/heads/main: it is not where its last move left it, says its reflog
    # a ref names no id
    row: refs/heads/main: what it names is no object id
    row: refs/heads/main: it is not where its last move left it, says its reflog
    # a ref has no name
    row: the refs: "a..b" cannot name a ref: Reference name cannot contain repeated dots
    row: refs/heads/main: it is not where its last move left it, says its reflog
    # a ref names a memory
    missing-object: refs/heads/main: it names commit 45cc2362, which is a blob
    row: refs/heads/main: it is not where its last move left it, says its reflog
    # a base is a snapshot
    row: refs/base/origin: it is not where its last move left it, says its reflog
    shape: refs/base/origin: it names a snapshot of one side and not a sync
    # a ref was put back
    row: refs/heads/main: it is not where its last move left it, says its reflog
    # a ref is gone
    row: refs/base/origin: it is not where its last move left it, says its reflog
    # a view is gone
    file: the schema: the view sync_status is missing
    # the reflog leads nowhere
    missing-object: the reflog of refs/heads/main: it names commit 00000000, which is missing
    row: refs/heads/main: it is not where its last move left it, says its reflog
    # the reflog holds no text
    row: the reflog cannot be read: Invalid column type Blob at index: 3, name: message
    # a fact has no moment
    row: the facts cannot be read: Invalid column type Text at index: 2, name: at
    # an object has no moment
    row: blob 45cc2362: the moment when it was put is no number
    # a conflict leads nowhere
    missing-object: the conflict about 845b003f with origin: it names blob 00000000, which is missing
    # a conflict's merged memory is missing
    missing-object: the conflict about 845b003f with origin: it names blob 00000000, which is missing
    # a conflict has half a base
    row: the conflict about 845b003f with origin: one half of its base is missing
    # a conflict's fields are no list
    row: the conflicts cannot be read: Conversion error from type Text at index: 6, EOF while parsing a list at line 1 column 1
    # a conflict has no such resolution
    row: the conflicts cannot be read: Invalid column type Text at index: 8, name: resolution
    # a conflict's remote is no text
    row: the conflicts: the remote of a row is no text
    # a conflict's remote is no UTF-8
    row: the conflicts: the remote of a row is no text
    # the index's side is no text
    row: the index: the side of a row is no text
    # a failure's remote is no text
    row: the failures: the remote of a row is no text
    # the index leads nowhere
    missing-object: what local was last seen to hold as 01080ea4: it names blob 00000000, which is missing
    # the index holds no number
    row: the index cannot be read: Invalid column type Text at index: 2, name: updated_at
    # a staged change leads nowhere
    missing-object: the staged change of 845b003f: it names blob 00000000, which is missing
    # a staged change does nothing
    row: the staged changes cannot be read: Invalid column type Text at index: 1, name: operation
    # the journal leads nowhere
    missing-object: the journal about 96b8d1da: it names blob 00000000, which is missing
    # the journal names no side
    row: the journal cannot be read: Invalid column type Text at index: 1, name: side
    # a failure leads nowhere
    missing-object: the failure of 229eb4ad: it names blob 00000000, which is missing
    # a failure names no side
    row: the failures cannot be read: Invalid column type Text at index: 2, name: side
    # a change's run is missing
    missing-object: the change of k: it names commit 00000000, which is missing
    # a change leads nowhere
    missing-object: the change of k: it names blob 00000000, which is missing
    # a change's copy of a row is cut short
    row: the copy of the row of k: Src size is incorrect
    # a change's remote is no text
    row: the change of k: the name of its remote is no text
    # a staged change shows scripts no text
    row: the staged change of 845b003f: what scripts read of it is of another type
    # a staged change shows scripts no moment
    row: the staged change of 845b003f: what scripts read of it is of another type
    # a vector is another
    vector: vector 1: it is not the one that was kept
    # an index lacks rows
    file: the file: row 1 missing from index reflog_by_name
    file: the file: row 2 missing from index reflog_by_name
    "#);
}

/// A new column that names objects must be one that `gc` keeps them for, and both go by the same list.
#[test]
fn every_column_that_names_objects_is_followed() {
    let columns = "SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
                   WHERE tables.type = 'table' AND columns.type = 'BLOB'
                     AND tables.name NOT IN ('objects', 'dictionaries', 'vectors', 'marks')
                     AND columns.name NOT IN ('row', 'key')";
    let whole = synced();
    let columns: Vec<(String, String)> =
        whole.store.rows("columns", columns, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert!(columns.len() > 14, "{columns:?}");
    for (table, column) in columns {
        whole.store.batch(&format!("BEGIN; UPDATE {table} SET {column} = zeroblob(32)")).unwrap();
        let found = whole.store.fsck(true).unwrap().findings;
        assert!(found.iter().any(|found| found.damage == Damage::MissingObject), "{table}.{column}");
        whole.store.batch("ROLLBACK").unwrap();
    }
}

#[test]
fn a_base_whose_halves_differ_is_found() {
    let Fixture { store, folder: _folder } = fixture();
    let snapshot = |range: std::ops::Range<usize>| -> Snapshot {
        range.map(|n| (key(n), store.put_memory(&memory(n)).unwrap())).collect()
    };
    let local = store.put_snapshot(&snapshot(0..100)).unwrap();
    let remote = store.put_snapshot(&snapshot(1..101)).unwrap();
    let tree = store.put_pair(local, remote).unwrap();
    let author = Signature { name: "laptop".to_owned(), seconds: 1_700_000_000, offset: 0 };
    let commit = Commit { tree, parents: Vec::new(), author, message: "sync\n".to_owned() };
    let commit = store.put_commit(&commit).unwrap();
    store.move_reference(&RefName::new(ORIGIN).unwrap(), None, commit, "sync", 1).unwrap();
    assert_snapshot!(told_of(&store, false), @"shape: tree 5f0b4f16: its halves hold memories of different names, in 44cc09e5 and 6458992f");
    assert_eq!(told_of(&store, true), "", "all of it is there");
}

#[test]
fn what_is_missing_or_cut_short_is_found_without_reading_the_rest() {
    let blob = memory(7).id();
    let Fixture { store, folder: _folder } = synced();
    store.batch(&format!("DELETE FROM objects WHERE hex(id) = upper('{blob}')")).unwrap();
    store.batch("UPDATE objects SET data = x'00' WHERE kind = 'commit'").unwrap();
    assert_snapshot!(told_of(&store, true), @"
    damaged-object: commit 26a22195: Src size is incorrect
    damaged-object: commit 6aa2b8e6: Src size is incorrect
    ");
}

#[test]
fn an_overwritten_page_is_found_wherever_it_is() {
    let fixture = synced();
    let (_folder, path) = fixture.reopen(|path, _| path.to_owned());
    let whole = fs::read(&path).unwrap();
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xa5);
        fs::write(&path, &bytes).unwrap();
        // A page of the schema keeps the file from being opened, which is told as well.
        let Ok(store) = Store::open_read_only(&path, &holder()) else { continue };
        let checked = store.fsck(false).unwrap();
        assert!(!checked.findings.is_empty(), "page {page} of {}", whole.len() / 4096);
    }
}
