//! `memsync init`: prepare this device, or this machine as the server.

mod device;
mod quoting;
mod server;
mod service;
mod settings;
mod staging;

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::extra;
use crate::remote::Fingerprint;
use crate::store::Legacy;
use crate::workspace::Workspace;

/// Prepare this device for syncing, or make this the server
///
/// Creates the staging database, where memsync keeps what both sides held after the last sync and every version that
/// a sync replaces, and the configuration file beside it. The service's own database is looked at, not changed.
///
/// With --server, prepares the central server instead: creates its database, the API key that devices show, a
/// certificate if asked, and what the system starts it by. The line to run on each device is printed to stdout.
///
/// With --import-staging, takes over what the sync scripts of mcp-memory-service staged and never sent: new memories are
/// created on this device, from where the next sync sends them; everything is kept at imported/scripts, and what this
/// device holds is not replaced. What differs is listed with the commands that show and take it.
///
/// Running it again is safe: what is there stays, and what is given is changed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The address of the server, or the path of a database file, kept as the remote 'origin'
    #[arg(value_name = "URL", value_hint = clap::ValueHint::AnyPath, conflicts_with = "server")]
    pub url: Option<String>,
    /// The service's database on this device, kept as core.database; with --server, the server's own
    #[arg(long, visible_alias = "db", value_name = "PATH")]
    pub database: Option<PathBuf>,
    /// The file with the server's API key, which only you may read
    #[arg(long, value_name = "PATH", conflicts_with = "server")]
    pub key_file: Option<PathBuf>,
    /// The SHA-256 of the one certificate that the server may show, as memsync remote trust takes it
    #[arg(long, value_name = "SHA256", conflicts_with = "server")]
    pub trust: Option<Fingerprint>,
    /// A staging database of the sync scripts of mcp-memory-service, whose changes are taken over; it is only read
    #[arg(long, value_name = "FILE", conflicts_with = "server")]
    pub import_staging: Option<PathBuf>,
    /// The central server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What there is to say of the central server.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct ServerArgs {
    /// Prepare this machine as the central server
    #[arg(long = "server", id = "server")]
    pub is_asked: bool,
    /// Where the server listens; 0.0.0.0:8443 is every address of this machine [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS:PORT", requires = "server")]
    pub listen: Option<SocketAddr>,
    /// Make a certificate, and let nobody listen in
    #[arg(
        long, value_name = "KIND", requires = "server", num_args = 0..=1, default_missing_value = "self-signed",
        value_parser = ["self-signed"]
    )]
    pub tls: Option<String>,
}

const EXTRA: &str = "\
Examples:
  memsync init https://memory.local:8443
      Prepare this device to sync with that server.
  memsync init /media/stick/memories.db
      Prepare this device to sync with a file, which the first push makes.
  memsync init --database ~/notes/sqlite_vec.db
      Use a database that is not where the service usually keeps it.
  memsync init --import-staging ~/old/sqlite_vec_staging.db
      Prepare this device, and take over what the sync scripts staged on it.
  memsync init --server
      Prepare a server for this machine alone.
  memsync init --server --listen 0.0.0.0:8443 --tls
      Prepare a server for every device on your network.
  ssh homeserver memsync init --server --quiet
      Print the line to run on a device once more.

Environment:
  STAGING_DB
      The staging database, instead of sqlite_vec_staging.db in the service's folder.
  MCP_MEMORY_SQLITE_PATH
      The service's database; outranks core.database.
  HOSTNAME
      The name by which devices reach a server on this machine.

Files:
  memsync-hub.api-key, memsync-hub.crt, memsync-hub.key
      Beside a server's database: its API key, its certificate and that one's private key.
  memsync-hub.config
      Beside them, what --listen and --tls said.
  memsync-hub.service, memsync-hub.plist
      Beside them, what systemd or launchd starts it by; written anew by each run.

Exit codes:
  0    Done.
  1    Some of what was staged differs from what this device holds, and waits for you.
  2    An argument or the configuration is wrong.
  5    The service's database is missing or unsupported, or the staging database is damaged.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    if args.server.is_asked {
        server::run(args.database.as_deref(), &args.server, workspace)?;
        return Ok(ExitCode::Done);
    }
    // Opened first: a file that cannot be imported must be known before anything is made.
    let legacy = args.import_staging.as_deref().map(Legacy::open).transpose()?;
    device::run(args, workspace)?;
    legacy.map_or(Ok(ExitCode::Done), |legacy| staging::import(&legacy, workspace))
}
