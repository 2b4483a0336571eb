//! What a server was told when it was set up, kept beside its database, so that a later run need not be told again.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use super::ServerArgs;
use crate::config::{self, File, Name};
use crate::error::CommandError;
use crate::hub::files;

/// Where a server listens if nobody ever said.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

/// The settings of one server.
#[derive(Debug)]
pub(super) struct Settings {
    file: File,
    /// The address and port of its own that it listens on.
    pub(super) listen: SocketAddr,
    /// Whether it uses TLS, with a certificate of its own making.
    pub(super) is_encrypted: bool,
}

impl Settings {
    /// What the server of `database` was told before, changed as `args` say.
    pub(super) fn load(database: &Path, args: &ServerArgs) -> Result<Self, CommandError> {
        let file = File::load(&files::beside(database, "memsync-hub.config"))?;
        let listen = match args.listen {
            Some(listen) => listen,
            None => value(&file, "listen", "an address and port such as 0.0.0.0:8443")?.unwrap_or(LISTEN),
        };
        let tls: Option<String> = value(&file, "tls", "self-signed")?;
        let settings = Self { file, listen, is_encrypted: args.tls.is_some() || tls.is_some() };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), CommandError> {
        if self.listen.port() == 0 {
            return Err(CommandError::usage(
                "devices could not find a server whose port is another each time",
            )
            .with_hint("name one: `--listen 127.0.0.1:8000`"));
        }
        if self.is_encrypted || self.listen.ip().is_loopback() {
            return Ok(());
        }
        let message = format!(
            "{} can be reached from other machines, and without TLS anybody between could read the key and every memory",
            self.listen
        );
        Err(CommandError::usage(message)
            .with_hint("add `--tls`: the server gets a certificate that devices know by its SHA-256")
            .with_hint(
                "or listen on 127.0.0.1 and let devices in by a tunnel, such as `ssh -L 8000:127.0.0.1:8000`",
            ))
    }

    /// Keeps them.
    pub(super) fn save(&mut self) -> Result<(), config::Error> {
        self.file.set(&Name::new("hub", "listen"), &self.listen.to_string())?;
        if self.is_encrypted {
            self.file.set(&Name::new("hub", "tls"), "self-signed")?;
        }
        self.file.save()
    }
}

fn value<T: std::str::FromStr>(
    file: &File,
    variable: &str,
    expected: &str,
) -> Result<Option<T>, config::Error> {
    let name = Name::new("hub", variable);
    let Some(text) = file.values(&name).pop() else { return Ok(None) };
    let path = file.path().to_owned();
    text.parse().map(Some).map_err(|_| config::Error::Value { path, name, expected: expected.to_owned() })
}
