//! `memsync merge`: merge what was fetched, and end conflicts by a rule.
//!
//! Its steps are those of `memsync apply`, the name that the sync scripts' users know. It is a command of its own, and
//! no alias, because who types git's word looks for help about conflicts.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::{Execution, Selection, extra};
use crate::porcelain::shared::exchange::{self, Steps};
use crate::reconcile::Direction;
use crate::workspace::Workspace;

/// Merge what was fetched, and end conflicts by a rule
///
/// Merges what the last fetch brought into this device's memories, and asks the server nothing. Changes to different fields
/// of one memory are merged. Where both sides changed the same field, -X says whose value is taken: of that field only, and
/// only where nobody has chosen yet. Without -X such a memory becomes a conflict and waits. The decision lasts: the next
/// sync brings it to the server and does not ask again.
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
  memsync fetch && memsync merge
      Merge what can be merged, and leave conflicts.
  memsync merge -X theirs --dry-run
      See what would change here if the server decided all conflicts.
  memsync merge -X newest && memsync sync
      Let the version that was written last decide, and tell the server.

Exit codes:
  0    Done, and no conflict is left.
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
        Steps { command: "memsync merge", fetch: false, direction: Direction::Pull, deduplicate: true };
    exchange::run(steps, &args.execution, &args.selection, workspace)
}
