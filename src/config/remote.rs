//! What is known of one remote.

use std::path::{Component, Path, PathBuf};

use super::values::{parse_address, parse_fingerprint};
use super::{Address, Config, Environment, Error, File, Name, Secret};
use crate::remote::Fingerprint;

/// What a remote's name must be.
pub(super) const NAME_RULE: &str = "letters, digits, '.', '_' and '-', beginning with a letter or digit";

/// Whether `text` can name a remote.
#[must_use]
pub fn is_remote_name(text: &str) -> bool {
    // What git forbids in a ref is forbidden here too: a remote's snapshots are kept under its name.
    let is_no_ref = text.contains("..") || text.ends_with('.') || text.rsplit('.').next() == Some("lock");
    !is_no_ref
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Everything that is needed to reach a remote.
#[derive(Clone, Debug)]
pub struct RemoteSettings {
    /// Its name.
    pub name: String,
    /// Where it is; a path is absolute.
    pub address: Address,
    /// The API key, if the environment gives one that is meant for this remote.
    pub key: Option<Secret>,
    /// A file that holds the API key, for where `key` is `None`.
    pub key_file: Option<PathBuf>,
    /// A program that knows the API key, for where neither of the above gives one.
    pub credential_helper: Option<String>,
    /// Certificates that may vouch for the server besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The one certificate that the server may show.
    pub certificate: Option<Fingerprint>,
}

impl RemoteSettings {
    /// Collects what the environment and the configuration say of the remote `name`, or of the default one.
    ///
    /// `REMOTE_API` is the default remote's address, and `MCP_API_KEY` its key. Another remote is given that key only
    /// where it has no key file or helper of its own, so that one server's key is not shown to another by accident.
    pub fn resolve(config: &Config, environment: &Environment, name: Option<&str>) -> Result<Self, Error> {
        let default = config.default_remote();
        let name = name.unwrap_or(&default);
        let is_default = name == default;
        let key_file = config.path(&Name::of_remote(name, "keyFile"))?;
        let credential_helper = config.value(&Name::of_remote(name, "credentialHelper"));
        let takes_key = is_default || (key_file.is_none() && credential_helper.is_none());
        Ok(Self {
            address: Self::address(config, environment.remote_api.as_deref().filter(|_| is_default), name)?,
            key: environment.api_key.clone().filter(|_| takes_key),
            key_file,
            credential_helper,
            ca_file: config.path(&Name::of_remote(name, "caFile"))?,
            certificate: config.parsed(&Name::of_remote(name, "certificate"), parse_fingerprint)?,
            name: name.to_owned(),
        })
    }

    fn address(config: &Config, from_environment: Option<&str>, name: &str) -> Result<Address, Error> {
        if let Some(text) = from_environment {
            return config
                .given_address(text)
                .map_err(|expected| super::InvalidVariable { name: "REMOTE_API", expected }.into());
        }
        if let Some(address) = config.address(&Name::of_remote(name, "url"))? {
            return Ok(address);
        }
        let name = name.to_owned();
        let is_known = config.remotes().contains(&name) || name == config.default_remote();
        Err(if is_known { Error::NoUrl { name } } else { Error::UnknownRemote { name } })
    }
}

impl Config {
    /// Reads an address that the command line or the environment gives, where a relative path is taken from the
    /// present folder; the error says what is expected instead.
    pub fn given_address(&self, text: &str) -> Result<Address, &'static str> {
        match parse_address(text, self.home.as_deref())? {
            Address::File(path) => {
                let path = std::path::absolute(path).map_err(|_| "a path")?;
                Ok(Address::File(without_parents(&path)))
            }
            address @ Address::Server(_) => Ok(address),
        }
    }

    /// Keeps a setting of the remote `name`, in the file that has the remote, or in the local one.
    pub fn set_remote(&mut self, name: &str, variable: &str, value: &str) -> Result<(), Error> {
        let is_of_remote = |known: &Name| known.is_in_section("remote") && known.subsection() == Some(name);
        let is_in = |file: &File| file.entries().iter().any(|(known, _)| is_of_remote(known));
        let is_global = is_in(&self.global) && !is_in(&self.local);
        let file = if is_global { &mut self.global } else { &mut self.local };
        file.set(&Name::of_remote(name, variable), value)?;
        file.save()
    }
}

/// Takes each `..` out, with the folder before it, so that one place has one spelling.
fn without_parents(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, component| {
        match component {
            Component::ParentDir => drop(path.pop()),
            component => path.push(component),
        }
        path
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(folder: &Path, text: &str) -> Config {
        let path = folder.join("config");
        let mut file = File::parse(&path, text.as_bytes()).unwrap();
        file.save().unwrap();
        file = File::load(&path).unwrap();
        assert!(!file.entries().is_empty());
        Config::load(&path, &folder.join("local"), None).unwrap()
    }

    const TWO: &str = "
        [remote \"origin\"]
            url = https://home.local:8443/api
        [remote \"backup\"]
            url = https://backup.local
            keyFile = keys/backup
    ";

    fn environment() -> Environment {
        Environment { api_key: Some(Secret::new("hunter2".to_owned())), ..Environment::default() }
    }

    #[test]
    fn the_environment_speaks_of_the_default_remote() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), TWO);
        let environment =
            Environment { remote_api: Some("http://other:1/api/memories".to_owned()), ..environment() };
        let origin = RemoteSettings::resolve(&config, &environment, None).unwrap();
        assert_eq!(
            (origin.name.as_str(), origin.address.to_string().as_str()),
            ("origin", "http://other:1/api/memories")
        );
        assert!(origin.key.is_some());
        let backup = RemoteSettings::resolve(&config, &environment, Some("backup")).unwrap();
        assert_eq!(backup.address.to_string(), "https://backup.local/");
    }

    #[test]
    fn a_remote_with_its_own_key_is_not_shown_another() {
        let folder = tempfile::tempdir().unwrap();
        let backup =
            RemoteSettings::resolve(&config(folder.path(), TWO), &environment(), Some("backup")).unwrap();
        assert!(backup.key.is_none());
        assert_eq!(backup.key_file, Some(folder.path().join("keys/backup")));
    }

    #[test]
    fn a_remote_that_nobody_knows_differs_from_one_without_address() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "[remote \"backup\"]\n keyFile = k\n");
        let error = |name| RemoteSettings::resolve(&config, &environment(), name).unwrap_err().to_string();
        assert_eq!(error(None), "the remote 'origin' has no address");
        assert_eq!(error(Some("backup")), "the remote 'backup' has no address");
        assert_eq!(error(Some("bakcup")), "there is no remote 'bakcup'");
    }

    #[test]
    fn a_wrong_value_is_named_with_the_file_that_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "[remote \"origin\"]\n url = https://ada:pw@home.local\n");
        let error = RemoteSettings::resolve(&config, &environment(), None).unwrap_err().to_string();
        let shown = error.replace(&folder.path().display().to_string(), "FOLDER");
        insta::assert_snapshot!(shown, @"FOLDER/config: remote.origin.url has a value that it cannot have, expected an address without a user name or password; give the key in MCP_API_KEY or a key file");
    }
}
