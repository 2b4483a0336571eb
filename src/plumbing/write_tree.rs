//! `memsync write-tree`: this device's memories as a tree.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::reading::read_local;
use crate::workspace::{Access, Workspace};

/// Keep this device's memories as a tree
///
/// Reads this device's database, keeps what it holds as objects, and prints the tree's id. No ref is moved, so that no
/// other command takes notice of it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {}

const EXTRA: &str = "\
Examples:
  memsync write-tree
      The id of all that this device holds now: equal on two devices that hold the same.
  memsync diff-tree -r --name-status HEAD:local $(memsync write-tree)
      What this device has changed since the last sync.

Exit codes:
  0    Done.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(_args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Write, "memsync write-tree")?;
    let session = workspace.session(&store, None);
    let base = session.base()?;
    let reading = read_local(workspace, &session, &base.base)?;
    for unreadable in &reading.unreadable {
        workspace.ui.warn(&format!("left out, or as it was at the last sync: {}", unreadable.why));
    }
    let tree = store.put_snapshot(&reading.snapshot)?;
    workspace.ui.data(&format!("{tree}\n"))?;
    Ok(ExitCode::Done)
}
