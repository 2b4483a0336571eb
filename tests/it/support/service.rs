//! The real mcp-memory-service, started by the tests themselves on a loopback port.
//!
//! A test asks for [`Services`] first: that installs the service where it is missing, says why and lets the
//! test skip where it cannot be had (under `MEMSYNC_REQUIRE_SERVICE=1` the test fails instead), and limits
//! how many tests run services at the same time.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Database;
use super::client::Client;
use super::install::Installation;
use super::model::Model;

/// The versions that the tests run against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Has stores, the baseline and the event endpoint.
    V12_2_0,
    /// Has only the plain REST calls.
    V10_20_6,
}

/// The right to run services, held until the test ends.
pub struct Services {
    /// The newest version, with its Python for tests that need a small program of their own.
    pub newest: Installation,
    old: Installation,
    model: Option<Model>,
    _seat: Seat,
}

impl Services {
    /// Installs what is missing and waits for a seat; `None` where the test must be skipped.
    #[track_caller]
    pub fn available() -> Option<Self> {
        Self::installed(Ok(None))
    }

    /// The same with the real embedding model, for [`Services::start_with_model`].
    #[track_caller]
    pub fn with_model() -> Option<Self> {
        Self::installed(Installation::of(Version::V12_2_0).and_then(|newest| Model::of(&newest)).map(Some))
    }

    #[track_caller]
    fn installed(model: Result<Option<Model>, String>) -> Option<Self> {
        let installed = model.and_then(|model| {
            Ok((Installation::of(Version::V12_2_0)?, Installation::of(Version::V10_20_6)?, model))
        });
        available(installed).map(|(newest, old, model)| Self { newest, old, model, _seat: Seat::take() })
    }

    /// The real embedding model; only there after [`Services::with_model`].
    pub fn model(&self) -> &Model {
        self.model.as_ref().expect("the test has asked for the model")
    }

    /// Starts a service that keeps its database in `folder`.
    #[track_caller]
    pub fn start(&self, version: Version, folder: &Path) -> Service {
        self.start_with(version, folder, Options::default())
    }

    /// Starts a service with more than the usual settings.
    #[track_caller]
    pub fn start_with(&self, version: Version, folder: &Path, options: Options) -> Service {
        Service::start(version, self.installation(version).clone(), folder, options)
    }

    /// Starts a service that finds the real embedding model in `folder`, its home, where both versions look for it.
    #[track_caller]
    pub fn start_with_model(&self, version: Version, folder: &Path) -> Service {
        self.model().lay_onnx(folder);
        let installation = self.installation(version).clone().with_modules(self.model().modules());
        // 10.20.6 looks for the ONNX file only if it is told to; nothing may be downloaded.
        let environment = vec![
            ("MCP_MEMORY_USE_ONNX", "1".to_owned()),
            ("MCP_MEMORY_ONNX_ALLOW_DOWNLOAD", "0".to_owned()),
            ("MCP_MEMORY_ALLOW_HASH_EMBEDDINGS", "0".to_owned()),
        ];
        Service::start(version, installation, folder, Options { environment, ..Options::default() })
    }

    fn installation(&self, version: Version) -> &Installation {
        match version {
            Version::V12_2_0 => &self.newest,
            Version::V10_20_6 => &self.old,
        }
    }
}

/// What was installed; `None`, and a word about it, where the test must be skipped.
#[track_caller]
pub fn available<T>(installed: Result<T, String>) -> Option<T> {
    match installed {
        Ok(installed) => Some(installed),
        Err(why) if std::env::var_os("MEMSYNC_REQUIRE_SERVICE").is_some_and(|value| value == "1") => {
            panic!("what this test runs cannot be had: {why}")
        }
        Err(why) => {
            // Past the capture of what a test prints: that a test was skipped must be seen.
            let _ = writeln!(std::io::stderr(), "skipped, what this test runs cannot be had: {why}");
            None
        }
    }
}

/// What a test may set of a service.
#[derive(Default)]
pub struct Options {
    /// More environment variables, which replace those of the same name.
    pub environment: Vec<(&'static str, String)>,
    /// The files of a private key and its certificate, for HTTPS.
    pub tls: Option<(PathBuf, PathBuf)>,
}

/// A running service; killed when it goes out of scope, whatever became of the test.
///
/// It is also a [`Client`] of itself.
pub struct Service {
    version: Version,
    installation: Installation,
    folder: PathBuf,
    options: Options,
    port: u16,
    client: Client,
    child: Option<Child>,
}

impl Service {
    /// The API key of every service in the tests.
    pub const KEY: &str = "test-key-0123456789";

