//! `memsync pull`: fetch, then apply.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::{Execution, Selection, extra};
use crate::porcelain::shared::exchange::{self, Steps};
use crate::reconcile::Direction;
use crate::workspace::Workspace;

/// Bring the server's changes to this device
///
/// Fetches from the server and applies what changed there to this device's memories: `memsync fetch` and then
/// `memsync apply`. A memory that only this device changed is left alone; one that both changed is merged field by field,
/// and only where the same field differs it becomes a conflict and waits.
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
  memsync pull
      Bring everything that is new on the server.
  memsync pull --dry-run
      See what would change on this device.
  memsync pull --tag work -X theirs
      Bring the memories with one tag, and let the server decide what both changed.

Exit codes:
  0    Done, and nothing is left to do.
  1    Conflicts remain.
  2    An argument or the configuration is wrong.
  3    A brake stopped the plan before any effect; it prints how to let exactly that plan through.
  4    The server cannot be reached or refused a key or certificate, or the remote's file cannot be used.
  5    A database on this device is missing, busy or unsupported.
  6    Some memories were refused by a side; everything else was done.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let steps = Steps { command: "memsync pull", fetch: true, direction: Direction::Pull, deduplicate: true };
    exchange::run(steps, &args.execution, &args.selection, workspace)
}
