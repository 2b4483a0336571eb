//! `memsync push`: bring this device's changes to the server.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::{Execution, Selection, Sending, extra};
use crate::porcelain::shared::exchange::{self, Steps};
use crate::reconcile::Direction;
use crate::workspace::Workspace;

/// Bring this device's changes to the server
///
/// Sends what changed on this device since the last sync. Each memory is read on the server before it is written and read
/// back after: one that somebody changed meanwhile is left for the next run, never overwritten. A memory that the server
/// refuses stays staged and stops no other.
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
  memsync push
      Send everything that changed here.
  memsync push --dry-run
      See what would change on the server.
  memsync push --no-dedup
      Send also what the server takes for a duplicate because it is similar to another memory.

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
        command: "memsync push",
        fetch: true,
        direction: Direction::Push,
        deduplicate: !args.sending.no_dedup,
    };
    exchange::run(steps, &args.execution, &args.selection, workspace)
}