    fn start(version: Version, installation: Installation, folder: &Path, options: Options) -> Self {
        let port = free_port();
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let client = Client::new(&format!("{scheme}://127.0.0.1:{port}"), Self::KEY);
        let folder = folder.to_owned();
        let mut service = Self { version, installation, folder, options, port, client, child: None };
        service.resume();
        service
    }

    /// The address, as `REMOTE_API` takes it.
    pub fn url(&self) -> String {
        let scheme = if self.options.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Which version it is.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The database that it keeps.
    pub fn database(&self) -> Database {
        Database::in_folder(&self.folder)
    }

    /// Ends it without notice, as a power cut would; the database stays.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it again on the same port and database after [`Service::stop`].
    pub fn resume(&mut self) {
        assert!(self.child.is_none(), "the service is running already");
        self.child = Some(self.command().spawn().unwrap());
        let deadline = Instant::now() + Duration::from_mins(2);
        while !self.client.is_healthy() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none() && Instant::now() < deadline, "it does not start:\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops and resumes.
    pub fn restart(&mut self) {
        self.stop();
        self.resume();
    }

    /// Everything that it printed so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap()).into_owned()
    }

    /// The requests that it answered so far, as `METHOD /path`, without the questions after its health that
    /// wait for its start.
    pub fn requests(&self) -> Vec<String> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| line.split_once(" - \"")?.1.split_once(" HTTP/"));
        let requests = lines.map(|(request, _)| request.to_owned());
        requests.filter(|request| request != "GET /api/health").collect()
    }

    /// The requests since there were `seen` of them that ask for a change.
    pub fn writes_since(&self, seen: usize) -> Vec<String> {
        let mut requests = self.requests().split_off(seen);
        requests.retain(|request| !request.starts_with("GET "));
        requests
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("service.log")
    }

    fn command(&self) -> Command {
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let database = self.database();
        let mut command = Command::new(&self.installation.python);
        command
            .args(["-m", "uvicorn", "mcp_memory_service.web.app:app", "--host", "127.0.0.1"])
            .args(["--port", &self.port.to_string(), "--log-level", "info"])
            .env_clear()
            .current_dir(&self.folder)
            .envs([
                ("HOME", self.folder.as_os_str()),
                ("MCP_MEMORY_BASE_DIR", self.folder.as_os_str()),
                ("MCP_MEMORY_SQLITE_PATH", database.path().as_os_str()),
                ("MCP_MEMORY_STORAGE_BACKEND", "sqlite_vec".as_ref()),
                ("MCP_API_KEY", Self::KEY.as_ref()),
                ("MCP_OAUTH_ENABLED", "false".as_ref()),
                ("MCP_MDNS_ENABLED", "false".as_ref()),
                ("MCP_QUALITY_SYSTEM_ENABLED", "false".as_ref()),
                ("MCP_MEMORY_ALLOW_HASH_EMBEDDINGS", "1".as_ref()),
                ("HF_HUB_OFFLINE", "1".as_ref()),
                ("LANG", "C.UTF-8".as_ref()),
                ("TZ", "UTC".as_ref()),
            ])
            .envs(self.options.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.installation.python_path().map(|path| ("PYTHONPATH", path)));
        if let Some((key, certificate)) = &self.options.tls {
            command.arg("--ssl-keyfile").arg(key).arg("--ssl-certfile").arg(certificate);
        }
        command
    }
}

impl Deref for Service {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = writeln!(std::io::stderr(), "--- log of the service at {}\n{}", self.url(), self.log());
        }
        self.stop();
    }
}

/// A port that nobody listens on. Another program may take it before the service does; on loopback, with
/// ports given out in turn, that does not happen in practice, and the service would say so in its log.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// One of the few places for tests that run services, because each service takes 100 MB and starts slowly.
struct Seat;

static TAKEN: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

impl Seat {
    const COUNT: usize = 3;

    fn take() -> Self {
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken =
            FREED.wait_while(taken, |taken| *taken >= Self::COUNT).unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Self
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        FREED.notify_one();
    }
}
