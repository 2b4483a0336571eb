//! The moment before a sync that has everything to do, which can be gone back to as often as one likes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use memsync::local::prepare;
use memsync::object::{BlobId, TreeId};
use memsync::store::{Holder, Store};
use memsync::sync::base_reference;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use crate::support::assistant::Assistant;
use crate::support::database::Row;
use crate::support::environment::Device;
use crate::support::output::CommandOutput;
use crate::support::{Database, Hub, TestEnvironment};

/// What the laptop syncs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remote {
    /// A database file.
    File,
    /// A hub.
    Hub,
}

/// A laptop that is about to sync.
pub struct Stage {
    /// The laptop.
    pub laptop: Device,
    /// What it syncs with.
    pub remote: Database,
    hub: Option<Hub>,
    /// All that there is at that moment.
    files: Vec<(PathBuf, Vec<u8>)>,
    environment: TestEnvironment,
}

/// What is there at the end, as far as it must be the same whatever happened on the way.
#[derive(Debug, PartialEq)]
pub struct End {
    /// What the laptop's database holds.
    pub laptop: Vec<Row>,
    /// What the remote's holds.
    pub remote: Vec<Row>,
    /// What both sides agree on.
    pub base: TreeId,
    /// The memories that wait for somebody's decision.
    pub conflicts: Vec<String>,
    /// How many edits are noted as begun and not ended.
    pub journal: usize,
    /// The files that should not be there when nobody is at work.
    pub leftovers: Vec<String>,
}

/// When the assistants work.
const MORNING: f64 = 1_735_689_600.0;
const EVENING: f64 = 1_735_776_000.0;

/// What both devices know in the morning.
const MEMORIES: [&str; 13] = [
    "It stays as it is",
    "The laptop spells it otherwise",
    "The desktop spells it otherwise",
    "The laptop gives it tags",
    "The desktop gives it tags",
    "The laptop gives it metadata",
    "The desktop gives it metadata",
    "The laptop deletes it",
    "The desktop deletes it",
    "Both give it tags of their own",
    "Both give it another type, and somebody decides",
    "Both give it another type, and nobody has decided yet",
    "The laptop deletes it, the desktop changes it, and nobody has decided yet",
];

/// What both devices have forgotten before.
const FORGOTTEN: [&str; 2] = ["The laptop remembers it again", "The desktop remembers it again"];

impl Stage {
    /// Plays the story until the laptop has everything to do: creation, change of text, tags and metadata, deletion, a
    /// memory that comes back, in both directions; a merge, a conflict that is decided, and two that are new.
    pub fn set(kind: Remote) -> Self {
        let environment = TestEnvironment::in_memory();
        let folder = environment.folder("remote");
        let mut hub = (kind == Remote::Hub).then(|| Hub::start(&folder));
        let device = |name: &str| {
            let mut device = environment.device(name);
            device = hub.as_ref().map_or_else(|| environment.device(name), |hub| device.with_hub(hub));
            prepare(device.database.path()).unwrap();
            match &hub {
                Some(_) => device.memsync(["init"]).success(),
                None => device.memsync(["init", "../remote/sqlite_vec.db"]).success(),
            };
            device
        };
        let (laptop, desktop) = (device("laptop"), device("desktop"));
        play(&laptop, &desktop);
        if let Some(hub) = &mut hub {
            hub.stop();
        }
        let mut stage =
            Self { files: Vec::new(), laptop, remote: Database::in_folder(&folder), hub, environment };
        stage.files = stage.folders().iter().flat_map(|folder| files(folder)).collect();
        stage.restore();
        stage
    }

    /// Where everything is.
    pub fn root(&self) -> PathBuf {
        self.environment.path().to_owned()
    }

    /// Goes back to the moment.
    pub fn restore(&mut self) {
        if let Some(hub) = &mut self.hub {
            hub.kill();
        }
        for (path, _) in self.folders().iter().flat_map(|folder| files(folder)) {
            fs::remove_file(path).unwrap();
        }
        for (path, bytes) in &self.files {
            fs::write(path, bytes).unwrap();
        }
        if let Some(hub) = &mut self.hub {
            hub.resume();
        }
    }

    /// Runs `memsync` on the laptop.
    pub fn memsync(&self, arguments: &[&str]) -> CommandOutput {
        self.laptop.memsync(arguments)
    }

    /// What is there now.
    pub fn look(&self) -> End {
        let store = self.store();
        let origin = base_reference("origin").unwrap();
        let base = store.reference(&origin).unwrap().expect("it has synced before");
        let conflicts = store.conflicts("origin").unwrap();
        End {
            laptop: self.laptop.database.rows(),
            remote: self.remote.rows(),
            base: store.commit(base).unwrap().tree,
            conflicts: conflicts.into_iter().map(|one| format!("{} {:?}", one.key, one.resolution)).collect(),
            journal: store.journal().unwrap().len() + store.open_changes().unwrap().len(),
            leftovers: self.leftovers(),
        }
    }

