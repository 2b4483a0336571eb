//! `memsync stash`: record this device's changes.

use crate::error::{CommandError, ExitCode};
use crate::object::SideName;
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::reading::{changes_here, read_rows};
use crate::sync::Session;
use crate::ui::view::text::memories;
use crate::workspace::Access;
use crate::workspace::Workspace;

/// Record this device's changes in the staging database
///
/// Reads the service's database and keeps every memory that changed since the last sync in the staging database, so that
/// it can be printed and restored whatever happens next. Unlike git's stash it takes nothing away: the memories stay as
/// they are, and a sync begins with this step by itself.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Print what would be recorded and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

const EXTRA: &str = "\
Examples:
  memsync stash
      Keep a copy of every change before trying something.
  memsync stash --dry-run
      See what has changed.

Exit codes:
  0    Done.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Records the changes, and says how many there are.
fn stash(args: &Args, workspace: &mut Workspace, session: &Session<'_>) -> Result<usize, CommandError> {
    if let Some((device, changes)) = changes_here(workspace, session)? {
        let changed = changes.len();
        if !args.dry_run {
            session.record_device_now(&device)?;
            session.record_changes_here(changes)?;
        }
        return Ok(changed);
    }
    let base = session.base()?;
    let ours = read_rows(workspace, session, &base.base)?;
    let proposal = session.propose(base, ours, session.last_fetched()?, workspace.wishes()?)?;
    if !args.dry_run {
        session.record_local(&proposal.local)?;
        session.record_staged(&proposal)?;
    }
    Ok(proposal.plan.compared().filter(|one| one.state.letter(SideName::Local) != '.').count())
}

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let store = workspace.store(access, "memsync stash")?;
    let session = workspace.session(&store, None);
    // The first one keeps every memory, in several transactions, so that others can read meanwhile.
    let changed = if store.last_reading()?.is_none() {
        stash(args, workspace, &session)?
    } else {
        store.transaction(|_| stash(args, workspace, &session))?
    };
    let word = if args.dry_run { "would stash" } else { "stashed" };
    workspace.ui.note(&match changed {
        0 => "no changes on this device since the last sync".to_owned(),
        _ => format!("{word} the changes of {}", memories(changed)),
    });
    if changed > 0 {
        workspace.ui.hint("`memsync status` shows them, `memsync push` sends them");
    }
    Ok(ExitCode::Done)
}
