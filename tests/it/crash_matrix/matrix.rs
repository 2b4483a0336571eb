//! One command, all the places at which something happens to it, and what must hold afterwards.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Output;
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
    /// Only calls on this kind of file.
    pub only: Option<&'a str>,
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
                    if let Err(complaint) = matrix.attempt(&mut stage, &reference, place, &call) {
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
        let next = stage.memsync(&["sync"]).status;
        let last = stage.memsync(&["sync"]).stdout;
        stage.memsync(&["fsck"]).success();
        Reference { status, next, last, end: stage.look(), printable: stage.printable(), laptop }
    }

    /// Every place, the last one first, with the call that is made there.
    fn places(&self, stage: &mut Stage) -> Vec<(Place, Call)> {
        let is_full = std::env::var("MEMSYNC_CRASHES").is_ok_and(|crashes| crashes == "all");
        let mut places = Vec::new();
        for fault in self.faults {
            self.set(stage);
            let mut command = stage.laptop.command();
            command.args(self.command);
            let (_, calls) = interpose::calls(command, &stage.root(), *fault);
            assert!(!calls.is_empty());
            let is_inside = |index: usize| {
                index > 0 && index + 1 < calls.len() && calls[index - 1] == calls[index] && calls[index] == calls[index + 1]
            };
            for (index, call) in calls.iter().enumerate() {
                let is_meant = self.only.is_none_or(|only| call.what == only) && (is_full || !is_inside(index));
                for onwards in [false, true] {
                    let place = Place { fault: *fault, at: index + 1, onwards };
                    if is_meant && !(onwards && fault.is_death()) {
                        places.push((place, call.clone()));
                    }
                }
            }
        }
        println!("{} places of {self:?}", places.len());
        places.reverse();
        places
    }

    fn attempt(&self, stage: &mut Stage, reference: &Reference, place: Place, call: &Call) -> Result<(), String> {
        self.set(stage);
        let mut command = stage.laptop.command();
        command.args(self.command);
        let output = interpose::run(command, &stage.root(), place);
        if !place.fault.is_death() {
            self.judge(&output, &stage.laptop.output(&output), reference, call)?;
        }
        let expect = |arguments: &[&str], status: Option<i32>| {
            let output = stage.memsync(arguments);
            let is_right = output.status == status;
            if is_right { Ok(output) } else { Err(format!("{arguments:?} was to end with {status:?}: {output}")) }
        };
        expect(&["fsck"], Some(0))?;
        let next = if self.command == ["sync"] { reference.next } else {
            expect(self.command, reference.status)?;
            reference.next
        };
        expect(&["sync"], next)?;
        let last = expect(&["sync"], next)?;
        equal("what a second sync says", &last.stdout, &reference.last)?;
        let end = stage.look();
        equal("this device", &end.laptop, &reference.end.laptop)?;
        equal("the remote", &end.remote, &reference.end.remote)?;
        equal("the end", &end, &reference.end)?;
        let lost: Vec<_> = reference.printable.difference(&stage.printable()).copied().collect();
        if !lost.is_empty() {
            return Err(format!("these versions cannot be printed any more: {lost:?}"));
        }
        expect(&["fsck"], Some(0))?;
        if place.fault.is_death() && self.command == ["sync"] {
            expect(&["undo"], Some(0))?;
            equal("after an undo", &stage.laptop.database.rows(), &reference.laptop)?;
        }
        Ok(())
    }

    /// A command that the system fails says so, and ends as it is documented.
    fn judge(&self, raw: &Output, output: &CommandOutput, reference: &Reference, call: &Call) -> Result<(), String> {
        let documented = if call.what == "socket" || call.what.starts_with("remote/") { 4 } else { 5 };
        let is_success = output.status == reference.status;
        let is_said = output.stderr.contains("error: ") && output.stderr.contains("hint: ");
        if is_success || (output.status == Some(documented) && is_said) {
            return Ok(());
        }
        Err(format!("{raw:?} was to end with {documented}, and say why: {output}"))
    }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, is: &T, was: &T) -> Result<(), String> {
    if is == was { Ok(()) } else { Err(format!("{what}:\n{}", difference(&format!("{is:#?}"), &format!("{was:#?}")))) }
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
