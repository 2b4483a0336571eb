//! `memsync remote`: the servers and files that this device syncs with.

use crate::config::{self, Address, Name, RemoteSettings, is_remote_name};
use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::extra;
use crate::remote::{Fingerprint, InvalidFingerprint};
use crate::ui::escape_line;
use crate::workspace::Workspace;

/// Show and change the servers and files to sync with
///
/// Without a subcommand, lists them. The one named 'origin' (or what sync.remote says) is meant wherever a command names
/// none. The environment variable `REMOTE_API` outranks its address.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA), subcommand_value_name = "COMMAND")]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What can be done with remotes.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Action {
    /// Add a server or a file
    ///
    /// A server's address may end in /api/memories, /api or neither. It carries no key: that is given in the environment
    /// variable `MCP_API_KEY`, a file (remote.NAME.keyFile) or a credential helper (remote.NAME.credentialHelper).
    ///
    /// A path, absolute or with a '/' in it, or a file:// URL is a database file, such as one on a stick that several
    /// devices share in turn. The first push makes it, in a folder that is there; it is safe to unplug when a command has
    /// ended. mcp-memory-service can open it too.
    #[command(after_long_help = extra(ADD))]
    Add {
        /// A name for it, such as origin
        name: String,
        /// Its address, such as `https://memory.local:8443`, or a path
        #[arg(value_hint = clap::ValueHint::AnyPath)]
        url: String,
    },
    /// List them; with -v also their addresses and how each server is trusted
    List,
    /// Change an address
    ///
    /// A certificate that was trusted for the old address stays trusted; `memsync remote trust` replaces it.
    SetUrl {
        /// The remote's name
        name: String,
        /// Its new address, or a path
        #[arg(value_hint = clap::ValueHint::AnyPath)]
        url: String,
    },
    /// Forget a remote, with all its settings
    #[command(visible_alias = "rm")]
    Remove {
        /// The remote's name
        name: String,
    },
    /// Trust exactly one certificate of a server
    ///
    /// For a server whose certificate no authority vouches for, such as one that the service made for itself. From then on
    /// the server must show this certificate and no other. Compare the fingerprint with what the server itself says
    /// before you trust it.
    #[command(after_long_help = extra(TRUST))]
    Trust {
        /// The server's name
        name: String,
        /// The certificate's SHA-256: 64 hexadecimal digits, or as openssl prints it
        sha256: String,
    },
}

const EXTRA: &str = "\
Examples:
  memsync remote add origin https://memory.local:8443
      Add the server that every command then means.
  memsync remote list -v
      List the servers with their addresses.
  memsync remote set-url origin https://memory.example.net
      The server has moved.

Exit codes:
  0    Done.
  2    A name, an address or a fingerprint is wrong, or a file cannot be read or written.
";

const ADD: &str = "\
Examples:
  memsync remote add origin https://memory.local:8443
      Add the server that every command then means.
  memsync remote add backup http://127.0.0.1:8000
      Add a second one, to be named: memsync sync backup.
  memsync remote add usb /media/stick/memories.db
      Add a file; each device that shares it runs: memsync sync usb.
";

const TRUST: &str = "\
Examples:
  openssl x509 -noout -fingerprint -sha256 -in cert.pem
      On the server, print the fingerprint of its certificate.
  memsync remote trust origin 5F:0A:...:C1
      Here, trust that certificate.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    match &args.action {
        None | Some(Action::List) => list(workspace)?,
        Some(Action::Add { name, url }) => add(name, url, workspace)?,
        Some(Action::SetUrl { name, url }) => set_url(name, url, workspace)?,
        Some(Action::Remove { name }) => remove(name, workspace)?,
        Some(Action::Trust { name, sha256 }) => trust(name, sha256, workspace)?,
    }
    Ok(ExitCode::Done)
}

fn list(workspace: &mut Workspace) -> Result<(), CommandError> {
    let mut names = workspace.config.remotes();
    let default = workspace.config.default_remote();
    if workspace.environment.remote_api.is_some() && !names.contains(&default) {
        names.push(default);
    }
    for name in names {
        let line = if workspace.ui.is_verbose() { described(&name, workspace) } else { name };
        workspace.ui.data(&format!("{}\n", escape_line(&line)))?;
    }
    Ok(())
}

/// The remote with its address and how its certificate is checked; what is wrong with it stands in the same place.
fn described(name: &str, workspace: &Workspace) -> String {
    match workspace.remote_settings(Some(name)) {
        Ok(settings) => format!("{name}  {}  ({})", settings.address, trust_of(&settings)),
        Err(error) => format!("{name}  ({error})"),
    }
}

fn trust_of(settings: &RemoteSettings) -> String {
    let Address::Server(url) = &settings.address else { return "a file".to_owned() };
    match (&settings.certificate, &settings.ca_file) {
        _ if url.scheme() == "http" => "not encrypted".to_owned(),
        (Some(fingerprint), _) => format!("trusts the certificate {fingerprint}"),
        (None, Some(path)) => format!("trusts the system's authorities and {}", path.display()),
        (None, None) => "trusts the system's authorities".to_owned(),
    }
}

fn add(name: &str, url: &str, workspace: &mut Workspace) -> Result<(), CommandError> {
    if !is_remote_name(name) {
        return Err(CommandError::usage(format!("'{name}' cannot name a remote"))
            .with_hint("a name is letters, digits, '.', '_' and '-', beginning with a letter or digit"));
    }
    // Other settings of a remote may be written before its address.
    if workspace.config.value(&Name::of_remote(name, "url")).is_some() {
        return Err(CommandError::usage(format!("the remote '{name}' exists already"))
            .with_hint(format!("`memsync remote set-url {name} URL` changes its address")));
    }
    let address = workspace.address(url)?.to_string();
    Ok(workspace.config.set_remote(name, "url", &address)?)
}

