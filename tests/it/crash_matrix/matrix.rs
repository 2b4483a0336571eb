//! One command, all the places at which something happens to it, and what must hold afterwards.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::thread;

use memsync::object::BlobId;

use super::stage::{End, Remote, Stage};
use crate::support::database::Row;
use crate::support::interpose::{self, Call, Fault, Place};
use crate::support::output::CommandOutput;

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// What the laptop syncs with.
    pub remote: Remote,
    /// What runs before, undisturbed.
    pub before: &'a [&'a [&'a str]],
    /// What something happens to.
    pub command: &'a [&'a str],
    /// What happens.
    pub faults: &'a [Fault],
    /// Only calls about this.
    pub only: Option<&'static str>,
}

impl Default for Matrix<'_> {
    fn default() -> Self {
        Self { remote: Remote::File, before: &[], command: &["sync"], faults: &[], only: None }
    }
}

/// What a run to which nothing happens comes to.
struct Reference {
    /// How the command ends.
    status: Option<i32>,
    /// What is there then.
    done: End,
    /// How a sync after it ends.
    next: Option<i32>,
    /// What one after that says.
    last: String,
    end: End,
    printable: BTreeSet<BlobId>,
    /// What the laptop's database held before.
    laptop: Vec<Row>,
}

/// Tries every place, on as many stages as there are processors.
#[track_caller]
pub fn check(matrix: &Matrix<'_>) {
    let places = Mutex::new(None);
    let complaints = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let mut stage = Stage::set(matrix.remote);
                let reference = matrix.reference(&mut stage);
                loop {
                    let next = {
                        let mut places = places.lock().unwrap();
                        places.get_or_insert_with(|| matrix.places(&mut stage)).pop()
                    };
                    let Some((place, call)) = next else { break };
                    if let Err(complaint) = matrix.attempt(&mut stage, &reference, place) {
                        complaints.lock().unwrap().push(format!("{place:?} {call:?}\n{complaint}"));
                    }
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    let shown = complaints.iter().take(5).fold(String::new(), |mut text, complaint| {
        let _ = writeln!(text, "{complaint}");
        text
    });
    assert!(complaints.is_empty(), "{} places of {matrix:?}\n{shown}", complaints.len());
}

impl Matrix<'_> {
    fn set(&self, stage: &mut Stage) {
        stage.restore();
        for command in self.before {
            let _ = stage.memsync(command);
        }
    }

    fn reference(&self, stage: &mut Stage) -> Reference {
        self.set(stage);
        let laptop = stage.laptop.database.rows();
        let status = stage.memsync(self.command).status;
        let done = stage.look();
        let next = stage.memsync(&["sync"]).status;
        let last = stage.memsync(&["sync"]).stdout;
        stage.memsync(&["fsck"]).success();
        Reference { status, done, next, last, end: stage.look(), printable: stage.printable(), laptop }
    }

    /// Every place, the last one first, with the call that is made there.
    fn places(&self, stage: &mut Stage) -> Vec<(Place, Call)> {
        let crashes = std::env::var("MEMSYNC_CRASHES").unwrap_or_default();
        let is_full = crashes == "all";
        let mut places = Vec::new();
        for fault in self.faults {
            self.set(stage);
            let mut command = stage.laptop.command();
            command.args(self.command);
            let first = Place { fault: *fault, at: 1, onwards: false, only: self.only };
            let (_, calls) = interpose::calls(command, &stage.root(), first);
            assert!(!calls.is_empty());
            for (index, call) in calls.iter().enumerate() {
                let place = Place { at: index + 1, ..first };
                let is_alone = is_full || self.only.is_some();
                if is_alone || is_telling(&calls, index, *fault) {
                    places.push((place, call.clone()));
                }
                // From one file to the next.
                let is_other_file = index == 0 || calls[index - 1].what != call.what;
                if !fault.is_death() && (is_alone || is_other_file) {
                    places.push((Place { onwards: true, ..place }, call.clone()));
                }
            }
        }
        let mut places: Vec<_> = places.into_iter().step_by(crashes.parse().unwrap_or(1)).collect();
        if let Ok(only) = std::env::var("MEMSYNC_CRASHES_AT") {
            places.retain(|(place, _)| place.at.to_string() == only);
        }
        places.reverse();
        places
    }

    fn attempt(&self, stage: &mut Stage, reference: &Reference, place: Place) -> Result<(), String> {
        self.set(stage);
        let mut command = stage.laptop.command();
        command.args(self.command);
        let output = interpose::run(command, &stage.root(), place);
        if !place.fault.is_death() {
            judge(&stage.laptop.output(&output), reference)?;
        }
        let expect = |arguments: &[&str], status: Option<i32>| {
            let output = stage.memsync(arguments);
            let is_right = output.status == status;
            if is_right {
                Ok(output)
            } else {
                Err(format!("{arguments:?} was to end with {status:?}: {output}"))
            }
        };
        if place.fault.is_death() {
            expect(&["fsck"], Some(0))?;
        }
        // An undo that is there already would be taken back by another one.
        let now = stage.look();
        let is_done = (&now.laptop, &now.remote, now.base)
            == (&reference.done.laptop, &reference.done.remote, reference.done.base);
        if self.command != ["sync"] && !(self.command[0] == "undo" && is_done) {
            expect(self.command, reference.status)?;
        }
        let next = reference.next;
        let first = expect(&["sync"], next)?;
        let last = expect(&["sync"], next)?;
        equal("what a second sync says", &last.stdout, &reference.last)
            .map_err(|why| format!("{why}\nafter a first one that said\n{first}"))?;
        let end = stage.look();
        equal("this device", &end.laptop, &reference.end.laptop)?;
        equal("the remote", &end.remote, &reference.end.remote)?;
        equal("the end", &end, &reference.end)?;
        let missing: Vec<_> = reference.printable.difference(&stage.printable()).copied().collect();
        if !missing.is_empty() {
            return Err(format!("these versions cannot be printed any more: {missing:?}"));
        }
        expect(&["fsck"], Some(0))?;
        if place.fault.is_death() && self.command == ["sync"] {
            expect(&["undo"], Some(0))?;
            equal("after an undo", &stage.laptop.database.rows(), &reference.laptop)?;
        }
        Ok(())
    }
}

