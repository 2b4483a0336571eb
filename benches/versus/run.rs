//! Runs programs and measures them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Database, Service};

/// A device: a memory database, a staging database, and what it syncs with.
pub struct Device {
    pub folder: PathBuf,
    pub database: Database,
    pub staging: PathBuf,
}

impl Device {
    /// A device in this folder, where its database lies or is going to.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            database: Database::in_folder(folder),
            staging: folder.join("staging.db"),
        }
    }

    /// `memsync` with these arguments, as a user would start it.
    pub fn memsync(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_memsync"));
        command.args(arguments).env_clear().current_dir(&self.folder);
        command.envs(self.environment());
        command
    }

    /// What memsync finds in its environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        vec![
            ("HOME", text(&self.folder)),
            ("PATH", std::env::var("PATH").unwrap()),
            ("MCP_MEMORY_SQLITE_PATH", text(self.database.path())),
            ("STAGING_DB", text(&self.staging)),
            ("MCP_API_KEY", Service::KEY.to_owned()),
            ("MCP_MEMORY_ALLOW_HASH_EMBEDDINGS", "1".to_owned()),
            ("HOSTNAME", "bench".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
        ]
    }

    /// Runs `memsync`, in seconds.
    pub fn time(&self, arguments: &[&str]) -> f64 {
        time(&mut self.memsync(arguments))
    }

    /// What `memsync` prints.
    pub fn text(&self, arguments: &[&str]) -> String {
        text(&mut self.memsync(arguments))
    }

    /// Forgets everything that memsync knows.
    pub fn forget(&self) {
        for suffix in ["", "-journal", "-lock", ".lock", ".config"] {
            let mut name = self.staging.clone().into_os_string();
            name.push(suffix);
            let _ = fs::remove_file(name);
        }
        let _ = fs::remove_file(self.staging.with_extension("config"));
    }
}

/// Runs a program to its end, which must be well; in seconds.
pub fn time(command: &mut Command) -> f64 {
    let start = Instant::now();
    text(command);
    start.elapsed().as_secs_f64()
}

/// What a program prints. It must end well.
pub fn text(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}:\n{said}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a program, and returns the most memory in bytes that it had at once. The kernel counts; a peak in the last
/// two milliseconds may be missed.
pub fn peak(command: &mut Command) -> f64 {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let mut most = 0.0;
    loop {
        most = peak_so_far(&child).unwrap_or(most);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?} ended with {status}");
            return most;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn peak_so_far(child: &Child) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}

/// The apparent size of a file, or of all files in a folder, in bytes.
pub fn size(path: &Path) -> f64 {
    let metadata = fs::symlink_metadata(path).unwrap();
    if !metadata.is_dir() {
        #[expect(clippy::cast_precision_loss, reason = "no file here is that large")]
        return metadata.len() as f64;
    }
    fs::read_dir(path).unwrap().map(|entry| size(&entry.unwrap().path())).sum()
}
