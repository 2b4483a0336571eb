//! `memsync log`: the syncs of this device.

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::words::to_json;
use crate::ui::view::log::{LogJson, entry, oneline};
use crate::workspace::Access;
use crate::workspace::Workspace;

/// Show the syncs of this device, newest first
///
/// Each sync that changed anything is a commit with its id, the device, the time, and what it did.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Show at most this many
    #[arg(short = 'n', long = "max-count", value_name = "NUMBER")]
    pub max_count: Option<usize>,
    /// One line for each
    #[arg(long)]
    pub oneline: bool,
    /// Print them as JSON
    #[arg(long, conflicts_with = "oneline")]
    pub json: bool,
}

const EXTRA: &str = "\
Examples:
  memsync log --oneline -n 10
      The last ten syncs, a line each.
  memsync show
      The last sync, with what it changed.

Exit codes:
  0    Shown.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync log")?;
    let session = workspace.session(&store, None);
    let mut next = session.base()?.id;
    let mut commits = Vec::new();
    while let Some(id) = next.filter(|_| args.max_count.is_none_or(|number| commits.len() < number)) {
        commits.push((id, store.commit(id)?));
        next = session.sync_before(id)?;
    }
    if args.json {
        workspace.ui.data(&to_json(&LogJson::new(&commits)))?;
        return Ok(ExitCode::Done);
    }
    if commits.is_empty() {
        workspace.ui.note("no sync yet");
    }
    workspace.ui.page();
    let palette = workspace.ui.palette();
    for (id, commit) in &commits {
        let text = if args.oneline { oneline(*id, commit, palette) } else { entry(*id, commit, palette) };
        workspace.ui.data(&text)?;
    }
    Ok(ExitCode::Done)
}
