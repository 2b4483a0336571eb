//! `memsync init`: prepare this device.

use std::path::PathBuf;

use crate::error::{CommandError, ExitCode};
use crate::porcelain::arguments::extra;
use crate::workspace::Workspace;

/// Prepare this device for syncing
///
/// Creates the staging database, where memsync keeps what both sides held after the last sync and every version that
/// a sync replaces, and the configuration file beside it. The service's own database is looked at, not changed.
///
/// Running it again is safe: what is there stays, and what is given is changed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The server's address, kept as the remote 'origin'
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// The service's database on this device, kept as core.database
    #[arg(long, value_name = "PATH")]
    pub database: Option<PathBuf>,
}

const EXTRA: &str = "\
Examples:
  memsync init https://memory.local:8443
      Prepare this device to sync with that server.
  memsync init --database ~/notes/sqlite_vec.db
      Use a database that is not where the service usually keeps it.

Environment:
  STAGING_DB
      The staging database, instead of sqlite_vec_staging.db in the service's folder.
  MCP_MEMORY_SQLITE_PATH
      The service's database; outranks core.database.

Exit codes:
  0    Done.
  2    An argument or the configuration is wrong.
  5    The service's database is missing or unsupported, or the staging database is damaged.
";

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("`memsync init` is not wired up"))
}
