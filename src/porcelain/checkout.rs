//! `memsync checkout`: decide conflicts.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::arguments::extra;
use crate::workspace::Workspace;

/// Decide conflicts for one side
///
/// Settles memories that both sides changed in ways that cannot be merged: --ours takes this device's version, --theirs the
/// server's. The other version is kept and can be restored. The next sync brings the decision to the server and, through
/// it, to every device.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
#[command(group = clap::ArgGroup::new("side").required(true).args(["ours", "theirs"]))]
#[command(group = clap::ArgGroup::new("memories").required(true).args(["hashes", "all"]))]
pub struct Args {
    /// Take this device's version
    #[arg(long)]
    pub ours: bool,
    /// Take the server's version
    #[arg(long)]
    pub theirs: bool,
    /// The memories: hashes, or at least four of their first characters
    #[arg(value_name = "HASH")]
    pub hashes: Vec<String>,
    /// Every conflict
    #[arg(long)]
    pub all: bool,
}

const EXTRA: &str = "\
Examples:
  memsync status
      List the conflicts.
  memsync checkout --theirs 3fa9c2d1 && memsync sync
      Take the server's version of one memory, and sync.
  memsync checkout --ours --all
      Take this device's version of every conflict.

Exit codes:
  0    Done, and no conflict is left.
  1    Other conflicts remain.
  2    A hash names no conflict, or several.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("`memsync checkout` is not wired up"))
}
