//! `memsync log`: the syncs of this device.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::arguments::extra;
use crate::workspace::Workspace;

/// Show the syncs of this device, newest first
///
/// Each sync that changed anything is a commit with its id, the device, the time, and what it did.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Show at most this many
    #[arg(short = 'n', long = "max-count", value_name = "NUMBER")]
    pub max_count: Option<usize>,
    /// One line for each
    #[arg(long)]
    pub oneline: bool,
    /// Print them as JSON
    #[arg(long, conflicts_with = "oneline")]
    pub json: bool,
}

const EXTRA: &str = "\
Examples:
  memsync log --oneline -n 10
      The last ten syncs, a line each.
  memsync show
      The last sync, with what it changed.

Exit codes:
  0    Shown.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("`memsync log` is not wired up"))
}
