//! Vectors of MiniLM by memsync beside `PyPI`'s onnxruntime: `cargo bench --bench embed`.
//!
//! The same texts go through memsync with the ONNX file, memsync with the safetensors file and onnxruntime with the ONNX
//! file, in turns, so that whatever else slows the machine down slows all of them. Each runs in a process of its own, so
//! that the memory that it needed at most can be read from the kernel.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures time and starts programs")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]
#![expect(clippy::print_stdout, reason = "its table is what it is run for")]
#![expect(unreachable_pub, reason = "`pub` marks what a file offers the others; nothing is exported")]

#[path = "../tests/it/support"]
#[expect(dead_code, reason = "the tests need more of it")]
mod support {
    pub mod client;
    pub mod database;
    pub mod install;
    pub mod model;
    pub mod service;

    pub use database::Database;
    pub use service::Version;
}

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use memsync::embed::{Cut, Maker, Model};
use support::Version;
use support::install::Installation;
use support::service::available;

/// How many memories are embedded.
const TEXTS: u32 = 1_000;

/// How often each is measured. The median counts.
const ROUNDS: usize = 5;

/// The words of a memory.
const WORDS: [&str; 16] = [
    "garden",
    "meeting",
    "Friday",
    "tea",
    "deployment",
    "database",
    "backup",
    "because",
    "remember",
    "invoice",
    "the",
    "a",
    "prefers",
    "short",
    "answers",
    "yesterday",
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, folder] = &arguments[..]
        && role == "serve"
    {
        return serve(Path::new(folder));
    }
    // `cargo test --all-targets` starts benchmarks too, without this argument and without wanting a result.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let installation = Installation::of(Version::V12_2_0);
    let installed = installation.and_then(|newest| Ok((support::model::Model::of(&newest)?, newest)));
    let Some((model, installation)) = available(installed) else { return };
    let mut python = Command::new(&installation.python);
    python.env("PYTHONPATH", model.modules());
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/embed.py")).arg(model.onnx());
    compare(&mut [
        Runner::start("onnxruntime, ONNX", &mut python),
        Runner::start("memsync, ONNX", own("serve", model.onnx()).as_mut()),
        Runner::start("memsync, safetensors", own("serve", model.safetensors()).as_mut()),
    ]);
}

/// This program in another role.
fn own(role: &str, folder: &Path) -> Box<Command> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(role).arg(folder);
    Box::new(command)
}

fn compare(runners: &mut [Runner]) {
    println!("{:<24}{:>10}{:>12}{:>9}{:>12}{:>9}", "", "load ms", "texts/s", "ratio", "one by one", "ratio");
    let mut rates = vec![[Vec::new(), Vec::new()]; runners.len()];
    for _ in 0..ROUNDS {
        for (runner, rates) in runners.iter_mut().zip(&mut rates) {
            for (job, rates) in ["batches", "single"].into_iter().zip(rates) {
                rates.push(f64::from(TEXTS) / runner.run(job));
            }
        }
    }
    let medians: Vec<[f64; 2]> = rates.into_iter().map(|rates| rates.map(median)).collect();
    for (runner, [batches, single]) in runners.iter().zip(&medians) {
        let [ratio, single_ratio] = [batches / medians[0][0], single / medians[0][1]];
        println!(
            "{:<24}{:>10.0}{batches:>12.1}{ratio:>9.2}{single:>12.1}{single_ratio:>9.2}  {} MB at most",
            runner.name,
            runner.load * 1000.0,
            runner.peak_megabytes(),
        );
    }
    println!(
        "\n{TEXTS} new memories: {:.1} s by memsync in batches, {:.1} s by the service's way, one by one",
        f64::from(TEXTS) / medians[1][0],
        f64::from(TEXTS) / medians[0][1],
    );
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// A process that embeds.
struct Runner {
    name: &'static str,
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Seconds until the first vector.
    load: f64,
}

impl Runner {
    fn start(name: &'static str, command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let requests = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut runner = Self { name, process, requests, answers, load: 0.0 };
        runner.load = runner.run(&serde_json::to_string(&texts()).unwrap());
        runner
    }

    /// Sends a line, and reads how many seconds it took.
    fn run(&mut self, line: &str) -> f64 {
        writeln!(self.requests, "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim().parse().unwrap()
    }

    /// The most memory that it has had at once.
    fn peak_megabytes(&self) -> String {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
        peak.map_or_else(|| "?".to_owned(), |kilobytes: u64| (kilobytes / 1000).to_string())
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What `embed.py` does, by memsync.
fn serve(folder: &Path) {
    let mut lines = std::io::stdin().lines().map(Result::unwrap);
    let texts: Vec<String> = serde_json::from_str(&lines.next().unwrap()).unwrap();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let model = Model::new(folder.to_owned(), Cut::Tokens(128), "MiniLM");
    println!("{}", seconds(|| drop(model.vectors(&["tea"]).unwrap())));
    for job in lines {
        let single = || texts.iter().for_each(|text| drop(model.vectors(&[text]).unwrap()));
        let batches = || drop(model.vectors(&texts).unwrap());
        println!("{}", if job == "batches" { seconds(batches) } else { seconds(single) });
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Memories of about 60 words, the same on every run.
fn texts() -> Vec<String> {
    let text = |seed: u32| {
        let words =
            (0..40 + seed % 41).map(|place| WORDS[((seed * 31 + place * place * 7 + place) % 16) as usize]);
        format!("Memory {seed}: {}", words.collect::<Vec<_>>().join(" "))
    };
    (0..TEXTS).map(text).collect()
}
