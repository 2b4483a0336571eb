//! Settings: the environment, read once, and two files in git-config syntax.
//!
//! The global file is the user's (`~/.config/memsync/config`), the local one lies beside the staging database. A
//! setting of the local file outranks the global one; an environment variable outranks both; a flag outranks all.
//! The keys that exist are one table, [`keys::KEYS`].
//!
//! Guarantees: a file is read whole or not at all, and an error names the file and the line. Writing a setting keeps
//! every comment and the order of a file, and replaces it in one step, readable by its owner alone. Keys that the
//! table does not know are left alone.
//!
//! Must never: hold an API key in a form that prints, or touch the databases.

pub mod environment;
pub mod file;
pub mod keys;
pub mod paths;
mod remote;
mod secret;
mod values;

use std::path::{Path, PathBuf};

pub use environment::{Embedding, Environment, InvalidVariable};
pub use file::File;
pub use keys::{Key, Kind, Name};
pub use remote::{RemoteSettings, is_remote_name};
pub use secret::Secret;
pub use values::Address;

use crate::reconcile::{ConflictStyle, DeletionLimit};
use crate::ui::ColorChoice;

/// The remote that commands mean where none is named and `sync.remote` says nothing.
pub const DEFAULT_REMOTE: &str = "origin";

/// Why settings could not be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not in git-config syntax.
    #[error("{}:{line}: not in git-config syntax", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The first line that cannot be read, from 1.
        line: usize,
    },
    /// The file is there but cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// A setting has a value that it cannot have. The value is not repeated: an address may hold a password.
    #[error("{}: {name} has a value that it cannot have, expected {expected}", .path.display())]
    Value {
        /// The file that says so.
        path: PathBuf,
        /// The setting.
        name: Name,
        /// What it may be.
        expected: String,
    },
    /// What was given is no name of a setting, or no value for it.
    #[error("{0}")]
    Invalid(String),
    /// There is no such setting.
    #[error("there is no setting '{name}'")]
    UnknownKey {
        /// The name that was given.
        name: String,
        /// The setting that may have been meant.
        suggestion: Option<String>,
    },
    /// No remote of this name is configured.
    #[error("there is no remote '{name}'")]
    UnknownRemote {
        /// The name that was given.
        name: String,
    },
    /// The remote has no address.
    #[error("the remote '{name}' has no address")]
    NoUrl {
        /// The remote.
        name: String,
    },
    /// The place of the files depends on a home folder that nobody knows.
    #[error("cannot tell your home folder: HOME is not set")]
    NoHome,
    /// An environment variable cannot be used.
    #[error(transparent)]
    Variable(#[from] InvalidVariable),
}

/// The two files together.
#[derive(Clone, Debug)]
pub struct Config {
    /// The user's file.
    pub global: File,
    /// The file beside the staging database.
    pub local: File,
    home: Option<PathBuf>,
}

impl Config {
    /// Reads both files; a file that is not there is empty. `home` is what `~` stands for in a path.
    pub fn load(global: &Path, local: &Path, home: Option<PathBuf>) -> Result<Self, Error> {
        Ok(Self { global: File::load(global)?, local: File::load(local)?, home })
    }

    /// The value of a setting that has one, the local file's last if there are several; `None` where neither file
    /// sets it.
    #[must_use]
    pub fn value(&self, name: &Name) -> Option<String> {
        self.last(name).map(|(value, _)| value)
    }

    /// All values of a setting that may have several, the global file's first.
    #[must_use]
    pub fn values(&self, name: &Name) -> Vec<String> {
        self.files().into_iter().flat_map(|file| file.values(name)).collect()
    }

    /// `core.database`: where the service keeps its memories, if a file says so.
    pub fn database(&self) -> Result<Option<PathBuf>, Error> {
        self.path(&Name::new("core", "database"))
    }

    /// `core.device`: this device's name, if a file says so.
    #[must_use]
    pub fn device(&self) -> Option<String> {
        self.value(&Name::new("core", "device")).filter(|name| !name.is_empty())
    }

    /// `core.pager`: the pager's command line, if a file says so.
    #[must_use]
    pub fn pager(&self) -> Option<String> {
        self.value(&Name::new("core", "pager"))
    }

    /// `embed.model`: a folder with the model that makes vectors, if a file says so.
    pub fn embedding_model(&self) -> Result<Option<PathBuf>, Error> {
        self.path(&Name::new("embed", "model"))
    }

