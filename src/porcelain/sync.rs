//! `memsync sync`: all the steps, both ways.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::{Execution, Selection, Sending, extra};
use crate::porcelain::shared::exchange::{self, Steps};
use crate::reconcile::Direction;
use crate::workspace::Workspace;

/// Bring this device and the server into agreement
///
/// Does everything: records this device's changes, fetches the server's, merges, applies to this device, pushes to the
/// server, and remembers what both now hold. Changes to different fields of one memory are merged; only the same field,
/// changed differently on both sides, is a conflict, and only that memory waits.
///
/// It may be interrupted anywhere: running it again finishes the work. Running it twice changes nothing. Nothing is
/// deleted because it was not seen, and every version that a sync replaces is kept.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// How to carry out the plan
    #[command(flatten)]
    pub execution: Execution,
    /// How to send memories
    #[command(flatten)]
    pub sending: Sending,
    /// Which memories take part
    #[command(flatten)]
    pub selection: Selection,
}

const EXTRA: &str = "\
Examples:
  memsync sync
      Exchange all changes with the default remote.
  memsync sync --dry-run
      Print the plan and change nothing.
  memsync sync -X newest
      Let the version that was written last win where both sides changed the same field.
  memsync sync --allow-plan 9d0c41f2
      Let through the very plan that a brake stopped and printed.

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
    let steps = Steps {
        command: "memsync sync",
        fetch: true,
        direction: Direction::Both,
        deduplicate: !args.sending.no_dedup,
    };
    exchange::run(steps, &args.execution, &args.selection, workspace)
}
