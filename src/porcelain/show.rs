//! `memsync show`: one object in full.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::arguments::extra;
use crate::workspace::Workspace;

/// Show a sync or a memory
///
/// Prints a sync with what it changed, a memory as it is now, or any version of a memory that memsync ever kept.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// A sync's id, a memory's hash or a version's id, or at least four of its first characters [default: the last sync]
    #[arg(value_name = "OBJECT")]
    pub object: Option<String>,
}

const EXTRA: &str = "\
Examples:
  memsync show
      The last sync, with what it changed.
  memsync show 3fa9c2d1
      One memory, or one sync.

Exit codes:
  0    Shown.
  2    The name names nothing, or several things.
  5    A database on this device is missing, busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("`memsync show` is not wired up"))
}
