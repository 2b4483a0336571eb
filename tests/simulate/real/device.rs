//! A database file of 12.2.0's schema, which the service has open, and which memsync opens too: that of a device, or one
//! that several devices share as their remote.

mod rows;
mod sound;

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Duration;

use memsync::embed::{HashRule, Makers, Settings};
use memsync::local::{Database, Options, prepare};
use memsync::object::{Bookkeeping, ContentHash, Memory, Timestamp};
use memsync::remote::File;
use memsync::side::{self, Side};
use rusqlite::Connection;
use tempfile::TempDir;

use super::seconds;
use crate::model;
use crate::place::{Backup, Bytes, Caller, Memories, Place, Version, Work};

/// A little longer than the time of a file needs to be told from that of the next write to it.
const GRAIN: Duration = Duration::from_millis(30);

/// A folder with the database.
pub(crate) struct Device {
    folder: TempDir,
    /// The service's own connection; `None` while the file is replaced.
    service: RefCell<Option<Connection>>,
    /// Whether it is a remote.
    is_shared: bool,
}

impl Device {
    /// The database of a device.
    pub(crate) fn new() -> Self {
        Self::with_role(false)
    }

    /// The database that is everybody's remote.
    #[cfg(not(feature = "planted"))]
    pub(crate) fn shared() -> Self {
        Self::with_role(true)
    }

    fn with_role(is_shared: bool) -> Self {
        // Where there is one, a folder in memory spares the disk.
        let shared = Path::new("/dev/shm");
        let folder = if shared.is_dir() { TempDir::new_in(shared) } else { TempDir::new() };
        let folder = folder.expect("a folder can be made");
        let device = Self { folder, service: RefCell::default(), is_shared };
        device.begin();
        device
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("sqlite_vec.db")
    }

    /// Opens the database as the service does; where there is none, an empty one.
    fn begin(&self) {
        if !self.path().exists() {
            fs::write(self.path(), empty()).expect("the folder is ours");
        }
        let service = Connection::open(self.path()).expect("it was just made");
        service.pragma_update(None, "journal_mode", "wal").expect("nobody else has it open");
        service.pragma_update(None, "synchronous", "off").expect("it is a setting of the connection");
        *self.service.borrow_mut() = Some(service);
    }

    /// Ends the service and takes its files away.
    fn end(&self) {
        drop(self.service.take());
        for file in self.files() {
            fs::remove_file(file).expect("the folder is ours");
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder is ours");
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        files
    }

    fn options(&self, caller: &Caller) -> Options {
        Options {
            path: self.path(),
            bookkeeping: Bookkeeping::default(),
            busy_timeout: Duration::from_secs(20),
            now: Timestamp::new(seconds(caller.now)).expect("a moment is finite"),
            // The service has no model and may make hash vectors, as in all tests.
            makers: Makers::find(Settings { hash: HashRule::Always, ..Settings::default() }),
        }
    }

    /// Moves the write-ahead log into the file, as the service does now and then.
    fn end_log(&self) {
        self.with(|service| service.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    }

    /// Works with the service's connection.
    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> T {
        let service = self.service.borrow();
        let service = service.as_ref().expect("the service runs between two calls");
        service
            .busy_timeout(Duration::from_secs(20))
            .and_then(|()| work(service))
            .expect("the service's work succeeds")
    }
}

/// The bytes of an empty database, which is made once.
fn empty() -> &'static [u8] {
    static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
    EMPTY.get_or_init(|| {
        let folder = TempDir::new().expect("a folder can be made");
        let path = folder.path().join("empty.db");
        prepare(&path).expect("a database can be made");
        fs::read(path).expect("it was just made")
    })
}

impl Place for Device {
    fn memories(&self) -> Memories {
        self.with(rows::all)
    }

    fn memory(&self, key: &ContentHash) -> Option<Memory> {
        self.with(|service| rows::one(service, key))
    }

    fn work(&self, work: &Work, now: i64) {
        let now = seconds(now);
        self.with(|service| match work {
            Work::Create(key, memory) => rows::create(service, key, memory, now),
            Work::Change(key, memory) => rows::change(service, key, memory, now),
            Work::Delete(key) => rows::delete(service, key, now),
            Work::Search(key) => rows::search(service, key, now),
            Work::Purge => rows::execute(service, "DELETE FROM memories WHERE deleted_at IS NOT NULL", []),
        });
    }

    fn side(&self, caller: &Caller) -> Result<Box<dyn Side>, side::Error> {
        let options = self.options(caller);
        Ok(if self.is_shared {
            Box::new(File::new(options, true))
        } else {
            Box::new(Database::open(options)?)
        })
    }

    fn database(&self, caller: &Caller) -> Option<Result<Database, side::Error>> {
        Some(Database::open(self.options(caller)))
    }

    fn let_times_pass(&self) {
        // Where root opens a database with a write-ahead log, SQLite changes the owner of the log, and so its time.
        self.end_log();
        let written = self.files().into_iter().filter_map(|file| file.metadata().ok()?.modified().ok());
        let age = written.max().and_then(|written| written.elapsed().ok()).unwrap_or_default();
        std::thread::sleep(GRAIN.saturating_sub(age));
    }

    fn edits_at_once(&self) -> usize {
        100
    }

    fn back_up(&self) -> Backup {
        self.end_log();
        Backup(Rc::new(fs::read(self.path()).expect("the database is there")))
    }

    fn restore(&self, backup: &Backup) {
        let bytes = backup.0.downcast_ref::<Vec<u8>>().expect("a place restores its own backups");
        self.end();
        fs::write(self.path(), bytes).expect("the folder is ours");
        self.begin();
    }

    fn replace_by_empty(&self) {
        self.end();
        self.begin();
    }

    /// The schema stays: a newer service works on it, too.
    fn set_version(&self, _: Version) {}

    fn bytes(&self) -> Bytes {
        // Where the log ends tells nothing. That somebody else has written, be it the same once more, SQLite counts.
        self.end_log();
        let count = |service: &Connection| service.pragma_query_value(None, "data_version", |row| row.get(0));
        let counted: i64 = self.with(count);
        let file = fs::read(self.path()).expect("the folder is ours");
        [("the database".to_owned(), file), ("SQLite's counter".to_owned(), counted.to_le_bytes().to_vec())]
            .into()
    }

    fn complaints(&self) -> Vec<String> {
        let mut complaints = self.with(sound::complaints);
        for file in self.files() {
            let bytes = fs::read(&file).expect("the folder is ours");
            if sound::holds(&bytes, model::Server::KEY.as_bytes()) {
                complaints.push(format!("the key stands in {}", file.display()));
            }
        }
        complaints
    }
}
