//! Real git, for what must be its own.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::TestEnvironment;

/// A real repository of `--object-format=sha256`.
pub struct Git {
    /// Where it is.
    pub folder: PathBuf,
    _environment: TestEnvironment,
}

impl Git {
    /// Makes an empty one.
    pub fn init() -> Self {
        let environment = TestEnvironment::new();
        let git = Self { folder: environment.folder("repository"), _environment: environment };
        git.run(&["init", "--quiet", "--initial-branch=main", "--object-format=sha256"], "");
        git
    }

    /// Runs git, fails the test where it complains at all, and gives what it printed.
    pub fn run(&self, arguments: &[&str], input: &str) -> String {
        String::from_utf8(self.run_bytes(arguments, input.as_bytes())).unwrap()
    }

    /// The same for bytes.
    #[track_caller]
    pub fn run_bytes(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(&self.folder).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", &self.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input).unwrap());
            child.wait_with_output().unwrap()
        });
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && complaint.is_empty(), "git {arguments:?}: {complaint}");
        output.stdout
    }
}
