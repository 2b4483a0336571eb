//! `memsync checkout`: decide conflicts.

use crate::error::{CommandError, ExitCode};
use crate::object::{ContentHash, Resolution, SideName};
use crate::porcelain::shared::answer::{answer, conflicts};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::selection::find_key;
use crate::ui::view::text::{counted, memories};
use crate::workspace::Access;
use crate::workspace::Workspace;
use std::collections::BTreeSet;

/// Decide conflicts for one side
///
/// Settles memories that both sides changed in ways that cannot be merged: --ours takes this device's version, --theirs the
/// server's. The other version is kept and can be restored. The next sync brings the decision to the server and, through
/// it, to every device.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
#[command(group = clap::ArgGroup::new("side").required(true).args(["ours", "theirs"]))]
#[command(group = clap::ArgGroup::new("memories").required(true).args(["hashes", "all"]))]
pub struct Args {
    /// Take this device's version
    #[arg(long)]
    pub ours: bool,
    /// Take the server's version
    #[arg(long)]
    pub theirs: bool,
    /// The memories: hashes, or at least four of their first characters
    #[arg(value_name = "HASH")]
    pub hashes: Vec<String>,
    /// Every conflict
    #[arg(long)]
    pub all: bool,
}

const EXTRA: &str = "\
Examples:
  memsync status
      List the conflicts.
  memsync checkout --theirs 3fa9c2d1 && memsync sync
      Take the server's version of one memory, and sync.
  memsync checkout --ours --all
      Take this device's version of every conflict.

Exit codes:
  0    Done, and no conflict is left.
  1    Other conflicts remain.
  2    A hash names no conflict, or several.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Write, "memsync checkout")?;
    let session = workspace.session(&store, None);
    let proposal = conflicts(workspace, &session)?;
    let waiting: Vec<&ContentHash> = proposal.plan.conflicts.iter().map(|conflict| &conflict.key).collect();
    let named: BTreeSet<ContentHash> = if args.all {
        waiting.iter().copied().cloned().collect()
    } else {
        let find = |prefix: &String| find_key(waiting.iter().copied(), prefix, "conflict");
        args.hashes.iter().map(find).collect::<Result<_, _>>()?
    };
    if named.is_empty() {
        workspace.ui.note("no conflicts");
        return Ok(ExitCode::Done);
    }
    let resolution = Resolution::Side(if args.ours { SideName::Local } else { SideName::Remote });
    let left = waiting.len() - named.len();
    let answers = named.iter().map(|key| (key.clone(), resolution)).collect();
    let stale = answer(workspace, &session, &answers)?;
    let side = if args.ours {
        format!("this device's version ({})", session.device)
    } else {
        format!("the server's version ({})", session.remote)
    };
    workspace.ui.note(&format!("took {side} of {}", memories(named.len())));
    if !stale.is_empty() {
        workspace.ui.warn("some of them changed just now and wait again: see `memsync status`");
        return Ok(ExitCode::Differences);
    }
    if left > 0 {
        workspace
            .ui
            .hint(&format!("{} left: see `memsync status`", counted(left, "conflict is", "conflicts are")));
        return Ok(ExitCode::Differences);
    }
    workspace.ui.hint("`memsync sync` brings the decision to the server");
    Ok(ExitCode::Done)
}
