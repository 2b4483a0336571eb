//! A device in the middle of things: what is damaged, copied for each damage.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use memsync::object::{ContentHash, Kind, SideName};
use memsync::store::{Failure, Holder, Intent, Store};
use rusqlite::{Connection, OpenFlags};

use crate::support::album::{Album, key};
use crate::support::database::Row;
use crate::support::environment::Device;
use crate::support::output::CommandOutput;
use crate::support::{Database, TestEnvironment};

/// What each side holds under a name; this device first.
pub type Sides = BTreeMap<String, [Option<Row>; 2]>;

/// A laptop that synced with a stick on four days, with work for the next sync on both and a conflict between them.
/// Every table of its staging database holds something.
pub struct Stage {
    folders: Vec<(&'static str, Files)>,
    /// The ids of all objects.
    pub ids: Vec<Vec<u8>>,
    /// What both sides hold.
    pub before: Sides,
    /// What they hold after a sync.
    pub synced: Sides,
    /// What they hold after a sync without a staging database.
    pub united: Sides,
}

/// The device's settings; a copy's stick lies beside its laptop.
const CONFIGURATION: &str =
    "[remote \"origin\"]\n\turl = ../stick/sqlite_vec.db\n[sync]\n\tmaxDelete = 100%\n";

type Files = Vec<(String, Vec<u8>)>;

/// A copy of the stage.
pub struct Trial {
    /// The device.
    pub laptop: Device,
    stick: Database,
    _environment: TestEnvironment,
}

impl Stage {
    /// Lives through the days.
    pub fn new() -> Self {
        let mut album = Album::readable();
        let stick = Database::in_folder(&album.laptop.folder.join("../stick"));
        for number in [5, 6, 7, 8] {
            // Enough text for `gc` to make a dictionary.
            let words: Vec<String> = (0..900).map(|word| format!("word {}", word * number % 97)).collect();
            album.write(number, &format!("Note {number}: {}", words.join(" ")));
        }
        album.sync("2025-01-05T03:04:05Z");
        album.laptop.database.respell(&key(2), "the garden gate STICKS\nin winter and in spring");
        stick.respell(&key(2), "The Garden Gate Sticks\nin winter and in spring");
        "2025-01-06T03:04:05Z".clone_into(&mut album.laptop.now);
        let _ = album.laptop.memsync(["sync"]).expect_status(1);
        let _ = album.laptop.memsync(["gc"]).success();

        album.write(9, "Salt needs bread");
        album.set(1, "tags", "physics,school,water");
        album.delete(5);
        let on_stick = |sql: &str, number| assert_eq!(stick.execute(sql, [key(number)]), 1);
        on_stick("UPDATE memories SET memory_type = 'decision' WHERE content_hash = ?1", 1);
        on_stick("UPDATE memories SET deleted_at = 1735689600.0 WHERE content_hash = ?1", 6);
        on_stick("UPDATE memories SET tags = 'changed' WHERE content_hash = ?1", 7);
        on_stick(
            "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, updated_at)
             VALUES (?1, 'Bread needs yeast', 'new', 'note', '{}', 1735689600.0, 1735689600.0)",
            10,
        );
        let _ = album.laptop.memsync(["stash"]).success();
        fill(&album.laptop.staging);
        album.laptop.database.settle();
        stick.settle();
        Self::of(&album.laptop)
    }

    fn of(laptop: &Device) -> Self {
        let root = laptop.folder.parent().unwrap();
        // From the folder of the copy that it lies in.
        fs::write(laptop.staging.with_extension("config"), CONFIGURATION).unwrap();
        // A copy in another place is another database, for which a sync would stop.
        spoil(
            &laptop.staging,
            "DELETE FROM facts WHERE name LIKE '%address of%' OR name LIKE 'database of%'",
        )
        .unwrap();
        let folders = ["laptop", "stick"].map(|name| (name, files(&root.join(name))));
        let none = Sides::new();
        let ids = ids(&laptop.staging);
        let mut stage =
            Self { folders: folders.into(), ids, before: none.clone(), synced: none.clone(), united: none };
        let copy = stage.copy();
        stage.before = copy.sides();
        assert_eq!(finding(&copy.laptop.memsync(["fsck"])), None);
        let _ = copy.laptop.memsync(["sync"]).expect_status(1);
        stage.synced = copy.sides();
        let copy = stage.copy();
        fs::remove_file(&copy.laptop.staging).unwrap();
        copy.recover();
        stage.united = copy.sides();
        assert!(stage.before != stage.synced && stage.synced != stage.united);
        stage
    }

