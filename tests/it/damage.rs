//! Damaged staging databases: `fsck` says what is wrong, no command makes it worse, and what is readable is recovered.
//!
//! Each damage is inflicted on a copy of its own, on which every command is run. `MEMSYNC_DAMAGE=COUNT` tries as many
//! random ones, from `MEMSYNC_DAMAGE_SEED` on, `MEMSYNC_DAMAGE_ONLY=NUMBER` one of them again.

mod kinds;
mod stage;

use std::collections::{BTreeMap, BTreeSet};

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::{env, fs, thread};

use memsync::object::Kind;

use crate::support::output::CommandOutput;
use kinds::Damage;
use stage::{Sides, Stage, Trial, finding, lost};

static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);

/// What only looks.
const READING: &[&[&str]] = &[
    &["status"],
    &["diff"],
    &["log", "--stat"],
    &["show"],
    &["conflicts"],
    &["reflog"],
    &["fast-export"],
    &["sync", "--dry-run"],
    &["undo", "--dry-run"],
];

/// The objects that can be read, by their ids.
type Readable = BTreeMap<Vec<u8>, (Kind, Vec<u8>)>;
/// What the rows of the objects hold, by their ids.
type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// A damage, and what came of it.
struct Case<'a> {
    damage: &'a Damage,
    copy: Trial,
    /// What `fsck` said first.
    found: Option<String>,
    problems: Vec<String>,
}

impl<'a> Case<'a> {
    /// Damages a copy and tries every command on it; `None` where there was nothing to damage.
    fn try_out(damage: &'a Damage) -> Option<Self> {
        let copy = STAGE.copy();
        if !damage.inflict(&copy.laptop.staging) {
            return None;
        }
        let mut case = Self { damage, copy, found: None, problems: Vec::new() };
        case.look();
        case.write();
        Some(case)
    }

    fn problem(&mut self, what: impl std::fmt::Display) {
        self.problems.push(format!("{}: {what}", self.damage.name));
    }

    /// Runs a command. Whatever the file holds, it ends in an orderly way, and a complaint names the file or the
    /// object, and what to do.
    fn memsync(&mut self, arguments: &[&str]) -> CommandOutput {
        let output = self.copy.laptop.memsync(arguments);
        let is_clear = match output.status {
            Some(0 | 1 | 2 | 3 | 6) => true,
            Some(5 | 128) if arguments == ["fsck"] => true,
            Some(5 | 128) => ["staging.db", "memsync fsck"].iter().any(|name| output.stderr.contains(name)),
            _ => false,
        };
        let is_complaint = matches!(output.status, Some(5 | 128)) && arguments != ["fsck"];
        // What only saves a reading is in nobody's way.
        let is_cache = ["readings.", "marks."].iter().any(|table| self.damage.name.starts_with(table));
        if !is_clear
            || output.stderr.contains("panicked")
            || (is_complaint && (is_cache || !output.stderr.contains("hint: ")))
        {
            self.problem(format!("{arguments:?}\n{output}"));
        }
        output
    }

    /// Nothing that only looks changes a byte of the memories or the damaged file.
    fn look(&mut self) {
        let bytes = fs::read(&self.copy.laptop.staging).unwrap();
        let checked = self.memsync(&["fsck"]);
        self.found = finding(&checked);
        for arguments in READING {
            let output = self.memsync(arguments);
            self.is_told(arguments, &output);
        }
        if fs::read(&self.copy.laptop.staging).unwrap() != bytes {
            self.problem("looking at it changed the staging database");
        }
        if self.copy.sides() != STAGE.before {
            self.problem("looking at it changed the memories");
        }
    }

    /// What one command calls damage, `fsck` finds.
    fn is_told(&mut self, arguments: &[&str], output: &CommandOutput) {
        if output.status == Some(5) && self.found.is_none() {
            self.problem(format!("fsck finds nothing, but {arguments:?}\n{output}"));
        }
    }

    /// What writes does what it does on a whole file, or nothing, or what a first sync does; and takes nothing of the
    /// history away.
    fn write(&mut self) {
        let (mut readable, rows) = (self.copy.readable(&STAGE.ids), self.copy.rows());
        for arguments in [&["stash"][..], &["gc"], &["sync"]] {
            let output = self.memsync(arguments);
            self.is_told(arguments, &output);
            for id in self.lost(&rows, &mut readable) {
                self.problem(format!("{arguments:?} made an object unreadable: {id:02x?}\n{output}"));
            }
        }
        let after = self.copy.sides();
        for name in wrong(&after) {
            self.problem(format!("the sync made {:?} of {name}", after.get(&name)));
        }
        let _ = self.memsync(&["undo"]);
        let _ = self.memsync(&["fsck"]);
        let undone = self.copy.sides();
        if !lost(&after, &undone).is_subset(&self.texts()) {
            self.problem(format!("undo lost {:?}", lost(&after, &undone)));
        }
        for id in self.lost(&rows, &mut readable) {
            self.problem(format!("an object became unreadable: {id:02x?}"));
        }
    }

