//! `memsync fetch`: learn what the server holds.

use crate::error::{CommandError, ExitCode};
use crate::object::tree::Snapshot;
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::reading;
use crate::ui::view::text::memories;
use crate::workspace::Access;
use crate::workspace::Workspace;

/// Learn what the server holds now, and change nothing
///
/// Reads the server's memories into the staging database. Neither this device's memories nor the server's are changed;
/// `memsync status` and `memsync diff --remote` then show what is new.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The remote to ask [default: sync.remote, else origin]
    #[arg(value_name = "REMOTE")]
    pub remote: Option<String>,
}

const EXTRA: &str = "\
Examples:
  memsync fetch && memsync diff --remote
      See what the server changed.
  REMOTE_API=https://memory.local:8443 MCP_API_KEY=... memsync fetch
      Ask a server that is not configured.

Exit codes:
  0    Done.
  4    The server cannot be reached or refused a key or certificate, or the remote's file cannot be used.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Write, "memsync fetch")?;
    let session = workspace.session(&store, args.remote.as_deref());
    let before = session.last_fetched()?;
    let base = session.base()?;
    let reading = reading::fetch(workspace, &session, &base.base, Access::Write)?;
    let changed = changes(&before.snapshot, &reading.snapshot);
    workspace.ui.note(&match changed {
        0 => format!("{}: nothing new, {}", session.remote, memories(reading.snapshot.len())),
        _ => {
            format!("{}: {} new or changed, of {}", session.remote, changed, memories(reading.snapshot.len()))
        }
    });
    if changed > 0 {
        workspace.ui.hint("`memsync status` shows what is new, `memsync apply` brings it here");
    }
    Ok(ExitCode::Done)
}

/// How many memories differ between two snapshots.
fn changes(before: &Snapshot, now: &Snapshot) -> usize {
    let gone = before.keys().filter(|key| !now.contains_key(*key)).count();
    gone + now.iter().filter(|(key, blob)| before.get(*key) != Some(blob)).count()
}
