//! `memsync conflicts`: look at the conflicts.

use std::collections::BTreeSet;

use crate::error::{CommandError, ExitCode};
use crate::object::ContentHash;
use crate::porcelain::shared::answer::{find_conflict, kind};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::reading::read_local;
use crate::porcelain::shared::words::to_json;
use crate::store::Conflict;
use crate::sync::{Session, conflict_id};
use crate::ui::view::conflict_list::{ConflictList, Listed};
use crate::workspace::Access;
use crate::workspace::Workspace;

/// List the conflicts, with base, ours and theirs
///
/// Shows every memory that waits for a decision, in git's words, with the fields that collide, and the decisions that the
/// next sync will bring to the server. Each conflict has an id that changes whenever it does; `memsync resolve` takes it.
/// Asks the server nothing and changes nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Only these memories: hashes, or at least four of their first characters
    #[arg(value_name = "HASH")]
    pub hashes: Vec<String>,
    /// Print them as JSON, with base, ours and theirs as whole memories
    #[arg(long)]
    pub json: bool,
}

const EXTRA: &str = "\
Examples:
  memsync conflicts
      See what waits, and which command ends it.
  memsync conflicts --json | jq -r '.conflicts[] | .id + \" \" + .state'
      The ids and kinds, for a script.
  memsync diff 3fa9c2d1
      Look at one of them.

Exit codes:
  0    Shown, whatever there was to show.
  2    A hash names no conflict, or several.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync conflicts")?;
    let session = workspace.session(&store, None);
    let base = session.base()?;
    let ours = read_local(workspace, &session, &base.base)?;
    let proposal = session.propose(base, ours, session.last_fetched()?, workspace.wishes()?)?;
    let mut conflicts = session.conflicts(&proposal)?;
    if !args.hashes.is_empty() {
        let find = |prefix: &String| find_conflict(&conflicts, prefix);
        let named: BTreeSet<ContentHash> = args.hashes.iter().map(find).collect::<Result<_, _>>()?;
        conflicts.retain(|conflict| named.contains(&conflict.key));
    }
    let list = ConflictList {
        device: session.device.clone(),
        remote: session.remote.clone(),
        conflicts: conflicts.iter().map(|one| listed(&session, one)).collect::<Result<_, _>>()?,
    };
    let ui = &mut workspace.ui;
    if args.json {
        ui.data(&to_json(&list.json()))?;
    } else if list.conflicts.is_empty() {
        ui.note("no conflicts");
    } else {
        ui.page();
        ui.data(&list.text(ui.palette(), ui.width()))?;
    }
    Ok(ExitCode::Done)
}

fn listed(session: &Session<'_>, conflict: &Conflict) -> Result<Listed, CommandError> {
    Ok(Listed {
        id: conflict_id(conflict),
        key: conflict.key.clone(),
        kind: kind(conflict),
        fields: conflict.fields.clone(),
        since: conflict.since,
        choices: conflict.choices.clone(),
        resolution: conflict.resolution,
        versions: session.unmerged(conflict)?,
    })
}