    /// A copy of all files.
    pub fn copy(&self) -> Trial {
        let environment = TestEnvironment::in_memory();
        for (folder, files) in &self.folders {
            let folder = environment.folder(folder);
            for (name, bytes) in files {
                fs::write(folder.join(name), bytes).unwrap();
            }
        }
        let mut laptop = environment.device("laptop");
        "2025-01-07T03:04:05Z".clone_into(&mut laptop.now);
        Trial { laptop, stick: Database::in_folder(&environment.folder("stick")), _environment: environment }
    }

    /// The staging database.
    pub fn staging(&self) -> &[u8] {
        let (_, laptop) = &self.folders[0];
        let (_, bytes) = laptop.iter().find(|(name, _)| name == "staging.db").unwrap();
        bytes
    }
}

impl Trial {
    /// What both sides hold.
    pub fn sides(&self) -> Sides {
        let mut sides = Sides::new();
        for (side, database) in [&self.laptop.database, &self.stick].into_iter().enumerate() {
            for row in database.live() {
                let name = row.content_hash.clone();
                // Whether a vector is made in time is nothing to a staging database.
                sides.entry(name).or_default()[side] = Some(Row { vector: false, ..row });
            }
        }
        sides
    }

    /// Every object among `ids` that can be read.
    pub fn readable(&self, ids: &[Vec<u8>]) -> BTreeMap<Vec<u8>, (Kind, Vec<u8>)> {
        let Ok(store) = Store::open_read_only(&self.laptop.staging, &holder()) else {
            return BTreeMap::new();
        };
        let read = |id: &Vec<u8>| Some((id.clone(), store.object(id).ok()??));
        ids.iter().filter_map(read).collect()
    }

    /// What the rows of the objects hold, as far as they can be gone through. Where the index of the ids is damaged, SQLite
    /// may lose entries of it as it writes: such an object is not found any more, and can still be taken out.
    pub fn rows(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let Ok(connection) = Connection::open_with_flags(&self.laptop.staging, flags) else {
            return BTreeMap::new();
        };
        let sql = "SELECT id, data FROM objects NOT INDEXED";
        let Ok(mut statement) = connection.prepare(sql) else { return BTreeMap::new() };
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map_while(Result::ok).collect()
    }

    /// Does as every hint about a damaged staging database says: puts it away and begins anew.
    pub fn recover(&self) {
        let away = self.laptop.staging.with_extension("old");
        let _ = fs::rename(&self.laptop.staging, away);
        let _ = self.laptop.memsync(["init"]).success();
        let synced = self.laptop.memsync(["sync"]);
        assert!(matches!(synced.status, Some(0 | 1)), "{synced}");
        assert_eq!(finding(&self.laptop.memsync(["fsck"])), None);
    }
}

/// What `fsck` says first of the staging database, or what kept it from being looked at; `None` where it is whole.
pub fn finding(checked: &CommandOutput) -> Option<String> {
    let said = checked.stdout.split("memories of ").next().unwrap_or_default().lines().nth(2);
    let said = said.or_else(|| checked.stderr.lines().next()).unwrap_or_default().trim();
    (said != "no damage").then(|| said.to_owned())
}

/// What is missing in `after` of the texts that lived in `before` on either side.
pub fn lost(before: &Sides, after: &Sides) -> BTreeSet<String> {
    let texts = |sides: &Sides| -> BTreeSet<String> {
        sides.values().flatten().flatten().map(|row| row.content.clone()).collect()
    };
    &texts(before) - &texts(after)
}

/// Another program's hand in the file.
pub fn spoil(path: &Path, sql: &str) -> rusqlite::Result<usize> {
    let connection = Connection::open(path)?;
    connection.execute_batch(sql)?;
    Ok(usize::try_from(connection.total_changes()).unwrap())
}

fn ids(path: &Path) -> Vec<Vec<u8>> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT id FROM objects ORDER BY rowid").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn files(folder: &Path) -> Files {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

fn holder() -> Holder {
    Holder { pid: 1, command: "a test".to_owned(), since: 1_736_132_645 }
}

/// Puts something into the tables that these days leave empty.
fn fill(path: &Path) {
    let store = Store::open(path, &holder()).unwrap();
    let vector = vec![1; 1536];
    store.vectors().keep("model", &[("tea", vector.clone()), ("coffee", vector)]).unwrap();
    let (remote, side) = ("origin".to_owned(), SideName::Remote);
    let named = |number| ContentHash::new(key(number)).unwrap();
    let intent = Intent { remote: remote.clone(), side, key: named(9), expected: None, target: None };
    store.begin_intents(&[intent]).unwrap();
    let failure = Failure {
        key: named(8),
        remote,
        side,
        reason: "too long".to_owned(),
        refused: None,
        similar_to: None,
        attempts: 1,
        at: 1,
    };
    store.record_failure(&failure).unwrap();
}
