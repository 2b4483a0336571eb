//! Files that are no memory database, are damaged, locked, read-only, or another one by now.

use super::*;

fn refusal(path: PathBuf) -> String {
    let options = Options { path, ..Fixture::new(V8).options() };
    let path = options.path.display().to_string();
    let error = Database::open(options).expect_err("it is refused");
    error.to_string().replace(&path, "PATH")
}

#[test]
fn what_is_no_memory_database_is_refused_by_what_it_is() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("text"), "no database, but long enough to be looked at").unwrap();
    fs::write(path("empty"), "").unwrap();
    Connection::open(path("other")).unwrap().execute_batch("CREATE TABLE memories (id, content)").unwrap();

    insta::assert_snapshot!(refusal(path("missing")), @r#"there is no database at PATH"#);
    assert!(!path("missing").exists(), "nothing is created");
    insta::assert_snapshot!(refusal(folder.path().to_owned()), @r#"PATH is not a database of mcp-memory-service: it is a folder"#);
    insta::assert_snapshot!(refusal(path("text")), @r#"PATH is not a database of mcp-memory-service: it is not an SQLite database"#);
    insta::assert_snapshot!(refusal(path("empty")), @r#"PATH is not a database of mcp-memory-service: it has no table `memories`"#);
    insta::assert_snapshot!(refusal(path("other")), @r#"PATH is not a database of mcp-memory-service: its table `memories` has no column `content_hash`"#);
}

#[test]
fn a_damaged_database_is_an_error_and_not_a_few_memories() {
    let fixture = Fixture::with_seed(V8);
    for n in 0..500 {
        fixture.insert(&format!("key {n}"), &"long ".repeat(100), "{}");
    }
    let options = fixture.options();
    fixture.service.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(fixture.service);
    let mut bytes = fs::read(&options.path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xa5);
    fs::write(&options.path, bytes).unwrap();

    let result = Database::open(options)
        .and_then(|mut database| database.snapshot(&mut |_| ControlFlow::Continue(())));
    assert!(matches!(result, Err(side::Error::Unreadable { .. })), "{result:?}");
}

#[test]
fn a_lock_that_is_not_released_is_named() {
    let fixture = Fixture::with_seed(V12);
    let options = Options { busy_timeout: Duration::ZERO, ..fixture.options() };
    let mut database = Database::open(options).unwrap();
    fixture.service.execute_batch("BEGIN IMMEDIATE").unwrap();
    let result = database
        .apply(vec![edit("key", None, Some(&memory()))], &mut |_: ContentHash, _: Outcome| {
            panic!("no outcome")
        });
    assert!(matches!(result, Err(side::Error::Busy { .. })), "{result:?}");
    assert_eq!(snapshot(&mut database).len(), 1, "reading goes on");
}

#[test]
fn what_cannot_be_written_is_read_and_stays_as_it_was() {
    let fixture = Fixture::with_seed(V12);
    let mut database = fixture.open();
    let edits = || (0..200).map(|n| edit(&n.to_string(), None, Some(&memory()))).collect::<Vec<_>>();

    database.connection.pragma_update(None, "query_only", true).unwrap();
    let result = database.apply(edits(), &mut |_: ContentHash, _: Outcome| panic!("no outcome"));
    assert!(matches!(result, Err(side::Error::Unwritable { .. })), "read-only: {result:?}");
    database.connection.pragma_update(None, "query_only", false).unwrap();

    database.hold = Duration::MAX;
    let pages: i64 = fixture.one("PRAGMA page_count");
    let limit = format!("PRAGMA max_page_count = {}", pages + 10);
    database.connection.query_row(&limit, [], |_| Ok(())).unwrap();
    let result = database.apply(edits(), &mut |_: ContentHash, _: Outcome| panic!("no outcome"));
    assert!(matches!(result, Err(side::Error::Unwritable { .. })), "disk full: {result:?}");
    assert_eq!(snapshot(&mut database).len(), 1);
    fixture.assert_sound(&mut database);
}

#[cfg(unix)]
#[test]
fn edits_to_a_file_that_another_one_replaced_are_never_done() {
    let fixture = Fixture::with_seed(V12);
    let mut database = fixture.open();
    let backup = fixture.folder.path().join("backup.db");
    fixture.service.execute("VACUUM INTO ?1", [backup.to_str()]).unwrap();
    fs::rename(backup, fixture.options().path).unwrap();
    let result = database
        .apply(vec![edit("key", None, Some(&memory()))], &mut |_: ContentHash, _: Outcome| {
            panic!("no outcome")
        });
    assert!(matches!(result, Err(side::Error::Replaced { .. })), "{result:?}");
    assert_eq!(snapshot(&mut database).len(), 1, "nothing was written");

    let mut database = fixture.open();
    fs::hard_link(fixture.options().path, fixture.folder.path().join("second name.db")).unwrap();
    let (mut done, edits) = (0, vec![edit("key", None, Some(&memory()))]);
    database.apply(edits, &mut |_: ContentHash, _: Outcome| done += 1).unwrap();
    assert_eq!(done, 1, "a second name is no other file");
}

#[test]
fn what_is_read_without_its_locks_tells_no_state() {
    let fixture = Fixture::with_seed(V12);
    fixture.service.pragma_update(None, "journal_mode", "DELETE").unwrap();
    let mut database = fixture.open();
    let state = |database: &mut Database| {
        for _ in 0..100 {
            let marks = database.changes(None, &mut |_| ControlFlow::Continue(())).unwrap().unwrap();
            if marks.state.is_some() {
                return marks.state;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    };
    assert!(state(&mut database).is_some());
    // As where neither file nor folder can be written: others' commits are not seen, and no lock is had.
    let address = open::address(&fixture.options().path).unwrap();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    database.connection = open::connect(address, flags, Duration::ZERO).unwrap();
    assert_eq!(state(&mut database), None);
}

#[test]
fn a_database_that_was_torn_from_its_writer_is_no_truth() {
    let fixture = Fixture::with_seed(V12);
    let writer = &fixture.service;
    let tear =
        "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN; UPDATE memories SET content = 'torn';
                CREATE TABLE later (bytes); INSERT INTO later VALUES (zeroblob(1000000))";
    writer.execute_batch(tear).unwrap();
    let torn = TempDir::new().unwrap();
    let path = |folder: &TempDir, name: &str| folder.path().join(name);
    for name in ["sqlite_vec.db", "sqlite_vec.db-journal"] {
        fs::copy(path(&fixture.folder, name), path(&torn, name)).unwrap();
    }

    let path = path(&torn, "sqlite_vec.db");
    assert_eq!(open::address(&path), None);
    let error = open::connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY, Duration::ZERO).unwrap_err();
    let error = error::reading(&path, error).to_string().replace(&path.display().to_string(), "PATH");
    insta::assert_snapshot!(error, @"cannot read PATH: a write to it was interrupted and must be undone first");

    let options = Options { path: path.clone(), ..fixture.options() };
    let mut mended = Database::open(options).unwrap();
    assert_eq!(held(&mut mended, "seed").unwrap().content, "Seed");
    drop(mended);
    fs::write(torn.path().join("sqlite_vec.db-journal"), "").unwrap();
    assert!(open::address(&path).is_some(), "an empty journal holds nothing");
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_to_write_is_read() {
    let fixture = Fixture::with_seed(V12);
    let options = fixture.options();
    let folder = fixture.folder;
    drop(fixture.service);
    let permit = |file, directory| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&options.path, fs::Permissions::from_mode(file)).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(directory)).unwrap();
    };
    permit(0o400, 0o500);
    let is_root = fs::File::options().append(true).open(&options.path).is_ok();
    let mut database = Database::open(options.clone()).unwrap();
    assert_eq!(snapshot(&mut database).len(), 1);
    let result =
        database.apply(vec![edit("key", None, Some(&memory()))], &mut |_: ContentHash, _: Outcome| {});
    permit(0o600, 0o700);
    assert!(is_root || matches!(result, Err(side::Error::Unwritable { .. })), "{result:?}");
}

#[test]
fn a_second_connection_is_of_no_use_where_somebody_committed_before_it_began() {
    let fixture = Fixture::with_seed(V12);
    let options = fixture.options();
    let open = || Second::open(&options, FileId::at(&options.path));
    let Some(second) = open() else { return };
    assert!(second.begin().is_some(), "nobody wrote");
    let second = open().expect("there is another processor");
    fixture.service.execute_batch("UPDATE memories SET tags = 'more'").unwrap();
    assert!(second.begin().is_none(), "it would see another moment");
    assert!(Second::open(&options, None).is_none(), "it may be another file");
}
