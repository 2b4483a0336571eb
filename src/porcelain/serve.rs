//! `memsync serve`: be the server that devices sync with.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::error::{CommandError, ExitCode};
use crate::hub::{self, Key, Options, Server, Tls, certificate, files, key};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::signals::stop;
use crate::workspace::Workspace;

/// Be the server that devices sync with
///
/// Serves a database over the HTTP API of mcp-memory-service, so that devices need nothing else to sync with; programs
/// that use the service can use it too. The database is the service's own: either of both can be stopped and the other
/// started on the same file. It is created where there is none.
///
/// Memories that arrive get their vectors from whatever made those that are there: the service's own model where it
/// lies on this machine, its embedding endpoint, or its hash vectors. The log says which at the start; where none of
/// them did, memories arrive all the same and searches by meaning find nothing.
///
/// Without an API key only programs on this device are answered; other devices need a key, and TLS. Each request is one
/// line on stderr, which holds no key, no memory and no name of one; -q leaves out all but warnings.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The database [default: the one that the service uses]
    #[arg(long, value_name = "PATH")]
    pub db: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one, 0.0.0.0 is every network
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    /// The file with the API key, readable by you alone [default: the key of the environment, else the file beside the database]
    #[arg(long, value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
    /// Encrypt, with a certificate that is made on first use and kept beside the database
    #[arg(long, value_name = "CERTIFICATE", conflicts_with_all = ["tls_cert", "tls_key"])]
    pub tls: Option<Certificate>,
    /// Encrypt with the certificate in this PEM file
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Answer other devices without TLS: whoever can listen on the way reads the API key and every memory
    #[arg(long, conflicts_with_all = ["tls", "tls_cert"])]
    pub insecure_no_tls: bool,
}

/// Where the certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Certificate {
    /// One's own, which devices trust by its fingerprint
    SelfSigned,
}

const EXTRA: &str = "\
Examples:
  memsync serve
      Serve this device's memories to the programs on it, at http://127.0.0.1:8000.
  memsync serve --listen 0.0.0.0:8000 --tls self-signed
      Serve every device on your networks; each trusts the certificate by its
      fingerprint.
  memsync serve --listen 10.8.0.1:8000 --insecure-no-tls
      Serve the devices of a network that is encrypted already, such as a VPN.

Environment:
  MCP_API_KEY
      The key that devices must show, where --api-key-file names no file.
  MCP_MEMORY_SQLITE_PATH
      The database, where --db names none.

Exit codes:
  0    Stopped by SIGINT or SIGTERM, with every write on the disk.
  2    An argument is wrong, what would be served is not safe, or the address is taken.
  5    The database is busy, damaged or unsupported.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let database = match &args.db {
        Some(path) => path.clone(),
        None => workspace.database_path()?,
    };
    let key = find_key(args, &database, workspace)?;
    let has_key = key.is_some();
    let is_private = args.tls.is_some() || args.tls_cert.is_some() || args.insecure_no_tls;
    // Before a certificate is made for nothing.
    hub::check_exposure(args.listen, has_key, is_private).map_err(explain)?;
    let options = Options {
        tls: find_tls(args, &database, workspace)?,
        database,
        listen: args.listen,
        key,
        is_plain_text_fine: args.insecure_no_tls,
        clock: workspace.clock(),
        makers: workspace.makers()?,
    };
    let server = Server::bind(options).map_err(explain)?;
    if !has_key {
        workspace.ui.note("No API key: every program on this device can read and change the memories");
    }
    let listening = format!("Listening on {}", server.url());
    server.run(|| workspace.ui.note(&listening), stop()).map_err(explain)?;
    Ok(ExitCode::Done)
}

/// The file that was named, else the environment, else the file beside the database, which `memsync init --server`
/// makes.
fn find_key(args: &Args, database: &Path, workspace: &Workspace) -> Result<Option<Key>, CommandError> {
    let beside = key::path(database);
    if let Some(path) = &args.api_key_file {
        return key::read(path)?
            .map(Some)
            .ok_or_else(|| CommandError::usage(format!("there is no key file {}", path.display())));
    }
    if let Some(key) = &workspace.environment.api_key {
        let wrong = "MCP_API_KEY is no key: at most 512 visible ASCII characters are";
        return Key::new(key.expose()).map(Some).ok_or_else(|| CommandError::usage(wrong));
    }
    Ok(key::read(&beside)?)
}

fn find_tls(args: &Args, database: &Path, workspace: &mut Workspace) -> Result<Option<Tls>, CommandError> {
    let (certificate, key) = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        _ if args.tls.is_none() => return Ok(None),
        _ => {
            files::create_folder(database)?;
            let host = workspace.host_name();
            let made = certificate::keep(database, &host, args.listen.ip(), workspace.now)?;
            workspace.ui.note(&format!("Certificate {}", made.sha256));
            workspace.ui.hint(&format!("on each device: `memsync remote trust origin {}`", made.sha256));
            (made.path, made.key_path)
        }
    };
    let unusable = |error| CommandError::usage("TLS cannot be used").with_cause(error);
    Tls::read(&certificate, &key).map(Some).map_err(unusable)
}

fn explain(error: hub::Error) -> CommandError {
    use hub::Error as E;
    match error {
        E::Database(error) => error.into(),
        E::Folder(error) => error.into(),
        error => {
            let hint = match &error {
                E::NoKey(_) => {
                    Some("`memsync init --server` makes a key; `--api-key-file` or MCP_API_KEY names one")
                }
                E::NoTls(_) => Some(
                    "add `--tls self-signed`; in a network that is encrypted already, `--insecure-no-tls`",
                ),
                E::Listen { .. } => {
                    Some("another program may listen there; `--listen ADDRESS` names another place")
                }
                _ => None,
            };
            let command_error = CommandError::usage(error.to_string()).with_cause(error);
            hint.into_iter().fold(command_error, CommandError::with_hint)
        }
    }
}
