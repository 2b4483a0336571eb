//! `memsync diff`: changes in full.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::arguments::{Selection, extra};
use crate::workspace::Workspace;

/// Show changes since the last sync, field by field
///
/// Shows what this device changed since the last sync or, with --remote, what the server changed as of the last fetch.
/// Tags, type, metadata and times are compared value by value, content line by line.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Only these memories: hashes, or at least four of their first characters
    #[arg(value_name = "HASH")]
    pub hashes: Vec<String>,
    /// Show the server's changes instead of this device's
    #[arg(long)]
    pub remote: bool,
    /// Print the differences as JSON
    #[arg(long)]
    pub json: bool,
    /// Exit with 1 if there are differences
    #[arg(long)]
    pub exit_code: bool,
    /// Which memories to show
    #[command(flatten)]
    pub selection: Selection,
}

const EXTRA: &str = "\
Examples:
  memsync diff
      Show what this device changed since the last sync.
  memsync fetch && memsync diff --remote
      Show what the server changed.
  memsync diff 3fa9c2d1
      Show one memory.

Exit codes:
  0    Shown, or nothing differs.
  1    With --exit-code: something differs.
  2    A hash names no memory, or several.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("`memsync diff` is not wired up"))
}