    /// Takes those out of `readable` that cannot be read any more and whose rows are not as they were either.
    fn lost(&self, rows: &Rows, readable: &mut Readable) -> Vec<Vec<u8>> {
        let still = self.copy.readable(&STAGE.ids);
        let after = self.copy.rows();
        let is_changed = |id: &Vec<u8>| after.get(id).is_none_or(|data| rows.get(id) != Some(data));
        let is_lost = |id: &Vec<u8>| !still.contains_key(id) && is_changed(id);
        readable.extract_if(.., |id, _| is_lost(id)).map(|(id, _)| id).collect()
    }

    /// The texts that the history can still print.
    fn texts(&self) -> BTreeSet<String> {
        let objects = self.copy.readable(&STAGE.ids).into_values();
        let memories = objects.filter_map(|(_, bytes)| memsync::object::Memory::parse(&bytes).ok());
        memories.map(|memory| memory.content).collect()
    }
}

/// The names under which both sides hold what neither no sync, nor a right one, nor a first one leaves there.
fn wrong(after: &Sides) -> BTreeSet<String> {
    let names = STAGE.before.keys().chain(after.keys()).cloned();
    let right = [&STAGE.before, &STAGE.synced, &STAGE.united];
    let is_right = |name: &String| right.iter().any(|right| is_alike(right, after, name));
    names.filter(|name| !is_right(name)).collect()
}

fn is_alike(one: &Sides, other: &Sides, name: &str) -> bool {
    one.get(name).cloned().unwrap_or_default() == other.get(name).cloned().unwrap_or_default()
}

/// Tries all of them out, on every processor; gives those on which `fsck` found something and on which it did not.
#[track_caller]
fn try_all(damages: &[Damage]) -> (Vec<String>, Vec<String>) {
    let next = AtomicUsize::new(0);
    let cases = Mutex::new(Vec::new());
    let work = || {
        while let Some(damage) = damages.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(case) = Case::try_out(damage) {
                let found = case.found.is_some();
                cases.lock().unwrap().push((damage.name.clone(), found, case.problems));
            }
        }
    };
    LazyLock::force(&STAGE);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let mut cases = cases.into_inner().unwrap();
    cases.sort();
    let problems: Vec<&String> = cases.iter().flat_map(|(_, _, problems)| problems).collect();
    assert!(
        problems.is_empty(),
        "{} problems\n{}",
        problems.len(),
        problems.into_iter().map(|p| p.clone() + "\n").collect::<String>()
    );
    let (found, silent): (Vec<_>, Vec<_>) = cases.into_iter().partition(|(_, found, _)| *found);
    let names = |cases: Vec<(String, bool, Vec<String>)>| cases.into_iter().map(|(name, ..)| name).collect();
    (names(found), names(silent))
}

fn staging(copy: &Trial) -> &std::path::Path {
    &copy.laptop.staging
}

#[test]
fn rows_of_every_table_may_hold_anything() {
    let (_, silent) = try_all(&kinds::rows(staging(&STAGE.copy())));
    // A table may be empty, and a value another one of its type; what is not there at all or of another type is always
    // told.
    let is_plain = |name: &&String| name.ends_with(": dropped") || name.ends_with(": another type");
    let missing: Vec<_> = silent.iter().filter(is_plain).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn objects_may_be_wrong_in_every_way() {
    let (found, silent) = try_all(&kinds::objects(staging(&STAGE.copy())));
    // A size that is too large by one is no harm, and some of these change nothing.
    assert!(found.len() > 2 * silent.len(), "{silent:?}");
}

#[test]
fn pages_may_be_overwritten_and_cut_off() {
    let (found, _) = try_all(&kinds::pages(STAGE.staging()));
    assert!(found.len() > 100, "{}", found.len());
}

#[test]
fn bytes_may_be_changed_anywhere() {
    let number = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned()).parse().unwrap();
    let (count, seed) = (number("MEMSYNC_DAMAGE", "10"), number("MEMSYNC_DAMAGE_SEED", "1"));
    let mut damages = kinds::random(STAGE.staging(), seed, usize::try_from(count).unwrap());
    if let Ok(only) = env::var("MEMSYNC_DAMAGE_ONLY") {
        damages.retain(|damage| damage.name.starts_with(&format!("number {only} of ")));
    }
    try_all(&damages);
}

#[test]
fn a_lost_staging_database_loses_no_memory() {
    let copy = STAGE.copy();
    fs::remove_file(staging(&copy)).unwrap();
    let _ = copy.laptop.memsync(["sync"]).expect_status(128);
    assert_eq!(copy.sides(), STAGE.before);
    copy.recover();
    let after = copy.sides();
    for (name, held) in &STAGE.before {
        let held: Vec<_> = held.iter().flatten().collect();
        let [here, there] = &after[name];
        let (Some(here), Some(there)) = (here, there) else { panic!("{name} is on one side alone") };
        let texts = [&here.content, &there.content];
        assert!(held.iter().all(|row| texts.contains(&&row.content)), "{name}: {held:?} became {texts:?}");
    }
    // What was changed on both sides waits for its user, everything else is done.
    let waiting = copy.laptop.memsync(["status", "--porcelain"]).success().stdout;
    assert!(
        waiting.lines().count() == 2 && waiting.lines().all(|line| line.starts_with("AAU ")),
        "{waiting}"
    );
}
