//! `memsync init --import-staging`: the staging database of the sync scripts.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use memsync::local::service::content_hash;
use rusqlite::{Connection, Params};

use crate::support::album::Album;
use crate::support::output::CommandOutput;

const SCHEMA: &str = include_str!("../fixtures/scripts/staging.sql");

/// A staging database as the scripts make it.
struct Scripts {
    path: PathBuf,
    connection: Connection,
}

impl Scripts {
    fn beside(album: &Album) -> Self {
        let path = album.laptop.folder.join("scripts.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        Self { path, connection }
    }

    /// As `enhanced_memory_store.sh` does it where no server answers.
    fn store(&self, id: &str, content: &str, tags: &str) {
        let hash = sha256(content);
        self.execute(
            "INSERT OR REPLACE INTO staged_memories
                 (id, content, content_hash, tags, metadata, memory_type, operation, staged_at, source_machine)
             VALUES (?1, ?2, ?3, ?4, '{\"project\":\"memsync\",\"hostname\":\"laptop\"}', 'note', 'INSERT',
                 '2024-12-31 23:00:00', 'laptop')",
            [id, content, &hash, tags],
        );
    }

    /// As `stash_local_changes.sh` does it with a row of the service.
    fn stash(&self, id: &str, operation: &str, content: &str, status: &str) {
        self.execute(
            "INSERT OR REPLACE INTO staged_memories
                 (id, content, content_hash, tags, metadata, memory_type, operation, staged_at, original_created_at,
                  source_machine, conflict_status)
             VALUES (?1, ?2, ?3, 'first', '{}', 'note', ?4, '2024-12-31 23:00:00', '1735689600.0', 'laptop', ?5)",
            [id, content, &content_hash(content), operation, status],
        );
    }

    fn execute(&self, sql: &str, parameters: impl Params) {
        self.connection.execute(sql, parameters).unwrap();
    }

    fn import(&self, album: &Album) -> CommandOutput {
        album.laptop.memsync(["init".as_ref(), "--import-staging".as_ref(), self.path.as_os_str()])
    }
}

fn sha256(text: &str) -> String {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
    hasher.update(text.as_bytes());
    hasher.try_finalize().unwrap().to_string()
}

fn live(album: &Album) -> String {
    let line = |row: crate::support::database::Row| {
        let (tags, created) = (row.tags.unwrap_or_default(), row.created_at.unwrap_or_default());
        let metadata = row.metadata.unwrap_or_default();
        format!("{} {created} [{tags}] {metadata} {:?}\n", &row.content_hash[..8], row.content)
    };
    album.laptop.database.check();
    album.laptop.database.live().into_iter().map(line).collect()
}

/// A device whose service holds two memories.
fn device() -> Album {
    let album = Album::empty();
    for content in ["Water boils at 100 degrees", "Call Ada on Monday"] {
        album.insert(&content_hash(content), content);
    }
    album
}

#[test]
fn what_never_reached_the_server_is_created_and_sent_by_the_next_sync() {
    let mut album = device();
    let scripts = Scripts::beside(&album);
    scripts.store("0a1b2c3d4e5f6071", "Bread needs Salt", r#"["source:laptop","project:memsync","kitchen"]"#);
    scripts.store("0a1b2c3d4e5f6072", "water boils at 100 degrees", r#"["say "hi"","physics"]"#);
    scripts.stash("7", "INSERT", "The garden gate sticks", "none");
    scripts.stash("8", "INSERT", "Call Ada on Monday", "detected");
    let before = fs::read(&scripts.path).unwrap();
    assert_snapshot!(scripts.import(&album).without_ids(), @"
    exit status: 1
    ----- stderr -----
    Kept the staging database [TMP]/laptop/staging.db
    Memories: [TMP]/laptop/sqlite_vec.db
    memories that arrive get no vector: there is no embedding model on this device, and a database that holds memories gets no hash vectors
    hint: `memsync embed` says what to do about it
    Remote origin: [TMP]/stick/sqlite_vec.db
    hint: `memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do
    Imported 4 rows of [TMP]/laptop/scripts.db:
      2 created on this device (laptop), for the next sync to send
      1 on this device (laptop) already
      1 for you to decide
    All of them are kept: `memsync ls-tree -r imported/scripts` lists them ([ID])
    hint: `memsync undo` takes back what was created
    [ID]  differs from what this device holds: `memsync show imported/scripts:[ID]`, `memsync restore --source imported/scripts [ID]` takes it
    ");
    assert_eq!(fs::read(&scripts.path).unwrap(), before);
    assert_snapshot!(live(&album), @r#"
    183dac3b 1735689600 [first] {} "The garden gate sticks"
    1bdb863c 1735689600 [first] {} "Call Ada on Monday"
    3d898a9e 1735686000 [kitchen,project:memsync,source:laptop] {"hostname": "laptop", "project": "memsync"} "Bread needs Salt"
    9ee07d96 1735689600 [first] {} "Water boils at 100 degrees"
    "#);

    // Again: nothing is left to do but what was told before.
    let refs = album.text(&["show-ref", "imported/scripts", "base/origin"]);
    assert_snapshot!(scripts.import(&album).without_ids(), @"
    exit status: 1
    ----- stderr -----
    Kept the staging database [TMP]/laptop/staging.db
    Memories: [TMP]/laptop/sqlite_vec.db
    memories that arrive get no vector: there is no embedding model on this device, and a database that holds memories gets no hash vectors
    hint: `memsync embed` says what to do about it
    Remote origin: [TMP]/stick/sqlite_vec.db
    hint: `memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do
    Imported 4 rows of [TMP]/laptop/scripts.db:
      3 on this device (laptop) already
      1 for you to decide
    All of them are kept: `memsync ls-tree -r imported/scripts` lists them ([ID])
    [ID]  differs from what this device holds: `memsync show imported/scripts:[ID]`, `memsync restore --source imported/scripts [ID]` takes it
    ");
    assert_eq!(album.text(&["show-ref", "imported/scripts", "base/origin"]), refs);

    album.laptop.now = "2025-01-03T03:04:05Z".to_owned();
    assert_snapshot!(album.laptop.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 4 new
    ");
    let water = &content_hash("Water boils at 100 degrees")[..8];
    assert_snapshot!(album.laptop.memsync(["show", &format!("imported/scripts:{water}")]), @r#"
    exit status: 0
    ----- stdout -----
    created 1735686000
    meta.hostname "laptop"
    meta.project "memsync"
    tag physics
    tag say "hi"
    type note

    water boils at 100 degrees
    "#);
    assert_snapshot!(album.laptop.memsync(["restore", "--source", "imported/scripts", water]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    on this device (laptop): 1 changed back
    ----- stderr -----
    restoring from the import of 2025-01-02 03:04 ([ID])
    hint: the next `memsync sync` brings this to the server (origin): 1 changed there
    hint: `memsync undo` takes this back
    4 memories without a vector: found by list, tag and text, not by meaning (there is no embedding model on this device, and a database that holds memories gets no hash vectors)
    hint: `memsync embed` says what to do about it
    ");
    assert!(live(&album).contains("[physics,say \"hi\"]"), "{}", live(&album));
    assert_snapshot!(album.laptop.memsync(["cat-file", "-p", "imported/scripts"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    tree [ID]
    author laptop <> [ID] +0000
    committer laptop <> [ID] +0000

    import of scripts.db, the sync scripts' staging database

    staging_version: 1.0
    total_staged_changes: 4
    INSERT [ID] (staged as '[ID]'): row '[ID]', staged 2024-12-31 23:00:00 on laptop, none
    INSERT [ID]: row '[ID]', staged 2024-12-31 23:00:00 on laptop, none
    INSERT [ID]: row '7', staged 2024-12-31 23:00:00 on laptop, none
    INSERT [ID]: row '8', staged 2024-12-31 23:00:00 on laptop, detected
    ");
}

#[test]
fn an_import_can_be_taken_back() {
    let album = device();
    let before = album.laptop.database.live();
    let scripts = Scripts::beside(&album);
    scripts.store("0a1b2c3d4e5f6071", "Bread needs salt", "[]");
    scripts.import(&album).success();
    assert_ne!(album.laptop.database.live(), before);
    assert_snapshot!(album.laptop.memsync(["undo"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    on this device (laptop): 1 taken away
    ----- stderr -----
    taking back the import of 2025-01-02 03:04 ([ID])
    hint: the next `memsync sync` brings this to the server (origin): 2 new there
    hint: `memsync undo` takes this back
    ");
    assert_eq!(album.laptop.database.live(), before);
}

#[test]
fn nothing_that_this_device_holds_is_replaced_or_deleted() {
    let album = device();
    let scripts = Scripts::beside(&album);
    scripts.stash("1", "UPDATE", "Water boils at 100 degrees", "none");
    scripts.execute("UPDATE staged_memories SET tags = '[\"physics\"]' WHERE id = '1'", []);
    scripts.stash("2", "DELETE", "Call Ada on Monday", "none");
    scripts.stash("3", "DELETE", "Buy a ladder", "none");
    scripts.stash("4", "INSERT", "In conflict", "detected");
    let before = album.laptop.database.rows();
    assert_snapshot!(scripts.import(&album).without_ids(), @"
    exit status: 1
    ----- stderr -----
    Kept the staging database [TMP]/laptop/staging.db
    Memories: [TMP]/laptop/sqlite_vec.db
    memories that arrive get no vector: there is no embedding model on this device, and a database that holds memories gets no hash vectors
    hint: `memsync embed` says what to do about it
    Remote origin: [TMP]/stick/sqlite_vec.db
    hint: `memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do
    Imported 4 rows of [TMP]/laptop/scripts.db:
      4 for you to decide
    All of them are kept: `memsync ls-tree -r imported/scripts` lists them ([ID])
    [ID]  was deleted, and this device holds it: delete it in the service if it is to go; `memsync show imported/scripts:[ID]` is what it was
    [ID]  was in conflict, and this device lacks it: `memsync show imported/scripts:[ID]`, `memsync restore --source imported/scripts [ID]` takes it
    [ID]  differs from what this device holds: `memsync show imported/scripts:[ID]`, `memsync restore --source imported/scripts [ID]` takes it
    [ID]  was deleted, and the server may not know: if a sync brings it back, delete it again; `memsync show imported/scripts:[ID]` is what it was
    ");
    assert_eq!(album.laptop.database.rows(), before);
    let shown = format!("imported/scripts:{}", &content_hash("Buy a ladder")[..8]);
    assert_snapshot!(album.laptop.memsync(["cat-file", "-p", &shown]), @"
    exit status: 0
    ----- stdout -----
    created 1735689600
    tag first
    type note

    Buy a ladder[no line break at the end]
    ");
}

#[test]
fn what_was_deleted_since_the_last_sync_stays_deleted() {
    let mut album = device();
    album.sync("2025-01-02T03:04:05Z");
    for content in ["Water boils at 100 degrees", "Call Ada on Monday"] {
        let sql = "UPDATE memories SET deleted_at = 1735689600.0 WHERE content_hash = ?1";
        album.laptop.database.execute(sql, [content_hash(content)]);
    }
    let scripts = Scripts::beside(&album);
    scripts.stash("1", "INSERT", "Water boils at 100 degrees", "none");
    scripts.stash("2", "DELETE", "Call Ada on Monday", "none");
    assert_snapshot!(scripts.import(&album).without_ids(), @"
    exit status: 1
    ----- stderr -----
    Kept the staging database [TMP]/laptop/staging.db
    Memories: [TMP]/laptop/sqlite_vec.db
    memories that arrive get no vector: there is no embedding model on this device, and a database that holds memories gets no hash vectors
    hint: `memsync embed` says what to do about it
    Remote origin: [TMP]/stick/sqlite_vec.db
    hint: `memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do
    Imported 2 rows of [TMP]/laptop/scripts.db:
      1 deleted on this device (laptop), which the next sync tells the server
      1 for you to decide
    All of them are kept: `memsync ls-tree -r imported/scripts` lists them ([ID])
    [ID]  was deleted on this device since: `memsync show imported/scripts:[ID]`, `memsync restore --source imported/scripts [ID]` takes it
    ");
    assert_eq!(live(&album), "");
}

#[test]
fn every_row_lands_somewhere() {
    let album = device();
    let scripts = Scripts::beside(&album);
    scripts.store("first", "Twice", r#"["one"]"#);
    scripts.store("second", "twice", r#"["two"]"#);
    scripts.store("third", "twice", r#"["two"]"#);
    scripts.store("broken tags", "Tags", "[\"cut");
    scripts.store("broken metadata", "Metadata", "[]");
    scripts.execute("UPDATE staged_memories SET metadata = '{\"a\": NaN' WHERE id = 'broken metadata'", []);
    scripts.store("nul", "nul\0nul\u{1b}[31m", "[]");
    scripts.store("huge", &"x".repeat(10 << 20), "[]");
    scripts.store("empty", "", "[]");
    // A text with a line break is torn apart by `stash_local_changes.sh`.
    scripts.store("torn", "5d41402abc4b2a76", "note");
    scripts.execute("UPDATE staged_memories SET content_hash = 'kitchen,winter' WHERE id = 'torn'", []);
    scripts.store("blob", "text", "[]");
    scripts.execute("UPDATE staged_memories SET content = x'ff00' WHERE id = 'blob'", []);
    scripts.store("latin", "text", "[]");
    scripts.execute("UPDATE staged_memories SET content = CAST(x'e9' AS TEXT) WHERE id = 'latin'", []);
    scripts.store("long", "text", "[]");
    scripts.execute("UPDATE staged_memories SET content_hash = ?1 WHERE id = 'long'", ["h".repeat(2000)]);
    assert_snapshot!(scripts.import(&album).without_ids(), @"
    exit status: 1
    ----- stderr -----
    Kept the staging database [TMP]/laptop/staging.db
    Memories: [TMP]/laptop/sqlite_vec.db
    memories that arrive get no vector: there is no embedding model on this device, and a database that holds memories gets no hash vectors
    hint: `memsync embed` says what to do about it
    Remote origin: [TMP]/stick/sqlite_vec.db
    hint: `memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do
    Imported 12 rows of [TMP]/laptop/scripts.db:
      5 created on this device (laptop), for the next sync to send
      2 followed by a later row of the same memory; what differs is in imported/scripts~1
      1 for you to decide
      4 not readable, and left in the file
    All of them are kept: `memsync ls-tree -r imported/scripts` lists them ([ID])
    hint: `memsync undo` takes back what was created
    kitchen,  has a name that no program gives, and was not created: `memsync show imported/scripts:kitchen,winter`, `memsync restore --source imported/scripts kitchen,winter` takes it
    warning: row 'empty' is left in the file: it holds no text
    warning: row 'blob' is left in the file: `content` is a blob
    warning: row 'latin' is left in the file: `content` is not UTF-8
    warning: row 'long' is left in the file: the content_hash has 2000 bytes; at most 1024 can be a name
    ");
    assert_eq!(album.laptop.database.live().len(), 2 + 5);
    album.laptop.database.check();
    let older = format!("imported/scripts~1:{}", &content_hash("twice")[..8]);
    assert_snapshot!(album.laptop.memsync(["cat-file", "-p", &older]), @r#"
    exit status: 0
    ----- stdout -----
    created 1735686000
    meta.hostname "laptop"
    meta.project "memsync"
    tag one
    type note

    Twice[no line break at the end]
    "#);
    assert_snapshot!(album.laptop.memsync(["cat-file", "-p", "imported/scripts:kitchen,winter"]), @r#"
    exit status: 0
    ----- stdout -----
    created 1735686000
    meta.hostname "laptop"
    meta.project "memsync"
    tag note
    type note

    5d41402abc4b2a76[no line break at the end]
    "#);
}

#[test]
fn where_the_old_file_is_in_the_way_the_hint_is_the_way_on() {
    let album = device();
    let scripts = Scripts::beside(&album);
    scripts.store("0a1b2c3d4e5f6071", "Bread needs salt", "[]");
    drop(scripts.connection);
    fs::remove_file(&album.laptop.staging).unwrap();
    fs::rename(&scripts.path, &album.laptop.staging).unwrap();
    let output = album.laptop.memsync(["init"]);
    assert_snapshot!(output, @"
    exit status: 5
    ----- stderr -----
    error: [TMP]/laptop/staging.db was made by the sync scripts of mcp-memory-service
    hint: take over what is staged in it: `mv -n [TMP]/laptop/staging.db [TMP]/laptop/staging.scripts.db && memsync init --import-staging [TMP]/laptop/staging.scripts.db`
    ");
    assert_snapshot!(album.laptop.memsync(["status"]), @"
    exit status: 5
    ----- stderr -----
    error: [TMP]/laptop/staging.db was made by the sync scripts of mcp-memory-service
    hint: take over what is staged in it: `mv -n [TMP]/laptop/staging.db [TMP]/laptop/staging.scripts.db && memsync init --import-staging [TMP]/laptop/staging.scripts.db`
    ");
    let command = output.stderr.split('`').nth(1).unwrap().replace("[TMP]", root(&album));
    let command = command.replace("memsync ", &format!("{} ", env!("CARGO_BIN_EXE_memsync")));
    let memsync = album.laptop.command();
    let mut shell = std::process::Command::new("sh");
    shell.env_clear().envs(memsync.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.args(["-c", &command]).output().unwrap();
    assert_snapshot!(album.laptop.output(&output).without_ids(), @"
    exit status: 0
    ----- stderr -----
    Initialised staging database [TMP]/laptop/staging.db
    Memories: [TMP]/laptop/sqlite_vec.db
    memories that arrive get no vector: there is no embedding model on this device, and a database that holds memories gets no hash vectors
    hint: `memsync embed` says what to do about it
    Remote origin: [TMP]/stick/sqlite_vec.db
    hint: `memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do
    Imported 1 row of [TMP]/laptop/staging.scripts.db:
      1 created on this device (laptop), for the next sync to send
    All of them are kept: `memsync ls-tree -r imported/scripts` lists them ([ID])
    hint: `memsync undo` takes back what was created
    ");
}

fn root(album: &Album) -> &str {
    album.laptop.folder.parent().unwrap().to_str().unwrap()
}

#[test]
fn a_file_of_another_kind_is_refused_before_anything_is_made() {
    let album = device();
    fs::remove_file(&album.laptop.staging).unwrap();
    let import =
        |path: &Path| album.laptop.memsync(["init".as_ref(), "--import-staging".as_ref(), path.as_os_str()]);
    assert_snapshot!(import(Path::new("nowhere.db")), @"
    exit status: 2
    ----- stderr -----
    error: cannot read nowhere.db
      caused by: No such file or directory (os error 2)
    ");
    assert_snapshot!(import(album.laptop.database.path()), @"
    exit status: 2
    ----- stderr -----
    error: [TMP]/laptop/sqlite_vec.db is not a staging database of the sync scripts: it has no table `staged_memories`
    ");
    let text = album.laptop.folder.join("notes.txt");
    fs::write(&text, "no database").unwrap();
    assert_snapshot!(import(&text), @"
    exit status: 2
    ----- stderr -----
    error: [TMP]/laptop/notes.txt is not a staging database of the sync scripts: it is no SQLite database
    ");
    assert!(!album.laptop.staging.exists());
    album.laptop.memsync(["init"]).success();
    assert_snapshot!(import(&album.laptop.staging), @"
    exit status: 2
    ----- stderr -----
    error: [TMP]/laptop/staging.db is not a staging database of the sync scripts: it is one of memsync
    ");
}

#[test]
fn a_write_that_was_interrupted_is_undone_in_a_copy() {
    let album = device();
    let scripts = Scripts::beside(&album);
    scripts.store("0a1b2c3d4e5f6071", "Bread needs salt", "[]");
    // A crash in the middle of a transaction: the file is half written, and the journal beside it says what was there.
    scripts.connection.execute_batch("PRAGMA cache_size = 1; BEGIN").unwrap();
    for number in 0..200 {
        scripts.store(&format!("{number}"), &"never committed ".repeat(100), "[]");
    }
    let folder = album.laptop.folder.join("crashed");
    fs::create_dir(&folder).unwrap();
    for name in ["scripts.db", "scripts.db-journal"] {
        fs::copy(album.laptop.folder.join(name), folder.join(name)).unwrap();
    }
    let path = folder.join("scripts.db");
    let before = fs::read(&path).unwrap();
    assert!(before.len() > 100_000, "nothing of it was written yet");
    let output = album.laptop.memsync(["init".as_ref(), "--import-staging".as_ref(), path.as_os_str()]);
    assert_snapshot!(output.without_ids(), @"
    exit status: 0
    ----- stderr -----
    Kept the staging database [TMP]/laptop/staging.db
    Memories: [TMP]/laptop/sqlite_vec.db
    memories that arrive get no vector: there is no embedding model on this device, and a database that holds memories gets no hash vectors
    hint: `memsync embed` says what to do about it
    Remote origin: [TMP]/stick/sqlite_vec.db
    hint: `memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do
    Imported 1 row of [TMP]/laptop/crashed/scripts.db:
      1 created on this device (laptop), for the next sync to send
    All of them are kept: `memsync ls-tree -r imported/scripts` lists them ([ID])
    hint: `memsync undo` takes back what was created
    ");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}
