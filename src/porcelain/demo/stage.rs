//! Where the demonstration plays: a folder with a running hub and two devices, and the commands that run there.
//!
//! Guarantees: nothing outside the folder is read or written by the commands that are shown: they run with a home, a
//! configuration and databases of their own. When the stage is struck the hub has ended and, unless it is to be kept,
//! the folder is gone.

#![expect(clippy::disallowed_methods, reason = "makes a folder, and runs this program in it")]

use std::future::pending;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{env, fs, io};

use serde_json::Map;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::embed::{Hash, Makers};
use crate::error::{CommandError, ExitCode};
use crate::hub::{self, Server, key};
use crate::local;
use crate::local::service::{
    Change, Condition, Creation, Draft, New, Updates, Vectors, Writer, content_hash,
};
use crate::porcelain::shared::signals;
use crate::side;
use crate::ui::{Label, escape_line};
use crate::workspace::Workspace;

/// How long a device's database may be busy. Nothing but the commands that are shown uses it.
const BUSY: Duration = Duration::from_secs(10);

/// What a user may have set for the own databases: other servers, other folders, other models. The last four name places
/// of models; the story is told with hash vectors.
const SETTINGS: [&str; 7] = [
    "REMOTE_API",
    "MCP_API_KEY",
    "XDG_CONFIG_HOME",
    "MCP_EXTERNAL_EMBEDDING_URL",
    "MCP_EMBEDDING_MODEL",
    "HF_HOME",
    "HF_HUB_CACHE",
];

/// The store that the memories are in.
const STORE: &str = "default";

/// One of the two devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Device {
    Laptop,
    Desktop,
}

/// What an assistant is told to change about a memory.
pub(super) enum Told<'a> {
    /// All of its tags.
    Tags(&'a [&'a str]),
    /// Its type.
    Type(&'a str),
    /// One member of its metadata.
    Member(&'a str, &'a str),
}

/// The folder, the hub, and where to show what happens.
pub(super) struct Stage<'a> {
    workspace: &'a mut Workspace,
    program: PathBuf,
    folder: PathBuf,
    temporary: Option<TempDir>,
    hub: Running,
    is_interrupted: Arc<AtomicBool>,
}

/// A hub in a thread of its own.
struct Running {
    url: String,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), hub::Error>>,
}

impl Device {
    const ALL: [Self; 2] = [Self::Laptop, Self::Desktop];

    fn name(self) -> &'static str {
        match self {
            Self::Laptop => "laptop",
            Self::Desktop => "desktop",
        }
    }
}

impl<'a> Stage<'a> {
    /// Makes the folder, where it is to be kept, or one for the moment, and starts the hub.
    pub(super) fn set(keep: Option<&Path>, workspace: &'a mut Workspace) -> Result<Self, CommandError> {
        let (folder, temporary) = make_folder(keep)?;
        let program = env::current_exe().map_err(|cause| unusable(Path::new("memsync"), cause))?;
        for name in Device::ALL.map(Device::name).into_iter().chain(["hub"]) {
            let path = folder.join(name);
            fs::create_dir(&path).map_err(|cause| unusable(&path, cause))?;
        }
        for device in Device::ALL {
            local::prepare(&folder.join(device.name()).join("sqlite_vec.db")).map_err(CommandError::from)?;
        }
        let is_interrupted = Arc::default();
        let hub = start(&folder.join("hub"), &is_interrupted, workspace)?;
        Ok(Self { workspace, program, folder, temporary, hub, is_interrupted })
    }

    /// Ends the hub, and takes the folder away unless it is to be kept.
    pub(super) fn strike(self) -> Result<(), CommandError> {
        // The hub ends, too, where nobody listens any more.
        let _ = self.hub.stop.send(());
        let ended = self.hub.thread.join().map_err(|_| CommandError::bug("the server panicked"))?;
        let folder = self.folder;
        ended.map_err(|cause| unusable(&folder, cause))?;
        self.temporary.map_or(Ok(()), TempDir::close).map_err(|cause| unusable(&folder, cause))
    }

