//! `memsync stash`: record this device's changes.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::arguments::extra;
use crate::workspace::Workspace;

/// Record this device's changes in the staging database
///
/// Reads the service's database and keeps every memory that changed since the last sync in the staging database, so that
/// it can be printed and restored whatever happens next. Unlike git's stash it takes nothing away: the memories stay as
/// they are, and a sync begins with this step by itself.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Print what would be recorded and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

const EXTRA: &str = "\
Examples:
  memsync stash
      Keep a copy of every change before trying something.
  memsync stash --dry-run
      See what has changed.

Exit codes:
  0    Done.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("`memsync stash` is not wired up"))
}
