//! `memsync status`: what a sync would have to do.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::arguments::{Selection, extra};
use crate::workspace::Workspace;

/// Show what has changed since the last sync
///
/// Compares this device's memories with the last sync, and the last sync with the server as it was last fetched. Shows
/// changes that wait to be pushed, changes that wait to be applied, conflicts, pushes that failed, and the times of the
/// last sync and the last push. Asks the server nothing: `memsync fetch` does.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Print one line for each memory, in a form that never changes
    #[arg(long, value_name = "VERSION", num_args = 0..=1, require_equals = true, default_missing_value = "v1")]
    pub porcelain: Option<Version>,
    /// End lines with NUL and leave text as it is; implies --porcelain
    #[arg(short = 'z')]
    pub null: bool,
    /// Print everything as JSON
    #[arg(long, conflicts_with_all = ["porcelain", "null"])]
    pub json: bool,
    /// Exit with 1 if there is anything to sync
    #[arg(long)]
    pub exit_code: bool,
    /// Which memories to show
    #[command(flatten)]
    pub selection: Selection,
}

/// The forms of `--porcelain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Version {
    /// 'XYZ HASH', a tab and the first line, where X is this device against the last sync, Y the server, Z a conflict
    V1,
}

const EXTRA: &str = "\
Porcelain format:
  XYZ HASH<TAB>FIRST LINE
      One line for each memory that is not in agreement.
      X is this device against the last sync, Y the server as last fetched: '.' the same, 'A' added,
      'M' modified, 'D' deleted. Z is 'U' for an unresolved conflict, 'F' for a push that failed, else '.'.

Examples:
  memsync fetch && memsync status
      See what a sync would do now.
  memsync status --tag work
      Look at the memories with one tag only.
  memsync status --porcelain | grep '^..U'
      List the conflicts, for a script.

Exit codes:
  0    Shown, whatever there was to show.
  1    With --exit-code: there is something to sync.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("`memsync status` is not wired up"))
}
