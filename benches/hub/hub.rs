//! `memsync serve`, as built for this benchmark.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A running hub; killed when it goes out of scope.
pub struct Hub {
    child: Child,
    log: PathBuf,
}

impl Hub {
    /// Its API key.
    pub const KEY: &str = "bench-key-0123456789";

    /// Starts it on a free port, with `folder` as its home.
    pub fn start(folder: &Path, database: &Path) -> Self {
        let log = folder.join("hub.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_memsync"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--db"])
            .arg(database)
            .env_clear()
            .env("HOME", folder)
            .env("MCP_API_KEY", Self::KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap());
        let mut hub = Self { child: command.spawn().unwrap(), log };
        let deadline = Instant::now() + Duration::from_secs(30);
        while hub.announced().is_none() {
            let ended = hub.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "it does not start:\n{}", hub.said());
            thread::sleep(Duration::from_millis(20));
        }
        hub
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.announced().unwrap()
    }

    fn announced(&self) -> Option<String> {
        let said = self.said();
        let url = said.lines().find_map(|line| line.strip_prefix("Listening on "));
        url.map(|url| url.trim().to_owned())
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
