//! Building the adapters: the staging database, this device's database and the remotes.

use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::time::Duration;

use super::Workspace;
use crate::config::{Address, Embedding, Name, RemoteSettings, Secret};
use crate::embed::{self, Cut, Endpoint, HashRule, Maker, Makers, Model};
use crate::error::CommandError;
use crate::local::{self, Database};
use crate::object::{Bookkeeping, SideName, Timestamp};
use crate::reconcile::Base;
use crate::remote::{
    self, ApiKey, File, Fingerprint, Http, KeySource, Patience, RemoteUrl, Transport, Trust, is_same_file,
};
use crate::store::{Holder, Store};
use crate::sync::{Session, Wishes};

/// How long this device's database may be held by the service before a command gives up.
const BUSY: Duration = Duration::from_secs(10);

/// What a command does with the staging database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It looks: not a byte changes.
    Read,
    /// It works with it, alone.
    Write,
}

impl Workspace {
    /// Opens the staging database for `command`, which is how others that find it locked are told of it. While it is
    /// open to be written, vectors are kept in it.
    pub fn store(&self, access: Access, command: &str) -> Result<Store, CommandError> {
        let (path, holder) = (self.staging_path()?, self.holder(command));
        match access {
            Access::Read => Ok(Store::open_read_only(&path, &holder)?),
            Access::Write => {
                let store = Store::open(&path, &holder)?;
                self.vectors.set(store.vectors());
                Ok(store)
            }
        }
    }

    /// Creates the staging database, or keeps the one that is there; says whether it is new.
    pub fn create_store(&self) -> Result<bool, CommandError> {
        let (_, is_new) = Store::create(&self.staging_path()?, &self.holder("memsync init"))?;
        Ok(is_new)
    }

    fn holder(&self, command: &str) -> Holder {
        Holder { pid: process::id(), command: command.to_owned(), since: self.now.as_second() }
    }

