//! Each kind of conflict × each way to end it × each kind of server: it ends in agreement on two devices and the server,
//! with the values that were asked for, nothing is lost, and the next sync has nothing to do.
//!
//! One memory stands for each kind and way, so that a server is started once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use memsync::local::prepare;
use memsync::local::service::content_hash;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::Version::{V10_20_6, V12_2_0};
use crate::support::database::Row;
use crate::support::documents::{Answers, Run, parse};
use crate::support::environment::Device;
use crate::support::output::CommandOutput;
use crate::support::{Database, Hub, Services, TestEnvironment};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// The text's letter case, which leaves it its name.
    Content,
    Type,
    /// The same metadata member, and tags that merge.
    Metadata,
    BothAdded,
    DeletedByUs,
    DeletedByThem,
}

const KINDS: [Kind; 6] =
    [Kind::Content, Kind::Type, Kind::Metadata, Kind::BothAdded, Kind::DeletedByUs, Kind::DeletedByThem];

/// Each way, which is also a tag of its memories.
const WAYS: [&str; 13] = [
    "checkout-ours",
    "checkout-theirs",
    "checkout-base",
    "checkout-field",
    "merge-ours",
    "merge-theirs",
    "merge-newest",
    "sync-ours",
    "sync-theirs",
    "sync-newest",
    "resolve-memory",
    "resolve-delete",
    "mergetool",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Base,
    Ours,
    Theirs,
}

/// One memory of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    kind: Kind,
    way: &'static str,
}

/// What a user sees of a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    content: String,
    tags: BTreeSet<String>,
    memory_type: String,
    project: Value,
}

impl Cell {
    /// Every cell but one: what both made by themselves has no base to go back to.
    fn all() -> impl Iterator<Item = Self> {
        let ways = KINDS.into_iter().flat_map(|kind| WAYS.into_iter().map(move |way| Self { kind, way }));
        ways.filter(|cell| !(cell.kind == Kind::BothAdded && cell.way == "checkout-base"))
    }

    fn text(self) -> String {
        format!("About {:?} and {}", self.kind, self.way)
    }

    fn key(self) -> String {
        content_hash(&self.text())
    }

    /// The memory before, and as each side's user made it; `None` where it was deleted or not yet there.
    fn version(self, who: Who) -> Option<Seen> {
        let mut seen = Seen {
            content: self.text(),
            tags: [self.way.to_owned()].into(),
            memory_type: "note".to_owned(),
            project: json!("base"),
        };
        let mark = match who {
            Who::Base if self.kind == Kind::BothAdded => return None,
            Who::Base => return Some(seen),
            Who::Ours => "ours",
            Who::Theirs => "theirs",
        };
        let is_ours = who == Who::Ours;
        match self.kind {
            Kind::Content if is_ours => seen.content = self.text().to_uppercase(),
            Kind::Content => seen.content = self.text().to_lowercase(),
            Kind::Metadata => {
                seen.tags.insert(mark.to_owned());
                seen.project = json!(mark);
            }
            Kind::DeletedByUs if is_ours => return None,
            Kind::DeletedByThem if !is_ours => return None,
            _ if is_ours => "decision".clone_into(&mut seen.memory_type),
            _ => "learning".clone_into(&mut seen.memory_type),
        }
        Some(seen)
    }

    /// What everybody must see in the end.
    fn end(self) -> Option<Seen> {
        let merged = |who| {
            let mut seen = self.version(who)?;
            if self.kind == Kind::Metadata {
                seen.tags.extend(["ours".to_owned(), "theirs".to_owned()]);
            }
            Some(seen)
        };
        match self.way {
            "checkout-ours" => self.version(Who::Ours),
            "checkout-theirs" => self.version(Who::Theirs),
            "checkout-base" => self.version(Who::Base),
            "checkout-field" if self.kind == Kind::Metadata => merged(Who::Ours),
            "merge-ours" | "sync-ours" => merged(Who::Ours),
            // This device's clock is far ahead; an edit counts as later than any deletion.
            "merge-newest" | "sync-newest" if self.kind != Kind::DeletedByUs => merged(Who::Ours),
            "resolve-memory" => Some(self.resolved()),
            "resolve-delete" => None,
            // A tool decides by a text, so it never deletes.
            "mergetool" => merged(Who::Theirs).or_else(|| merged(Who::Ours)),
            _ => merged(Who::Theirs),
        }
    }

