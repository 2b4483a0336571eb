//! `memsync embed`: the vectors of this device's database.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::extra;
use crate::workspace::Workspace;

/// Show, make and check the vectors that memories are found by
///
/// Says how many memories of this device have a vector, and what makes them. A memory without one is found by list, tag
/// and text, not by meaning.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Make the vectors that are missing
    #[arg(long)]
    pub missing: bool,
    /// Hold vectors against those that their texts would get now
    #[arg(long, conflicts_with = "missing")]
    pub verify: bool,
    /// Make all vectors anew
    #[arg(long, conflicts_with_all = ["missing", "verify"])]
    pub all: bool,
    /// Do not ask
    #[arg(short = 'y', long, requires = "all")]
    pub yes: bool,
}

const EXTRA: &str = "\
Examples:
  memsync embed
  memsync embed --missing

Exit codes:
  0    Done.
  5    The database on this device is missing, busy or damaged.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let _ = args;
    let _ = workspace;
    Ok(ExitCode::Done)
}