    /// Every version of a memory that the staging database can print.
    pub fn printable(&self) -> BTreeSet<BlobId> {
        let connection =
            Connection::open_with_flags(&self.laptop.staging, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut statement =
            connection.prepare("SELECT lower(hex(id)) FROM objects WHERE kind = 'blob'").unwrap();
        let ids = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let ids = ids.map(|id| id.unwrap().parse().unwrap()).collect::<BTreeSet<BlobId>>();
        let store = self.store();
        for id in &ids {
            store.memory(*id).unwrap();
        }
        ids
    }

    fn store(&self) -> Store {
        let holder = Holder { pid: std::process::id(), command: "test".to_owned(), since: 0 };
        Store::open_read_only(&self.laptop.staging, &holder).unwrap()
    }

    /// What SQLite leaves beside a database for the next one to mend. A hub that runs has a write-ahead log.
    fn leftovers(&self) -> Vec<String> {
        let folders = self.folders();
        let looked_at = if self.hub.is_some() { &folders[..1] } else { &folders[..] };
        let files = looked_at.iter().flat_map(|folder| files(folder));
        let names = files.filter(|(_, bytes)| !bytes.is_empty()).map(|(path, _)| path.display().to_string());
        names.filter(|name| ["-journal", "-wal"].iter().any(|end| name.ends_with(end))).collect()
    }

    fn folders(&self) -> [PathBuf; 2] {
        [self.laptop.folder.clone(), self.environment.folder("remote")]
    }
}

/// Every file in a folder but logs.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file() && path.extension().is_none_or(|end| end != "log"));
    files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn play(laptop: &Device, desktop: &Device) {
    let sync = |device: &Device| drop(device.memsync(["sync"]).success());
    let (on_laptop, on_desktop) = both(laptop, desktop, MORNING);
    let keys = MEMORIES.map(|text| on_laptop.remember(text, &["first"]));
    let forgotten = FORGOTTEN.map(|text| on_laptop.remember(text, &["first"]));
    sync(laptop);
    sync(desktop);
    for key in &forgotten {
        assert!(on_laptop.forget(key));
    }
    sync(laptop);
    sync(desktop);

    let [
        _,
        spelled_here,
        spelled_elsewhere,
        tagged_by_us,
        tagged_by_them,
        noted_here,
        noted_elsewhere,
        rest @ ..,
    ] = &keys;
    let [gone_here, dropped_elsewhere, merged, decided, open, gone_or_not] = rest;
    on_desktop.remember("The desktop alone knows it", &["new"]);
    on_desktop.respell(spelled_elsewhere, "THE DESKTOP SPELLS IT OTHERWISE");
    assert!(on_desktop.tag(tagged_by_them, &["first", "theirs"]));
    assert!(on_desktop.note(noted_elsewhere, "project", json!({ "name": "memsync" })));
    assert!(on_desktop.forget(dropped_elsewhere));
    assert!(on_desktop.tag(merged, &["first", "theirs"]));
    assert!(on_desktop.classify(decided, "learning") && on_desktop.classify(open, "learning"));
    assert!(on_desktop.tag(gone_or_not, &["first", "theirs"]));
    on_desktop.remember(FORGOTTEN[1], &["again"]);
    sync(desktop);

    let (on_laptop, _) = both(laptop, desktop, EVENING);
    assert!(on_laptop.classify(decided, "decision"));
    laptop.memsync(["fetch"]).success();
    laptop.memsync(["checkout", "--ours", decided]).success();
    on_laptop.remember("The laptop alone knows it", &["new"]);
    on_laptop.respell(spelled_here, "THE LAPTOP SPELLS IT OTHERWISE");
    assert!(on_laptop.tag(tagged_by_us, &["first", "ours"]));
    assert!(on_laptop.note(noted_here, "project", json!({ "name": "memsync" })));
    assert!(on_laptop.forget(gone_here));
    assert!(on_laptop.tag(merged, &["first", "ours"]));
    assert!(on_laptop.classify(open, "decision"));
    assert!(on_laptop.forget(gone_or_not));
    on_laptop.remember(FORGOTTEN[0], &["again"]);
    // So that `fsck` has nothing to say even before the sync.
    laptop.memsync(["embed", "--missing"]).success();
}

fn both<'a>(laptop: &'a Device, desktop: &'a Device, now: f64) -> (Assistant<'a>, Assistant<'a>) {
    (Assistant::new(&laptop.database, now), Assistant::new(&desktop.database, now))
}