fn set_url(name: &str, url: &str, workspace: &mut Workspace) -> Result<(), CommandError> {
    let address = workspace.address(url)?.to_string();
    known(name, workspace)?;
    Ok(workspace.config.set_remote(name, "url", &address)?)
}

fn remove(name: &str, workspace: &mut Workspace) -> Result<(), CommandError> {
    known(name, workspace)?;
    for file in [&mut workspace.config.local, &mut workspace.config.global] {
        if file.remove_section("remote", name) {
            file.save()?;
        }
    }
    Ok(())
}

fn trust(name: &str, sha256: &str, workspace: &mut Workspace) -> Result<(), CommandError> {
    let fingerprint: Fingerprint =
        sha256.parse().map_err(|error: InvalidFingerprint| CommandError::usage(error.to_string()))?;
    // A remote may be known from REMOTE_API alone.
    if workspace.environment.remote_api.is_none() || name != workspace.config.default_remote() {
        known(name, workspace)?;
    }
    if let Ok(RemoteSettings { address: Address::File(path), .. }) = workspace.remote_settings(Some(name)) {
        let path = path.display();
        return Err(CommandError::usage(format!("'{name}' is the file {path}, which shows no certificate")));
    }
    workspace.trust(name, fingerprint)?;
    let name = escape_line(name);
    workspace.ui.note(&format!("From now on '{name}' must show this certificate and no other."));
    Ok(())
}

fn known(name: &str, workspace: &Workspace) -> Result<(), config::Error> {
    if workspace.config.remotes().iter().any(|known| known == name) {
        return Ok(());
    }
    Err(config::Error::UnknownRemote { name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Palette, Settings, Verbosity, testing::kept};
    use crate::workspace::testing::workspace;
    use clap::Parser;
    use std::path::Path;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// What `memsync remote LINE` prints and ends with, in `folder`.
    fn remote(folder: &Path, line: &[&str]) -> String {
        let (mut workspace, _, _) = workspace(folder);
        let (ui, stdout, stderr) =
            kept(Settings { verbosity: Verbosity::Verbose, ..Settings::default() }, false);
        workspace.ui = ui;
        let args = Line::parse_from([&["remote"], line].concat()).args;
        let end = match run(&args, &mut workspace) {
            Ok(code) => format!("exit {}", code.code()),
            Err(error) => format!("{}exit {}", error.render(Palette::plain()), error.exit_code().code()),
        };
        (stderr.text() + &stdout.text() + &end).replace(&folder.display().to_string(), "FOLDER")
    }

    const SHA256: &str = "5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a";

    #[test]
    fn a_remote_is_added_listed_moved_trusted_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let remote = |line: &[&str]| remote(folder.path(), line);
        assert_eq!(remote(&["add", "origin", "https://home.local:8443"]), "exit 0");
        assert_eq!(remote(&["add", "backup", "http://127.0.0.1:8000"]), "exit 0");
        assert_eq!(remote(&["set-url", "origin", "https://home.local/api/memories"]), "exit 0");
        insta::assert_snapshot!(remote(&["trust", "origin", &SHA256.to_uppercase()]), @"
        From now on 'origin' must show this certificate and no other.
        exit 0
        ");
        insta::assert_snapshot!(remote(&["list"]), @"
        backup  http://127.0.0.1:8000/  (not encrypted)
        origin  https://home.local/api/memories  (trusts the certificate 5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a)
        exit 0
        ");
        assert_eq!(remote(&["remove", "origin"]), "exit 0");
        assert_eq!(remote(&["rm", "backup"]), "exit 0");
        assert_eq!(remote(&[]), "exit 0");
    }

    #[test]
    fn mistakes_are_refused_and_an_address_with_a_key_is_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let remote = |line: &[&str]| remote(folder.path(), line);
        remote(&["add", "origin", "https://home.local"]);
        insta::assert_snapshot!(remote(&["add", "origin", "https://other.local"]), @"
        error: the remote 'origin' exists already
        hint: `memsync remote set-url origin URL` changes its address
        exit 2
        ");
        insta::assert_snapshot!(remote(&["add", "my server", "https://other.local"]), @"
        error: 'my server' cannot name a remote
        hint: a name is letters, digits, '.', '_' and '-', beginning with a letter or digit
        exit 2
        ");
        insta::assert_snapshot!(remote(&["add", "backup", "https://ada:hunter2@other.local"]), @"
        error: the address cannot be used: expected an address without a user name or password; give the key in MCP_API_KEY or a key file
        exit 2
        ");
        insta::assert_snapshot!(remote(&["set-url", "backup", "https://other.local"]), @"
        error: there is no remote 'backup'
        hint: `memsync remote add backup URL` adds it
        exit 2
        ");
        insta::assert_snapshot!(remote(&["trust", "origin", "abc"]), @"
        error: not a SHA-256 fingerprint: 64 hexadecimal digits are expected, with or without colons
        exit 2
        ");
        insta::assert_snapshot!(remote(&["list"]), @"
        origin  https://home.local/  (trusts the system's authorities)
        exit 0
        ");
    }

    #[test]
    fn a_setting_is_written_to_the_file_that_has_the_remote() {
        let folder = tempfile::tempdir().unwrap();
        let (mut workspace, _, _) = workspace(folder.path());
        workspace.config.global.set(&Name::of_remote("origin", "url"), "https://home.local").unwrap();
        workspace.config.global.save().unwrap();
        remote(folder.path(), &["trust", "origin", SHA256]);
        let config = self::workspace(folder.path()).0.config;
        assert_eq!(config.global.values(&Name::of_remote("origin", "certificate")), [SHA256]);
        assert!(config.local.entries().is_empty());
    }
}
