//! `memsync show`: one object in full.

use crate::error::{CommandError, ExitCode};
use crate::object::{BlobId, CommitId, InvalidId, Kind, Memory};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::reading::read_local;
use crate::porcelain::shared::selection::find_key;
use crate::sync::Session;
use crate::ui::view::diff::Change;
use crate::ui::view::log::entry;
use crate::workspace::Access;
use crate::workspace::Workspace;

/// Show a sync or a memory
///
/// Prints a sync with what it changed, a memory as it is now, or any version of a memory that memsync ever kept.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// A sync's id, a memory's hash or a version's id, or at least four of its first characters [default: the last sync]
    #[arg(value_name = "OBJECT")]
    pub object: Option<String>,
}

const EXTRA: &str = "\
Examples:
  memsync show
      The last sync, with what it changed.
  memsync show 3fa9c2d1
      One memory, or one sync.

Exit codes:
  0    Shown.
  2    The name names nothing, or several things.
  5    A database on this device is missing, busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync show")?;
    let session = workspace.session(&store, None);
    let shown = find(args.object.as_deref(), workspace, &session)?;
    workspace.ui.page();
    match shown {
        Shown::Sync(id) => show_sync(id, workspace, &session),
        Shown::Memory(memory) => {
            let text = String::from_utf8(memory.to_blob()).expect("a canonical text is UTF-8");
            let text = workspace.ui.untrusted(&text).into_owned();
            workspace.ui.data(&format!("{}\n", text.trim_end_matches('\n')))?;
            Ok(ExitCode::Done)
        }
    }
}

/// What a name can lead to.
enum Shown {
    Sync(CommitId),
    Memory(Box<Memory>),
}

/// A sync by its id, a version by its id, or what this device (or else the server, or else the last sync) holds
/// under a hash.
fn find(name: Option<&str>, workspace: &mut Workspace, session: &Session<'_>) -> Result<Shown, CommandError> {
    let base = session.base()?;
    let Some(name) = name else {
        let last = base.id.ok_or_else(|| CommandError::usage("there is no sync yet"))?;
        return Ok(Shown::Sync(last));
    };
    let objects = session.store.objects_with_prefix(name, 2).unwrap_or_default();
    let objects: Vec<_> = objects.into_iter().filter(|(kind, _)| *kind != Kind::Tree).collect();
    if let ([(kind, id)], true) = (objects.as_slice(), name.len() >= 4) {
        let damaged = |error: InvalidId| CommandError::bug(error.to_string());
        return Ok(match kind {
            Kind::Commit => Shown::Sync(id.parse().map_err(damaged)?),
            _ => Shown::Memory(Box::new(session.store.memory(id.parse().map_err(damaged)?)?)),
        });
    }
    let ours = read_local(workspace, session, &base.base)?.snapshot;
    let theirs = session.last_fetched()?.snapshot;
    let key = find_key(ours.keys().chain(theirs.keys()).chain(base.base.keys()), name, "memory or sync")?;
    let held = ours.get(&key).or(theirs.get(&key)).copied().or(base.base.get(&key).map(|pair| pair.local));
    let blob = held.expect("the key came from one of them");
    Ok(Shown::Memory(Box::new(session.store.memory(blob)?)))
}

/// A sync and what it changed on this device's side of the base.
fn show_sync(
    id: CommitId,
    workspace: &mut Workspace,
    session: &Session<'_>,
) -> Result<ExitCode, CommandError> {
    let store = session.store;
    let commit = store.commit(id)?;
    let palette = workspace.ui.palette();
    workspace.ui.data(&entry(id, &commit, palette))?;
    let Ok((local, _)) = session.sides_at(id) else {
        // A snapshot of one side: it has no base to compare with.
        return Ok(ExitCode::Done);
    };
    let differences = match session.sync_before(id)? {
        Some(before) => store.diff(session.sides_at(before)?.0, local)?,
        None => store.snapshot(local)?.into_iter().map(|(key, blob)| (key, None, Some(blob))).collect(),
    };
    let load = |blob: Option<BlobId>| blob.map(|blob| store.memory(blob)).transpose();
    let is_terminal = workspace.ui.is_terminal();
    for (key, old, new) in differences {
        let change = Change { key, old: load(old)?, new: load(new)? };
        workspace.ui.data(&change.text(palette, is_terminal))?;
    }
    Ok(ExitCode::Done)
}
