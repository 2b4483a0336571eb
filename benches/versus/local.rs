//! The lines beside git: the same memories, in a database for memsync, as files for git.
//!
//! Each file holds what memsync keeps of the memory, byte for byte, in one of 256 folders. git runs with its default
//! configuration, without a file system monitor and without collecting garbage by itself; from the first commit on its
//! repository is packed. memsync's base is a sync with a copy of the database.

use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::{Connection, OpenFlags};

use crate::memories::{self, Indexes, Made};
use crate::run::{Device, size, text, time};
use crate::table::{Goal, Sample, Table, Unit};
use crate::{Bench, fresh, machine};

const CHANGED: [&str; 3] = ["status, one change", "stash, one change", "bytes of one change"];
const LINES: [&str; 9] = [
    "stash, first",
    "size after the first stash",
    "size of the pack alone",
    "status, unchanged",
    CHANGED[0],
    CHANGED[1],
    CHANGED[2],
    "diff, ten changes",
    "size of the objects",
];

/// Measures the lines that are wanted.
pub fn measure(bench: &Bench, table: &mut Table) {
    if !bench.wants(&LINES) {
        return;
    }
    if !machine::has("git") {
        return table.skip("everything beside git", "there is no git");
    }
    let mut pair = Pair::new(bench);
    pair.first(bench, table);
    pair.settle();
    pair.unchanged(bench, table);
    if bench.wants(&CHANGED) {
        pair.changed(bench, table);
    }
    if bench.wants(&LINES[7..8]) {
        pair.apart(bench, table);
    }
}