    /// A memory that is neither side's.
    fn resolved(self) -> Seen {
        Seen {
            content: self.text(),
            tags: [self.way.to_owned(), "resolved".to_owned()].into(),
            memory_type: "reference".to_owned(),
            project: json!("resolved"),
        }
    }
}

impl Seen {
    fn of(row: &Row) -> Self {
        let metadata: Value = serde_json::from_str(row.metadata.as_deref().unwrap_or("{}")).unwrap();
        let tags = row.tags.as_deref().unwrap_or_default().split(',');
        Self {
            content: row.content.clone(),
            tags: tags.map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect(),
            memory_type: row.memory_type.clone().unwrap_or_default(),
            project: metadata["project"].clone(),
        }
    }
}

/// Makes a memory what `seen` says, as a user's own program would.
fn write(database: &Database, cell: Cell, seen: Option<&Seen>, at: f64) {
    let key = cell.key();
    let Some(seen) = seen else {
        let sql = "UPDATE memories SET deleted_at = ?2 WHERE content_hash = ?1";
        assert_eq!(database.execute(sql, (&key, at)), 1);
        return;
    };
    let insert = "INSERT INTO memories (content_hash, content, created_at) VALUES (?1, ?2, 1735689600.0)
                  ON CONFLICT DO NOTHING";
    if database.execute(insert, (&key, &seen.content)) == 0 && seen.content != cell.text() {
        database.respell(&key, &seen.content);
    }
    let tags: Vec<_> = seen.tags.iter().cloned().collect();
    let metadata = json!({ "project": seen.project }).to_string();
    let update = "UPDATE memories SET tags = ?2, memory_type = ?3, metadata = ?4, updated_at = ?5
                  WHERE content_hash = ?1";
    database.execute(update, (&key, tags.join(","), &seen.memory_type, metadata, at));
}

/// Two devices, and the server's database.
struct World {
    laptop: Device,
    desktop: Device,
    server: Database,
    /// The server is of an age that takes no memory back that was deleted there, and gives none another spelling.
    is_old: bool,
}

impl World {
    fn new(environment: &TestEnvironment, server: &Database, remote: &str, key: &str) -> Self {
        let device = |name: &str| {
            let mut device = environment.device(name);
            device.key = Some(key.to_owned());
            prepare(device.database.path()).unwrap();
            device.memsync(["init", remote]).success();
            device
        };
        Self { laptop: device("laptop"), desktop: device("desktop"), server: server.clone(), is_old: false }
    }

    /// Every cell becomes a conflict on the laptop.
    fn quarrel(&self) {
        for cell in Cell::all().filter(|cell| cell.kind != Kind::BothAdded) {
            write(&self.laptop.database, cell, cell.version(Who::Base).as_ref(), 1_735_689_600.0);
        }
        for device in [&self.laptop, &self.desktop] {
            device.memsync(["sync", "--no-dedup"]).success();
        }
        for cell in Cell::all() {
            write(&self.desktop.database, cell, cell.version(Who::Theirs).as_ref(), 1_735_700_000.0);
            write(&self.laptop.database, cell, cell.version(Who::Ours).as_ref(), 4_102_444_800.0);
        }
        self.desktop.memsync(["sync", "--no-dedup"]).success();
        self.laptop.memsync(["sync", "--no-dedup"]).expect_status(1);
        assert_eq!(self.open(), Cell::all().map(Cell::key).collect());
    }

    /// The conflicts that wait on the laptop.
    fn open(&self) -> BTreeSet<String> {
        let listed = listed(&self.laptop);
        let open = listed.iter().filter(|(_, conflict)| conflict["resolution"].is_null());
        open.map(|(key, _)| key.clone()).collect()
    }

