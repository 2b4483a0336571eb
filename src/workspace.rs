//! The one place that builds adapters and reads the clock: what every command is handed.
//!
//! Guarantees: the clock is read once, so all that a command records bears one time. Where a setting comes from
//! several places, the flag outranks the environment, the environment the local file, the local file the global one.
//!
//! Must never: decide what a command does.

#![expect(clippy::disallowed_methods, reason = "this is the place where the clock is read")]

mod adapters;
mod vectors;

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::{self, Address, Config, Environment, RemoteSettings, paths};
use crate::embed::Makers;
use crate::error::CommandError;
use crate::hub::Clock;
use crate::object;
use crate::sync::Zone;
use crate::ui::{ColorChoice, Settings, Ui, Verbosity};

pub use adapters::Access;
pub(crate) use adapters::absolute;

/// What a command works with.
pub struct Workspace {
    /// The environment, as it was when the process started.
    pub environment: Environment,
    /// The two configuration files.
    pub config: Config,
    /// The streams.
    pub ui: Ui,
    /// When the command started, or what `MEMSYNC_NOW` says.
    pub now: Timestamp,
    /// The user's time zone, for the times that people read.
    pub zone: Zone,
    /// What makes vectors, so that all databases of one command share the models that were loaded.
    makers: OnceCell<Makers>,
    /// The vectors that were made before.
    vectors: Arc<vectors::Vectors>,
}

/// What the command line says before any command.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    /// How much to say.
    pub verbosity: Verbosity,
    /// When to use colours, if it says so.
    pub color: Option<ColorChoice>,
    /// No pager.
    pub no_pager: bool,
}

impl Workspace {
    /// Reads the configuration that `environment` leads to, and takes the process's streams.
    pub fn open(environment: Environment, flags: Flags) -> Result<Self, CommandError> {
        let local = paths::local_config(&paths::staging(&environment)?);
        let config = Config::load(&paths::global_config(&environment)?, &local, environment.home.clone())?;
        // A wrong colour must not keep `memsync config` from mending it.
        let color = config.color();
        let wrong = color.as_ref().err().map(ToString::to_string);
        let mut ui = Ui::new(settings(&environment, flags, color.ok(), config.pager()));
        if let Some(wrong) = wrong {
            ui.warn(&wrong);
        }
        Ok(Self::new(environment, config, ui))
    }

    /// Puts a workspace together from its parts, and reads the clock.
    #[must_use]
    pub fn new(environment: Environment, config: Config, ui: Ui) -> Self {
        let now = environment.now.unwrap_or_else(Timestamp::now);
        let zone = Zone::new(TimeZone::system);
        Self { environment, config, ui, now, zone, makers: OnceCell::new(), vectors: Arc::default() }
    }

    /// Where the staging database is, or will be.
    pub fn staging_path(&self) -> Result<PathBuf, config::Error> {
        paths::staging(&self.environment)
    }

    /// Where the service's database is: `MCP_MEMORY_SQLITE_PATH`, else `core.database`, else where the service itself
    /// keeps it. Whether it is there is for `local` to say.
    pub fn database_path(&self) -> Result<PathBuf, config::Error> {
        match (&self.environment.memory_db, self.config.database()?) {
            (Some(path), _) => Ok(path.clone()),
            (None, Some(path)) => Ok(path),
            (None, None) => paths::database(&self.environment),
        }
    }

    /// This device's name: `core.device`, else `HOSTNAME`, else what the system calls it.
    #[must_use]
    pub fn device(&self) -> String {
        self.config.device().unwrap_or_else(|| self.host_name())
    }

    /// What this device is called by others: `HOSTNAME`, else what the system says.
    #[must_use]
    pub fn host_name(&self) -> String {
        let given = self.environment.hostname.clone();
        given.unwrap_or_else(|| gethostname::gethostname().to_string_lossy().into_owned())
    }

    /// Reads the address of a remote, as the command line gives it. What is wrong is said without repeating it: it
    /// may hold a key.
    pub fn address(&self, text: &str) -> Result<Address, CommandError> {
        let wrong =
            |expected| CommandError::usage(format!("the address cannot be used: expected {expected}"));
        self.config.given_address(text).map_err(wrong)
    }

