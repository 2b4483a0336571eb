//! The hub, `memsync serve`, started by the tests on a loopback port: the peer of [`Service`].

use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;
use super::{Database, Service};

/// A running hub; killed when it goes out of scope, whatever became of the test.
///
/// It is also a [`Client`] of itself.
pub struct Hub {
    folder: PathBuf,
    listen: String,
    running: Option<Running>,
}

struct Running {
    child: Child,
    address: SocketAddr,
    client: Client,
}

impl Hub {
    /// The API key of every hub in the tests, which is that of the services.
    pub const KEY: &str = Service::KEY;

    /// Starts a hub that keeps its database in `folder`, where a [`Service`] would keep it.
    #[track_caller]
    pub fn start(folder: &Path) -> Self {
        let mut hub = Self { folder: folder.to_owned(), listen: "127.0.0.1:0".to_owned(), running: None };
        hub.resume();
        hub
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running().address
    }

    /// The address, as `REMOTE_API` takes it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The database that it keeps.
    pub fn database(&self) -> Database {
        Database::in_folder(&self.folder)
    }

    /// Ends it without notice (`kill -9`), as a power cut would; the database stays.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.child.kill().unwrap();
            running.child.wait().unwrap();
        }
    }

    /// Asks it to end (`SIGTERM`) and does not wait.
    pub fn terminate(&self) {
        let pid = self.running().child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("the hub runs");
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            if let Some(status) = running.child.try_wait().unwrap() {
                return status;
            }
            if Instant::now() > deadline {
                running.child.kill().unwrap();
                panic!("it does not end:\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks it to end and waits until it has, which must be well.
    #[track_caller]
    pub fn stop(&mut self) {
        self.terminate();
        let status = self.wait();
        assert!(status.success(), "it ended with {status}:\n{}", self.log());
    }

    /// Starts it again on the same database and, so that clients find it, the same port.
    #[track_caller]
    pub fn resume(&mut self) {
        assert!(self.running.is_none(), "the hub is running already");
        let said = self.log().len();
        let child = self.command().spawn().unwrap();
        let mut starting = Starting(Some(child));
        let deadline = Instant::now() + Duration::from_mins(1);
        let address = loop {
            if let Some(address) = listening(&self.log()[said..]) {
                break address;
            }
            let ended = starting.0.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none() && Instant::now() < deadline, "it does not start:\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        };
        self.listen = address.to_string();
        let child = starting.0.take().expect("the hub was started above");
        let client = Client::new(&format!("http://{address}"), Self::KEY);
        self.running = Some(Running { child, address, client });
    }

    /// Everything that it said on its standard error so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the hub runs")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("hub.log")
    }

    fn command(&self) -> Command {
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_memsync"));
        command.args(["serve", "--listen", &self.listen, "--db"]).arg(self.database().path());
        command
            .env_clear()
            .current_dir(&self.folder)
            .envs([
                ("HOME", self.folder.as_os_str()),
                ("MCP_API_KEY", Self::KEY.as_ref()),
                ("NO_COLOR", "1".as_ref()),
                ("TZ", "UTC".as_ref()),
                ("LANG", "C.UTF-8".as_ref()),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        command
    }
}

/// The address in the line that says that the hub is ready.
fn listening(log: &str) -> Option<SocketAddr> {
    let (_, after) = log.split_once("Listening on http://")?;
    let (address, _) = after.split_once(char::is_whitespace)?;
    Some(address.parse().unwrap())
}

/// A hub that is not known to be ready yet; killed if it never is.
struct Starting(Option<Child>);

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Deref for Hub {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.running().client
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = writeln!(
                std::io::stderr(),
                "--- log of the hub in {}\n{}",
                self.folder.display(),
                self.log()
            );
        }
        self.kill();
    }
}