    fn end_all(&self) {
        let laptop = &self.laptop;
        let keys = |way: &str, kinds: &[Kind]| -> Vec<String> {
            let cells = Cell::all().filter(|cell| cell.way == way && kinds.contains(&cell.kind));
            cells.map(Cell::key).collect()
        };
        let checkout = |way: &str, kinds: &[Kind], options: &[&str]| {
            let mut arguments = vec!["checkout".to_owned()];
            arguments.extend(options.iter().map(|option| (*option).to_owned()));
            arguments.extend(keys(way, kinds));
            done(&laptop.memsync(arguments));
        };
        checkout("checkout-ours", &KINDS, &["--ours"]);
        checkout("checkout-theirs", &KINDS, &["--theirs"]);
        checkout("checkout-base", &KINDS, &["--base"]);
        checkout("checkout-field", &[Kind::Content], &["--theirs", "--field", "content"]);
        checkout("checkout-field", &[Kind::Type, Kind::BothAdded], &["--theirs", "--field", "type"]);
        checkout("checkout-field", &[Kind::Metadata], &["--ours", "--field", "meta.project"]);
        let deleted = [Kind::DeletedByUs, Kind::DeletedByThem];
        checkout("checkout-field", &deleted, &["--theirs", "--field", "existence"]);
        self.resolve();
        for rule in ["ours", "theirs", "newest"] {
            let merged = laptop.memsync(["merge", "-X", rule, "--tag", &format!("merge-{rule}")]).success();
            assert!(merged.stderr.contains("ended 6 conflicts"), "{merged}");
            done(&laptop.memsync(["sync", "-X", rule, "--tag", &format!("sync-{rule}")]));
        }
        let tool =
            "if test -s \"$REMOTE\"; then cp \"$REMOTE\" \"$MERGED\"; else cp \"$LOCAL\" \"$MERGED\"; fi";
        let mut mergetool = ["mergetool", "--tool", tool].map(str::to_owned).to_vec();
        mergetool.extend(keys("mergetool", &KINDS));
        done(&laptop.memsync(mergetool));
        assert_eq!(self.open(), BTreeSet::new());
    }

    /// `memsync resolve`, with memories and deletions.
    fn resolve(&self) {
        let listed = listed(&self.laptop);
        let answer = |cell: Cell| {
            let conflict = &listed[&cell.key()];
            let Seen { content, tags, memory_type, project } = cell.resolved();
            if cell.way == "resolve-delete" {
                return json!({ "conflict": conflict["id"], "delete": true });
            }
            let mut memory =
                [&conflict["ours"], &conflict["theirs"]][usize::from(conflict["ours"].is_null())].clone();
            memory["content"] = json!(content);
            memory["tags"] = json!(tags);
            memory["memory_type"] = json!(memory_type);
            memory["metadata"] = json!({ "project": project });
            json!({ "conflict": conflict["id"], "memory": memory })
        };
        let answers: Vec<Value> =
            Cell::all().filter(|cell| cell.way.starts_with("resolve")).map(answer).collect();
        let input = json!({ "schema_version": 1, "answers": answers }).to_string();
        let output = self.laptop.memsync_with_input(["resolve", "--json"], &input).expect_status(1);
        let answers: Answers = parse(&output);
        assert!(answers.answers.iter().all(|answer| answer.state == "ended"), "{output}");
    }

    /// Brings the decisions to the server and to the desktop.
    fn carry_out(&self) {
        if self.is_old {
            self.give_up_what_the_server_does_not_take_back();
        }
        for device in [&self.laptop, &self.desktop, &self.laptop] {
            device.memsync(["sync", "--no-dedup"]).success();
        }
    }

    /// The exception: a memory that the server deleted is never taken back there, so what was to bring it back stays on
    /// this device, is told with its reason at every sync, and can be decided anew.
    fn give_up_what_the_server_does_not_take_back(&self) {
        let run: Run = parse(&self.laptop.memsync(["sync", "--no-dedup", "--json"]).expect_status(6));
        let refused: BTreeSet<String> =
            run.not_taken.iter().map(|problem| problem.content_hash.clone()).collect();
        assert_eq!(refused, Cell::all().filter(|cell| self.is_refused(*cell)).map(Cell::key).collect());
        for problem in &run.not_taken {
            assert!(
                problem.refused && problem.reason.contains("takes no deleted memory back"),
                "{problem:?}"
            );
        }
        let arguments = ["checkout", "--theirs"].map(str::to_owned).into_iter().chain(refused);
        self.laptop.memsync(arguments).success();
    }