    /// Begins a scene.
    pub(super) fn scene(&mut self, title: &str) -> Result<(), CommandError> {
        let title = self.workspace.ui.palette().paint(Label::Heading, title);
        self.say(&format!("\n{title}\n"))
    }

    /// An assistant remembers something, as its service would.
    pub(super) fn remember(
        &mut self,
        device: Device,
        text: &str,
        memory_type: &str,
        tags: &[&str],
    ) -> Result<(), CommandError> {
        self.aside(device, &format!("remembers \"{text}\""))?;
        let draft = Draft {
            content: text.to_owned(),
            tags: owned(tags),
            memory_type: Some(memory_type.to_owned()),
            store: STORE.to_owned(),
            ..Draft::default()
        };
        let new = New::try_from(draft).expect("a draft without metadata can be stored");
        // As the hub's: see there.
        let vectors = Vectors::instant(Arc::new(Hash::new(local::DIMENSION)));
        let created = self.write(device, |changes| changes.store(&new, &vectors, &Condition::default()))?;
        debug_assert!(matches!(created, Creation::Stored(_)), "the story remembers nothing twice");
        Ok(())
    }

    /// An assistant changes what it remembers.
    pub(super) fn change(&mut self, device: Device, text: &str, told: &Told<'_>) -> Result<(), CommandError> {
        let (words, updates) = match told {
            Told::Tags(tags) => {
                (format!("the tags {}", tags.join(", ")), Updates::new(Some(owned(tags)), None, None))
            }
            Told::Type(name) => {
                (format!("the type {name}"), Updates::new(None, Some((*name).to_owned()), None))
            }
            Told::Member(name, value) => {
                let member = Map::from_iter([((*name).to_owned(), (*value).into())]);
                (format!("the metadata {name}={value}"), Updates::new(None, None, Some(member)))
            }
        };
        let updates = updates.expect("the story's metadata holds no number");
        self.aside(device, &format!("gives \"{}\" {words}", shorten(text)))?;
        let hash = content_hash(text);
        let changed =
            self.write(device, |changes| changes.update(&hash, STORE, &updates, &Condition::default()))?;
        debug_assert!(matches!(changed, Change::Done(_)), "the story changes what is there");
        Ok(())
    }

    /// An assistant forgets something.
    pub(super) fn forget(&mut self, device: Device, text: &str) -> Result<(), CommandError> {
        self.aside(device, &format!("forgets \"{text}\""))?;
        let hash = content_hash(text);
        let changed = self.write(device, |changes| changes.delete(&hash, STORE, &Condition::default()))?;
        debug_assert!(matches!(changed, Change::Done(())), "the story forgets what is there");
        Ok(())
    }

    /// Tells a device where the server and its key are.
    pub(super) fn init(&mut self, device: Device) -> Result<(), CommandError> {
        let (url, key) = (self.hub.url.clone(), key::path(&self.folder.join("hub").join("sqlite_vec.db")));
        let key = key.strip_prefix(&self.folder).unwrap_or(&key);
        let key = Path::new("..").join(key).display().to_string();
        self.run(device, &["init", &url, "--key-file", &key], ExitCode::Done)
    }

    /// Runs `memsync` on a device, and shows the command and what it prints.
    pub(super) fn run(
        &mut self,
        device: Device,
        arguments: &[&str],
        expected: ExitCode,
    ) -> Result<(), CommandError> {
        let line = format!("memsync {}", arguments.join(" "));
        let palette = self.workspace.ui.palette();
        let prompt = palette.paint(Label::Added, format!("{}$", device.name()));
        self.say(&format!("{prompt} {}\n", palette.paint(Label::Heading, &line)))?;
        let status = self.command(device).args(arguments).status();
        let status = status.map_err(|cause| unusable(&self.program, cause))?;
        if self.is_interrupted.load(Ordering::Relaxed) {
            return Err(CommandError::usage("the story was interrupted"));
        }
        if status.code() == Some(expected.code().into()) {
            return Ok(());
        }
        let wrong = format!("`{line}` on {} was to end with {}: {status}", device.name(), expected.code());
        Err(CommandError::bug(wrong))
    }