    /// `color.ui`.
    pub fn color(&self) -> Result<ColorChoice, Error> {
        Ok(self.parsed(&Name::new("color", "ui"), str::parse)?.unwrap_or_default())
    }

    /// `merge.auto`: whether a memory that changed on both sides is merged where the changes do not meet.
    pub fn is_merge_automatic(&self) -> Result<bool, Error> {
        Ok(self.parsed(&Name::new("merge", "auto"), values::parse_boolean)?.unwrap_or(true))
    }

    /// `merge.conflictStyle`: how a conflict is written into a text.
    pub fn conflict_style(&self) -> Result<ConflictStyle, Error> {
        Ok(self.parsed(&Name::new("merge", "conflictStyle"), str::parse)?.unwrap_or_default())
    }

    /// `merge.tool`: the program that merges conflicts, if a file names one.
    #[must_use]
    pub fn merge_tool(&self) -> Option<String> {
        self.value(&Name::new("merge", "tool")).filter(|tool| !tool.is_empty())
    }

    /// `mergetool.<name>.cmd`: the command of the merge tool `name`.
    #[must_use]
    pub fn merge_tool_command(&self, name: &str) -> Option<String> {
        self.value(&Name::of_tool(name, "cmd"))
    }

    /// `sync.maxDelete`: how much a sync may delete from a side unasked.
    pub fn max_delete(&self) -> Result<DeletionLimit, Error> {
        Ok(self.parsed(&Name::new("sync", "maxDelete"), str::parse)?.unwrap_or_default())
    }

    /// `sync.ignoreMetadata`: metadata keys that take no part, a trailing `*` standing for any ending.
    #[must_use]
    pub fn ignored_metadata(&self) -> Vec<String> {
        self.values(&Name::new("sync", "ignoreMetadata"))
    }

    /// `sync.remote`: the remote that commands mean where none is named.
    #[must_use]
    pub fn default_remote(&self) -> String {
        self.value(&Name::new("sync", "remote")).unwrap_or_else(|| DEFAULT_REMOTE.to_owned())
    }

    /// The names of the configured remotes, sorted.
    #[must_use]
    pub fn remotes(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .files()
            .into_iter()
            .flat_map(File::entries)
            .filter(|(name, _)| name.is_in_section("remote"))
            .filter_map(|(name, _)| name.subsection().map(str::to_owned))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// A setting that is a path, `~` replaced; a relative one is taken from the folder of the file that sets it.
    pub(crate) fn path(&self, name: &Name) -> Result<Option<PathBuf>, Error> {
        let Some((value, file)) = self.last(name) else { return Ok(None) };
        let path = values::expand_home(&value, self.home.as_deref())
            .map_err(|expected| value_error(file, name, expected))?;
        Ok(Some(file.path().parent().map(|folder| folder.join(&path)).unwrap_or(path)))
    }

    /// The address of a remote; a relative path is taken from the folder of the file that sets it.
    pub(crate) fn address(&self, name: &Name) -> Result<Option<Address>, Error> {
        let Some((value, file)) = self.last(name) else { return Ok(None) };
        let address = values::parse_address(&value, self.home.as_deref())
            .map_err(|expected| value_error(file, name, expected))?;
        Ok(Some(match (address, file.path().parent()) {
            (Address::File(path), Some(folder)) => Address::File(folder.join(path)),
            (address, _) => address,
        }))
    }

    /// A setting read by `parse`, whose error says what is expected instead.
    pub(crate) fn parsed<T, E: ToString>(
        &self,
        name: &Name,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Error> {
        let Some((value, file)) = self.last(name) else { return Ok(None) };
        let parsed = parse(&value).map_err(|expected| value_error(file, name, &expected.to_string()))?;
        Ok(Some(parsed))
    }

    /// In ascending rank.
    fn files(&self) -> [&File; 2] {
        [&self.global, &self.local]
    }

    fn last(&self, name: &Name) -> Option<(String, &File)> {
        self.files().into_iter().rev().find_map(|file| Some((file.values(name).pop()?, file)))
    }
}

fn value_error(file: &File, name: &Name, expected: &str) -> Error {
    Error::Value { path: file.path().to_owned(), name: name.clone(), expected: expected.to_owned() }
}