    fn is_refused(&self, cell: Cell) -> bool {
        self.is_old && cell.kind == Kind::DeletedByThem && cell.end().is_some()
    }

    fn assert_agreement(&self) {
        for cell in Cell::all() {
            let end = if self.is_refused(cell) { None } else { cell.end() };
            for (name, database) in self.everyone() {
                let rows = database.live();
                let row = rows.iter().find(|row| row.content_hash == cell.key());
                let mut seen = row.map(Seen::of);
                if let (Some(seen), Some(end), true) = (&mut seen, &end, self.is_old && name == "server") {
                    // It has no way to respell a text, so the spelling travels in the metadata.
                    assert_eq!(seen.content.to_lowercase(), end.content.to_lowercase());
                    seen.content.clone_from(&end.content);
                }
                assert_eq!(seen, end, "{cell:?} on {name}");
            }
        }
        for device in [&self.laptop, &self.desktop] {
            assert_eq!(device.memsync(["sync"]).success().stdout, "Already up to date.\n");
            assert_eq!(device.memsync(["status", "--porcelain"]).success().stdout, "");
            device.database.check();
        }
    }

    fn everyone(&self) -> [(&'static str, &Database); 3] {
        [("laptop", &self.laptop.database), ("desktop", &self.desktop.database), ("server", &self.server)]
    }

    /// The versions of all conflicts, by their ids.
    fn versions(&self) -> BTreeSet<Vec<u8>> {
        let staging = Connection::open(&self.laptop.staging).unwrap();
        let mut versions = BTreeSet::new();
        for column in ["base_local", "base_remote", "ours", "theirs"] {
            let sql = format!("SELECT {column} FROM conflicts WHERE {column} IS NOT NULL");
            let mut statement = staging.prepare(&sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            versions.extend(rows.map(Result::unwrap));
        }
        versions
    }

    /// Fails the test unless every one of these can still be printed.
    fn assert_kept(&self, versions: &BTreeSet<Vec<u8>>) {
        let staging = Connection::open(&self.laptop.staging).unwrap();
        for id in versions {
            let sql = "SELECT count(*) FROM objects WHERE id = ?1";
            let found: i64 = staging.query_row(sql, [id], |row| row.get(0)).unwrap();
            assert_eq!(found, 1, "{id:?} is lost");
        }
    }

    fn play(&self) {
        self.quarrel();
        let versions = self.versions();
        assert!(versions.len() > 100, "{}", versions.len());
        self.end_all();
        self.carry_out();
        self.assert_agreement();
        self.assert_kept(&versions);
    }
}

/// The conflicts of a device, by memory.
fn listed(device: &Device) -> BTreeMap<String, Value> {
    let output = device.memsync(["conflicts", "--json"]).success();
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let conflicts = document["conflicts"].as_array().unwrap().iter();
    conflicts.map(|one| (one["content_hash"].as_str().unwrap().to_owned(), one.clone())).collect()
}

/// Other conflicts, or what an old server does not take, may be left.
#[track_caller]
fn done(output: &CommandOutput) {
    assert!(matches!(output.status, Some(0 | 1 | 6)), "{output}");
}

#[test]
fn with_the_newest_service() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let server = services.start(V12_2_0, &environment.folder("server"));
    World::new(&environment, &server.database(), &server.url(), crate::support::Service::KEY).play();
}

#[test]
fn with_an_old_service() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let server = services.start(V10_20_6, &environment.folder("server"));
    let world = World::new(&environment, &server.database(), &server.url(), crate::support::Service::KEY);
    World { is_old: true, ..world }.play();
}

#[test]
fn with_a_hub() {
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("server"));
    World::new(&environment, &hub.database(), &hub.url(), Hub::KEY).play();
}

#[test]
fn with_a_file() {
    let environment = TestEnvironment::new();
    let folder = environment.folder("server");
    fs::create_dir_all(&folder).unwrap();
    World::new(&environment, &Database::in_folder(&folder), "../server/sqlite_vec.db", "").play();
}
