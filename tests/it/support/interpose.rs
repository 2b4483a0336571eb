//! Calls of the system that fail, or that end the program, at a place that a test chooses.
//!
//! The program under test is the one that people run: a small C library (`interpose.c`) is loaded into it, counts the
//! calls by which it changes files or talks to others, and interferes at the k-th.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// What happens at the chosen call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The program is killed before it.
    Kill,
    /// The program is killed when half of what it writes is written.
    Tear,
    /// The program is killed after it, and before it knows.
    Late,
    /// It fails with `EIO`, or `ECONNRESET` on a socket.
    Io,
    /// It fails with `ENOSPC`, if it is one that writes to a file.
    Full,
    /// Somebody else has the lock that it asks for. With this fault the calls that take locks count, and no others.
    Lock,
}

impl Fault {
    fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Tear => "tear",
            Self::Late => "late",
            Self::Io => "io",
            Self::Full => "full",
            Self::Lock => "lock",
        }
    }

    /// Whether the program ends there.
    pub fn is_death(self) -> bool {
        matches!(self, Self::Kill | Self::Tear | Self::Late)
    }
}

/// A fault, and where it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// What happens.
    pub fault: Fault,
    /// At which call, from 1; at none where it is 0.
    pub at: usize,
    /// And at every call after it.
    pub onwards: bool,
    /// Whether calls count that are about this alone.
    pub only: Option<&'static str>,
}

/// A call that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name, as `pwrite`.
    pub name: String,
    /// What it is about: a file's path below the folder, or `socket`.
    pub what: String,
}

/// Runs a command to its end with faults below `under`.
pub fn run(mut command: Command, under: &Path, place: Place) -> Output {
    prepare(&mut command, under, place);
    command.output().unwrap()
}

/// Runs a command to its end undisturbed, and says which calls it made that would count.
pub fn calls(mut command: Command, under: &Path, place: Place) -> (Output, Vec<Call>) {
    let log = under.with_extension("calls");
    let _ = fs::remove_file(&log);
    prepare(&mut command, under, Place { at: 0, ..place });
    let output = command.env("MEMSYNC_TEST_LOG", &log).output().unwrap();
    let text = fs::read_to_string(&log).unwrap_or_default();
    fs::remove_file(&log).unwrap();
    let call = |line: &str| {
        let (name, what) = line.split_once(' ').unwrap();
        Call { name: name.to_owned(), what: what.to_owned() }
    };
    (output, text.lines().map(call).collect())
}

fn prepare(command: &mut Command, under: &Path, place: Place) {
    command
        .env("LD_PRELOAD", library())
        .env("MEMSYNC_TEST_UNDER", fs::canonicalize(under).unwrap())
        .env("MEMSYNC_TEST_FAULT", place.fault.word())
        .env("MEMSYNC_TEST_AT", place.at.to_string());
    command.envs(place.only.map(|only| ("MEMSYNC_TEST_ONLY", only)));
    if place.onwards {
        command.env("MEMSYNC_TEST_ONWARDS", "1");
    }
}

/// The library, compiled once in a run of the tests.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/interpose.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        fs::create_dir_all(folder).unwrap();
        let made = folder.join(format!("interpose-{}.so", std::process::id()));
        let arguments = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"];
        let status = Command::new("cc").args(arguments).arg(&made).arg(source).arg("-ldl").status().unwrap();
        assert!(status.success(), "the C compiler does not take interpose.c");
        // Another run of the tests may be at it, too.
        let library = folder.join("interpose.so");
        fs::rename(made, &library).unwrap();
        library
    })
}
