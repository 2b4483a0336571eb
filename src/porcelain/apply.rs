//! `memsync apply`: carry out on this device what was fetched.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::{Execution, Selection, extra};
use crate::porcelain::shared::exchange::{self, Steps};
use crate::reconcile::Direction;
use crate::workspace::Workspace;

/// Apply the server's fetched changes to this device
///
/// Carries out on this device's memories what the last fetch brought, and asks the server nothing. Each memory is
/// checked before it is replaced: one that was written meanwhile is left for the next run.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// How to carry out the plan
    #[command(flatten)]
    pub execution: Execution,
    /// Which memories take part
    #[command(flatten)]
    pub selection: Selection,
}

const EXTRA: &str = "\
Examples:
  memsync fetch && memsync status && memsync apply
      Look before taking the server's changes over.
  memsync apply --dry-run
      See what would change on this device.

Exit codes:
  0    Done, and nothing is left to do.
  1    Conflicts remain.
  2    An argument or the configuration is wrong.
  3    A brake stopped the plan before any effect; it prints how to let exactly that plan through.
  5    A database on this device is missing, busy or unsupported.
  6    Some memories were refused by this device; everything else was done.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let steps =
        Steps { command: "memsync apply", fetch: false, direction: Direction::Pull, deduplicate: true };
    exchange::run(steps, &args.execution, &args.selection, workspace)
}
