//! Installs the real service, and what else of Python the tests run, into `target/service` when a test first needs
//! it.
//!
//! One test installs while the others wait: a file lock holds between threads and between programs. A stamp
//! file marks a folder that is complete; what pip said is in `target/service/NAME.log`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::Version;

/// How to start one version.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The Python that has what the service needs.
    pub python: PathBuf,
    /// More folders of modules, which come before those of that Python.
    modules: Vec<PathBuf>,
}

impl Installation {
    /// Installs what is missing; an error says in one sentence why that cannot be done here.
    pub fn of(version: Version) -> Result<Self, String> {
        static NEW: OnceLock<Result<Installation, String>> = OnceLock::new();
        static OLD: OnceLock<Result<Installation, String>> = OnceLock::new();
        let newest = NEW.get_or_init(|| locked("12.2.0", install_newest)).clone()?;
        match version {
            Version::V12_2_0 => Ok(newest),
            // It runs on what the newest brought along; only its own modules differ.
            Version::V10_20_6 => {
                OLD.get_or_init(|| locked("10.20.6", |folder, log| install_old(&newest, folder, log))).clone()
            }
        }
    }

    /// Installs schemathesis, which tries out what an `OpenAPI` document promises; its program lies beside the Python.
    pub fn of_schemathesis() -> Result<Self, String> {
        static INSTALLED: OnceLock<Result<Installation, String>> = OnceLock::new();
        let install = |folder: &Path, log: &Path| install_in_venv("schemathesis==4.32.5", folder, log);
        INSTALLED.get_or_init(|| locked("schemathesis-4.32.5", install)).clone()
    }

    /// The same with the modules in `folder` too.
    pub fn with_modules(mut self, folder: &Path) -> Self {
        self.modules.push(folder.to_owned());
        self
    }

    /// What `PYTHONPATH` must be.
    pub fn python_path(&self) -> Option<OsString> {
        (!self.modules.is_empty()).then(|| std::env::join_paths(&self.modules).unwrap())
    }
}

/// Calls `install` with the folder of that name and log while holding the lock.
pub fn locked<T>(name: &str, install: impl FnOnce(&Path, &Path) -> Result<T, String>) -> Result<T, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("service");
    fs::create_dir_all(&target).unwrap();
    let lock = File::create(target.join("lock")).unwrap();
    lock.lock().unwrap();
    install(&target.join(name), &target.join(format!("{}.log", name.replace('/', "-"))))
}

fn install_newest(folder: &Path, log: &Path) -> Result<Installation, String> {
    install_in_venv("mcp-memory-service==12.2.0", folder, log)
}

/// Installs one package, with what it needs, into a virtual environment of its own.
fn install_in_venv(package: &str, folder: &Path, log: &Path) -> Result<Installation, String> {
    let installation = Installation { python: folder.join("bin/python"), modules: Vec::new() };
    once(folder, || {
        let python = system_python().ok_or(
            "no Python 3.10 or later was found whose sqlite3 loads extensions and that can make a venv \
             (on Debian: apt-get install python3-venv)",
        )?;
        run(Command::new(python).args(["-m", "venv"]).arg(folder), log)?;
        run(pip(&installation.python).arg(package), log)
    })?;
    Ok(installation)
}

fn install_old(newest: &Installation, folder: &Path, log: &Path) -> Result<Installation, String> {
    once(folder, || {
        let mut pip = pip(&newest.python);
        run(pip.args(["--no-deps", "mcp-memory-service==10.20.6", "--target"]).arg(folder), log)
    })?;
    Ok(newest.clone().with_modules(folder))
}

/// How to start pip; the packages are to be named.
pub fn pip(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]);
    command
}

/// Fills `folder` unless an earlier run finished doing so; a half-filled one is started over.
pub fn once(folder: &Path, fill: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let stamp = folder.join("complete");
    if stamp.exists() {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
    fill()?;
    fs::write(stamp, "").unwrap();
    Ok(())
}

/// The first Python that can run the service.
fn system_python() -> Option<&'static str> {
    let probe = "import sys, sqlite3, venv, ensurepip
sqlite3.connect(':memory:').enable_load_extension(True)
sys.exit(sys.version_info < (3, 10))";
    ["/usr/bin/python3", "python3", "/opt/homebrew/bin/python3", "/usr/local/bin/python3"].into_iter().find(
        |python| {
            let mut command = Command::new(python);
            command.args(["-c", probe]).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        },
    )
}

/// Runs an installer, its output appended to `log`.
pub fn run(command: &mut Command, log: &Path) -> Result<(), String> {
    let output = File::options().create(true).append(true).open(log).unwrap();
    command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}; see {}", log.display())),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}
