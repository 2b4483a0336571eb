//! memsync beside what people would use instead, in one run: `cargo bench --bench versus`.
//!
//! Each line of the table is the median of several runs with its spread, memsync and its peer taken in turns, on the
//! same data, with a warm page cache. memsync is the release binary, process start included. What a line compares and how
//! is said where it is measured: [`local`] (beside git), [`network`] (beside the service's own sync, curl and the sqlite3
//! shell), [`growth`] (beside itself at other sizes), [`instructions`] (beside itself at other times).
//!
//! `cargo bench --bench versus -- NAME` runs only lines whose name contains NAME, `-- --quick` runs all of them on a
//! fraction of the data, which shows that they run and little more. Up to 12 GB are needed in `target/tmp`.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures time, makes folders and starts programs"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]
#![expect(clippy::print_stdout, reason = "its table is what it is run for")]
#![expect(unreachable_pub, reason = "`pub` marks what a file offers the others; nothing is exported")]

mod growth;
mod instructions;
mod local;
mod machine;
mod memories;
mod network;
mod run;
mod table;

#[path = "../../tests/it/support"]
#[expect(dead_code, reason = "the tests need more of it")]
mod support {
    pub mod client;
    pub mod database;
    pub mod hub;
    pub mod install;
    pub mod model;
    pub mod service;

    pub use database::Database;
    pub use hub::Hub;
    pub use service::{Service, Services, Version};
}

use std::path::{Path, PathBuf};

use table::Table;

/// How much is measured.
pub struct Scale {
    /// Memories of the lines beside git.
    pub local: usize,
    /// Memories of the lines beside the service.
    pub network: usize,
    /// Memories that are pushed.
    pub push: usize,
    /// The sizes at which growth is measured.
    pub growth: &'static [usize],
    /// The sizes at which memory is measured, and what is allowed there, in bytes.
    pub memory: &'static [(usize, f64)],
    /// How often what takes long is measured, and how often what does not.
    pub rounds: [usize; 2],
}

const FULL: Scale = Scale {
    local: 100_000,
    network: 10_000,
    push: 1_000,
    growth: &[1_000, 10_000, 100_000, 1_000_000],
    memory: &[(100_000, 150e6), (1_000_000, 600e6)],
    rounds: [5, 11],
};

const QUICK: Scale = Scale {
    local: 2_000,
    network: 1_000,
    push: 200,
    growth: &[1_000, 4_000],
    memory: &[(2_000, 150e6)],
    rounds: [2, 3],
};

/// What every measurement is given.
pub struct Bench {
    /// How much to measure.
    pub scale: Scale,
    /// The only lines that are wanted: those whose names contain one of these; all where there is none.
    names: Vec<String>,
    folder: tempfile::TempDir,
}

impl Bench {
    /// Whether one of these lines is wanted.
    pub fn wants(&self, lines: &[&str]) -> bool {
        let is_wanted = |line: &&str| self.names.iter().any(|name| line.contains(name.as_str()));
        self.names.is_empty() || lines.iter().any(is_wanted)
    }

    /// A new folder of that name.
    pub fn folder(&self, name: &str) -> PathBuf {
        fresh(&self.folder.path().join(name))
    }
}

/// Makes the folder anew, empty.
pub fn fresh(folder: &Path) -> PathBuf {
    if folder.exists() {
        std::fs::remove_dir_all(folder).unwrap();
    }
    std::fs::create_dir_all(folder).unwrap();
    folder.to_owned()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` starts benchmarks too, without this argument and without wanting a result.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let scale = if arguments.iter().any(|argument| argument == "--quick") { QUICK } else { FULL };
    let names: Vec<String> = arguments.into_iter().filter(|argument| !argument.starts_with("--")).collect();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let bench = Bench { scale, names, folder };
    if bench.names.iter().any(|name| name == "instructions") {
        return instructions::print(&bench);
    }
    println!("{}\n", machine::describe());
    let mut table = Table::new();
    local::measure(&bench, &mut table);
    network::measure(&bench, &mut table);
    growth::measure(&bench, &mut table);
    table.print();
}
