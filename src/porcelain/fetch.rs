//! `memsync fetch`: learn what the server holds.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::arguments::extra;
use crate::workspace::Workspace;

/// Learn what the server holds now, and change nothing
///
/// Reads the server's memories into the staging database. Neither this device's memories nor the server's are changed;
/// `memsync status` and `memsync diff --remote` then show what is new.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The remote to ask [default: sync.remote, else origin]
    #[arg(value_name = "REMOTE")]
    pub remote: Option<String>,
}

const EXTRA: &str = "\
Examples:
  memsync fetch && memsync diff --remote
      See what the server changed.
  REMOTE_API=https://memory.local:8443 MCP_API_KEY=... memsync fetch
      Ask a server that is not configured.

Exit codes:
  0    Done.
  4    The server cannot be reached, or a certificate or key was refused.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("`memsync fetch` is not wired up"))
}
