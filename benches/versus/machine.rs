//! Which machine this is, and which programs it has.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::support::Version;
use crate::support::install::Installation;

/// The machine and the versions of everything that is measured, in a few lines.
pub fn describe() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown", |(_, model)| model);
    let kernel = first_line("uname", &["-sr"]).unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    let version = |program, argument| first_line(program, &[argument]).unwrap_or("none".to_owned());
    let service = match service() {
        Ok(_) => "12.2.0",
        Err(_) => "none",
    };
    format!(
        "machine: {cores} cores, {model}, {kernel}; load {load}\n\
         memsync {} ({}), {}, sqlite3 {}, {}, service {service}",
        env!("CARGO_PKG_VERSION"),
        commit(),
        version("git", "--version"),
        version("sqlite3", "--version").split(' ').next().unwrap_or_default(),
        version("curl", "--version").split(" (").next().unwrap_or_default(),
    )
}

fn commit() -> String {
    let here = env!("CARGO_MANIFEST_DIR");
    let commit = first_line("git", &["-C", here, "rev-parse", "--short", "HEAD"]);
    let changes = first_line("git", &["-C", here, "status", "--porcelain", "--untracked-files=no"]);
    let changed = if changes.is_some() { ", with changes" } else { "" };
    format!("{}{changed}", commit.unwrap_or("no commit".to_owned()))
}

/// The service's Python, or why there is none.
pub fn service() -> Result<Installation, String> {
    Installation::of(Version::V12_2_0)
}

/// Whether a program is there.
pub fn has(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// sqlite-vec as the service has it, for a shell that can load it.
pub fn vectors_extension(python: &Path) -> Option<String> {
    let program = "import sqlite_vec; print(sqlite_vec.loadable_path())";
    first_line(python.to_str()?, &["-c", program])
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().filter(|line| !line.is_empty()).map(str::to_owned)
}