    /// This program, as a user of the device would call it.
    fn command(&self, device: Device) -> Command {
        let home = self.folder.join(device.name());
        let mut command = Command::new(&self.program);
        for name in SETTINGS {
            command.env_remove(name);
        }
        command
            .current_dir(&home)
            .env("HOME", &home)
            .env("HOSTNAME", device.name())
            .env("MCP_MEMORY_SQLITE_PATH", home.join("sqlite_vec.db"))
            .env("STAGING_DB", home.join("staging.db"))
            // What is shown flows by as one text.
            .env("PAGER", "cat")
            .stdin(Stdio::null())
            .stdout(Stdio::from(io::stdout()))
            .stderr(Stdio::from(io::stdout()));
        command
    }

    /// Changes a device's database as its service would.
    fn write<T>(
        &self,
        device: Device,
        change: impl FnOnce(&local::service::Changes<'_>) -> Result<T, side::Error>,
    ) -> Result<T, CommandError> {
        let path = self.folder.join(device.name()).join("sqlite_vec.db");
        let mut writer = Writer::open(path, BUSY)?;
        let changes = writer.begin((self.workspace.clock())())?;
        let outcome = change(&changes)?;
        changes.commit()?;
        Ok(outcome)
    }

    fn aside(&mut self, device: Device, text: &str) -> Result<(), CommandError> {
        let text = format!("# {}'s assistant {}", device.name(), escape_line(text));
        let text = self.workspace.ui.palette().paint(Label::Faint, text);
        self.say(&format!("{text}\n"))
    }

    /// Says something before the next command does.
    fn say(&mut self, text: &str) -> Result<(), CommandError> {
        self.workspace.ui.data(text)?;
        Ok(self.workspace.ui.finish()?)
    }

    /// The beginning of a memory's hash, as `status` shows it.
    pub(super) fn short_hash(text: &str) -> String {
        content_hash(text).chars().take(8).collect()
    }
}

fn make_folder(keep: Option<&Path>) -> Result<(PathBuf, Option<TempDir>), CommandError> {
    let Some(folder) = keep else {
        let temporary = TempDir::with_prefix("memsync-demo-");
        let temporary = temporary.map_err(|cause| unusable(&env::temp_dir(), cause))?;
        return Ok((temporary.path().to_owned(), Some(temporary)));
    };
    fs::create_dir(folder).map_err(|cause| {
        unusable(folder, cause).with_hint("name a folder that does not exist yet, in one that does")
    })?;
    Ok((fs::canonicalize(folder).map_err(|cause| unusable(folder, cause))?, None))
}

/// Starts the hub in `folder`. A signal to stop reaches it instead of ending the process, so that the stage is struck.
fn start(
    folder: &Path,
    is_interrupted: &Arc<AtomicBool>,
    workspace: &Workspace,
) -> Result<Running, CommandError> {
    let database = folder.join("sqlite_vec.db");
    let path = key::path(&database);
    key::create(&path)?;
    let options = hub::Options {
        database,
        listen: ([127, 0, 0, 1], 0).into(),
        key: key::read(&path)?,
        tls: None,
        is_plain_text_fine: false,
        clock: workspace.clock(),
        // The story is the same on every machine, and as quick: with hash vectors, whatever models are there.
        makers: Makers::default(),
    };
    let server = Server::bind(options).map_err(|cause| unusable(&path, cause))?;
    let url = server.url();
    let (stop, told) = oneshot::channel();
    let mut told = Some(told);
    let is_interrupted = Arc::clone(is_interrupted);
    let thread = thread::spawn(move || {
        let mut stop = signals::stop();
        let asked = async move || match told.take() {
            Some(told) => tokio::select! {
                // Somebody who is gone wants it to end as well.
                _ = told => {}
                () = stop() => is_interrupted.store(true, Ordering::Relaxed),
            },
            None => pending().await,
        };
        server.run(|| (), asked)
    });
    Ok(Running { url, stop, thread })
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().copied().map(str::to_owned).collect()
}

/// The first words of a text.
fn shorten(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').take(4).collect();
    format!("{}…", words.join(" "))
}

fn unusable(path: &Path, cause: impl Into<side::Cause>) -> CommandError {
    CommandError::usage(format!("cannot use {}", path.display())).with_cause(cause)
}
