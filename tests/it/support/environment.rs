//! Devices to run `memsync` on: nothing of the machine that runs the tests shows through.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::output::CommandOutput;
use super::{Database, Hub, Service};

/// A folder of its own for everything that a test writes, removed at the end.
pub struct TestEnvironment {
    folder: tempfile::TempDir,
}

impl TestEnvironment {
    /// Makes the folder.
    pub fn new() -> Self {
        Self { folder: tempfile::Builder::new().prefix("memsync-test-").tempdir().unwrap() }
    }

    /// Makes the folder in memory, where the system offers that: for tests that write a great many files.
    pub fn in_memory() -> Self {
        let folder = tempfile::Builder::new().prefix("memsync-test-").tempdir_in("/dev/shm");
        folder.map_or_else(|_| Self::new(), |folder| Self { folder })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of that name inside, made where it is missing.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A device of that name, with no database yet and no server.
    pub fn device(&self, name: &str) -> Device {
        let folder = self.folder(name);
        Device {
            name: name.to_owned(),
            database: Database::in_folder(&folder),
            staging: folder.join("staging.db"),
            remote: None,
            key: None,
            now: "2025-01-02T03:04:05Z".to_owned(),
            root: self.folder.path().to_owned(),
            folder,
        }
    }
}

/// One device: a home folder, a memory database, a staging database, and the server it talks to.
pub struct Device {
    /// Its `HOSTNAME`, and the name of its folder.
    pub name: String,
    /// Its `HOME`.
    pub folder: PathBuf,
    /// The memory database, `MCP_MEMORY_SQLITE_PATH`.
    pub database: Database,
    /// The staging database, `STAGING_DB`.
    pub staging: PathBuf,
    /// The server, `REMOTE_API`.
    pub remote: Option<String>,
    /// The server's key, `MCP_API_KEY`.
    pub key: Option<String>,
    /// What the device takes for the present moment, `MEMSYNC_NOW`.
    pub now: String,
    root: PathBuf,
}

impl Device {
    /// The same device, talking to `server`.
    pub fn with_remote(mut self, server: &Service) -> Self {
        self.remote = Some(server.url());
        self.key = Some(Service::KEY.to_owned());
        self
    }

    /// The same device, talking to `hub`.
    pub fn with_hub(mut self, hub: &Hub) -> Self {
        self.remote = Some(hub.url());
        self.key = Some(Hub::KEY.to_owned());
        self
    }

    /// Runs `memsync` to its end, with nothing on its standard input.
    #[must_use = "a run that nobody looks at proves nothing"]
    pub fn memsync<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> CommandOutput {
        self.memsync_with_input(arguments, "")
    }

    /// Runs `memsync` to its end with `input` on its standard input.
    #[must_use = "a run that nobody looks at proves nothing"]
    pub fn memsync_with_input<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &str,
    ) -> CommandOutput {
        self.output(&self.command().args(arguments).stdin(holding(input)).output().unwrap())
    }

    /// `memsync` without arguments, for a test that sets more than this environment has.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_memsync"));
        command.env_clear().current_dir(&self.folder).envs([
            ("HOME", self.folder.as_os_str()),
            ("MCP_MEMORY_SQLITE_PATH", self.database.path().as_os_str()),
            ("STAGING_DB", self.staging.as_os_str()),
            ("HOSTNAME", self.name.as_ref()),
            ("MEMSYNC_NOW", self.now.as_ref()),
            ("COLUMNS", "80".as_ref()),
            ("NO_COLOR", "1".as_ref()),
            ("TZ", "UTC".as_ref()),
            ("LANG", "C.UTF-8".as_ref()),
        ]);
        // Pagers, editors and credential helpers are programs on the path.
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.remote.as_ref().map(|url| ("REMOTE_API", url)));
        command.envs(self.key.as_ref().map(|key| ("MCP_API_KEY", key)));
        command
    }

    /// What a finished [`Device::command`] printed.
    pub fn output(&self, output: &Output) -> CommandOutput {
        CommandOutput::new(output, &[(display(&self.root), "[TMP]")])
    }
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

/// Gives a device and all that lies beside it to a user who is not the superuser, for whom nothing is read-only, and
/// returns how to run `memsync` as that user; `None` where this user cannot do that. A user with no such powers runs it
/// as themselves.
pub fn as_nobody(device: &Device) -> Option<impl Fn(&[&str]) -> Command + '_> {
    let probe = device.root.join("probe");
    fs::write(&probe, "").unwrap();
    let mut permissions = fs::metadata(&probe).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&probe, permissions).unwrap();
    let is_superuser = fs::OpenOptions::new().write(true).open(&probe).is_ok();
    fs::remove_file(&probe).unwrap();
    if is_superuser {
        let given = Command::new("chown").args(["-R", "65534:65534"]).arg(&device.root).status();
        given.ok().filter(std::process::ExitStatus::success)?;
    }
    Some(move |arguments: &[&str]| {
        let mut memsync = device.command();
        if is_superuser {
            let mut setpriv = Command::new("setpriv");
            setpriv.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(memsync.get_program());
            setpriv.env_clear().current_dir(&device.folder);
            setpriv.envs(memsync.get_envs().filter_map(|(name, value)| Some((name, value?))));
            memsync = setpriv;
        }
        memsync.args(arguments);
        memsync
    })
}

/// What a program is given on its standard input. A file, not a pipe: that a program ends without reading it is no failure
/// of the test.
pub fn holding(input: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input.as_bytes()).unwrap();
    file.rewind().unwrap();
    file
}
