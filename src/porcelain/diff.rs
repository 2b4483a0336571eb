//! `memsync diff`: changes in full.

use crate::error::{CommandError, ExitCode};
use crate::object::tree::Snapshot;
use crate::object::{BlobId, ContentHash, SideName};
use crate::porcelain::shared::arguments::{Selection, extra};
use crate::porcelain::shared::reading::read_local;
use crate::porcelain::shared::selection::{find_key, scope};
use crate::porcelain::shared::words::to_json;
use crate::reconcile::{Base, Pair, Scope};
use crate::sync::Session;
use crate::ui::view::diff::{Change, DiffJson};
use crate::workspace::Access;
use crate::workspace::Workspace;
use std::collections::BTreeSet;

/// Show changes since the last sync, field by field
///
/// Shows what this device changed since the last sync or, with --remote, what the server changed as of the last fetch.
/// Tags, type, metadata and times are compared value by value, content line by line.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Only these memories: hashes, or at least four of their first characters
    #[arg(value_name = "HASH")]
    pub hashes: Vec<String>,
    /// Show the server's changes instead of this device's
    #[arg(long)]
    pub remote: bool,
    /// Print the differences as JSON
    #[arg(long)]
    pub json: bool,
    /// Exit with 1 if there are differences
    #[arg(long)]
    pub exit_code: bool,
    /// Which memories to show
    #[command(flatten)]
    pub selection: Selection,
}

const EXTRA: &str = "\
Examples:
  memsync diff
      Show what this device changed since the last sync.
  memsync fetch && memsync diff --remote
      Show what the server changed.
  memsync diff 3fa9c2d1
      Show one memory.

Exit codes:
  0    Shown, or nothing differs.
  1    With --exit-code: something differs.
  2    A hash names no memory, or several.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync diff")?;
    let session = workspace.session(&store, None);
    let base = session.base()?;
    let now = if args.remote {
        session.last_fetched()?.snapshot
    } else {
        read_local(workspace, &session, &base.base)?.snapshot
    };
    let side = if args.remote { SideName::Remote } else { SideName::Local };
    let changes = changes(args, &session, &base.base, &now, side, &scope(&args.selection, workspace)?)?;
    let differs = !changes.is_empty();
    if args.json {
        workspace.ui.data(&to_json(&DiffJson::new(&changes)))?;
    } else {
        workspace.ui.page();
        let (palette, is_terminal) = (workspace.ui.palette(), workspace.ui.is_terminal());
        for change in &changes {
            workspace.ui.data(&change.text(palette, is_terminal))?;
        }
    }
    Ok(if differs && args.exit_code { ExitCode::Differences } else { ExitCode::Done })
}

/// What one side changed since the base, as the command line selects it.
fn changes(
    args: &Args,
    session: &Session<'_>,
    base: &Base,
    now: &Snapshot,
    side: SideName,
    scope: &Scope,
) -> Result<Vec<Change>, CommandError> {
    let form = |pair: &Pair| if side == SideName::Local { pair.local } else { pair.remote };
    let keys: BTreeSet<&ContentHash> = base.keys().chain(now.keys()).collect();
    let named: BTreeSet<ContentHash> = args
        .hashes
        .iter()
        .map(|prefix| find_key(keys.iter().copied(), prefix, "memory"))
        .collect::<Result<_, _>>()?;
    let load = |blob: Option<BlobId>| blob.map(|blob| session.store.memory(blob)).transpose();
    let mut changes = Vec::new();
    for key in keys {
        let (old, new) = (base.get(key).map(form), now.get(key).copied());
        if old == new || !(named.is_empty() || named.contains(key)) {
            continue;
        }
        let (old, new) = (load(old)?, load(new)?);
        if [&old, &new].into_iter().flatten().any(|memory| scope.contains(memory)) {
            changes.push(Change { key: key.clone(), old, new });
        }
    }
    Ok(changes)
}