/// The bytes of a staging database once nothing in it waits for a server.
fn without_staged(database: &Path) -> f64 {
    let copy = database.with_extension("copy");
    std::fs::copy(database, &copy).unwrap();
    let connection = Connection::open_with_flags(&copy, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    connection.execute_batch("DELETE FROM staged; VACUUM").unwrap();
    drop(connection);
    let bytes = size(&copy);
    std::fs::remove_file(copy).unwrap();
    bytes
}

/// The bytes of all pages of a database that hold something: a change may go into pages that an earlier one has left.
fn used(database: &Path) -> f64 {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT (page_count - freelist_count) * CAST(page_size AS REAL)
               FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Both with the same memories.
struct Pair {
    device: Device,
    repository: PathBuf,
    memories: Vec<Made>,
    /// How often something was changed so far.
    edits: usize,
}

impl Pair {
    fn new(bench: &Bench) -> Self {
        let device = Device::new(&bench.folder("device"));
        let repository = bench.folder("repository");
        let memories: Vec<Made> = Made::range(0..bench.scale.local).collect();
        memories::fill(device.database.path(), memories.iter().cloned(), Indexes::All);
        for folder in 0..256 {
            fresh(&repository.join(format!("{folder:02x}")));
        }
        memories.iter().for_each(|made| made.write(&repository));
        Self { device, repository, memories, edits: 0 }
    }

    fn git(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.args(["-c", "core.fsmonitor=false", "-c", "gc.auto=0"]).args(arguments);
        command.current_dir(&self.repository).env_clear().envs([
            ("PATH", std::env::var("PATH").unwrap().as_str()),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_AUTHOR_NAME", "bench"),
            ("GIT_AUTHOR_EMAIL", "bench"),
            ("GIT_COMMITTER_NAME", "bench"),
            ("GIT_COMMITTER_EMAIL", "bench"),
        ]);
        command
    }

    fn git_folder(&self) -> PathBuf {
        self.repository.join(".git")
    }

    /// The first stash and the first commit, and how large they are.
    fn first(&self, bench: &Bench, table: &mut Table) {
        let (mut a, mut b) = (Sample::of(Unit::Seconds), Sample::of(Unit::Seconds));
        let rounds = if bench.wants(&LINES[..1]) { bench.scale.rounds[0] } else { 1 };
        for _ in 0..rounds {
            self.device.forget();
            self.device.text(&["init"]);
            a.push(self.device.time(&["stash"]));
            fresh(&self.git_folder());
            text(&mut self.git(&["init", "-q"]));
            let add = time(&mut self.git(&["add", "-A"]));
            b.push(add + time(&mut self.git(&["commit", "-q", "-m", "first"])));
        }
        table.add(bench, [LINES[0], "git add -A && git commit"], &a, Some(&b), Goal::AtMost(0.15));
        text(&mut self.git(&["gc", "-q"]));
        let bytes = |path: &Path| Sample::single(Unit::Bytes, size(path));
        let ours = bytes(&self.device.staging);
        let theirs = bytes(&self.git_folder());
        table.add(bench, [LINES[1], ".git after git gc"], &ours, Some(&theirs), Goal::AtMost(1.2));
        let objects = Sample::single(Unit::Bytes, without_staged(&self.device.staging));
        table.add(bench, [LINES[8], ".git after git gc"], &objects, Some(&theirs), Goal::None);
        table.note(format!(
            "{}: without the plain copy of what has not reached a server, which scripts read in staged_memories and \
             which is gone after the first sync",
            LINES[8]
        ));
        let pack = bytes(&self.git_folder().join("objects/pack"));
        table.add(bench, [LINES[2], "its objects/pack"], &ours, Some(&pack), Goal::None);
    }

    /// Gives memsync a base, and lets both look once.
    fn settle(&self) {
        let stick = self.device.folder.join("stick");
        fresh(&stick);
        self.device.database.settle();
        std::fs::copy(self.device.database.path(), stick.join("sqlite_vec.db")).unwrap();
        self.device.text(&["init", "stick/sqlite_vec.db"]);
        self.device.text(&["sync"]);
        self.device.text(&["stash"]);
        assert_eq!(self.device.text(&["status", "--porcelain"]), "");
        assert_eq!(text(&mut self.git(&["status", "--porcelain"])), "");
    }

    fn unchanged(&self, bench: &Bench, table: &mut Table) {
        if !bench.wants(&LINES[3..4]) {
            return;
        }
        let (mut a, mut b) = (Sample::of(Unit::Seconds), Sample::of(Unit::Seconds));
        for _ in 0..bench.scale.rounds[1] {
            a.push(self.device.time(&["status"]));
            b.push(time(&mut self.git(&["status"])));
        }
        table.add(bench, [LINES[3], "git status"], &a, Some(&b), Goal::AtMost(0.1));
    }

    /// Changes some memories on both sides.
    fn edit(&mut self, count: usize) {
        for _ in 0..count {
            self.edits += 1;
            let number = self.edits * 7919 % self.memories.len();
            let made = &mut self.memories[number];
            made.edit(self.edits);
            made.write(&self.repository);
            memories::update(self.device.database.path(), made);
        }
    }

    fn changed(&mut self, bench: &Bench, table: &mut Table) {
        let mut samples =
            [Unit::Seconds, Unit::Seconds, Unit::Bytes].map(|unit| [unit, unit].map(Sample::of));
        for _ in 0..bench.scale.rounds[1] {
            self.edit(1);
            samples[0][0].push(self.device.time(&["status"]));
            samples[0][1].push(time(&mut self.git(&["status"])));
            let before = [used(&self.device.staging), size(&self.git_folder())];
            samples[1][0].push(self.device.time(&["stash"]));
            samples[1][1].push(time(&mut self.git(&["commit", "-q", "-a", "-m", "one"])));
            samples[2][0].push(used(&self.device.staging) - before[0]);
            samples[2][1].push(size(&self.git_folder()) - before[1]);
        }
        let beside = ["git status", "git commit -a", "git commit"];
        for (index, ([a, b], goal)) in samples.iter().zip([0.35, 0.35, 1.0]).enumerate() {
            table.add(bench, [CHANGED[index], beside[index]], a, Some(b), Goal::AtMost(goal));
        }
        let [a, b] =
            [&samples[2][0], &samples[2][1]].map(|sample| Sample::single(Unit::Bytes, sample.mean()));
        table.add(bench, ["bytes of one change, mean", "git commit"], &a, Some(&b), Goal::None);
    }

    fn apart(&mut self, bench: &Bench, table: &mut Table) {
        self.edit(10);
        self.device.text(&["stash"]);
        text(&mut self.git(&["commit", "-q", "-a", "-m", "ten"]));
        let [old, new] = ["heads/local@{1}", "heads/local"];
        let ours = ["diff-tree", "-r", "--keys", "--name-status", old, new];
        assert_eq!(self.device.text(&ours).lines().count(), 10);
        let (mut a, mut b) = (Sample::of(Unit::Seconds), Sample::of(Unit::Seconds));
        for _ in 0..bench.scale.rounds[1] {
            a.push(self.device.time(&ours));
            b.push(time(&mut self.git(&["diff", "--stat", "HEAD~1", "HEAD"])));
        }
        table.add(bench, [LINES[7], "git diff --stat"], &a, Some(&b), Goal::AtMost(1.0));
        table.note("diff, ten changes: memsync diff-tree -r --keys --name-status of two stashes, which lists the memories");
    }
}