    /// What tells the time for as long as the process lives; `MEMSYNC_NOW` stops it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let pinned = self.environment.now;
        Arc::new(move || in_seconds(pinned.unwrap_or_else(Timestamp::now)))
    }

    /// How to reach the remote `name`, or the default one.
    pub fn remote_settings(&self, name: Option<&str>) -> Result<RemoteSettings, config::Error> {
        RemoteSettings::resolve(&self.config, &self.environment, name)
    }
}

/// A moment as databases hold it.
fn in_seconds(moment: Timestamp) -> object::Timestamp {
    object::Timestamp::new(moment.as_duration().as_secs_f64()).expect("a calendar moment is a finite number")
}

/// The settings of the streams. `color` and `pager` are the configuration's.
pub(crate) fn settings(
    environment: &Environment,
    flags: Flags,
    color: Option<ColorChoice>,
    pager: Option<String>,
) -> Settings {
    Settings {
        color: flags.color.or(color).unwrap_or_default(),
        is_plain: environment.no_color || environment.is_dumb_terminal,
        verbosity: flags.verbosity,
        columns: environment.columns,
        pager: pager.or_else(|| environment.pager.clone()),
        no_pager: flags.no_pager,
        has_less_options: environment.has_less_options,
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! A workspace in a folder of its own, for the tests of commands.

    use super::*;
    use crate::ui::testing::{Kept, kept};
    use std::path::Path;

    /// A workspace whose files are all in `folder`, with its stdout and stderr; nothing is a terminal.
    pub(crate) fn workspace(folder: &Path) -> (Workspace, Kept, Kept) {
        let environment = Environment {
            home: Some(folder.to_owned()),
            staging_db: Some(folder.join("staging.db")),
            now: Some("2025-01-31T12:00:00Z".parse().unwrap()),
            ..Environment::default()
        };
        let (global, local) = (folder.join("global"), folder.join("staging.config"));
        let config = Config::load(&global, &local, environment.home.clone()).unwrap();
        let (ui, stdout, stderr) = kept(Settings::default(), false);
        (
            Workspace { zone: Zone::new(|| TimeZone::UTC), ..Workspace::new(environment, config, ui) },
            stdout,
            stderr,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::testing::workspace;
    use super::*;
    use crate::config::Name;

    #[test]
    fn the_database_is_where_the_environment_says_then_the_configuration_then_the_service() {
        let folder = tempfile::tempdir().unwrap();
        let (mut workspace, _, _) = workspace(folder.path());
        assert_eq!(workspace.database_path().unwrap(), paths::database(&workspace.environment).unwrap());
        workspace.config.global.set(&Name::new("core", "database"), "~/mine.db").unwrap();
        assert_eq!(workspace.database_path().unwrap(), folder.path().join("mine.db"));
        workspace.config.local.set(&Name::new("core", "database"), "/srv/local.db").unwrap();
        assert_eq!(workspace.database_path().unwrap(), PathBuf::from("/srv/local.db"));
        workspace.environment.memory_db = Some("/srv/environment.db".into());
        assert_eq!(workspace.database_path().unwrap(), PathBuf::from("/srv/environment.db"));
    }

    #[test]
    fn the_device_is_named_by_the_configuration_then_by_its_host() {
        let folder = tempfile::tempdir().unwrap();
        let (mut workspace, _, _) = workspace(folder.path());
        assert!(!workspace.device().is_empty());
        workspace.environment.hostname = Some("tower".to_owned());
        assert_eq!(workspace.device(), "tower");
        workspace.config.global.set(&Name::new("core", "device"), "laptop").unwrap();
        assert_eq!(workspace.device(), "laptop");
    }

    #[test]
    fn the_pager_and_the_colours_come_from_the_highest_place_that_names_them() {
        let environment =
            Environment { pager: Some("more".to_owned()), no_color: true, ..Environment::default() };
        let from_environment = settings(&environment, Flags::default(), None, None);
        assert_eq!(from_environment.pager.as_deref(), Some("more"));
        assert!(from_environment.is_plain);
        let flags = Flags { color: Some(ColorChoice::Always), ..Flags::default() };
        let given = settings(&environment, flags, Some(ColorChoice::Never), Some("bat".to_owned()));
        // PAGER is everybody's, core.pager memsync's own: as in git, the special one goes first.
        assert_eq!((given.color, given.pager.as_deref()), (ColorChoice::Always, Some("bat")));
    }
}