/// Whether what happens there is unlike what happens at the calls around it: before the first of a row of equal calls,
/// and in the middle of its last.
fn is_telling(calls: &[Call], index: usize, fault: Fault) -> bool {
    let call = &calls[index];
    let is_first = index == 0 || calls[index - 1] != *call;
    let writes = call.name.contains("write") || call.name.contains("send") || call.name == "ftruncate";
    match fault {
        Fault::Tear => writes && calls.get(index + 1) != Some(call),
        Fault::Full => writes && is_first,
        _ => is_first,
    }
}

/// A command that the system fails says so, and ends as it is documented for what it names. That need not be what the
/// k-th call of the run before was about: how many pages a transaction writes is not quite the same each time.
fn judge(output: &CommandOutput, reference: &Reference) -> Result<(), String> {
    let named =
        output.stderr.split_once("error: ").map_or("", |(_, rest)| rest.lines().next().unwrap_or_default());
    let documented = if named.contains("/remote/") || named.contains("http://") { 4 } else { 5 };
    let is_said = !named.is_empty() && output.stderr.contains("hint: ");
    if output.status == reference.status || (output.status == Some(documented) && is_said) {
        return Ok(());
    }
    Err(format!("it was to end with {documented}, and say why: {output}"))
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, is: &T, was: &T) -> Result<(), String> {
    if is == was {
        Ok(())
    } else {
        Err(format!("{what}:\n{}", difference(&format!("{is:#?}"), &format!("{was:#?}"))))
    }
}

/// The lines that only one of two texts has.
fn difference(is: &str, was: &str) -> String {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (is, was) = (lines(is), lines(was));
    let start = is.iter().zip(&was).take_while(|(is, was)| is == was).count();
    let from = start.saturating_sub(4);
    let part = |lines: &[String]| lines.iter().skip(from).take(24).cloned().collect::<Vec<_>>().join("\n");
    format!("is\n{}\nand was to be\n{}", part(&is), part(&was))
}
