//! `memsync init`: prepare this device.

use std::path::PathBuf;

use crate::embed::Maker;
use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::extra;
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
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let address = args.url.as_deref().map(|text| workspace.address(text)).transpose()?;
    if let Some(path) = &args.database {
        workspace.set_database(path)?;
    }
    // Looked at first: a staging database for nothing would only be in the way.
    let facts = workspace.local()?.facts()?;
    let is_new = workspace.create_store()?;
    if let Some(address) = address {
        let remote = workspace.config.default_remote();
        workspace.config.set_remote(&remote, "url", &address.to_string())?;
    }
    let (staging, database) = (workspace.staging_path()?, workspace.database_path()?);
    let word = if is_new { "Initialised" } else { "Kept the" };
    workspace.ui.note(&format!("{word} staging database {}", staging.display()));
    let vectors = match (facts.dimension, facts.maker) {
        (None, _) => "no vectors",
        (Some(_), Maker::Hash { .. }) => "hash vectors",
        (Some(_), Maker::None) => "memories that arrive will lack a vector",
    };
    workspace.ui.note(&format!("Memories: {} ({vectors})", database.display()));
    match workspace.remote_settings(None) {
        Ok(settings) => {
            workspace.ui.note(&format!("Remote {}: {}", settings.name, settings.address));
            workspace
                .ui
                .hint("`memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do");
        }
        Err(_) => workspace.ui.hint("`memsync remote add origin URL` names the server"),
    }
    Ok(ExitCode::Done)
}