    /// A run against the remote `name`, or the default one.
    #[must_use]
    pub fn session<'a>(&self, store: &'a Store, name: Option<&str>) -> Session<'a> {
        let remote = name.map_or_else(|| self.config.default_remote(), ToOwned::to_owned);
        let path = self.database_path().ok().map(|path| (SideName::Local, path.display().to_string()));
        let address = self
            .remote_settings(Some(&remote))
            .ok()
            .map(|settings| (SideName::Remote, settings.address.to_string()));
        let places = path.into_iter().chain(address).collect();
        Session { store, remote, device: self.device(), places, now: self.now.as_second() }
    }

    /// What the configuration wishes of every run.
    pub fn wishes(&self) -> Result<Wishes, CommandError> {
        Ok(Wishes {
            never_merge: !self.config.is_merge_automatic()?,
            limit: self.config.max_delete()?,
            ..Wishes::default()
        })
    }

    /// Opens this device's database.
    pub fn local(&self) -> Result<Database, CommandError> {
        self.database_at(self.database_path()?)
    }

    /// Opens another database of the service.
    pub fn database_at(&self, path: PathBuf) -> Result<Database, CommandError> {
        Ok(Database::open(self.database_options(path)?)?)
    }

    /// What could make vectors on this machine. The models are looked for once, and loaded where they are first used;
    /// what they make is kept.
    pub fn makers(&self) -> Result<Makers, CommandError> {
        if let Some(makers) = self.makers.get() {
            return Ok(makers.clone());
        }
        let settings = self.embedding_settings()?;
        Ok(self.makers.get_or_init(|| self.vectors.before(Makers::find(settings))).clone())
    }

    /// The model in `folder`, whatever that holds; `None` where it is no folder. What the model makes is kept like all
    /// else.
    #[must_use]
    pub fn maker_in(&self, folder: &Path) -> Option<Arc<dyn Maker>> {
        if !folder.is_dir() {
            return None;
        }
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
        let model = Model::new(folder.to_owned(), Cut::Declared, name);
        Some(self.vectors.wrap(Arc::new(model)))
    }

    fn embedding_settings(&self) -> Result<embed::Settings, CommandError> {
        let Embedding { endpoint, endpoint_model, endpoint_key, model, hugging_face, onnx, hash } =
            &self.environment.embedding;
        let key = endpoint_key.as_ref().map(Secret::expose);
        Ok(embed::Settings {
            endpoint: endpoint
                .as_ref()
                .map(|url| Endpoint::new(url.expose(), endpoint_model.as_deref(), key)),
            folder: self.config.embedding_model()?,
            home: self.environment.home.clone(),
            hugging_face: hugging_face.clone(),
            model: model.clone(),
            skips_onnx: *onnx == Some(false),
            hash: match hash {
                None => HashRule::IfEmpty,
                Some(true) => HashRule::Always,
                Some(false) => HashRule::Never,
            },
        })
    }

    fn database_options(&self, path: PathBuf) -> Result<local::Options, CommandError> {
        Ok(local::Options {
            path,
            bookkeeping: self.bookkeeping(),
            busy_timeout: BUSY,
            now: self.timestamp(),
            makers: self.makers()?,
        })
    }

    /// Prepares the way to the remote of `session`, with which this device agreed on `base`.
    pub fn remote(
        &self,
        session: &Session<'_>,
        base: &Base,
        deduplicate: bool,
    ) -> Result<Transport, CommandError> {
        let settings = self.remote_settings(Some(&session.remote))?;
        match &settings.address {
            Address::File(path) if is_same_file(path, &self.database_path()?) => {
                let name = &session.remote;
                Err(CommandError::usage(format!("the remote '{name}' is this device's own database"))
                    .with_hint(format!(
                        "`memsync remote set-url {name} PATH` names the file that others share"
                    )))
            }
            Address::File(path) => {
                let is_known = session.knows_remote(base)?;
                Ok(Transport::File(Box::new(File::new(self.database_options(path.clone())?, is_known))))
            }
            Address::Server(url) => {
                let url = url.as_str().parse();
                let url = url.map_err(|error: remote::InvalidUrl| CommandError::usage(error.to_string()))?;
                Ok(Transport::Http(Box::new(self.server(settings, url, deduplicate)?)))
            }
        }
    }

    fn server(
        &self,
        settings: RemoteSettings,
        url: RemoteUrl,
        deduplicate: bool,
    ) -> Result<Http, CommandError> {
        let name = settings.name.clone();
        let options = remote::Options {
            url,
            key: key_source(&settings)?,
            trust: Trust { ca_file: settings.ca_file, pinned: settings.certificate },
            bookkeeping: self.bookkeeping(),
            device: self.device(),
            now: self.timestamp(),
            deduplicate,
            patience: Patience::default(),
        };
        Http::connect(options).map_err(|error| CommandError::from_remote(error, &name))
    }

    /// Keeps where this device's database is.
    pub fn set_database(&mut self, path: &Path) -> Result<(), CommandError> {
        let path = absolute(path)?;
        self.config.local.set(&Name::new("core", "database"), &path.to_string_lossy())?;
        Ok(self.config.local.save()?)
    }

    /// Keeps where the key for a remote is.
    pub fn set_key_file(&mut self, remote: &str, path: &Path) -> Result<(), CommandError> {
        Ok(self.config.set_remote(remote, "keyFile", &absolute(path)?.to_string_lossy())?)
    }

    /// Pins a remote's certificate.
    pub fn trust(&mut self, remote: &str, certificate: Fingerprint) -> Result<(), CommandError> {
        Ok(self.config.set_remote(remote, "certificate", &certificate.to_string())?)
    }

    /// Which metadata is the service's own.
    #[must_use]
    pub fn bookkeeping(&self) -> Bookkeeping {
        Bookkeeping::with_ignored(self.config.ignored_metadata())
    }

    fn timestamp(&self) -> Timestamp {
        super::in_seconds(self.now)
    }
}

/// A path that means the same file from every folder.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, CommandError> {
    std::path::absolute(path)
        .map_err(|cause| CommandError::usage(format!("{} is no path", path.display())).with_cause(cause))
}

/// The key itself goes before a file, a file before a helper.
fn key_source(settings: &RemoteSettings) -> Result<KeySource, CommandError> {
    if let Some(key) = &settings.key {
        let key = ApiKey::new(key.expose())
            .ok_or_else(|| CommandError::usage("MCP_API_KEY holds characters that no key has"))?;
        return Ok(KeySource::Given(key));
    }
    Ok(match (&settings.key_file, &settings.credential_helper) {
        (Some(path), _) => KeySource::File(path.clone()),
        (None, Some(helper)) => KeySource::Helper(helper.clone()),
        (None, None) => KeySource::None,
    })
}
