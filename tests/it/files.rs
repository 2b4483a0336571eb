//! A database file as a remote: two devices that share a stick.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use insta::assert_snapshot;
use memsync::local::prepare;

use crate::support::Version::V12_2_0;
use crate::support::environment::{Device, as_nobody};
use crate::support::world::contents;
use crate::support::{Database, Services, TestEnvironment};

/// A laptop, a desktop and a stick, without any service.
struct Drawer {
    environment: TestEnvironment,
    laptop: Device,
    desktop: Device,
    stick: PathBuf,
}

impl Drawer {
    fn open() -> Self {
        let environment = TestEnvironment::new();
        let device = |name: &str| {
            let device = environment.device(name);
            prepare(device.database.path()).unwrap();
            device.memsync(["init", "../stick/sqlite_vec.db"]).success();
            device
        };
        let (laptop, desktop) = (device("laptop"), device("desktop"));
        let stick = environment.folder("stick");
        Self { environment, laptop, desktop, stick }
    }

    /// The memories on the stick.
    fn file(&self) -> Database {
        Database::in_folder(&self.stick)
    }

    /// The names of the files on the stick.
    fn files(&self) -> Vec<String> {
        let names = fs::read_dir(&self.stick).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Each device syncs, and again, as the second one's changes reach the first one only then; nothing else may
    /// ever lie on the stick.
    #[track_caller]
    fn sync(&self) {
        for device in [&self.laptop, &self.desktop, &self.laptop, &self.desktop] {
            device.memsync(["sync"]).success();
            assert_eq!(self.files(), ["sqlite_vec.db"]);
        }
    }

    /// Fails the test unless all three hold the same; gives it.
    #[track_caller]
    fn agreement(&self) -> Vec<String> {
        let [laptop, desktop, stick] =
            [&self.laptop.database, &self.desktop.database, &self.file()].map(seen);
        assert_eq!(laptop, stick, "laptop and stick");
        assert_eq!(desktop, stick, "desktop and stick");
        stick
    }
}

/// One line for each memory.
fn seen(database: &Database) -> Vec<String> {
    let line = |row: crate::support::database::Row| {
        let text = |column: Option<String>| column.unwrap_or_default();
        format!("{} [{}] {}: {}", row.content_hash, text(row.tags), text(row.memory_type), row.content)
    };
    database.check();
    database.live().into_iter().map(line).collect()
}

fn write(device: &Device, key: &str, content: &str) {
    let sql =
        "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, updated_at)
               VALUES (?1, ?2, 'first', 'note', '{}', 1735689600.0, 1735689600.0)";
    device.database.execute(sql, [key, content]);
}

fn change(device: &Device, key: &str, column: &str, value: &str) {
    let sql = format!("UPDATE memories SET {column} = ?2 WHERE content_hash = ?1");
    assert_eq!(device.database.execute(&sql, [key, value]), 1);
}

#[test]
fn two_devices_are_kept_in_step_over_one_file() {
    let drawer = Drawer::open();
    let Drawer { laptop, desktop, .. } = &drawer;
    write(laptop, "gate", "The garden gate sticks");
    write(laptop, "bread", "Bread needs salt");
    write(desktop, "ada", "Call Ada");
    assert_snapshot!(laptop.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pushed: 2 new
    ");
    assert_eq!(drawer.files(), ["sqlite_vec.db"]);
    drawer.sync();
    assert_eq!(drawer.agreement().len(), 3);

    // Each changes another field, and each deletes one.
    change(laptop, "gate", "tags", "home");
    change(desktop, "gate", "memory_type", "reference");
    change(laptop, "bread", "deleted_at", "1735700000");
    change(desktop, "ada", "deleted_at", "1735700000");
    drawer.sync();
    assert_eq!(drawer.agreement(), ["gate [home] reference: The garden gate sticks"]);

    // The same field on both.
    change(laptop, "gate", "memory_type", "decision");
    change(desktop, "gate", "memory_type", "idea");
    laptop.memsync(["sync"]).success();
    desktop.memsync(["sync"]).expect_status(1);
    desktop.memsync(["checkout", "--ours", "gate"]).success();
    drawer.sync();
    assert_eq!(drawer.agreement(), ["gate [home] idea: The garden gate sticks"]);

    let bytes = fs::read(drawer.file().path()).unwrap();
    drawer.sync();
    assert_eq!(fs::read(drawer.file().path()).unwrap(), bytes, "a quiet sync wrote");
}

#[test]
fn a_conflict_with_another_remote_names_commands_that_find_it() {
    let drawer = Drawer::open();
    let key = "a".repeat(64);
    drawer.laptop.memsync(["remote", "add", "usb", "../usb/sqlite_vec.db"]).success();
    drawer.environment.folder("usb");
    write(&drawer.laptop, &key, "The gate sticks");
    drawer.laptop.memsync(["sync", "usb"]).success();
    drawer.desktop.memsync(["remote", "add", "usb", "../usb/sqlite_vec.db"]).success();
    drawer.desktop.memsync(["sync", "usb"]).success();
    change(&drawer.desktop, &key, "memory_type", "decision");
    drawer.desktop.memsync(["sync", "usb"]).success();
    change(&drawer.laptop, &key, "memory_type", "idea");
    assert_snapshot!(drawer.laptop.memsync(["sync", "usb"]), @"
    exit status: 1
    ----- stdout -----
    1 conflict waits for you:
      aaaaaaaa  (type) The gate sticks
    ----- stderr -----
    hint: `memsync sync usb -X ours` or `-X theirs` ends them; `memsync config sync.remote usb` lets status, checkout and mergetool see them
    ");
    assert_snapshot!(drawer.laptop.memsync(["merge", "usb", "-X", "ours"]), @"
    exit status: 0
    ----- stdout -----
    Already up to date.
    ----- stderr -----
    ended 1 conflict with this device's values (laptop)
    hint: `memsync sync usb` brings the decision to the server
    ");
    drawer.laptop.memsync(["sync", "usb"]).success();
}

#[test]
fn looking_makes_no_file() {
    let drawer = Drawer::open();
    write(&drawer.laptop, "gate", "The garden gate sticks");
    assert_snapshot!(drawer.laptop.memsync(["fetch"]), @"
    exit status: 0
    ----- stderr -----
    origin: nothing new, 0 memories
    ");
    assert_snapshot!(drawer.laptop.memsync(["pull"]), @"
    exit status: 0
    ----- stdout -----
    Already up to date.
    ");
    assert_snapshot!(drawer.laptop.memsync(["status"]), @r#"
    exit status: 0
    ----- stdout -----
    On device laptop, 1 memory
    Remote origin: [TMP]/stick/sqlite_vec.db
    Last remote sync: 2025-01-02 03:04
    Last push attempt: never

    Changes on this device:
      ("memsync push" sends them, "memsync sync" does all)
    	new:             gate      The garden gate sticks

    1 memory without a vector: found by list, tag and text, not by meaning
      ("memsync embed" says why, and what to do)
    "#);
    drawer.laptop.memsync(["sync", "--dry-run"]).success();
    drawer.desktop.memsync(["sync"]).success();
    assert!(drawer.files().is_empty());
    drawer.laptop.memsync(["push"]).success();
    assert_eq!(drawer.files(), ["sqlite_vec.db"]);
    assert_eq!(fs::metadata(drawer.file().path()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_stick_that_is_not_there_is_no_empty_remote() {
    let drawer = Drawer::open();
    let Drawer { laptop, stick, .. } = &drawer;
    write(laptop, "gate", "The garden gate sticks");
    let away = stick.with_file_name("pocket");

    fs::rename(stick, &away).unwrap();
    assert_snapshot!(laptop.memsync(["fetch"]), @"
    exit status: 4
    ----- stderr -----
    error: cannot reach [TMP]/stick/sqlite_vec.db: there is no folder [TMP]/stick
    hint: connect the drive, mount it, and run the same command again
    hint: if it is another folder now: `memsync remote set-url origin PATH`
    ");
    assert!(!stick.exists(), "no folder is made");
    fs::rename(&away, stick).unwrap();
    drawer.sync();

    fs::rename(stick, &away).unwrap();
    assert_snapshot!(laptop.memsync(["sync"]), @"
    exit status: 4
    ----- stderr -----
    error: cannot reach [TMP]/stick/sqlite_vec.db: there is no folder [TMP]/stick
    hint: connect the drive, mount it, and run the same command again
    hint: if it is another folder now: `memsync remote set-url origin PATH`
    ");
    // The mount point is there, the drive is not.
    fs::create_dir(stick).unwrap();
    assert_snapshot!(laptop.memsync(["sync"]), @"
    exit status: 4
    ----- stderr -----
    error: there is no database at [TMP]/stick/sqlite_vec.db
    hint: this device has synced with it before, so nothing was read as deleted
    hint: put the file back, or mount its drive, and run the same command again
    hint: to begin anew with an empty file: `memsync remote add NEW-NAME PATH`
    ");
    assert!(drawer.files().is_empty());
    assert_eq!(laptop.database.live().len(), 1);
    fs::remove_dir(stick).unwrap();
    fs::rename(&away, stick).unwrap();
    drawer.sync();

    // Another stick under another path shares nothing with this one yet.
    let other = drawer.environment.folder("other").join("memories.db");
    laptop.memsync(["remote", "set-url", "origin", other.to_str().unwrap()]).success();
    assert_snapshot!(laptop.memsync(["sync"]).without_ids(), @"
    exit status: 3
    ----- stderr -----
    error: stopped before any change: the server (origin) is empty, and held 1 memory after the last sync; the address of the server (origin) was [TMP]/stick/sqlite_vec.db at the last sync, and is [TMP]/other/memories.db
    hint: to see the plan: repeat with --dry-run
    hint: to let exactly this plan through: repeat with --allow-plan [ID]
    ");
    laptop.memsync(["remote", "add", "other", other.to_str().unwrap()]).success();
    laptop.memsync(["sync", "other"]).success();
    assert_eq!(drawer.agreement(), seen_at(&other));
}

fn seen_at(path: &Path) -> Vec<String> {
    let folder = path.parent().unwrap();
    fs::copy(path, Database::in_folder(folder).path()).unwrap();
    seen(&Database::in_folder(folder))
}

#[test]
fn what_is_no_remote_is_refused_without_being_touched() {
    let drawer = Drawer::open();
    let Drawer { laptop, stick, .. } = &drawer;
    write(laptop, "gate", "The garden gate sticks");
    let diary = stick.join("diary.txt");
    fs::write(&diary, "Dear diary, ".repeat(100)).unwrap();
    let sync_with = |address: &str| {
        laptop.memsync(["remote", "set-url", "origin", address]).success();
        laptop.memsync(["sync"])
    };
    assert_snapshot!(sync_with("../stick/diary.txt"), @"
    exit status: 4
    ----- stderr -----
    error: [TMP]/stick/diary.txt is not a database of mcp-memory-service: it is not an SQLite database
    hint: the path is that of REMOTE_API, else `memsync remote set-url origin PATH` changes it
    ");
    assert_snapshot!(sync_with(stick.to_str().unwrap()), @"
    exit status: 4
    ----- stderr -----
    error: [TMP]/stick is not a database of mcp-memory-service: it is a folder
    hint: the path is that of REMOTE_API, else `memsync remote set-url origin PATH` changes it
    ");
    assert_snapshot!(sync_with("~/sqlite_vec.db"), @"
    exit status: 2
    ----- stderr -----
    error: the remote 'origin' is this device's own database
    hint: `memsync remote set-url origin PATH` names the file that others share
    ");
    assert_eq!(fs::read_to_string(&diary).unwrap(), "Dear diary, ".repeat(100));
    assert_eq!(drawer.files(), ["diary.txt"]);
}

#[test]
fn every_spelling_of_a_path_is_kept_as_an_absolute_one() {
    let drawer = Drawer::open();
    let Drawer { laptop, stick, .. } = &drawer;
    let add = |name: &str, address: &str| laptop.memsync(["remote", "add", name, address]).success();
    add("absolute", stick.join("a.db").to_str().unwrap());
    add("home", "~/a.db");
    add("relative", "./a.db");
    add("url", "file:///media/my%20stick/a.db");
    assert_snapshot!(laptop.memsync(["remote", "-v"]), @"
    exit status: 0
    ----- stdout -----
    absolute  [TMP]/stick/a.db  (a file)
    home  [TMP]/laptop/a.db  (a file)
    origin  [TMP]/stick/sqlite_vec.db  (a file)
    relative  [TMP]/laptop/a.db  (a file)
    url  /media/my stick/a.db  (a file)
    ");
    assert_snapshot!(laptop.memsync(["remote", "add", "bare", "a.db"]), @"
    exit status: 2
    ----- stderr -----
    error: the address cannot be used: expected an address such as https://server:8443, or a path such as ./memories.db
    ");
    assert_snapshot!(laptop.memsync(["remote", "trust", "home", &"5f0a".repeat(16)]), @"
    exit status: 2
    ----- stderr -----
    error: 'home' is the file [TMP]/laptop/a.db, which shows no certificate
    ");

    let mut command = laptop.command();
    command.env("REMOTE_API", "../stick/sqlite_vec.db").args(["remote", "-v"]);
    assert!(laptop.output(&command.output().unwrap()).stdout.contains("stick/sqlite_vec.db  (a file)"));
}

#[test]
fn two_devices_that_come_first_at_the_same_time_make_one_file() {
    let drawer = Drawer::open();
    let Drawer { laptop, desktop, .. } = &drawer;
    for number in 0..50 {
        write(laptop, &format!("laptop {number}"), &format!("Number {number} of the laptop"));
        write(desktop, &format!("desktop {number}"), &format!("Number {number} of the desktop"));
        for device in [laptop, desktop] {
            write(device, &format!("both {number}"), &format!("Number {number} of both"));
        }
    }
    let start = |device: &Device| {
        device.command().arg("sync").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    for process in [laptop, desktop].map(start) {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    drawer.sync();
    assert_eq!(drawer.agreement().len(), 150);
}

#[test]
fn a_write_protected_stick_can_be_read() {
    let drawer = Drawer::open();
    let Drawer { laptop, desktop, stick, .. } = &drawer;
    write(laptop, "gate", "The garden gate sticks");
    laptop.memsync(["sync"]).success();
    let Some(nobody) = as_nobody(desktop) else { return };
    let permit = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    permit(drawer.file().path(), 0o444);
    permit(stick, 0o555);
    let memsync = |arguments: &[&str]| desktop.output(&nobody(arguments).output().unwrap());
    let pulled = memsync(&["pull"]);
    write(desktop, "ada", "Call Ada");
    let pushed = memsync(&["sync"]);
    permit(stick, 0o755);
    pulled.success();
    assert_snapshot!(pushed, @"
    exit status: 4
    ----- stderr -----
    error: cannot write [TMP]/stick/sqlite_vec.db
      caused by: Error code 8: attempt to write a readonly database
    hint: nothing is lost; see that the drive is not write-protected and has room, then run the same command again
    ");
    assert_eq!(seen(&desktop.database).len(), 2);
}

#[test]
fn the_real_service_serves_what_is_on_the_stick() {
    let Some(services) = Services::available() else { return };
    let drawer = Drawer::open();
    let Drawer { laptop, desktop, stick, .. } = &drawer;
    write(laptop, "gate", "The garden gate sticks");
    drawer.sync();

    let mut service = services.start(V12_2_0, stick);
    assert_eq!(contents(&service).into_iter().collect::<Vec<_>>(), ["The garden gate sticks"]);
    let bread = service.post("Bread needs salt", &["kitchen"]);
    service.put("gate", &serde_json::json!({ "tags": ["home"] }));
    write(desktop, "ada", "Call Ada");
    // The service is running; it has the database open and in its write-ahead log.
    laptop.memsync(["sync"]).success();
    desktop.memsync(["sync"]).success();
    assert_eq!(contents(&service).len(), 3);
    assert_eq!(service.search("Bread needs salt").first(), Some(&bread));
    assert_eq!(service.get("ada").unwrap()["content"], "Call Ada");

    service.stop();
    for name in ["service.log", "backups", "consolidation_archive"] {
        let path = stick.join(name);
        let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    }
    write(laptop, "late", "Written after the service had gone");
    drawer.sync();
    assert_eq!(drawer.agreement().len(), 4);
}
